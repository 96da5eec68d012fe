import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inputReference } from '../../src/policy/input-reference.ts';

test('the page in docs/reference/policy-input.md is what the schema says', async () => {
  const page = join(import.meta.dirname, '../../docs/reference/policy-input.md');
  await expect(inputReference()).toMatchFileSnapshot(page);
});

test('every count and every label of the context is explained', () => {
  const rows = inputReference()
    .split('\n')
    .filter((row) => row.startsWith('| `context.'));
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual(['| `context.labels[].label` | text |  |']);
});
