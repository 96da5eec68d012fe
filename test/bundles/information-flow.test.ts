import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PolicyInput } from '../../src/core/policy-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { blocksOf, bundleOf, isTest } from './examples.ts';
import { inputSchema, readLibrary } from './shipped.ts';

const page = readFileSync('docs/information-flow.md', 'utf8');
const blocks = blocksOf(page, '');
const bundle = bundleOf(blocks);
const library = readLibrary();

test('the examples of docs/information-flow.md keep the contract of bundles', async () => {
  expect(await toolchain.check({ bundle, library, inputSchema: inputSchema() })).toEqual([]);
});

test('they say what their tests say, every rule of them', async () => {
  const tested = await toolchain.test({ bundle, library });
  if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
  expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(tested.tests.length).toBe(blocks.filter(isTest).length);
  expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
});

test.for(Object.keys(PolicyInput.shape.context.shape))('the page explains context.%s', (name) => {
  expect(page).toContain(`\`${name}\``);
});
