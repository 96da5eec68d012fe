import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { compareEngines, FOR_ALL } from './compare-engines.ts';

const toolchain = new Toolchain(FOR_ALL);
afterAll(async () => toolchain.close());

// `npm run test:long -- test/long/differential.test.ts` asks five times as much.
test('G-72 ours, the SDK and OPA’s interpreter say the same of every input in every shipped bundle', async () => {
  const { differences, ...counts } = await compareEngines({ common: 2_000, partOfEach: 500, shelved: 50 }, toolchain);
  console.log('differential', counts);
  expect(differences.slice(0, 5)).toEqual([]);
  expect(counts.referenceDiffers).toBe(0);
  expect(counts.compared).toBeGreaterThanOrEqual(10_000);
});
