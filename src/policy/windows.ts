import { resetsAt, type Window } from '../core/charge.ts';
import type { CounterWindow } from './counter-schema.ts';
import { WEEKDAYS } from './civil-time.ts';
import { timeZone, type TimeZone } from './time-zone.ts';

/** The window of a counter that a time, in milliseconds since the epoch, belongs to. */
export type WindowAt = (now: number) => Window;

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
/** The last millisecond that a date can have. */
const FOREVER_MS = 8_640_000_000_000_000;
/** How long after its last charge the count of a conversation is forgotten. */
const SESSION_KEPT_MS = 30 * DAY_MS;

export function windowsOf(window: CounterWindow): WindowAt {
  switch (window.kind) {
    case 'calendar':
      return calendarWindows(window);
    case 'fixed':
      return keptWindows((now) => fixedWindow(now, window.seconds));
    case 'sliding':
      return (now) => ({ startsMs: now - window.seconds * 1000, endsMs: now, kind: 'sliding' });
    case 'session':
      return (now) => ({ startsMs: 0, endsMs: now + SESSION_KEPT_MS, kind: 'lasting' });
    case 'lifetime':
      return () => ({ startsMs: 0, endsMs: FOREVER_MS, kind: 'lasting' });
  }
}

/** Windows follow one another from the epoch on, the same for all processes. */
export function fixedWindow(now: number, seconds: number): Window {
  const length = seconds * 1000;
  const startsMs = Math.floor(now / length) * length;
  return { startsMs, endsMs: startsMs + length };
}

/** In words, for people; another text is another count. */
export function describeWindow(window: CounterWindow): string {
  switch (window.kind) {
    case 'calendar':
      return [
        `calendar ${window.unit}`,
        window.tz,
        ...(window.unit === 'week' ? [`from ${startOf(window)}`] : []),
      ].join(', ');
    case 'fixed':
    case 'sliding':
      return `${window.kind} ${window.seconds}s`;
    case 'session':
    case 'lifetime':
      return window.kind;
  }
}

type Calendar = Extract<CounterWindow, { kind: 'calendar' }>;

function calendarWindows(window: Calendar): WindowAt {
  const zone = timeZone(window.tz);
  return keptWindows((now) => calendarWindow(window, zone, now));
}

/** Most calls fall into the window of the call before: the calendar is asked, and the end written, once a window. */
function keptWindows(windowAt: WindowAt): WindowAt {
  let known: Window = { startsMs: Number.NaN, endsMs: Number.NaN };
  return (now) => {
    if (known.startsMs <= now && now < known.endsMs) return known;
    const window = windowAt(now);
    known = { ...window, endsAt: resetsAt(window) };
    return known;
  };
}

function calendarWindow(window: Calendar, zone: TimeZone, now: number): Window {
  if (window.unit === 'hour') return hourAt(zone, now);
  const today = new Date(localMs(zone, now));
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
  const span = (from: number, until: number): Window => ({
    startsMs: firstInstantOf(zone, from),
    endsMs: firstInstantOf(zone, until),
  });
  switch (window.unit) {
    case 'day':
      return span(Date.UTC(year, month, day), Date.UTC(year, month, day + 1));
    case 'week': {
      const since = (today.getUTCDay() - indexOfDay(startOf(window)) + 7) % 7;
      return span(Date.UTC(year, month, day - since), Date.UTC(year, month, day - since + 7));
    }
    case 'month':
      return span(Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1));
    case 'year':
      return span(Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
  }
}

function startOf({ start }: Calendar): string {
  return start ?? 'monday';
}

function indexOfDay(day: string): number {
  return WEEKDAYS.findIndex((name) => name.toLowerCase() === day);
}

/** Hours begin where the clock on the wall says so, which in some zones is half past in UTC. */
function hourAt(zone: TimeZone, now: number): Window {
  const local = localMs(zone, now);
  const startsMs = now - (((local % HOUR_MS) + HOUR_MS) % HOUR_MS);
  return { startsMs, endsMs: startsMs + HOUR_MS };
}

/**
 * When a date begins, given as its midnight in UTC: where a clock skips midnight the moment it jumps, where it repeats it
 * the first time. Found by halving the two days around it: no zone is further from UTC than a day, and dates never go back.
 */
function firstInstantOf(zone: TimeZone, midnight: number): number {
  let [before, at] = [midnight - DAY_MS, midnight + DAY_MS];
  while (at - before > 1000) {
    const middle = Math.floor((before + at) / 2000) * 1000;
    if (localMs(zone, middle) >= midnight) at = middle;
    else before = middle;
  }
  return at;
}

/** What the clock on the wall shows, written as if it were UTC. */
function localMs(zone: TimeZone, now: number): number {
  return now + zone.offsetAt(Math.floor(now / 1000)) * 1000;
}
