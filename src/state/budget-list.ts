import { type CounterBucket, readBucket } from '../core/bucket.ts';
import { drained, PARTS } from '../core/charge.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all } from './work.ts';

/** One count of one counter or rate limit, as it stands. */
export interface ListedBudget extends CounterBucket {
  readonly bucket: string;
  /** First millisecond of its window since the epoch; 0 where nothing begins anew. */
  readonly startsMs: number;
  readonly used: number;
  readonly reserved: number;
  /** As it was when last charged. */
  readonly limit: number;
  /** RFC 3339; empty where nothing begins anew. */
  readonly resets_at: string;
  /** What is used as the store has it, in thousandths; what has drained since is not taken off. */
  readonly storedParts: number;
}

const LIST = 'select * from budgets where starts <= ? and (starts = 0 or ends > ?) order by bucket, starts';

/** The counts whose window is not over at a time, in milliseconds since the epoch. */
export async function listBudgets(connection: StoreConnection, now: number): Promise<readonly ListedBudget[]> {
  const rows = await connection.ask(() => all(LIST, now, now));
  return rows.map((row) => budgetOf(row, now));
}

function budgetOf(row: SqlRow, now: number): ListedBudget {
  const bucket = String(row['bucket']);
  const startsMs = Number(row['starts']);
  const used = drained(Number(row['used']), Number(row['rate']), now - Number(row['as_of']));
  return {
    ...readBucket(bucket),
    bucket,
    startsMs,
    used: Math.round(used) / PARTS,
    reserved: Number(row['reserved']) / PARTS,
    limit: Number(row['ceiling']) / PARTS,
    resets_at: startsMs === 0 ? '' : new Date(Number(row['ends'])).toISOString(),
    storedParts: Number(row['used']),
  };
}
