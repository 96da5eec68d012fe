import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Takes a lock that is a file, such as `mcp.json.lock`; answers how to give it back, or undefined while somebody else has it.
 * One that its holder has left behind for longer than `staleMs` is taken over, by one process alone however many try.
 * Throws what the file system does.
 */
export function takeFileLock(lock: string, staleMs: number): (() => void) | undefined {
  const mine = `${String(process.pid)} ${hostname()} ${randomUUID()}\n`;
  if (!isCreated(lock, mine) && !(removeLeftBehind(lock, staleMs) && isCreated(lock, mine))) return undefined;
  const since = performance.now();
  return () => {
    // Nobody takes over what is young; what is old may be somebody else's by now.
    if (performance.now() - since < staleMs / 2) rmSync(lock, { force: true });
    else guarded(lock, () => contentOf(lock) === mine && removed(lock));
  };
}

/** Whether a lock, or the right to remove it, was left behind by a process that has ended. */
export function isLeftBehind(lock: string, staleMs: number): boolean {
  const now = performance.timeOrigin + performance.now();
  return isOld(lock, now, staleMs) || isOld(guardOf(lock), now, staleMs);
}

/** Removes a lock that was left behind; answers whether it did. `--fix` of doctor removes the right to remove it, too. */
export function removeLeftBehind(lock: string, staleMs: number): boolean {
  const now = performance.timeOrigin + performance.now();
  if (!isOld(lock, now, staleMs)) return false;
  // Looked at again by whom alone may remove it: another process may have done so, and have the lock already.
  return guarded(lock, (then) => isOld(lock, then, staleMs) && removed(lock));
}

/** A right to remove that was left behind is given up by a person alone, since nobody else can tell that nobody has it. */
export function removeGuard(lock: string, staleMs: number): boolean {
  const now = performance.timeOrigin + performance.now();
  return isOld(guardOf(lock), now, staleMs) && removed(guardOf(lock));
}

/** Does what only one process at a time may do; `work` is told the time of the file system. False where another one does. */
function guarded(lock: string, work: (now: number) => boolean): boolean {
  const guard = guardOf(lock);
  if (!isCreated(guard, '')) return false;
  try {
    return work(statSync(guard).mtimeMs);
  } finally {
    rmSync(guard, { force: true });
  }
}

export function guardOf(lock: string): string {
  return `${lock}.removal`;
}

/** Old, and not held by a process of this machine that lives. */
function isOld(lock: string, now: number, staleMs: number): boolean {
  const found = statSync(lock, { throwIfNoEntry: false });
  if (found === undefined || now - found.mtimeMs <= staleMs) return false;
  const [, pid, host] = /^(\d+) (\S+) /.exec(contentOf(lock)) ?? [];
  return pid === undefined || host !== hostname() || !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // One that belongs to another user lives, too.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

function isCreated(path: string, text: string): boolean {
  try {
    const handle = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(handle, text);
    } finally {
      closeSync(handle);
    }
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function removed(path: string): true {
  rmSync(path, { force: true });
  return true;
}
