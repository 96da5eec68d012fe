import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError, messageOf, type ErrorCode } from '../core/errors.ts';

const OTHERS = 0o077;
const OWNER = 0o600;
const STICKY = 0o1000;
const WRITABLE_BY_ALL = 0o002;

/** The folder exists, is no link, and nobody else can put files into it. */
export function makePrivateFolder(folder: string): void {
  makeFolder(folder);
  const stats = lstatSync(folder);
  if (stats.isSymbolicLink()) refuseLink(folder, 'STORE_UNAVAILABLE');
  if (!stats.isDirectory()) {
    throw new GatewayError('STORE_UNAVAILABLE', `${folder} is not a folder`, { mend: 'Name another place.' });
  }
  if (modesMean() && (stats.mode & WRITABLE_BY_ALL) !== 0 && (stats.mode & STICKY) === 0) {
    throw new GatewayError('STORE_UNAVAILABLE', `anyone may write into the folder ${folder}`, {
      mend: `Run \`chmod o-w ${folder}\`, or name another place.`,
    });
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new GatewayError('STORE_UNAVAILABLE', `the folder ${folder} cannot be made: ${messageOf(thrown)}`, {
      mend: 'Name a place where the user who runs the gateway may write.',
      cause: thrown,
    });
  }
}

/**
 * The file exists, is no link, belongs to us and is closed to others. An existing file is never opened here: closing
 * a second descriptor would drop the locks that SQLite holds on it in this process.
 */
export function makePrivateFile(path: string): void {
  makePrivateFolder(dirname(path));
  if (statsOf(path) === undefined) create(path);
  const stats = ownFile(path, 'STORE_UNAVAILABLE');
  if (modesMean() && (stats.mode & OTHERS) !== 0) chmodSync(path, 0o600);
}

function create(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (thrown) {
    // Another gateway that starts now was faster.
    if (statsOf(path) === undefined) throw thrown;
  }
}

/**
 * Written aside and linked into place whole, so that nobody ever reads half of it and what is there already stays.
 * Throws with `code` where nothing is there afterwards.
 */
export function writeOnce(path: string, text: string, code: ErrorCode): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, text, DRAFT);
    linkSync(draft, path);
  } catch (thrown) {
    if (fileIdentity(path) === undefined) {
      throw new GatewayError(code, `${path} cannot be made: ${messageOf(thrown)}`, {
        mend: 'See that the home folder is writable.',
        cause: thrown,
      });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Whoever reads it meanwhile reads what was there before, or what is there now, whole. */
export function replaceWhole(path: string, text: string): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, text, DRAFT);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

const DRAFT = { flag: 'wx', mode: 0o600, flush: true } as const;

function draftOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}`;
}

/** The facts of a file that is no link and belongs to us. */
export function ownFile(path: string, code: ErrorCode): Stats {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) refuseLink(path, code);
  if (!stats.isFile()) throw new GatewayError(code, `${path} is not a file`, { mend: 'Name another place.' });
  if (process.getuid !== undefined && stats.uid !== process.getuid()) {
    throw new GatewayError(code, `${path} belongs to another user`, {
      mend: 'Run the gateway as that user, or move it.',
    });
  }
  return stats;
}

function refuseLink(path: string, code: ErrorCode): never {
  throw new GatewayError(code, `${path} is a symbolic link`, { mend: 'Name the place that it points to.' });
}

/** Whether anyone but the owner can read or write it. Windows has access lists instead, which the home folder sets. */
export function isOpenToOthers(stats: Stats): boolean {
  return modesMean() && (stats.mode & OTHERS) !== 0;
}

function modesMean(): boolean {
  return process.platform !== 'win32';
}

/**
 * Which file a path names and whether its owner may still read and write it, as text; a link is another file than the
 * one that it points to. Undefined where there is none.
 */
export function fileStanding(path: string): string | undefined {
  const stats = statsOf(path);
  if (stats === undefined) return undefined;
  return `${stats.dev}:${stats.ino}${isUsable(stats) ? '' : ' without rights'}`;
}

/** Whether its owner may read and write it. */
export function mayBeUsed(path: string): boolean {
  const stats = statsOf(path);
  return stats !== undefined && isUsable(stats);
}

function isUsable({ mode }: Stats): boolean {
  return !modesMean() || (mode & OWNER) === OWNER;
}

/** Which file a path names, as text; undefined where there is none. */
export function fileIdentity(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
