import { expect, test } from 'vitest';
import { decisionIds } from '../../src/state/decision-id.ts';

function idsAt(times: readonly number[]): readonly string[] {
  let turn = 0;
  const next = decisionIds({ now: () => times[turn++] ?? 0, monotonic: () => 0 });
  return times.map(() => next());
}

test('ids are UUIDs of version 7 that carry their time', () => {
  const [id = ''] = idsAt([0x0190a1b2c3d4]);
  expect(id).toMatch(/^0190a1b2-c3d4-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('ids rise within a millisecond, past 4096 in one, and when the clock is set back', () => {
  const times = [...Array.from({ length: 10_000 }, () => 1_000_000), 999_000, 1_000_001, 2_000_000];
  const ids = idsAt(times);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
