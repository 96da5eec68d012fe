import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  callsOf,
  count,
  type Counted,
  type Counts,
  FORGOTTEN_AFTER_MS,
  isForgotten,
  lastMinute,
  noCounts,
  readCounts,
  timesMade,
  writeCounts,
} from '../../src/core/counts.ts';

const NOW = Date.UTC(2026, 2, 2, 12);

function aCall(afterMs: number, part: { readonly tool?: string; readonly hash?: string } = {}): Counted {
  return { kind: 'call', atMs: NOW + afterMs, bytes: 100, tool: 'files/read', hash: 'a'.repeat(64), ...part };
}

function countsOf(...counted: readonly Counted[]): Counts {
  const counts = noCounts(NOW);
  for (const one of counted) count(counts, one);
  return counts;
}

test('calls that follow one another are a row, and a pause of more than 20 seconds opens a new turn', () => {
  expect(countsOf(aCall(0), aCall(20_000), aCall(40_000))).toMatchObject({ turns: 1, callsInARow: 3 });
  expect(countsOf(aCall(0), aCall(20_000), aCall(40_001))).toMatchObject({ turns: 2, callsInARow: 1 });
});

test('calls are counted by tool, and arguments and results by their bytes', () => {
  const counts = countsOf(aCall(0), aCall(1, { tool: 'files/write' }), aCall(2), { kind: 'result', bytes: 1_000 });
  expect([callsOf(counts, 'files/read'), callsOf(counts, 'files/write'), callsOf(counts, 'files/none')]).toEqual([
    2, 1, 0,
  ]);
  expect(counts.bytes).toBe(1_300);
});

test('the very same call is counted until it was not made for ten minutes, whatever stands between', () => {
  const other = { hash: 'b'.repeat(64) };
  const counts = countsOf(aCall(0), aCall(1, other), aCall(60_000), aCall(600_000));
  expect(timesMade(counts, 'a'.repeat(64), NOW + 600_001)).toBe(3);
  expect(timesMade(counts, other.hash, NOW + 600_001)).toBe(1);
  expect(timesMade(counts, other.hash, NOW + 600_002)).toBe(0);
  expect(timesMade(counts, 'c'.repeat(64), NOW)).toBe(0);
  count(counts, aCall(1_200_001));
  expect(timesMade(counts, 'a'.repeat(64), NOW + 1_200_001)).toBe(1);
});

test('the last minute has what was made and denied in it, to within ten seconds', () => {
  const counts = countsOf(aCall(0), { kind: 'denied', atMs: NOW }, aCall(30_000), {
    kind: 'denied',
    atMs: NOW + 50_000,
  });
  expect(lastMinute(counts, NOW + 59_999)).toEqual({ calls: 2, denied: 2 });
  expect(lastMinute(counts, NOW + 60_000)).toEqual({ calls: 1, denied: 1 });
  expect(lastMinute(counts, NOW + 120_000)).toEqual({ calls: 0, denied: 0 });
  expect(counts.denied).toBe(2);
});

test('after eight hours without a call counting begins anew', () => {
  const counts = countsOf(aCall(0), { kind: 'denied', atMs: NOW });
  expect(isForgotten(counts, NOW + FORGOTTEN_AFTER_MS)).toBe(false);
  count(counts, aCall(FORGOTTEN_AFTER_MS + 1));
  expect(counts).toMatchObject({ turns: 1, callsInARow: 1, denied: 0, bytes: 100 });
  expect(counts.startedMs).toBe(NOW + FORGOTTEN_AFTER_MS + 1);
});

test('a clock that goes back takes nothing away', () => {
  const counts = countsOf(aCall(0), aCall(30_000), aCall(-3_600_000), { kind: 'denied', atMs: NOW - 3_600_000 });
  expect(counts).toMatchObject({ turns: 2, callsInARow: 2, lastCallMs: NOW + 30_000 });
  expect(lastMinute(counts, NOW + 30_000)).toEqual({ calls: 3, denied: 1 });
});

test('however many tools and calls there are, it stays small', () => {
  const counts = noCounts(NOW);
  for (let made = 0; made < 10_000; made += 1) {
    count(counts, aCall(made * 1_000, { tool: `files/tool-${made}`, hash: made.toString(16).padStart(64, '0') }));
  }
  expect([counts.tools.size, counts.identical.size, counts.minute.length]).toEqual([256, 1, 6]);
  for (let made = 0; made < 10_000; made += 1) count(counts, aCall(made, { hash: `${made}`.padEnd(64, '.') }));
  expect(counts.identical.size).toBe(64);
  expect(writeCounts(counts).length).toBeLessThan(20_000);
});

const counted: fc.Arbitrary<Counted> = fc.oneof(
  fc
    .record({ afterMs: fc.nat(100_000_000), tool: fc.string(), hash: fc.string({ minLength: 1 }) })
    .map(({ afterMs, tool, hash }) => aCall(afterMs, { tool, hash })),
  fc.nat(100_000_000).map((afterMs): Counted => ({ kind: 'denied', atMs: NOW + afterMs })),
  fc.nat(1_000_000).map((bytes): Counted => ({ kind: 'result', bytes })),
);

test('what was written is read as it was', () => {
  fc.assert(
    fc.property(fc.array(counted), (all) => {
      const counts = countsOf(...all);
      expect(readCounts(writeCounts(counts))).toEqual(counts);
    }),
  );
});

test.each([
  { text: '', why: 'Unexpected end of JSON input' },
  { text: '{}', why: 'times' },
  { text: '{"times":[]}', why: 'sums' },
])('a text that nobody here wrote is refused: $text', ({ text, why }) => {
  expect(() => readCounts(text)).toThrow(why);
});
