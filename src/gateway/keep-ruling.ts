import type { Charge } from '../core/charge.ts';
import { type Change, isRefusal, type Refusal } from '../core/change.ts';
import type { CombineFacts, OwnDenial, ReservationFact } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import { shadowDecision } from '../policy/combine-record.ts';
import type { Limits } from './advice.ts';
import type { RecordKeeper } from './governing.ts';
import { remedyOf, reservationOf, type Ruling } from './rule.ts';

/**
 * Commits a ruling and answers the one that holds: where a limit has no room for the call, or its conversation none for
 * another label, that is its denial, which is then what is on record. Rejects where it could not be recorded; then
 * nothing has been charged and nothing labelled.
 */
export async function keepRuling(ruling: Ruling, log: RecordKeeper): Promise<Ruling> {
  return (await keepChanging(ruling, NO_CHANGES, log)) ?? ruling;
}

/** As `keepRuling`, and changes more with it. Undefined where one of these changes is refused: nothing is recorded then. */
export async function keepChanging(
  ruling: Ruling,
  more: readonly Change[],
  log: RecordKeeper,
): Promise<Ruling | undefined> {
  const { record, inputText, charges } = ruling;
  const changes = [...ruling.changes, ...more];
  if (charges.length + changes.length === 0) {
    await log.append(record, inputText);
    return ruling;
  }
  const takes = charges.map((charge) => ({ kind: 'take', charge }) as const);
  const answer = await log.commit(record, inputText, [...takes, ...changes]);
  if (!isRefusal(answer)) {
    return charges.length === 0 ? ruling : { ...ruling, limits: limitsLeft(charges, answer.remaining) };
  }
  const ownPlaces = charges.length + ruling.changes.length;
  if (answer.refused.some((place) => place >= ownPlaces)) return undefined;
  return keepChanging(refusedBy(answer, ruling), NO_CHANGES, log);
}

const NO_CHANGES: readonly Change[] = [];
const TOO_MANY_LABELS: OwnDenial = { reason: 'gateway.too_many_labels', internal: '', rules: [], params: {} };

/** What holds instead, which takes and labels nothing, so that nothing refuses it. */
function refusedBy(refusal: Refusal, ruling: Ruling): Ruling {
  const { charges } = ruling;
  const isCrowded = refusal.refused.some((place) => place >= charges.length);
  return isCrowded ? refused(ruling, { own: [TOO_MANY_LABELS] }) : outOfRoom(ruling, refusal);
}

function outOfRoom(ruling: Ruling, { refused: places, fitsAtMs }: Refusal): Ruling {
  const reservations = places.flatMap((place, index): readonly ReservationFact[] => {
    const charge = ruling.charges[place];
    return charge === undefined ? [] : [reservationOf(charge, 'refused', fitsAtMs?.[index])];
  });
  const resetsAt = reservations.map(({ resets_at }) => resets_at).reduce(later);
  return { ...refused(ruling, { reservations }), limits: { remaining: 0, resetsAt } };
}

/** The same question decided again, now that it is known what there is no room for. */
function refused(ruling: Ruling, known: Partial<CombineFacts>): Ruling {
  const { action, server, tool, layers, combine: facts } = ruling.record;
  const again = { action, server, tool, layers, combine: { ...facts, reservations: [], ...known } };
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
  return { ...ruling, record, decision, charges: [], changes: ruling.changes.filter(isKeptAnyway) };
}

function isKeptAnyway({ kind }: Change): boolean {
  return kind === 'keep_audit';
}

/** Where one of them never begins anew, waiting for the others is in vain. */
function later(left: string, right: string): string {
  if (left === '' || right === '') return '';
  return left > right ? left : right;
}

/** Of the limit that has the least left. */
function limitsLeft(charges: readonly Charge[], remaining: readonly number[]): Limits {
  const least = Math.min(...remaining);
  const tightest = charges[remaining.indexOf(least)];
  return { remaining: least, resetsAt: tightest === undefined ? '' : reservationOf(tightest, 'reserved').resets_at };
}
