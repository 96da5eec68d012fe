import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { takeFileLock } from '../files/file-lock.ts';

const OTHERS = 0o077;
const HAS_MODES = process.platform !== 'win32';

/** The text of a file that is no link, is ours, and that nobody else can read; undefined where there is none. */
export function readPrivate(path: string): string | undefined {
  const file = opened(path);
  if (file === undefined) return undefined;
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw refused(path, 'is not a file', 'Move it away.');
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      throw refused(path, 'belongs to another user', 'Run the gateway as that user.');
    }
    if (HAS_MODES && (stats.mode & OTHERS) !== 0) {
      throw refused(path, 'can be read by other users of this machine', `Run \`chmod 600 ${path}\`.`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw refused(path, 'is a symbolic link', 'Put the file itself in its place.');
    throw refused(
      path,
      `cannot be read: ${messageOf(thrown)}`,
      'See that it belongs to the user who runs the gateway.',
    );
  }
}

/** Whoever reads it meanwhile reads what was there before, or what is there now, whole. A link in its place is replaced. */
export function replacePrivate(path: string, text: string): void {
  written(path, text, (draft) => renameSync(draft, path));
}

/** Written where nothing is yet; what another process has put there meanwhile stays. */
export function createPrivate(path: string, text: string): void {
  written(path, text, (draft) => linkSync(draft, path));
}

function written(path: string, text: string, put: (draft: string) => void): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  makeFolder(dirname(path));
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    put(draft);
  } catch (thrown) {
    throw unwritable(path, thrown);
  } finally {
    rmSync(draft, { force: true });
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw unwritable(folder, thrown);
  }
  if (lstatSync(folder).isSymbolicLink()) {
    throw refused(folder, 'is a symbolic link', 'Name the folder that it points to.');
  }
}

/** A lock that is older was left behind. */
export const PRIVATE_LOCK_AGE_MS = 10_000;
const STEP_MS = 20;
const MOST_STEPS = 250;

/** Does something to a file while no other process does, five seconds later at the latest. */
export function alone<T>(path: string, work: () => T): T {
  makeFolder(dirname(path));
  const unlock = taken(path);
  try {
    return work();
  } finally {
    unlock();
  }
}

/** Who has it may change the file. */
export function privateLockOf(path: string): string {
  return `${path}.lock`;
}

function taken(path: string): () => void {
  const lock = privateLockOf(path);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const unlock = tryToTake(lock);
    if (unlock !== undefined) return unlock;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS);
  }
  const mend = 'Try again; `mcp-gateway doctor --fix` removes a lock that was left behind.';
  throw refused(path, `is being changed by another process (${lock})`, mend);
}

function tryToTake(lock: string): (() => void) | undefined {
  try {
    return takeFileLock(lock, PRIVATE_LOCK_AGE_MS);
  } catch (thrown) {
    throw unwritable(lock, thrown);
  }
}

function unwritable(path: string, thrown: unknown): GatewayError {
  return refused(path, `cannot be written: ${messageOf(thrown)}`, 'See that the home folder is writable.');
}

export function refused(path: string, why: string, mend: string): GatewayError {
  return new GatewayError('SECRETS_UNAVAILABLE', `${path} ${why}`, { mend });
}
