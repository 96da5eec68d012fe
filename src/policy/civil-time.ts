/** A date and time of day without a zone; months from 1. Values beyond their range carry over, as in Go's `time.Date`. */
export interface CivilTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

export const NANOSECONDS = 1_000_000_000n;

/** Seconds since the epoch of a civil time in UTC. */
export function secondsOf({ year, month, day, hour, minute, second }: CivilTime): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime() / 1000;
}

/** The civil time at so many nanoseconds since the epoch, at an offset of so many seconds from UTC. */
export function civilAt(nanoseconds: bigint, offsetSeconds: number): CivilTime & { readonly weekday: number } {
  const { seconds, rest } = splitSeconds(nanoseconds);
  const date = new Date((seconds + offsetSeconds) * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: rest,
    weekday: date.getUTCDay(),
  };
}

/** Whole seconds, rounded down, and the nanoseconds above them. */
export function splitSeconds(nanoseconds: bigint): { readonly seconds: number; readonly rest: number } {
  const rest = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return { seconds: Number((nanoseconds - rest) / NANOSECONDS), rest: Number(rest) };
}

export function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (((year % 400) + 400) % 400), month, 0)).getUTCDate();
}

export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export const WEEKDAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];
