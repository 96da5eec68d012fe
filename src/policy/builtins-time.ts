import { withoutEndingZeros } from '../core/digits.ts';
import { BuiltinFailure, type HostBuiltin } from './builtin.ts';
import { type CivilTime, civilAt, daysIn, NANOSECONDS, splitSeconds, WEEKDAYS } from './civil-time.ts';
import { parseDuration } from './go-duration.ts';
import { layoutOf, RFC3339, RFC3339_NANO } from './go-layout.ts';
import { formatTime } from './go-time-format.ts';
import { parseTime } from './go-time-parse.ts';
import { int64Of, intOf, textOf } from './operands.ts';
import { arrayTerm, isArrayTerm, numberTerm, type Term } from './term.ts';
import { secondsIn, timeZone, type TimeZone } from './time-zone.ts';

export const TIME_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['time.now_ns', (_args, { nowNs }) => numberTerm(nowNs)],
  ['time.parse_ns', (args) => safeTime(parseTime(layoutOf(textOf(args, 0)), textOf(args, 1)))],
  ['time.parse_rfc3339_ns', (args) => safeTime(parseTime(RFC3339, textOf(args, 0)))],
  ['time.parse_duration_ns', (args) => numberTerm(parseDuration(textOf(args, 0)))],
  ['time.date', ([moment]) => numbers(civilOf(moment), ['year', 'month', 'day'])],
  ['time.clock', ([moment]) => numbers(civilOf(moment), ['hour', 'minute', 'second'])],
  ['time.weekday', ([moment]) => WEEKDAYS[civilOf(moment).weekday]],
  ['time.diff', ([first, second]) => difference(momentOf(first), momentOf(second))],
  ['time.add_date', (args) => addDate(args)],
  ['time.format', ([term]) => format(momentOf(term))],
];

/** A time with the zone and layout that came with it. */
interface Moment {
  readonly nanoseconds: bigint;
  readonly zone: TimeZone;
  readonly layout: string;
}

/** Nanoseconds, or an array of nanoseconds, zone and layout. */
function momentOf(term: Term | undefined): Moment {
  const items = isArrayTerm(term) ? term.items : [term ?? null];
  const [nanoseconds, zone = '', layout = ''] = items;
  if (typeof zone !== 'string' || typeof layout !== 'string') {
    throw new BuiltinFailure('operand 1 must be either number (ns) or [number (ns), string (tz)]');
  }
  return { nanoseconds: nanosecondsOf(nanoseconds), zone: timeZone(zone), layout };
}

function nanosecondsOf(term: Term | undefined): bigint {
  if (typeof term !== 'object' || term?.kind !== 'number') {
    throw new BuiltinFailure('operand 1 must be either number (ns) or [number (ns), string (tz)]');
  }
  const whole = wholeText(term.text);
  const value = whole === undefined ? undefined : int64Of(whole);
  if (value === undefined) throw new BuiltinFailure('timestamp too big');
  return value;
}

const MOST_DIGITS = 40;

/** The digits of a number that is whole but may be written as `1.5e3`. */
function wholeText(text: string): string | undefined {
  const found = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (found === null) return undefined;
  const [, sign = '', digits = '', fraction = '', exponent = '0'] = found;
  const significant = withoutEndingZeros(fraction);
  const shift = Number(exponent) - significant.length;
  const all = digits + significant;
  if (Math.abs(shift) > MOST_DIGITS) return /^0+$/.test(all) ? '0' : undefined;
  if (shift >= 0) return sign + all + '0'.repeat(shift);
  const cut = all.length + shift;
  return /^0*$/.test(all.slice(Math.max(cut, 0))) ? sign + (all.slice(0, Math.max(cut, 0)) || '0') : undefined;
}

function civilOf(term: Term | undefined): ReturnType<typeof civilAt> {
  return civilIn(momentOf(term).nanoseconds, momentOf(term).zone);
}

function civilIn(nanoseconds: bigint, zone: TimeZone): ReturnType<typeof civilAt> {
  return civilAt(nanoseconds, zone.offsetAt(splitSeconds(nanoseconds).seconds));
}

function numbers(time: CivilTime, parts: readonly (keyof CivilTime)[]): Term {
  return arrayTerm(parts.map((part) => numberTerm(time[part])));
}

/** Only times that nanoseconds of 64 bits can say. */
function safeTime(nanoseconds: bigint): Term {
  if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) throw new BuiltinFailure('time outside of valid range');
  return numberTerm(nanoseconds);
}

function format({ nanoseconds, zone, layout }: Moment): string {
  return formatTime(nanoseconds, zone, layout === '' ? RFC3339_NANO : layoutOf(layout));
}

/** Beyond these the result is out of range whatever the time. */
const MOST = { years: 1_000, months: 12_000, days: 400_000 };

function addDate(args: readonly Term[]): Term {
  const { nanoseconds, zone } = momentOf(args[0]);
  const [years, months, days] = [intOf(args, 1), intOf(args, 2), intOf(args, 3)].map(Number);
  if (years === undefined || months === undefined || days === undefined) throw new BuiltinFailure('operands missing');
  if (Math.abs(years) > MOST.years || Math.abs(months) > MOST.months || Math.abs(days) > MOST.days) {
    throw new BuiltinFailure('time outside of valid range');
  }
  const time = civilIn(nanoseconds, zone);
  const later = { ...time, year: time.year + years, month: time.month + months, day: time.day + days };
  return safeTime(BigInt(secondsIn(zone, later)) * NANOSECONDS + BigInt(time.nanosecond));
}

/** Years, months, days, hours, minutes and seconds between two times, in the zone of the first. */
function difference(first: Moment, second: Moment): Term {
  const { zone } = first;
  const [from, to] =
    first.nanoseconds > second.nanoseconds
      ? [civilIn(second.nanoseconds, zone), civilIn(first.nanoseconds, zone)]
      : [civilIn(first.nanoseconds, zone), civilIn(second.nanoseconds, zone)];
  const parts = [
    to.year - from.year,
    to.month - from.month,
    to.day - from.day,
    to.hour - from.hour,
    to.minute - from.minute,
    to.second - from.second,
  ];
  // Borrow from the next larger part, the smallest first; a month has as many days as the one that it starts in.
  const sizes = [Infinity, 12, daysIn(from.year, from.month), 24, 60, 60];
  for (let place = parts.length - 1; place > 0; place -= 1) {
    const part = parts[place] ?? 0;
    if (part >= 0) continue;
    parts[place] = part + (sizes[place] ?? 0);
    parts[place - 1] = (parts[place - 1] ?? 0) - 1;
  }
  return arrayTerm(parts.map((part) => numberTerm(part)));
}
