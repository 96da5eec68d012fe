import type { Database } from './driver.ts';
import { one, type Work } from './work.ts';

/** How many decisions an index has counted. */
export function countedIn(index: Database): number {
  return Number(index.prepare("select sum(total) as total from names where kind = 'effect'").get()?.['total'] ?? 0);
}

/** The time that rows up to one go to, in milliseconds since the epoch, and how much that is of the time of all. */
export function* cameTo(seq: number): Work<{ readonly upToMs: number; readonly percent: number }> {
  const first = msOf(yield* one('select time from log order by seq limit 1'));
  const last = msOf(yield* one('select time from log order by seq desc limit 1'));
  const row = yield* one('select time from log where seq <= ? order by seq desc limit 1', seq);
  const upToMs = row === undefined ? first : msOf(row);
  return { upToMs, percent: last <= first ? 0 : Math.floor((100 * (upToMs - first)) / (last - first)) };
}

function msOf(row: { readonly time?: unknown } | undefined): number {
  return row === undefined ? 0 : Date.parse(String(row['time']));
}
