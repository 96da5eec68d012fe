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
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Database } from './driver.ts';

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

export function createConversationStore(connection: SqliteConnection): ConversationStore {
  return {
    read: async (id) => connection.use((database) => readById(database, id)),
    add: async (uncounted) =>
      connection.useBriefly((database) =>
        database.transaction(() => new Map(uncounted.map((one) => addTo(database, one)))),
      ),
  };
}

const READ = 'select counts from conversations where id = ?';
const WRITE = `insert into conversations (id, agent, user, client, last_call, counts) values (?, ?, ?, ?, ?, ?)
  on conflict (id) do update set last_call = excluded.last_call, counts = excluded.counts`;

function readById(database: Database, id: string): Counts | undefined {
  const row = database.prepare(READ).get(id);
  return row === undefined ? undefined : readCounts(String(row['counts']));
}

function addTo(database: Database, { whose, counted }: Uncounted): readonly [string, Counts] {
  const { id, agent, user, client } = whose;
  const counts = readById(database, id) ?? noCounts(firstOf(counted));
  for (const one of counted) count(counts, one);
  database.prepare(WRITE).run(id, agent, user, client, counts.lastCallMs, writeCounts(counts));
  return [id, counts];
}

function firstOf(counted: readonly Counted[]): number {
  for (const one of counted) if (one.kind !== 'result') return one.atMs;
  return 0;
}

/** Counts are kept for an hour after they are forgotten: a clock that was put back finds them as they were. */
const KEPT_MS = FORGOTTEN_AFTER_MS + 60 * 60 * 1000;
const SWEEP = `delete from conversations where id in
  (select id from conversations where last_call <= ? order by last_call limit ${MOST_IN_A_SWEEP})`;

/** Removes counts that nothing adds to any more. Answers how many; there may be more. */
export function sweepConversations(connection: SqliteConnection, now: number): number {
  return connection.use((database) => database.prepare(SWEEP).run(now - KEPT_MS));
}
