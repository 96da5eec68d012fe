import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportOf, TARGETS } from '../fuzz/targets.ts';

const TIMES = 100;

/** What fails is told with its seed, which then belongs into `test/fuzz/seeds.ts`. */
test.for(TARGETS)('F-70 a hundred times as often, $name', async ({ name, property, runs }) => {
  const seed = Date.now() % 2 ** 31;
  process.stdout.write(`${JSON.stringify({ fuzz: name, seed, runs: runs * TIMES })}\n`);
  expect(reportOf(await fc.check(property(), { seed, numRuns: runs * TIMES }))).toBe('');
});
