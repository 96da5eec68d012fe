import { type Count, drained, drainPerMs, resetsAt } from '../core/charge.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { CountedBy } from './counters.ts';

type Budgets = PolicyInput['budgets'];
type Budget = Budgets[string];

/** Under which name a bundle reads which counter. Sorted by name. */
export type BudgetView = readonly { readonly name: string; readonly counter: string }[];

/** How a count stands, as policies read it. Members stand sorted. */
export function budgetOf({ counter, window }: CountedBy, count: Count | undefined, now: number): Budget {
  const { limit } = counter;
  const perMs = drainPerMs(limit, window);
  const used = count === undefined ? 0 : drained(count.used, perMs, now - count.asOfMs);
  const reserved = count?.reserved ?? 0;
  const taken = used + reserved;
  return {
    limit,
    ratio: limit === 0 ? 1 : rounded(taken / limit),
    remaining: rounded(Math.max(0, limit - taken)),
    reserved,
    resets_at: window.kind === 'sliding' && perMs > 0 ? timeText(now + used / perMs) : resetsAt(window),
    used: rounded(used),
  };
}

/** What one bundle reads of all budgets, by its own names; undefined where one of them is not known. */
export function viewOf(view: BudgetView, budgets: Budgets): Budgets | undefined {
  const seen: Record<string, Budget> = {};
  for (const { name, counter } of view) {
    const budget = Object.hasOwn(budgets, counter) ? budgets[counter] : undefined;
    if (budget === undefined) return undefined;
    seen[name] = budget;
  }
  return seen;
}

function timeText(ms: number): string {
  return new Date(Math.ceil(ms)).toISOString();
}

function rounded(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}
