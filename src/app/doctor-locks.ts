import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type HealthFinding, ok, type Subject, warn } from './doctor.ts';
import { clientLockOf, LOCK_AGE_MS } from '../clients/replace-file.ts';
import { guardOf, isLeftBehind, removeGuard, removeLeftBehind } from '../files/file-lock.ts';
import { PRIVATE_LOCK_AGE_MS, privateLockOf } from '../secrets/private-file.ts';

const ID = 'locks';

/** A file that says that another file is being changed. */
interface FileLock {
  readonly path: string;
  readonly staleMs: number;
}

/** Locks beside files that commands change, which a process that was killed has left behind. */
export function checkLocks({ home, clients }: Pick<Subject, 'home' | 'clients'>): readonly HealthFinding[] {
  const files = [...new Set(clients.map(({ path }) => targetOf(path)))];
  const locks: readonly FileLock[] = [
    { path: privateLockOf(join(home, 'secrets.json')), staleMs: PRIVATE_LOCK_AGE_MS },
    ...files.map((path) => ({ path: clientLockOf(path), staleMs: LOCK_AGE_MS })),
  ];
  const left = locks.filter(({ path, staleMs }) => isLeftBehind(path, staleMs));
  if (left.length === 0) return [ok(ID, 'none was left behind')];
  return left.map((lock) => {
    const there = [lock.path, guardOf(lock.path)].filter((path) => existsSync(path));
    return { ...warn(ID, `left behind: ${there.join(', ')}`, 'mcp-gateway doctor --fix'), fix: removes(lock) };
  });
}

function removes({ path, staleMs }: FileLock): () => Promise<string> {
  return async () => {
    removeGuard(path, staleMs);
    removeLeftBehind(path, staleMs);
    return `removed ${path}`;
  };
}

/** Where a name is a link, the lock lies beside what it leads to. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
