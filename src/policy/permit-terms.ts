import type { Permit } from '../core/opinion.ts';
import { personOf, withoutBlanks } from '../core/person.ts';

/** A permit holds for at most 30 days. */
const MAX_SPAN_MS = 30 * 24 * 60 * 60 * 1000;

/** What two people agreed on; a permit has it, and so has the data that one is made of. */
export type PermitTerms = Pick<Permit, 'requested_by' | 'approved_by' | 'justification' | 'not_before' | 'expires_at'>;

/** What keeps a permit from ever holding. */
export type PermitFault =
  | 'no_time'
  | 'ends_before_it_begins'
  | 'more_than_30_days'
  | 'no_requester'
  | 'no_approver'
  | 'one_person'
  | 'no_justification';

/** How a permit stands at one moment: it holds from its first millisecond up to, and no longer at, its last. */
export type PermitStanding = 'holds' | 'not_begun' | 'ended' | PermitFault;

/** Two people, a reason, and a time that has begun, has not ended and is not longer than is allowed. `now`: milliseconds. */
export function isValid(permit: PermitTerms, now: number): boolean {
  return standingAt(permit, now) === 'holds';
}

/** `now`: milliseconds. A permit that could never hold says so, whatever the time is. */
export function standingAt(permit: PermitTerms, now: number): PermitStanding {
  const from = parseTime(permit.not_before);
  const until = parseTime(permit.expires_at);
  if (from === null || until === null) return 'no_time';
  if (until <= from) return 'ends_before_it_begins';
  if (until - from > MAX_SPAN_MS) return 'more_than_30_days';
  const fault = faultOfPeople(permit);
  if (fault !== undefined) return fault;
  if (now < from) return 'not_begun';
  return now < until ? 'holds' : 'ended';
}

function faultOfPeople({ requested_by, approved_by, justification }: PermitTerms): PermitFault | undefined {
  const requester = personOf(requested_by);
  const approver = personOf(approved_by);
  if (requester === '') return 'no_requester';
  if (approver === '') return 'no_approver';
  if (requester === approver) return 'one_person';
  return withoutBlanks(justification) === '' ? 'no_justification' : undefined;
}

const TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d{1,9})?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Milliseconds since the epoch of a time with offset, or null. A day that its
 * month does not have is no time, and neither is a leap second.
 * Source: RFC 3339 §5.6.
 */
export function parseTime(text: string): number | null {
  const match = TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match;
  const midnight = dayOf(Number(year), Number(month), Number(day));
  if (midnight === null) return null;
  const minutes = Number(hour) * 60 + Number(minute);
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute));
  const ms = Math.floor(Number(`0${fraction}`) * 1000);
  return midnight + (minutes - offset) * 60_000 + Number(second) * 1000 + ms;
}

function dayOf(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}
