import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CounterWindow } from '../../src/policy/counter-schema.ts';
import { describeWindow, windowsOf } from '../../src/policy/windows.ts';

const HOUR_MS = 3_600_000;

function calendar(unit: 'hour' | 'day' | 'week' | 'month' | 'year', tz = 'UTC', start?: string): CounterWindow {
  return { kind: 'calendar', unit, tz, start };
}

test.for([
  ['a day', calendar('day'), '2026-03-02T12:00:00Z', '2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z'],
  ['a week', calendar('week'), '2026-03-04T12:00:00Z', '2026-03-02T00:00:00.000Z', '2026-03-09T00:00:00.000Z'],
  [
    'a week from sunday on',
    calendar('week', 'UTC', 'sunday'),
    '2026-03-07T23:59:59Z',
    '2026-03-01T00:00:00.000Z',
    '2026-03-08T00:00:00.000Z',
  ],
  ['a month', calendar('month'), '2024-02-29T12:00:00Z', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
  ['a year', calendar('year'), '2024-12-31T23:59:59Z', '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
  [
    'the day on which summer begins in Berlin',
    calendar('day', 'Europe/Berlin'),
    '2026-03-29T12:00:00Z',
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ],
  [
    'the week in which winter begins in Berlin',
    calendar('week', 'Europe/Berlin'),
    '2026-10-25T22:59:59Z',
    '2026-10-18T22:00:00.000Z',
    '2026-10-25T23:00:00.000Z',
  ],
  [
    'a day whose midnight the clocks of Cairo skip',
    calendar('day', 'Africa/Cairo'),
    '2024-04-26T10:00:00Z',
    '2024-04-25T22:00:00.000Z',
    '2024-04-26T21:00:00.000Z',
  ],
  [
    'a day that comes after a midnight that Havana has twice',
    calendar('day', 'America/Havana'),
    '2024-11-03T12:00:00Z',
    '2024-11-03T04:00:00.000Z',
    '2024-11-04T05:00:00.000Z',
  ],
  [
    'a day far in the east',
    calendar('day', 'Pacific/Kiritimati'),
    '2026-03-02T12:00:00Z',
    '2026-03-02T10:00:00.000Z',
    '2026-03-03T10:00:00.000Z',
  ],
  [
    'an hour in India',
    calendar('hour', 'Asia/Kolkata'),
    '2026-03-02T12:10:00Z',
    '2026-03-02T11:30:00.000Z',
    '2026-03-02T12:30:00.000Z',
  ],
  [
    'a fixed window',
    { kind: 'fixed', seconds: 90 } as const,
    '1970-01-01T00:02:00Z',
    '1970-01-01T00:01:30.000Z',
    '1970-01-01T00:03:00.000Z',
  ],
] as const)('%s', ([, window, at, starts, ends]) => {
  const { startsMs, endsMs, kind } = windowsOf(window)(Date.parse(at));
  expect([startsMs, endsMs].map((ms) => new Date(ms).toISOString())).toEqual([starts, ends]);
  expect(kind).toBeUndefined();
});

test('an hour that a clock has twice is two hours', () => {
  const at = windowsOf(calendar('hour', 'Europe/Berlin'));
  const first = at(Date.parse('2026-10-25T00:30:00Z'));
  const second = at(Date.parse('2026-10-25T01:30:00Z'));
  expect([first.endsMs - first.startsMs, second.startsMs - first.endsMs]).toEqual([HOUR_MS, 0]);
});

test('calendar windows follow one another without a gap, wherever and whenever', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
  const units = fc.constantFrom('day', 'week', 'month', 'year');
  const times = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) });
  fc.assert(
    fc.property(zones, units, times, (tz, unit, now) => {
      const window = calendar(unit, tz);
      const { startsMs, endsMs } = windowsOf(window)(now);
      expect(startsMs <= now && now < endsMs).toBe(true);
      expect(windowsOf(window)(startsMs - 1).endsMs).toBe(startsMs);
      expect(windowsOf(window)(endsMs).startsMs).toBe(endsMs);
    }),
    { numRuns: 60 },
  );
});

test('a clock that goes back comes to the window that was', () => {
  const at = windowsOf(calendar('day'));
  const before = at(Date.parse('2026-03-02T12:00:00Z'));
  at(Date.parse('2026-03-03T12:00:00Z'));
  expect(at(Date.parse('2026-03-02T23:00:00Z'))).toEqual(before);
});

test('what is said of a window tells it from every other', () => {
  const windows: readonly CounterWindow[] = [
    calendar('day'),
    calendar('day', 'Europe/Berlin'),
    calendar('week'),
    calendar('week', 'UTC', 'sunday'),
    { kind: 'fixed', seconds: 60 },
    { kind: 'sliding', seconds: 60 },
    { kind: 'session' },
    { kind: 'lifetime' },
  ];
  expect(new Set(windows.map(describeWindow)).size).toBe(windows.length);
});
