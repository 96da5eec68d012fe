import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { removedUpTo } from './log-tail.ts';
import { all, type Work } from './work.ts';

/** What retention has removed behind a place of the log. */
export interface RemovedRows {
  /** Up to here nothing is there any more; 0 where nothing was removed. */
  readonly upTo: number;
  /** How many rows, by what the seals say; of one that begins before the place, its share. */
  readonly rows: number;
}

export function* removedBehind(after: number): Work<RemovedRows> {
  const upTo = yield* removedUpTo();
  if (upTo <= after) return { upTo, rows: 0 };
  const seals = yield* all('select line from log_seals where last > ?', after);
  const counts = seals.map(({ line }) => countIn(parseCheckpoint(String(line))?.checkpoint, after, upTo));
  return { upTo, rows: Math.round(counts.reduce((sum, count) => sum + count, 0)) };
}

function countIn(seal: Checkpoint | undefined, after: number, upTo: number): number {
  if (seal?.removed === undefined) return 0;
  const { first, count } = seal.removed;
  const inside = Math.min(seal.seq, upTo) - Math.max(after, first - 1);
  return Math.max(0, inside / (seal.seq - first + 1)) * count;
}
