import { withoutEndingZeros } from '../core/digits.ts';
import { BuiltinFailure } from './builtin.ts';
import { type CivilTime, civilAt, MONTHS, secondsOf, splitSeconds, WEEKDAYS } from './civil-time.ts';
import { isFraction, layoutParts } from './go-layout.ts';
import type { TimeZone } from './time-zone.ts';

/** A time in a zone as Go's `Time.Format` writes it. */
export function formatTime(nanoseconds: bigint, zone: TimeZone, layout: string): string {
  const offset = zone.offsetAt(splitSeconds(nanoseconds).seconds);
  const time = { ...civilAt(nanoseconds, offset), offset, zone: zone.name };
  return layoutParts(layout)
    .map(({ literal, element }) => literal + (element === '' ? '' : elementOf(element, time)))
    .join('');
}

interface ZonedTime extends CivilTime {
  readonly weekday: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  readonly zone: string;
}

function elementOf(element: string, time: ZonedTime): string {
  if (isFraction(element)) return fractionOf(element, time.nanosecond);
  if (element.startsWith('Z') && time.offset === 0) return 'Z';
  if (element.startsWith('Z') || element.startsWith('-')) return offsetText(element.slice(1), time.offset);
  return ELEMENTS.get(element)?.(time) ?? '';
}

const ELEMENTS: ReadonlyMap<string, (time: ZonedTime) => string> = new Map([
  ['2006', ({ year }) => padded(year, 4)],
  ['06', ({ year }) => padded(year % 100, 2)],
  ['January', ({ month }) => MONTHS[month - 1] ?? ''],
  ['Jan', ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3)],
  ['1', ({ month }) => String(month)],
  ['01', ({ month }) => padded(month, 2)],
  ['Monday', ({ weekday }) => WEEKDAYS[weekday] ?? ''],
  ['Mon', ({ weekday }) => (WEEKDAYS[weekday] ?? '').slice(0, 3)],
  ['2', ({ day }) => String(day)],
  ['_2', ({ day }) => String(day).padStart(2)],
  ['02', ({ day }) => padded(day, 2)],
  ['__2', (time) => String(dayOfYear(time)).padStart(3)],
  ['002', (time) => padded(dayOfYear(time), 3)],
  ['15', ({ hour }) => padded(hour, 2)],
  ['3', ({ hour }) => String(hour % 12 || 12)],
  ['03', ({ hour }) => padded(hour % 12 || 12, 2)],
  ['4', ({ minute }) => String(minute)],
  ['04', ({ minute }) => padded(minute, 2)],
  ['5', ({ second }) => String(second)],
  ['05', ({ second }) => padded(second, 2)],
  ['PM', ({ hour }) => (hour >= 12 ? 'PM' : 'AM')],
  ['pm', ({ hour }) => (hour >= 12 ? 'pm' : 'am')],
  ['MST', ({ zone }) => abbreviation(zone)],
]);

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function dayOfYear(time: CivilTime): number {
  const start = secondsOf({ ...time, month: 1, day: 1 });
  return Math.round((secondsOf(time) - start) / 86_400) + 1;
}

/** ICU has the abbreviations of few zones, and Go those of all: rather none than another. */
function abbreviation(zone: string): string {
  if (zone === 'UTC') return 'UTC';
  throw new BuiltinFailure('the layout asks for the abbreviation of a zone other than UTC; use -07:00');
}

function offsetText(form: string, offset: number): string {
  const separator = form.includes(':') ? ':' : '';
  const size = Math.abs(offset);
  // Go takes the sign from the whole minutes.
  const sign = Math.trunc(offset / 60) < 0 ? '-' : '+';
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map((part) => padded(part, 2));
  return sign + parts.slice(0, form.replaceAll(':', '').length / 2).join(separator);
}

/** `.000` has all its digits, `.999` loses the zeros at its end. */
function fractionOf(element: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9).slice(0, element.length - 1);
  if (element.charAt(1) === '0') return element.charAt(0) + digits;
  const trimmed = withoutEndingZeros(digits);
  return trimmed === '' ? '' : element.charAt(0) + trimmed;
}
