import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { compareEngines, FOR_ALL } from '../toolchain/compare-engines.ts';

const toolchain = new Toolchain(FOR_ALL);
afterAll(async () => toolchain.close());

test('G-72 ours, the SDK and OPA’s interpreter say the same of every input in every shipped bundle', async () => {
  const { differences, ...counts } = await compareEngines(
    { common: 10_000, partOfEach: 2_500, shelved: 250 },
    toolchain,
  );
  console.log('differential', counts);
  expect(differences.slice(0, 5)).toEqual([]);
  expect(counts.referenceDiffers).toBe(0);
  expect(counts.compared).toBeGreaterThanOrEqual(50_000);
});
