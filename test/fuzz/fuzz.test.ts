import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEPT_SEEDS } from './seeds.ts';
import { reportOf, TARGETS } from './targets.ts';

describe.for(KEPT_SEEDS)('F-70 with the seed %i', (seed) => {
  test.for(TARGETS)('$name', async ({ property, runs }) => {
    expect(reportOf(await fc.check(property(), { seed, numRuns: runs }))).toBe('');
  });
});
