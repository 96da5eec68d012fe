import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffAfter, withFailure } from '../../src/upstream/backoff.ts';

test.for([
  [[], Number.NEGATIVE_INFINITY, false],
  [[0], 500, false],
  [[0, 500], 1_500, false],
  [[0, 500, 1_500], 3_500, false],
  [[0, 500, 1_500, 3_500], 7_500, false],
  [[0, 500, 1_500, 3_500, 7_500], 37_500, true],
  [[0, 500, 1_500, 3_500, 61_500], 62_500, false],
] as const)('after failures at %j the next attempt is at %d, tripped: %s', ([failures, nextAttemptAtMs, isTripped]) => {
  expect(backoffAfter(failures)).toMatchObject({ nextAttemptAtMs, isTripped });
});

test('G-50 a pause is never shorter than half a second nor longer than half a minute, and five failures in a minute trip', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(gaps, (gaps) => {
      let atMs = 0;
      let failures: readonly number[] = [];
      for (const gap of gaps) failures = withFailure(failures, (atMs += gap));
      const { nextAttemptAtMs, isTripped } = backoffAfter(failures);
      expect(nextAttemptAtMs - atMs).toBeGreaterThanOrEqual(500);
      expect(nextAttemptAtMs - atMs).toBeLessThanOrEqual(30_000);
      expect(isTripped).toBe(failures.length >= 5);
    }),
  );
});
