import type { StoreConnection } from './connection.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import { all, insertMissing, one, type Work } from './work.ts';

interface CopiedTable {
  readonly name: string;
  /** As both stores know them. */
  readonly columns: readonly string[];
  /** In which order they are read, so that none is read twice. */
  readonly order: string;
}

/** All that a store has beside its log, less the processes that use it. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  table('server_facts', 'server, name', 'json'),
  table('budgets', 'bucket, starts', 'ends, used, reserved, ceiling, rate, as_of'),
  table('reservations', 'decision, bucket', 'starts, instance, cost, expires, refunds'),
  table('labels', 'conversation, label, source', 'attached, expires'),
  table('conversations', 'id', 'agent, "user", client, last_call, counts'),
  table('audit', 'id, part', 'key, body'),
  table(
    'approvals',
    'id, approver',
    'call, tool, conversation, agent, "user", login, quorum, remember, status, created, expires, shown, asked, last_asked, uses, used_by, round',
  ),
  table('approval_votes', 'id, approver, person', 'verdict, via, key, at, reason'),
  table('keys', 'id', 'role, hash, "user", groups, created, revoked, agent, data_classes'),
  table('kept_policy', 'key', 'body'),
  table('activations', 'seq', 'generation, at, instance, why, facts'),
  table('policy_pins', 'bundle', 'digest, data_digest, modes, at, actor, reason'),
  table('bundle_revisions', 'bundle', 'revision'),
  table('exports', 'name', 'seq'),
  table('pauses', '"only"', 'since, until, actor, reason'),
  table('sign_in_links', 'hash', 'person, groups, key, reads_only, created, expires, used'),
  table('log_checkpoints', 'seq', 'at, hash'),
  table('log_seals', 'last', 'line'),
];

function table(name: string, order: string, others: string): CopiedTable {
  return { name, order, columns: [...order.split(', '), ...others.split(', ')] };
}

const ROWS_AT_ONCE = 250;

/** What is there already stays as it is. */
export async function copyTable(copied: CopiedTable, source: StoreConnection, target: StoreConnection): Promise<void> {
  const columns = copied.columns.join(', ');
  const text = `select ${columns} from ${copied.name} order by ${copied.order} limit ${ROWS_AT_ONCE} offset ?`;
  for (let offset = 0; ; offset += ROWS_AT_ONCE) {
    const rows = await source.ask(() => all(text, offset));
    const tuples = rows.map((row) => valuesOf(row, copied.columns));
    if (rows.length > 0) await target.change(() => insertMissing(`${copied.name} (${columns})`, tuples));
    if (rows.length < ROWS_AT_ONCE) break;
  }
  if (copied.name === 'activations') await target.ask(goOnCounting);
}

function valuesOf(row: SqlRow, columns: readonly string[]): readonly SqlValue[] {
  return columns.map((column) => row[column.replaceAll('"', '')] ?? null);
}

function* goOnCounting(): Work<void> {
  yield* one(
    `select setval(pg_get_serial_sequence('activations', 'seq'), coalesce(max(seq), 0) + 1, false) from activations`,
  );
}
