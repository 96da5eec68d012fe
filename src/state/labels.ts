import type { AttachedLabel, ClearedLabel } from '../core/change.ts';
import { MOST_IN_A_SWEEP } from './budgets.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, one, run, type Work } from './work.ts';

/** As many labels as one conversation has at a time; sources of one label do not count. */
export const MOST_LABELS = 64;

const REFRESH = `update labels set attached = ?, expires = max(expires, ?)
  where conversation = ? and label = ? and source = ? and expires > ?`;

const ATTACH = `insert into labels (conversation, label, source, attached, expires) select cast(? as text), cast(? as text), cast(? as text), cast(? as bigint), cast(? as bigint)
  where exists (select 1 from labels where conversation = ? and label = ? and expires > ?)
  or (select count(distinct label) from labels where conversation = ? and expires > ?) < ${MOST_LABELS}
  on conflict (conversation, label, source)
  do update set attached = excluded.attached, expires = max(labels.expires, excluded.expires)`;

const CLEAR = 'delete from labels where conversation = ? and label = ? and source = ? and attached = ?';
const LEFT = 'select 1 from labels where conversation = ? and label = ? and expires > ?';

const HELD_BY_ONE = 'select * from labels where conversation = ? and expires > ?';
/** Where `in` stood instead, SQLite would make a table of the two for each call. */
const HELD = `${HELD_BY_ONE} union all ${HELD_BY_ONE}`;

/** Labels are kept for an hour after their end: a clock that was put back finds them as they were. */
const KEPT_MS = 60 * 60 * 1000;
/** The condition stands there twice: what was chosen may have been attached again before it is removed. */
const SWEEP = `delete from labels where (conversation, label, source) in
  (select conversation, label, source from labels where expires <= ? order by expires limit ${MOST_IN_A_SWEEP})
  and expires <= ?`;

/**
 * Runs inside the transaction that writes the row. What is attached again begins anew and never ends sooner. False where
 * the conversation has as many labels as it may, and this is none of them: then nothing is attached.
 */
export function* attachLabel(attached: AttachedLabel): Work<boolean> {
  const { conversation, label, source, attachedMs, expiresMs } = attached;
  // A rule that labels says so of one call after the other.
  const refreshed = yield* run(REFRESH, attachedMs, expiresMs, conversation, label, source, attachedMs);
  if (refreshed > 0) return true;
  const isThere = [conversation, label, attachedMs];
  const hasRoom = [conversation, attachedMs];
  const changed = yield* run(ATTACH, conversation, label, source, attachedMs, expiresMs, ...isThere, ...hasRoom);
  return changed > 0;
}

/** Runs inside the transaction that writes the row. False where the label is no longer what the person saw. */
export function* clearLabel({ conversation, label, sources, nowMs }: ClearedLabel): Work<boolean> {
  for (const { source, attachedMs } of sources) {
    if ((yield* run(CLEAR, conversation, label, source, attachedMs)) !== 1) return false;
  }
  return (yield* one(LEFT, conversation, label, nowMs)) === undefined;
}

/** The labels that hold at a time, in milliseconds since the epoch, of a conversation and of the agent that has it. */
export async function readLabels(
  connection: StoreConnection,
  { conversation, agent }: { readonly conversation: string; readonly agent: string },
  now: number,
): Promise<readonly AttachedLabel[]> {
  // Where another file has taken the place of this one, what is decided on these labels cannot be recorded.
  const rows = await connection.peek(() => all(HELD, conversation, now, agent, now));
  return rows.map(labelOf);
}

/** A label with whose conversation it is, as far as that is known. */
export interface KnownLabel extends AttachedLabel {
  readonly agent: string;
  readonly user: string;
  readonly client: string;
}

const LIST = `select labels.*, agent, "user", client from labels left join conversations on id = conversation
  where expires > ? and substr(conversation, 1, length(?)) = ? order by conversation, label, source`;

/** All labels that hold at a time, of the conversations whose id begins so. */
export async function listLabels(
  connection: StoreConnection,
  { conversation, now }: { readonly conversation: string; readonly now: number },
): Promise<readonly KnownLabel[]> {
  const rows = await connection.ask(() => all(LIST, now, conversation, conversation));
  return rows.map((row) => ({
    ...labelOf(row),
    agent: String(row['agent'] ?? ''),
    user: String(row['user'] ?? ''),
    client: String(row['client'] ?? ''),
  }));
}

/** Removes labels that are over. Answers how many; there may be more. */
export async function sweepLabels(connection: StoreConnection, now: number): Promise<number> {
  return await connection.ask(() => run(SWEEP, now - KEPT_MS, now - KEPT_MS));
}

function labelOf(row: SqlRow): AttachedLabel {
  return {
    conversation: String(row['conversation']),
    label: String(row['label']),
    source: String(row['source']),
    attachedMs: Number(row['attached']),
    expiresMs: Number(row['expires']),
  };
}
