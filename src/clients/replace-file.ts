import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { takeFileLock } from '../files/file-lock.ts';
import { readFileText } from './file-text.ts';

export interface Replacement {
  /** Undefined removes the file. */
  readonly bytes: Uint8Array | undefined;
  /** Hash of what was read; undefined where there was no file. */
  readonly expected: string | undefined;
}

/** What a client keeps may hold secrets. */
const NEW_FILE_MODE = 0o600;
/** What is older was left behind. */
export const LOCK_AGE_MS = 30_000;

/**
 * Puts a file in the place of another, so that a reader sees the old one or the new one. Its permissions and its owner stay;
 * where its name is a link, what it leads to is written. Throws CLIENT_FILE, and changes nothing then, where the file is
 * read-only, is being changed, or is not what was read.
 */
export function replaceClientFile(path: string, { bytes, expected }: Replacement): void {
  const target = targetOf(path);
  const unlock = lock(target);
  try {
    refuseChanged(target, expected);
    if (bytes === undefined) rmSync(target, { force: true });
    else write(target, bytes, expected);
  } catch (thrown) {
    throw thrown instanceof GatewayError ? thrown : failed(target, messageOf(thrown), thrown);
  } finally {
    unlock();
  }
}

/** What a name leads to in the end. */
function targetOf(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() !== true) return path;
  try {
    return realpathSync(path);
  } catch (thrown) {
    throw failed(path, 'it is a link that leads nowhere', thrown);
  }
}

/** Beside the file, as other programs that change files of clients do it. */
function lock(target: string): () => void {
  const path = clientLockOf(target);
  try {
    mkdirSync(dirname(target), { recursive: true });
    const unlock = takeFileLock(path, LOCK_AGE_MS);
    if (unlock !== undefined) return unlock;
  } catch (thrown) {
    throw failed(target, messageOf(thrown), thrown);
  }
  throw new GatewayError(
    'CLIENT_FILE',
    `${target} cannot be written: another program is changing it (${path}). Nothing was changed.`,
    {
      mend: 'Run the command again; `mcp-gateway doctor --fix` removes a lock that was left behind.',
    },
  );
}

/** Who has it may change the file. */
export function clientLockOf(path: string): string {
  return `${path}.lock`;
}

function refuseChanged(target: string, expected: string | undefined): void {
  const now = readFileText(target);
  if (now.kind === 'unreadable') throw failed(target, `it ${now.why}`);
  if ((now.kind === 'text' ? now.hash : undefined) === expected) return;
  throw new GatewayError(
    'CLIENT_FILE',
    `${target} was changed while you looked at the difference. Nothing was written.`,
    {
      mend: 'Run the command again to see what it is now.',
    },
  );
}

function write(target: string, bytes: Uint8Array, expected: string | undefined): void {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & 0o222) === 0) throw failed(target, 'it is read-only');
  const scratch = `${target}.${randomUUID()}`;
  try {
    const handle = openSync(scratch, 'wx', (found?.mode ?? NEW_FILE_MODE) & 0o777);
    try {
      if (found !== undefined) keepRights(handle, found);
      writeFileSync(handle, bytes);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    // The disk may have taken its time.
    refuseChanged(target, expected);
    renameSync(scratch, target);
  } finally {
    rmSync(scratch, { force: true });
  }
}

/** The owner first, because that takes rights away; and whatever new files are created with, the old rights stay. */
function keepRights(handle: number, { uid, gid, mode }: Stats): void {
  const made = fstatSync(handle);
  if (made.uid !== uid || made.gid !== gid) fchownSync(handle, uid, gid);
  if (made.mode !== mode) fchmodSync(handle, mode & 0o7777);
}

function failed(path: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError('CLIENT_FILE', `${path} cannot be written: ${why}. Nothing was changed.`, {
    mend: 'See that you may write the file and its folder, and that nobody else does, and run the command again.',
    cause,
  });
}
