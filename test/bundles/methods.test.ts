import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ACTION_PHASES } from '../../src/core/action.ts';
import { toolchain } from '../shared-toolchain.ts';
import { blocksOf, bundleOf, isTest } from './examples.ts';
import { inputSchema, readLibrary } from './shipped.ts';

const page = readFileSync('docs/methods.md', 'utf8');
const library = readLibrary();

describe.each(['', 'resource'])('the examples of docs/methods.md (rego %s)', (label) => {
  const bundle = bundleOf(blocksOf(page, label));

  test('keep the contract of bundles', async () => {
    expect(await toolchain.check({ bundle, library, inputSchema: inputSchema() })).toEqual([]);
  });

  test('say what their tests say, every rule of them', async () => {
    const tested = await toolchain.test({ bundle, library });
    if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
    expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(tested.tests.length).toBe(blocksOf(page, label).filter(isTest).length);
    expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
  });
});

test.for(Object.keys(ACTION_PHASES).filter((type) => type !== 'tool_result'))('an example speaks of %s', (type) => {
  expect(page).toMatch(new RegExp(`^## .*\`${type}\``, 'm'));
});
