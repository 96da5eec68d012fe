import type { Charge } from '../core/charge.ts';
import { type Change, isRefusal } from '../core/change.ts';
import type { ReservationFact } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import { shadowDecision } from '../policy/combine-record.ts';
import type { Limits } from './advice.ts';
import type { RecordKeeper } from './governing.ts';
import { remedyOf, reservationOf, type Ruling } from './rule.ts';

/**
 * Commits a ruling and answers the one that holds: where a limit has no room for the call, that is its denial, which is
 * then what is on record. Rejects where it could not be recorded; then nothing has been charged.
 */
export async function keepRuling(ruling: Ruling, log: RecordKeeper): Promise<Ruling> {
  return (await keepChanging(ruling, [], log)) ?? ruling;
}

/** As `keepRuling`, and changes more with it. Undefined where one of these changes is refused: nothing is recorded then. */
export async function keepChanging(
  ruling: Ruling,
  changes: readonly Change[],
  log: RecordKeeper,
): Promise<Ruling | undefined> {
  const { record, inputText, charges } = ruling;
  if (charges.length + changes.length === 0) {
    await log.append(record, inputText);
    return ruling;
  }
  const takes = charges.map((charge) => ({ kind: 'take', charge }) as const);
  const answer = await log.commit(record, inputText, [...takes, ...changes]);
  if (!isRefusal(answer)) {
    return charges.length === 0 ? ruling : { ...ruling, limits: limitsLeft(charges, answer.remaining) };
  }
  if (answer.refused.some((index) => index >= takes.length)) return undefined;
  const denied = refused(
    ruling,
    charges.filter((_, index) => answer.refused.includes(index)),
  );
  await log.append(denied.record, inputText);
  return denied;
}

/** The same question decided again, now that it is known which limits are used up. */
function refused(ruling: Ruling, charges: readonly Charge[]): Ruling {
  const { action, server, tool, layers, combine: facts } = ruling.record;
  const reservations = charges.map((charge): ReservationFact => reservationOf(charge, 'refused'));
  const again = { action, server, tool, layers, combine: { ...facts, reservations } };
  const decision = combine(again);
  const record = {
    ...ruling.record,
    combine: again.combine,
    effect: decision.effect,
    reasons: decision.reasons,
    reason_internal: decision.reason_internal,
    remediation: remedyOf(decision, ruling.ruleText),
    matched_rules: decision.matched_rules,
    lifted: decision.lifted,
    obligations: decision.obligations,
    shadow: shadowDecision(again),
  };
  const resetsAt = reservations.map(({ resets_at }) => resets_at).reduce(later, '');
  return { ...ruling, record, decision, charges: [], limits: { remaining: 0, resetsAt } };
}

function later(left: string, right: string): string {
  return left > right ? left : right;
}

/** Of the limit that has the least left. */
function limitsLeft(charges: readonly Charge[], remaining: readonly (number | undefined)[]): Limits {
  const least = Math.min(...remaining.filter((left) => left !== undefined));
  const tightest = charges[remaining.indexOf(least)];
  return { remaining: least, resetsAt: tightest === undefined ? '' : reservationOf(tightest, 'reserved').resets_at };
}
