import { readBucket } from '../core/bucket.ts';
import type { Change } from '../core/change.ts';
import { PARTS, type Terms } from '../core/charge.ts';
import type { Settlement } from '../core/settlement.ts';
import type { Occasion } from './budgets.ts';
import type { StoreConnection } from './connection.ts';
import type { Database, SqlRow } from './driver.ts';

const HOLD =
  'insert into reservations (decision, bucket, starts, instance, cost, expires, refunds) values (?, ?, ?, ?, ?, ?, ?)';

const END = 'delete from reservations where decision = ? and bucket = ? returning starts, cost';

/** The window that was charged pays, even where it is over. */
const USE = `update budgets set
    used = max(0, used - max(0, ? - as_of) * rate) + ?, reserved = max(0, reserved - ?), as_of = max(as_of, ?)
  where bucket = ? and starts = ?`;

/** `cost` in thousandths. */
interface Held {
  readonly bucket: string;
  readonly starts: number;
  readonly cost: number;
  readonly terms: Terms;
}

/** Keeps in mind for which call a cost is held. A call holds a bucket once. */
export function hold(database: Database, { bucket, starts, cost, terms }: Held, { id, instance, now }: Occasion): void {
  const refunds = terms.onExpire === 'refund' ? 1 : 0;
  database.prepare(HOLD).run(id, bucket, starts, instance, cost, now + terms.ttlMs, refunds);
}

/** What was held becomes `cost` used. Where it was ended before, nothing happens. */
export function endHold(
  database: Database,
  { bucket, cost }: { readonly bucket: string; readonly cost: number },
  { id, now }: Pick<Occasion, 'id' | 'now'>,
): void {
  const ended = database.prepare(END).get(id, bucket);
  if (ended === undefined) return;
  const used = Math.round(cost * PARTS);
  database.prepare(USE).run(now, used, Number(ended['cost']), now, bucket, Number(ended['starts']));
}

/** The holds of one decision whose process has died, and how they end. */
export interface Expiry {
  readonly decision: string;
  readonly settled: readonly Settlement[];
  readonly changes: readonly Change[];
}

const OF_DECISION = 'select * from reservations where decision = ? and expires <= ? order by bucket';

export function expiryOf(connection: StoreConnection, decision: string, now: number): Expiry {
  return expiry(
    decision,
    connection.use((database) => database.prepare(OF_DECISION).all(decision, now)),
  );
}

const ORPHANS = `select * from reservations where expires <= ? and instance not in (select id from instances)
  order by decision, bucket limit 1000`;

/** Holds of processes that are long forgotten: those whose time was not over when their process was found dead. */
export function orphanedHolds(connection: StoreConnection, now: number): readonly Expiry[] {
  const rows = connection.use((database) => database.prepare(ORPHANS).all(now));
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
    changes: rows.map((row) => ({ kind: 'end_hold', bucket: String(row['bucket']), cost: expired(row).cost })),
  };
}

/** The call may have happened, so its cost is used unless the counter's author says otherwise. */
function expired(row: SqlRow): Settlement {
  const { counter, unit } = readBucket(String(row['bucket']));
  const reserved = Number(row['cost']) / PARTS;
  const isRefunded = Number(row['refunds']) === 1;
  return { counter, unit, state: 'expired', reserved, cost: isRefunded ? 0 : reserved, estimated: true };
}
