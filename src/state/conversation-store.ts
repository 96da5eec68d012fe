import {
  copyCounts,
  count,
  type Counted,
  type Counts,
  FORGOTTEN_AFTER_MS,
  noCounts,
  readCounts,
  writeCounts,
} from '../core/counts.ts';
import { MOST_IN_A_SWEEP } from './budgets.ts';
import type { StoreConnection } from './connection.ts';
import { all, alone, one, places, run, type Work } from './work.ts';

/** A conversation, or an agent with all of its conversations, and whose it is. */
export interface Conversant {
  readonly id: string;
  readonly agent: string;
  readonly user: string;
  /** Name of the client; empty for an agent. */
  readonly client: string;
}

/** What has been counted since the last time, oldest first. */
export interface Uncounted {
  readonly whose: Conversant;
  readonly counted: readonly Counted[];
}

/** Counts of conversations, over restarts and for all processes that share the store. */
export interface ConversationStore {
  /** Undefined where there are none. Rejects with STORE_UNAVAILABLE. */
  read(id: string): Promise<Counts | undefined>;
  /** Adds to what the store has, all or nothing. Answers what it had before, by id. Rejects with STORE_UNAVAILABLE. */
  add(uncounted: readonly Uncounted[]): Promise<ReadonlyMap<string, Counts>>;
}

export function createConversationStore(connection: StoreConnection): ConversationStore {
  return {
    read: (id) => connection.ask(() => readById(id)),
    add: (uncounted) => connection.changeBriefly(() => addAll(uncounted)),
  };
}

const READ = 'select counts from conversations where id = ?';
const WRITE = 'insert into conversations (id, agent, "user", client, last_call, counts) values';
const ROW = '(?, ?, ?, ?, ?, ?)';
const OVERWRITE = 'on conflict (id) do update set last_call = excluded.last_call, counts = excluded.counts';
/** Rows that one statement reads or writes. */
const MOST_ROWS = 64;

function* readById(id: string): Work<Counts | undefined> {
  const row = yield* one(READ, id);
  return row === undefined ? undefined : readCounts(String(row['counts']));
}

function* addAll(uncounted: readonly Uncounted[]): Work<ReadonlyMap<string, Counts>> {
  yield* alone(() => uncounted.map(({ whose }) => `counts of ${whose.id}`));
  const stored = yield* readAll([...new Set(uncounted.map(({ whose }) => whose.id))]);
  const before = new Map<string, Counts>();
  const after = new Map<string, Summed>();
  for (const { whose, counted } of uncounted) {
    const had = after.get(whose.id)?.counts ?? stored.get(whose.id) ?? noCounts(firstOf(counted));
    const counts = copyCounts(had);
    for (const one of counted) count(counts, one);
    before.set(whose.id, had);
    after.set(whose.id, { whose, counts });
  }
  yield* writeAll([...after.values()]);
  return before;
}

interface Summed {
  readonly whose: Conversant;
  readonly counts: Counts;
}

function* readAll(ids: readonly string[]): Work<ReadonlyMap<string, Counts>> {
  const stored = new Map<string, Counts>();
  for (const some of inPieces(ids)) {
    const rows = yield* all(`select id, counts from conversations where id in (${places(some)})`, ...some);
    for (const { id, counts } of rows) stored.set(String(id), readCounts(String(counts)));
  }
  return stored;
}

function* writeAll(sums: readonly Summed[]): Work<void> {
  for (const some of inPieces(sums)) {
    const values = some.flatMap(({ whose: { id, agent, user, client }, counts }) => {
      return [id, agent, user, client, counts.lastCallMs, writeCounts(counts)];
    });
    yield* run(`${WRITE} ${some.map(() => ROW).join(', ')} ${OVERWRITE}`, ...values);
  }
}

/** In pieces of a few sizes only, because each makes a statement of its own, which is kept. */
function* inPieces<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let [from, size] = [0, MOST_ROWS]; from < list.length; from += size) {
    while (size > list.length - from) size /= 2;
    yield list.slice(from, from + size);
  }
}

function firstOf(counted: readonly Counted[]): number {
  for (const one of counted) if (one.kind !== 'result') return one.atMs;
  return 0;
}

/** Counts are kept for an hour after they are forgotten: a clock that was put back finds them as they were. */
const KEPT_MS = FORGOTTEN_AFTER_MS + 60 * 60 * 1000;
/** The condition stands there twice: what was chosen may have been used again before it is removed. */
const SWEEP = `delete from conversations where id in
  (select id from conversations where last_call <= ? order by last_call limit ${MOST_IN_A_SWEEP})
  and last_call <= ?`;

/** Removes counts that nothing adds to any more. Answers how many; there may be more. */
export async function sweepConversations(connection: StoreConnection, now: number): Promise<number> {
  return await connection.ask(() => run(SWEEP, now - KEPT_MS, now - KEPT_MS));
}
