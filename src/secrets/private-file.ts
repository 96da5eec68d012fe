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
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';

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

const STALE_MS = 10_000;
const STEP_MS = 20;
const MOST_STEPS = 250;

/** Does something to a file while no other process does, five seconds later at the latest. */
export function alone<T>(path: string, work: () => T): T {
  const lock = `${path}.lock`;
  makeFolder(dirname(path));
  for (let step = 0; !taken(lock); step += 1) {
    if (step === MOST_STEPS)
      throw refused(path, 'is being changed by another process', `Try again, or remove ${lock}.`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** What a process has left behind that was killed is taken over, by its age against that of a file made now. */
function taken(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600));
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw unwritable(lock, thrown);
    if (isStale(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isStale(lock: string): boolean {
  const found = statSync(lock, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const probe = `${lock}.${randomBytes(6).toString('hex')}`;
  closeSync(openSync(probe, 'wx', 0o600));
  const now = statSync(probe).mtimeMs;
  rmSync(probe, { force: true });
  return now - found.mtimeMs > STALE_MS;
}

function unwritable(path: string, thrown: unknown): GatewayError {
  return refused(path, `cannot be written: ${messageOf(thrown)}`, 'See that the home folder is writable.');
}

export function refused(path: string, why: string, mend: string): GatewayError {
  return new GatewayError('SECRETS_UNAVAILABLE', `${path} ${why}`, { mend });
}
