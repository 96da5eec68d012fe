import { type Charge, type Count, drained, drainPerMs, type Window } from '../core/charge.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { SealedRecord } from '../core/record.ts';
import { isOfCounter, settle } from '../core/settlement.ts';
import { budgetOf } from '../policy/budget-views.ts';
import { countedBy, type Counter } from '../policy/counters.ts';
import type { Counted, Counting } from './replay-counting.ts';

interface Page extends Count {
  /** The first millisecond at which nobody needs it any more. */
  readonly endsMs: number;
}

/** After so many new pages those are torn out whose time is over. */
const PAGES_BETWEEN_SWEEPS = 10_000;

/**
 * Counts anew what one policy would have charged, decision after decision: what it allows takes from its limits, what it
 * denies does not. What was used before the first decision is taken from the snapshot of that decision. A call ends as it
 * ended in truth; one that was denied in truth costs what would have been reserved for it. Every call is over before the
 * next is decided.
 */
export class ReplayBook implements Counting {
  readonly #pages = new Map<string, Page>();
  #added = 0;

  budgets(counters: readonly Counter[], { record, input }: Counted): ReturnType<Counting['budgets']> {
    const now = input.environment.time_ms;
    const budgets: Record<string, PolicyInput['budgets'][string]> = {};
    for (const counter of counters) {
      const counted = countedBy(counter, input, now);
      const key = keyOf(counted);
      if (!this.#pages.has(key)) this.#begin(key, counted.window, record.budgets[counter.fullName]);
      budgets[counter.fullName] = budgetOf(counted, this.#pages.get(key), now);
    }
    return { kind: 'known', budgets };
  }

  take(charges: readonly Charge[], { record, input }: Counted): readonly Charge[] {
    const now = input.environment.time_ms;
    const refused = charges.filter((charge) => this.#usedAt(charge, now) + charge.cost > charge.limit + 1e-9);
    if (refused.length > 0) return refused;
    for (const charge of charges) {
      const used = this.#usedAt(charge, now) + costOf(charge, record);
      this.#write(keyOf(charge), { used, reserved: 0, asOfMs: now, endsMs: endOf(charge.window) });
    }
    return [];
  }

  #usedAt(charge: Charge, now: number): number {
    const page = this.#pages.get(keyOf(charge));
    if (page === undefined) return 0;
    return drained(page.used, drainPerMs(charge.limit, charge.window), now - page.asOfMs);
  }

  #begin(key: string, window: Window, before: PolicyInput['budgets'][string] | undefined): void {
    const used = before === undefined ? 0 : before.used + before.reserved;
    this.#write(key, {
      used,
      reserved: 0,
      asOfMs: window.kind === 'sliding' ? window.endsMs : window.startsMs,
      endsMs: endOf(window),
    });
  }

  #write(key: string, page: Page): void {
    if (!this.#pages.has(key)) this.#added += 1;
    this.#pages.set(key, page);
    if (this.#added < PAGES_BETWEEN_SWEEPS) return;
    this.#added = 0;
    for (const [old, { endsMs }] of this.#pages) if (endsMs < page.asOfMs) this.#pages.delete(old);
  }
}

function keyOf({ bucket, window }: Pick<Charge, 'bucket' | 'window'>): string {
  return `${window.kind === 'sliding' ? 0 : window.startsMs} ${bucket}`;
}

function endOf({ kind, startsMs, endsMs }: Window): number {
  return kind === 'sliding' ? endsMs + (endsMs - startsMs) : endsMs;
}

/** What the call came to cost, as far as it was made. */
function costOf(charge: Charge, { outcome }: SealedRecord): number {
  if (outcome === null) return charge.cost;
  if (!isOfCounter(charge)) return outcome.status === 'not_forwarded' ? 0 : charge.cost;
  const found = outcome.settled.find(({ counter }) => counter === charge.counter);
  return settle(charge, outcome.status, found).cost;
}
