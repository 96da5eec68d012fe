import {
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
import { alone, one, run, type Work } from './work.ts';

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
  /** Adds to what the store has, all or nothing. Answers the sums, by id. Rejects with STORE_UNAVAILABLE. */
  add(uncounted: readonly Uncounted[]): Promise<ReadonlyMap<string, Counts>>;
}

export function createConversationStore(connection: StoreConnection): ConversationStore {
  return {
    read: (id) => connection.ask(() => readById(id)),
    add: (uncounted) => connection.changeBriefly(() => addAll(uncounted)),
  };
}

const READ = 'select counts from conversations where id = ?';
const WRITE = `insert into conversations (id, agent, "user", client, last_call, counts) values (?, ?, ?, ?, ?, ?)
  on conflict (id) do update set last_call = excluded.last_call, counts = excluded.counts`;

function* readById(id: string): Work<Counts | undefined> {
  const row = yield* one(READ, id);
  return row === undefined ? undefined : readCounts(String(row['counts']));
}

function* addAll(uncounted: readonly Uncounted[]): Work<ReadonlyMap<string, Counts>> {
  yield* alone(() => uncounted.map(({ whose }) => `counts of ${whose.id}`));
  const sums = new Map<string, Counts>();
  for (const of of uncounted) sums.set(of.whose.id, yield* addTo(of));
  return sums;
}

function* addTo({ whose, counted }: Uncounted): Work<Counts> {
  const { id, agent, user, client } = whose;
  const counts = (yield* readById(id)) ?? noCounts(firstOf(counted));
  for (const one of counted) count(counts, one);
  yield* run(WRITE, id, agent, user, client, counts.lastCallMs, writeCounts(counts));
  return counts;
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
