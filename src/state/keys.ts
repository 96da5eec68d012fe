import { KEY_ROLES, type KeyRole, type NewKey, type StoredKey } from '../core/key.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Database, SqlRow } from './driver.ts';

export function addKey(database: Database, key: NewKey): void {
  const { id, role, hash, user, groups, agent, dataClasses, createdMs } = key;
  database
    .prepare(
      'insert into keys (id, role, hash, user, groups, agent, data_classes, created) values (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    .run(id, role, hash, user, JSON.stringify(groups), agent, JSON.stringify(dataClasses), createdMs);
}

/** False where there is no such key, or it is revoked. */
export function revokeKey(database: Database, id: string, atMs: number): boolean {
  return database.prepare('update keys set revoked = ? where id = ? and revoked is null').run(atMs, id) === 1;
}

/** All keys that were ever made, oldest first. */
export function listKeys(connection: SqliteConnection): readonly StoredKey[] {
  const rows = connection.use((database) => database.prepare('select * from keys order by created, id').all());
  return rows.map(keyOf);
}

/** The key of an agent with this hash, while it holds. Sees what any process has revoked. */
export function findAgentKey(connection: SqliteConnection, hash: string): StoredKey | undefined {
  const row = connection.use((database) =>
    database.prepare("select * from keys where hash = ? and role = 'agent' and revoked is null").get(hash),
  );
  return row === undefined ? undefined : keyOf(row);
}

function keyOf(row: SqlRow): StoredKey {
  return {
    id: String(row['id']),
    role: roleOf(row['role']),
    hash: String(row['hash']),
    user: String(row['user']),
    groups: textsOf(row['groups']),
    agent: String(row['agent']),
    dataClasses: textsOf(row['data_classes']),
    createdMs: Number(row['created']),
    revokedMs: row['revoked'] === null ? undefined : Number(row['revoked']),
  };
}

function textsOf(written: unknown): readonly string[] {
  const texts: unknown = JSON.parse(String(written));
  return Array.isArray(texts) ? texts.map(String) : [];
}

function roleOf(written: unknown): KeyRole {
  return KEY_ROLES.find((role) => role === written) ?? 'approver';
}
