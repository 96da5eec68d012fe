import type { SealedRecord } from '../core/record.ts';
import type { StoreConnection } from './connection.ts';
import { type DecisionFilter, listDecisions } from './decision-query.ts';
import { one, type Work } from './work.ts';

/** Where a part of the log begins. */
interface Beginning {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly ms: number;
}

/**
 * Few first: most often the newest decisions are wanted. A statement over the most takes a second or two, most of which
 * PostgreSQL needs however few they are, where it goes through the month that they are in.
 */
const FEWEST = 1_000;
const MOST = 512_000;
const GROWTH = 8;

/** Clocks of hosts that share a store are not this far apart; see `doctor`. */
const CLOCKS_APART_MS = 3_600_000;

/**
 * Decisions that a filter lets through, newest first. A filter that few of millions pass has to look at all of them: that is
 * done part by part, each a statement that ends soon, so that none is broken off and nobody is held up for long.
 */
export async function listInParts(
  connection: StoreConnection,
  filter: DecisionFilter,
): Promise<readonly SealedRecord[]> {
  const found: SealedRecord[] = [];
  let { before } = filter;
  for (let rows = FEWEST; ; rows = Math.min(rows * GROWTH, MOST)) {
    const end = before;
    const part = await connection.ask(() => partBefore(connection, end, rows));
    const limit = filter.limit - found.length;
    found.push(...(await connection.ask(() => listDecisions({ ...filter, before: end, from: part?.seq, limit }))));
    if (part === undefined || found.length >= filter.limit) return found;
    if (part.ms < (filter.since ?? 0) - CLOCKS_APART_MS) return found;
    before = part.seq;
  }
}

/** Of the newest rows before one, so many of them; undefined where there are no more than these. */
export function* partBefore(
  { numbering }: Pick<StoreConnection, 'numbering'>,
  before: number | undefined,
  rows: number,
): Work<Beginning | undefined> {
  const end = before ?? Number.MAX_SAFE_INTEGER;
  const row = yield* numbering === 'dense' ? denseBefore(end, rows) : one(RISING, end, rows - 1);
  return row && { seq: Number(row['seq']), ms: Date.parse(String(row['time'])) };
}

/** Answered by the index alone. */
const RISING = 'select seq, time from log where seq < ? order by seq desc limit 1 offset ?';

/** To count rows would read them. */
function* denseBefore(end: number, rows: number): ReturnType<typeof one> {
  const last = yield* one('select seq from log where seq < ? order by seq desc limit 1', end);
  return yield* one('select seq, time from log where seq = ?', Number(last?.['seq'] ?? 0) - rows + 1);
}

/** How many rows of the log lie behind one, as far as they can be followed; no more than `most` are counted. */
export function* rowsBehind(
  { numbering }: Pick<StoreConnection, 'numbering'>,
  seq: number,
  most: number,
): Work<number> {
  if (numbering === 'dense') {
    const last = yield* one('select seq from log order by seq desc limit 1');
    return Math.min(most, Math.max(0, Number(last?.['seq'] ?? 0) - seq));
  }
  const count = 'select count(*) as count from (select seq from settled_log where seq > ? limit ?) as behind';
  return Number((yield* one(count, seq, most))?.['count'] ?? 0);
}
