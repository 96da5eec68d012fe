import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import type { Charge } from '../../src/core/charge.ts';
import { makeChanges } from '../../src/state/changes.ts';
import type { StoreConnection } from '../../src/state/connection.ts';
import { decisionRow, outcomeRow } from '../../src/state/log-rows.ts';
import { aHold, anOutcome, aRecord, realClock } from './records.ts';
import { one } from '../../src/state/work.ts';
import { aConnection, anyPlace } from './support.ts';

/** In the window of `aHold`. */
const THEN = Date.UTC(2100, 5);

describe('a sliding window', () => {
  /** Ten in a hundred seconds, so one each ten seconds. */
  function sliding(atMs: number, changes: Partial<Charge> = {}): Charge {
    return aHold({
      window: { startsMs: atMs - 100_000, endsMs: atMs, kind: 'sliding' },
      ...changes,
    });
  }

  test('has room again as what was used drains, and says when', async () => {
    const ledger = new Ledger(aConnection(anyPlace()));
    expect(await ledger.use(THEN, sliding(THEN, { cost: 10 }))).toEqual({ remaining: [0] });
    expect(await ledger.use(THEN, sliding(THEN))).toEqual({ refused: [0], fitsAtMs: [THEN + 10_000] });
    expect(await ledger.use(THEN + 9_999, sliding(THEN + 9_999))).toEqual({ refused: [0], fitsAtMs: [THEN + 10_000] });
    expect(await ledger.use(THEN + 10_000, sliding(THEN + 10_000))).toEqual({ remaining: [0] });
    expect(await ledger.use(THEN + 60_000, sliding(THEN + 60_000, { cost: 5 }))).toEqual({ remaining: [0] });
    expect(await ledger.use(THEN + 999_000, sliding(THEN + 999_000, { cost: 10 }))).toEqual({ remaining: [0] });
  });

  test('drains nothing while a clock stands before what it has seen', async () => {
    const ledger = new Ledger(aConnection(anyPlace()));
    await ledger.use(THEN, sliding(THEN, { cost: 10 }));
    expect(await ledger.use(THEN - 500_000, sliding(THEN - 500_000))).toMatchObject({ refused: [0] });
    expect(await ledger.use(THEN + 10_000, sliding(THEN + 10_000))).toEqual({ remaining: [0] });
  });

  test('never grants more than its limit at once and what drains meanwhile', async () => {
    const connection = aConnection(anyPlace());
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waitMs: fc.nat(60_000), cost: fc.integer({ min: 1, max: 4 }) })),
        async (calls) => {
          const ledger = new Ledger(connection);
          let now = THEN;
          let granted = 0;
          for (const { waitMs, cost } of calls) {
            now += waitMs;
            if ('remaining' in (await ledger.use(now, sliding(now, { cost })))) granted += cost;
            expect(granted).toBeLessThanOrEqual(10 + (now - THEN) / 10_000 + 1e-6);
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});

type Step =
  | { readonly kind: 'take'; readonly id: number; readonly cost: number }
  | { readonly kind: 'end'; readonly id: number; readonly cost: number };

const aStep = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), id: fc.nat(7), cost: fc.nat(5_000).map((parts) => parts / 1000) }),
  // Settled, refunded (0) and expired are one change, and each may come twice.
  fc.record({ kind: fc.constant('end' as const), id: fc.nat(7), cost: fc.nat(5_000).map((parts) => parts / 1000) }),
);

test('whatever is reserved, settled, refunded and expired, the sums are those of a plain model', async () => {
  const connection = aConnection(anyPlace());
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { maxLength: 60 }), async (steps) => {
      const ledger = new Ledger(connection);
      const model = new Model();
      for (const step of steps) {
        expect(await ledger.step(step)).toBe(model.step(step));
        expect(await ledger.sums()).toEqual(model.sums());
      }
    }),
    { numRuns: 60 },
  );
});

const LIMIT_PARTS = 10_000;

/** In whole thousandths. */
class Model {
  readonly #held = new Map<number, number>();
  readonly #taken = new Set<number>();
  #used = 0;

  step({ kind, id, cost }: Step): boolean {
    const parts = Math.round(cost * 1000);
    const before = this.#held.get(id);
    if (kind === 'end') {
      this.#held.delete(id);
      if (before !== undefined) this.#used += parts;
      return true;
    }
    // A decision takes its charges once.
    if (this.#taken.has(id) || this.#used + this.#reserved() + parts > LIMIT_PARTS) return false;
    this.#taken.add(id);
    this.#held.set(id, parts);
    return true;
  }

  sums(): readonly [used: number, reserved: number] {
    return [this.#used, this.#reserved()];
  }

  #reserved(): number {
    return [...this.#held.values()].reduce((sum, parts) => sum + parts, 0);
  }
}

let ledgers = 0;

/** The changes of rows, without a log around them; each has a count of its own. */
class Ledger {
  readonly #connection: StoreConnection;
  readonly #name: string;
  readonly #taken = new Set<number>();

  constructor(connection: StoreConnection) {
    this.#connection = connection;
    ledgers += 1;
    this.#name = `ledger ${ledgers}`;
  }

  use(now: number, charge: Charge): Promise<object> {
    return this.#make('decision', now, { kind: 'take', charge: { ...charge, bucket: this.#name, terms: undefined } });
  }

  async step({ kind, id, cost }: Step): Promise<boolean> {
    if (kind === 'end') return 'remaining' in (await this.#make(String(id), THEN, this.#end(cost)));
    if (this.#taken.has(id)) return false;
    const charge = aHold({ cost, bucket: this.#name });
    const isTaken = 'remaining' in (await this.#make(String(id), THEN, { kind: 'take', charge }));
    if (isTaken) this.#taken.add(id);
    return isTaken;
  }

  async sums(): Promise<readonly [used: number, reserved: number]> {
    const row = await this.#connection.ask(() =>
      one('select used, reserved from budgets where bucket = ?', this.#name),
    );
    return [Number(row?.['used'] ?? 0), Number(row?.['reserved'] ?? 0)];
  }

  #end(cost: number): Change {
    return { kind: 'end_holds', which: 'named', costs: [{ bucket: this.#name, cost }] };
  }

  async #make(id: string, now: number, change: Change): Promise<object> {
    const record = aRecord({ id: `${id} of ${this.#name}`, time: new Date(now).toISOString() });
    const clock = { ...realClock, now: () => now };
    const row =
      change.kind === 'take' ? decisionRow(record, '{}', 'me') : outcomeRow(anOutcome(record.id), 'me', clock);
    const answers = await this.#connection.change(() => makeChanges([row], [{ row: 0, changes: [change] }]));
    return answers.get(0) ?? {};
  }
}
