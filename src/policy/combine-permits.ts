import type { Lifted } from '../core/decision.ts';
import type { Opinion, Permit } from '../core/opinion.ts';
import { type Finding, fullName, ofLayer } from './combine-opinions.ts';

/** A permit holds for at most 30 days. */
const MAX_SPAN_MS = 30 * 24 * 60 * 60 * 1000;

export interface Lifting {
  readonly left: readonly Finding[];
  /** Each denial with each permit that lifted it. */
  readonly lifted: readonly Lifted[];
}

/** Takes away exactly those denials that a valid permit names and that can be lifted. `now`: milliseconds. */
export function lift(findings: readonly Finding[], opinions: readonly Opinion[], now: number): Lifting {
  if (findings.length === 0) return { left: findings, lifted: [] };
  const permits = ofLayer(opinions, 'override').flatMap((opinion) =>
    opinion.permit
      .filter((permit) => permit.mode !== 'shadow' && isValid(permit, now))
      .map((permit) => ({ by: fullName(opinion, permit), lifts: new Set(permit.lifts) })),
  );
  if (permits.length === 0) return { left: findings, lifted: [] };

  const lifted = new Map<string, Lifted>();
  const left = findings.filter((finding) => {
    if (!finding.isLiftable) return true;
    const denial = finding.rule === '' ? finding.reason : finding.rule;
    const naming = permits.filter((permit) => permit.lifts.has(denial));
    for (const { by } of naming) lifted.set(`${denial} ${by}`, { denial, by });
    return naming.length === 0;
  });
  const names = [...lifted.keys()].toSorted();
  return { left, lifted: names.flatMap((name) => lifted.get(name) ?? []) };
}

/** Two people, a reason, and a time that has begun, has not ended and is not longer than is allowed. */
export function isValid(permit: Permit, now: number): boolean {
  const from = parseTime(permit.not_before);
  const until = parseTime(permit.expires_at);
  if (from === null || until === null) return false;
  if (now < from || now >= until || until - from > MAX_SPAN_MS) return false;
  const requester = personOf(permit.requested_by);
  const approver = personOf(permit.approved_by);
  if (requester === '' || approver === '' || requester === approver) return false;
  return visible(permit.justification) !== '';
}

/** `Alice`, ` alice ` and `ALICE` are one person. */
function personOf(name: string): string {
  return visible(name).toUpperCase().toLowerCase();
}

function visible(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .trim();
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
