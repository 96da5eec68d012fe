import type { AttachedLabel } from '../core/change.ts';
import type { StoreConnection } from './connection.ts';
import type { Database } from './driver.ts';

const ATTACH = `insert into labels (conversation, label, source, attached, expires) values (?, ?, ?, ?, ?)
  on conflict (conversation, label, source)
  do update set attached = excluded.attached, expires = max(expires, excluded.expires)`;

/** Runs inside the transaction that writes the row. What is attached again begins anew and never ends sooner. */
export function attachLabel(database: Database, label: AttachedLabel): void {
  const { conversation, source, attachedMs, expiresMs } = label;
  database.prepare(ATTACH).run(conversation, label.label, source, attachedMs, expiresMs);
}

/** The labels of a conversation that hold at a time, in milliseconds since the epoch, ordered by label and source. */
export function readLabels(connection: StoreConnection, conversation: string, now: number): readonly AttachedLabel[] {
  const rows = connection.use((database) =>
    database
      .prepare(
        'select label, source, attached, expires from labels where conversation = ? and expires > ? order by label, source',
      )
      .all(conversation, now),
  );
  return rows.map((row) => ({
    conversation,
    label: String(row['label']),
    source: String(row['source']),
    attachedMs: Number(row['attached']),
    expiresMs: Number(row['expires']),
  }));
}
