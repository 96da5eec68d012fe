import { KEY_ROLES, type KeyRole, type NewKey, type StoredKey } from '../core/key.ts';
import type { StoreConnection } from './connection.ts';
import type { Database, SqlRow } from './driver.ts';

export function addKey(database: Database, { id, role, hash, user, groups, createdMs }: NewKey): void {
  database
    .prepare('insert into keys (id, role, hash, user, groups, created) values (?, ?, ?, ?, ?, ?)')
    .run(id, role, hash, user, JSON.stringify(groups), createdMs);
}

/** False where there is no such key, or it is revoked. */
export function revokeKey(database: Database, id: string, atMs: number): boolean {
  return database.prepare('update keys set revoked = ? where id = ? and revoked is null').run(atMs, id) === 1;
}

/** All keys that were ever made, oldest first. */
export function listKeys(connection: StoreConnection): readonly StoredKey[] {
  const rows = connection.use((database) => database.prepare('select * from keys order by created, id').all());
  return rows.map(keyOf);
}

function keyOf(row: SqlRow): StoredKey {
  const groups: unknown = JSON.parse(String(row['groups']));
  return {
    id: String(row['id']),
    role: roleOf(row['role']),
    hash: String(row['hash']),
    user: String(row['user']),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    createdMs: Number(row['created']),
    revokedMs: row['revoked'] === null ? undefined : Number(row['revoked']),
  };
}

function roleOf(written: unknown): KeyRole {
  return KEY_ROLES.find((role) => role === written) ?? 'approver';
}
