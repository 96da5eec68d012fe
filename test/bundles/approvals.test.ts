import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksOf, bundleOf, isTest } from './examples.ts';
import { inputSchema, readLibrary } from './shipped.ts';
import { toolchain } from '../shared-toolchain.ts';

const blocks = blocksOf(readFileSync('docs/approvals.md', 'utf8'), '');
const bundle = bundleOf(blocks);
const library = readLibrary();

describe('the example of docs/approvals.md', () => {
  test('keeps the contract of bundles', async () => {
    expect(await toolchain.check({ bundle, library, inputSchema: inputSchema() })).toEqual([]);
  });

  test('says what its tests say, every rule of it', async () => {
    const tested = await toolchain.test({ bundle, library });
    if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
    expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
    expect(tested.tests.length).toBe(blocks.filter(isTest).length);
    expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
  });
});
