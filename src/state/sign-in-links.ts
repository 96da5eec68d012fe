import type { SignInLink } from '../core/change.ts';
import type { StoreConnection } from './connection.ts';
import { one, run, type Work } from './work.ts';

export interface KnownLink extends SignInLink {
  /** Milliseconds since the epoch; undefined where nobody has used it. */
  readonly usedMs: number | undefined;
}

/** So long it can be said of a link that it was used, or is too old. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export function* addLink(link: SignInLink): Work<void> {
  const { hash, person, groups, key, readsOnly, createdMs, expiresMs } = link;
  yield* run('delete from sign_in_links where expires < ?', createdMs - KEPT_MS);
  yield* run(
    'insert into sign_in_links values (?, ?, ?, ?, ?, ?, ?, null)',
    hash,
    person,
    JSON.stringify(groups),
    key,
    readsOnly ? 1 : 0,
    createdMs,
    expiresMs,
  );
}

/** False where there is no such link, it was used, or its time is over. */
export function* useLink(hash: string, nowMs: number): Work<boolean> {
  const use = 'update sign_in_links set used = ? where hash = ? and used is null and expires > ?';
  return (yield* run(use, nowMs, hash, nowMs)) === 1;
}

export async function findLink(connection: StoreConnection, hash: string): Promise<KnownLink | undefined> {
  const row = await connection.ask(() => one('select * from sign_in_links where hash = ?', hash));
  if (row === undefined) return undefined;
  const groups: unknown = JSON.parse(String(row['groups']));
  return {
    hash,
    person: String(row['person']),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    key: String(row['key']),
    readsOnly: row['reads_only'] !== 0,
    createdMs: Number(row['created']),
    expiresMs: Number(row['expires']),
    usedMs: row['used'] === null ? undefined : Number(row['used']),
  };
}
