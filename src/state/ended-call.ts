import type { Change, EndedHold } from '../core/change.ts';
import type { Outcome } from '../core/record.ts';
import { type FoundCost, isHeld, isOfCounter, settle, type Settlement } from '../core/settlement.ts';

/** What a call really cost, by counter. */
export type FoundCosts = ReadonlyMap<string, FoundCost>;

/** How a call ended, and what that changes. */
interface Ends {
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
}

/** What becomes of all that a call has taken, now that it is over. */
export function endsOf(taken: readonly Change[], outcome: Outcome, costs: FoundCosts): Ends {
  const charges = taken.flatMap((change) => (change.kind === 'take' ? [change.charge] : []));
  const isBack = outcome.status === 'not_forwarded';
  const returns = isBack ? taken.flatMap(returnOf) : [];
  if (charges.length === 0) return { outcome, changes: returns };
  const settled: Settlement[] = [];
  const ended: EndedHold[] = [];
  const changes: Change[] = [...returns];
  for (const charge of charges) {
    const settlement = isOfCounter(charge) ? settle(charge, outcome.status, costs.get(charge.counter)) : undefined;
    if (settlement !== undefined) settled.push(settlement);
    const isRefunded = settlement === undefined ? isBack : settlement.state === 'refunded';
    if (isHeld(charge)) ended.push({ bucket: charge.bucket, cost: settlement?.cost ?? 0 });
    else if (isRefunded) changes.push({ kind: 'give_back', charge });
  }
  if (ended.length > 0) changes.push({ kind: 'end_holds', which: 'all', costs: ended });
  return { outcome: { ...outcome, settled: [...outcome.settled, ...settled] }, changes };
}

/** What is said of a call that nobody will ever know the end of. */
export function unknownOutcome(id: string): Outcome {
  return { id, status: 'unknown', withheld: false, ms: 0, record_us: 0, settled: [] };
}

function returnOf(change: Change): readonly Change[] {
  return change.kind === 'use_approval' ? [{ kind: 'return_approval', use: change.use }] : [];
}
