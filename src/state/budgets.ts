import type { Charge } from '../core/charge.ts';
import type { StoreConnection } from './connection.ts';
import type { Database } from './driver.ts';

/** Costs have three decimals and sums must be exact, so whole thousandths are kept. */
const PARTS = 1000;

const TAKE = `insert into budgets (bucket, starts, ends, used) select ?, ?, ?, ? where ? <= ?
  on conflict (bucket, starts) do update set used = used + excluded.used where used + excluded.used <= ?
  returning used`;

const GIVE_BACK = 'update budgets set used = used - ? where bucket = ? and starts = ? and used >= ?';

/** Windows are kept for an hour after their end: a clock that was put back finds them as they were. */
const KEPT_MS = 60 * 60 * 1000;
/** Few enough that nobody waits long for the write lock. */
export const MOST_IN_A_SWEEP = 10_000;
const SWEEP = `delete from budgets where (bucket, starts) in
  (select bucket, starts from budgets where ends <= ? order by ends limit ${MOST_IN_A_SWEEP})`;

/** Answers what is left afterwards; undefined where the charge does not fit, and then nothing is taken. */
export function take(database: Database, { bucket, cost, limit, window }: Charge): number | undefined {
  const [costParts, limitParts] = [inParts(cost), inParts(limit)];
  const [taken] = database
    .prepare(TAKE)
    .all(bucket, window.startsMs, window.endsMs, costParts, costParts, limitParts, limitParts);
  return taken === undefined ? undefined : (limitParts - Number(taken['used'])) / PARTS;
}

export function giveBack(database: Database, { bucket, cost, window }: Charge): void {
  const costParts = inParts(cost);
  database.prepare(GIVE_BACK).run(costParts, bucket, window.startsMs, costParts);
}

/** Removes counts whose window is over. Answers how many; there may be more. */
export function sweepBudgets(connection: StoreConnection, now: number): number {
  return connection.use((database) => database.prepare(SWEEP).run(now - KEPT_MS));
}

function inParts(amount: number): number {
  return Math.round(amount * PARTS);
}
