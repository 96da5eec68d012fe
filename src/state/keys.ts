import { KEY_ROLES, type KeyRole, type NewKey, type StoredKey } from '../core/key.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, one, run, type Work } from './work.ts';

export function* addKey(key: NewKey): Work<void> {
  const { id, role, hash, user, groups, agent, dataClasses, createdMs } = key;
  yield* run(
    'insert into keys (id, role, hash, "user", groups, agent, data_classes, created) values (?, ?, ?, ?, ?, ?, ?, ?)',
    id,
    role,
    hash,
    user,
    JSON.stringify(groups),
    agent,
    JSON.stringify(dataClasses),
    createdMs,
  );
}

/** False where there is no such key, or it is revoked. */
export function* revokeKey(id: string, atMs: number): Work<boolean> {
  return (yield* run('update keys set revoked = ? where id = ? and revoked is null', atMs, id)) === 1;
}

/** All keys that were ever made, oldest first. */
export async function listKeys(connection: StoreConnection): Promise<readonly StoredKey[]> {
  const rows = await connection.ask(() => all('select * from keys order by created, id'));
  return rows.map(keyOf);
}

/** The key of an agent with this hash, while it holds. Sees what any process has revoked. */
export async function findAgentKey(connection: StoreConnection, hash: string): Promise<StoredKey | undefined> {
  const row = await connection.ask(() =>
    one("select * from keys where hash = ? and role = 'agent' and revoked is null", hash),
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
