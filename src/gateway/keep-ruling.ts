import type { Charge } from '../core/charge.ts';
import { isRefusal, type Refusal } from '../core/change.ts';
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
  const { record, inputText, charges } = ruling;
  if (charges.length === 0) {
    await log.append(record, inputText);
    return ruling;
  }
  const takes = charges.map((charge) => ({ kind: 'take', charge }) as const);
  const answer = await log.commit(record, inputText, takes);
  if (!isRefusal(answer)) return { ...ruling, limits: limitsLeft(charges, answer.remaining) };
  const denied = refused(ruling, reservationsRefused(charges, answer));
  await log.append(denied.record, inputText);
  return denied;
}

function reservationsRefused(
  charges: readonly Charge[],
  { refused: places, fitsAtMs }: Refusal,
): readonly ReservationFact[] {
  return places.flatMap((place, index) => {
    const charge = charges[place];
    return charge === undefined ? [] : [reservationOf(charge, 'refused', fitsAtMs?.[index])];
  });
}

/** The same question decided again, now that it is known which limits are used up. */
function refused(ruling: Ruling, reservations: readonly ReservationFact[]): Ruling {
  const { action, server, tool, layers, combine: facts } = ruling.record;
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
  const resetsAt = reservations.map(({ resets_at }) => resets_at).reduce(later);
  return { ...ruling, record, decision, charges: [], limits: { remaining: 0, resetsAt } };
}

/** Where one of them never begins anew, waiting for the others is in vain. */
function later(left: string, right: string): string {
  if (left === '' || right === '') return '';
  return left > right ? left : right;
}

/** Of the limit that has the least left. */
function limitsLeft(charges: readonly Charge[], remaining: readonly (number | undefined)[]): Limits {
  const least = Math.min(...remaining.filter((left) => left !== undefined));
  const tightest = charges[remaining.indexOf(least)];
  return { remaining: least, resetsAt: tightest === undefined ? '' : reservationOf(tightest, 'reserved').resets_at };
}
