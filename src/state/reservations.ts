import { readBucket } from '../core/bucket.ts';
import { type Charge, PARTS } from '../core/charge.ts';
import type { Change, EndedHold } from '../core/change.ts';
import { isHeld, type Settlement } from '../core/settlement.ts';
import { type Occasion, startsOf } from './budgets.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, run, type Work } from './work.ts';

const ROW = '(?, ?, ?, ?, ?, ?, ?)';
const HOLD = 'insert into reservations (decision, bucket, starts, instance, cost, expires, refunds) values ';

/** Keeps in mind for which call costs are held. A call holds a bucket once. */
export function* holdAll(charges: readonly Charge[], { id, instance, now }: Occasion): Work<void> {
  const held = charges.filter(isHeld);
  if (held.length === 0) return;
  const values = held.flatMap(({ bucket, window, cost, terms }) => {
    const refunds = terms.onExpire === 'refund' ? 1 : 0;
    return [id, bucket, startsOf(window), instance, Math.round(cost * PARTS), now + terms.ttlMs, refunds];
  });
  yield* run(`${HOLD}${held.map(() => ROW).join(', ')}`, ...values);
}

const END_ALL = 'delete from reservations where decision = ? returning bucket, starts, cost';
const END_ONE = 'delete from reservations where decision = ? and bucket = ? returning bucket, starts, cost';

/** The window that was charged pays, even where it is over. */
const USE = `update budgets set
    used = max(0, used - max(0, ? - as_of) * rate) + ?, reserved = max(0, reserved - ?), as_of = max(as_of, ?)
  where bucket = ? and starts = ?`;

interface Ends {
  readonly which: 'all' | 'named';
  readonly costs: readonly EndedHold[];
}

/** What was held becomes costs that are used. What was ended before stays as it is. */
export function* endHolds({ which, costs }: Ends, { id, now }: Pick<Occasion, 'id' | 'now'>): Work<void> {
  const ended = which === 'all' ? [...(yield* all(END_ALL, id))] : [];
  if (which === 'named') for (const { bucket } of costs) ended.push(...(yield* all(END_ONE, id, bucket)));
  for (const { bucket, starts, cost } of ended) {
    const used = costs.find((one) => one.bucket === bucket)?.cost ?? Number(cost) / PARTS;
    yield* run(USE, now, Math.round(used * PARTS), Number(cost), now, String(bucket), Number(starts));
  }
}

/** The holds of one decision whose process has died, and how they end. */
export interface Expiry {
  readonly decision: string;
  readonly settled: readonly Settlement[];
  readonly changes: readonly Change[];
}

const OF_DECISION = 'select * from reservations where decision = ? and expires <= ? order by bucket';

export async function expiryOf(connection: StoreConnection, decision: string, now: number): Promise<Expiry> {
  return expiry(decision, await connection.ask(() => all(OF_DECISION, decision, now)));
}

const ORPHANS = `select * from reservations where expires <= ? and instance not in (select id from instances)
  order by decision, bucket limit 1000`;

/** Holds of processes that are long forgotten: those whose time was not over when their process was found dead. */
export async function orphanedHolds(connection: StoreConnection, now: number): Promise<readonly Expiry[]> {
  const rows = await connection.ask(() => all(ORPHANS, now));
  const decisions = new Set(rows.map((row) => String(row['decision'])));
  return [...decisions].map((decision) =>
    expiry(
      decision,
      rows.filter((row) => row['decision'] === decision),
    ),
  );
}

function expiry(decision: string, rows: readonly SqlRow[]): Expiry {
  return {
    decision,
    settled: rows.map(expired),
    changes: [{ kind: 'end_holds', which: 'named', costs: rows.map(endOf) }],
  };
}

function endOf(row: SqlRow): EndedHold {
  return { bucket: String(row['bucket']), cost: expired(row).cost };
}

/** The call may have happened, so its cost is used unless the counter's author says otherwise. */
function expired(row: SqlRow): Settlement {
  const { counter, unit } = readBucket(String(row['bucket']));
  const reserved = Number(row['cost']) / PARTS;
  const isRefunded = Number(row['refunds']) === 1;
  return { counter, unit, state: 'expired', reserved, cost: isRefunded ? 0 : reserved, estimated: true };
}
