import { BuiltinFailure } from './builtin.ts';
import { type CivilTime, secondsOf } from './civil-time.ts';

/** A zone of the IANA database as Node's own ICU knows it. */
export interface TimeZone {
  readonly name: string;
  /** Seconds east of UTC at so many seconds since the epoch. */
  offsetAt(seconds: number): number;
}

const UTC: TimeZone = { name: 'UTC', offsetAt: () => 0 };

/** `Local` is UTC: a decision must not depend on where the machine stands. */
const NAMES_OF_UTC: ReadonlySet<string> = new Set(['', 'UTC', 'Local']);
const MOST_ZONES = 1000;
const known = new Map<string, TimeZone>();

/** Throws BuiltinFailure for a name that the database does not have. */
export function timeZone(name: string): TimeZone {
  if (NAMES_OF_UTC.has(name)) return UTC;
  const zone = known.get(name) ?? loadZone(name);
  if (known.size < MOST_ZONES) known.set(name, zone);
  return zone;
}

function loadZone(name: string): TimeZone {
  const format = formatFor(name);
  return {
    name,
    offsetAt(seconds) {
      const parts = new Map(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
      const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
      const local = {
        year: part('year'),
        month: part('month'),
        day: part('day'),
        hour: part('hour'),
        minute: part('minute'),
        second: part('second'),
        nanosecond: 0,
      };
      return secondsOf(local) - seconds;
    },
  };
}

const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

function formatFor(name: string): Intl.DateTimeFormat {
  if (!ZONE_NAME.test(name)) throw unknownZone();
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw unknownZone();
  }
  // The database's names have one spelling; ICU takes any case.
  const found = format.resolvedOptions().timeZone;
  if (found !== name && found.toLowerCase() === name.toLowerCase()) throw unknownZone();
  return format;
}

function unknownZone(): BuiltinFailure {
  return new BuiltinFailure('the time zone is not known');
}

/** Seconds since the epoch of a civil time in a zone; of a time that a clock skips or repeats, what Go answers. */
export function secondsIn(zone: TimeZone, time: CivilTime): number {
  const seconds = secondsOf(time);
  const offset = zone.offsetAt(seconds);
  return offset === 0 ? seconds : seconds - zone.offsetAt(seconds - offset);
}
