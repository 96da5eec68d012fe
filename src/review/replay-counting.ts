import { type Charge, resetsAt } from '../core/charge.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { ReservationFact, SealedRecord } from '../core/record.ts';
import type { Counter } from '../policy/counters.ts';

type Budgets = PolicyInput['budgets'];
type Budget = Budgets[string];

/** A decision of which it is asked how the limits stood. */
export interface Counted {
  readonly record: SealedRecord;
  readonly input: PolicyInput;
}

/** How limits stand when an old decision is made again. */
export interface Counting {
  /** What policies read of the counters; `unknown` names one of which nobody knows how it stood. */
  budgets(
    counters: readonly Counter[],
    counted: Counted,
  ): Known | { readonly kind: 'unknown'; readonly counter: string };
  /** Takes what an allowed call takes, and answers which of it there is no room for. */
  take(charges: readonly Charge[], counted: Counted): readonly Charge[];
}

interface Known {
  readonly kind: 'known';
  readonly budgets: Budgets;
}

/**
 * Every decision with the counts as they are on record, whatever was decided otherwise before it. Limits are those of
 * the policy that decides now. What was never counted cannot be known.
 */
export const OPEN_LOOP: Counting = {
  budgets(counters, { record }) {
    const known: Record<string, Budget> = { ...record.budgets };
    for (const { fullName, limit } of counters) {
      const budget = known[fullName];
      if (budget === undefined) return { kind: 'unknown', counter: fullName };
      if (budget.limit !== limit) known[fullName] = withLimit(budget, limit);
    }
    return { kind: 'known', budgets: known };
  },
  take(charges, { record }) {
    return charges.filter((charge) => !hadRoom(charge, record));
  },
};

/** The same count against another limit. */
function withLimit(budget: Budget, limit: number): Budget {
  const taken = budget.used + budget.reserved;
  return {
    ...budget,
    limit,
    ratio: limit === 0 ? 1 : rounded(taken / limit),
    remaining: rounded(Math.max(0, limit - taken)),
  };
}

function rounded(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}

/** What was reserved then is not asked again; where more is asked than then, the snapshot says what it can. */
function hadRoom({ counter, cost, limit }: Charge, { combine, budgets }: SealedRecord): boolean {
  const fact = combine.reservations.find((one) => one.counter === counter);
  if (fact?.status === 'reserved' && limit >= fact.limit && cost <= fact.cost) return true;
  const budget = budgets[counter];
  if (budget !== undefined && fact?.status !== 'refused') return budget.used + budget.reserved + cost <= limit;
  // Refused was what did not fit, so that at most all of the limit was used.
  return fact?.status !== 'refused' || limit >= fact.limit + cost;
}

/** As they stand in a record. */
export function factsOf(charges: readonly Charge[], status: ReservationFact['status']): readonly ReservationFact[] {
  return charges.map(({ counter, cost, limit, window }) => ({
    counter,
    status,
    resets_at: resetsAt(window),
    cost,
    limit,
  }));
}
