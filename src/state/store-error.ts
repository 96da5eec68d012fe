import { GatewayError, messageOf } from '../core/errors.ts';

/** SQLite's primary result codes that a person can do something about (https://www.sqlite.org/rescode.html). */
const PROBLEMS: Readonly<Record<number, Problem>> = {
  3: { what: 'may not be read or written', mend: 'Give the user who runs the gateway the rights to it.' },
  5: {
    what: 'is held by another program',
    mend: 'End the program that keeps a transaction open on it, then try again.',
  },
  6: {
    what: 'is held by another program',
    mend: 'End the program that keeps a transaction open on it, then try again.',
  },
  8: { what: 'is read-only', mend: 'Make the file, its folder and the file system writable.' },
  10: {
    what: 'cannot be read or written: the disk reports an error',
    mend: 'Look into the system log for disk errors.',
  },
  11: { what: 'is damaged', mend: 'Move it aside, with its -wal and -shm files, and restore a copy or start anew.' },
  13: { what: 'cannot grow: the disk is full', mend: 'Free some space; calls are let through again by themselves.' },
  14: {
    what: 'cannot be opened',
    mend: 'See that its folder exists and that the user who runs the gateway may write there.',
  },
  26: { what: 'is not a SQLite database, or is damaged', mend: 'Move it aside and restore a copy or start anew.' },
};

/** The same by name, as better-sqlite3 gives it; extended codes have more words after these. */
const NUMBERS: readonly (readonly [string, number])[] = [
  ['SQLITE_PERM', 3],
  ['SQLITE_BUSY', 5],
  ['SQLITE_LOCKED', 6],
  ['SQLITE_READONLY', 8],
  ['SQLITE_IOERR', 10],
  ['SQLITE_CORRUPT', 11],
  ['SQLITE_FULL', 13],
  ['SQLITE_CANTOPEN', 14],
  ['SQLITE_NOTADB', 26],
];

interface Problem {
  readonly what: string;
  readonly mend: string;
}

/** Whatever either driver throws about the store in `path`, said for a person. */
export function storeError(thrown: unknown, path: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const problem = PROBLEMS[resultCode(thrown)];
  if (problem === undefined) {
    return new GatewayError('STORE_UNAVAILABLE', `the store ${path} cannot be used: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  return new GatewayError('STORE_UNAVAILABLE', `the store ${path} ${problem.what}`, {
    mend: problem.mend,
    cause: thrown,
  });
}

/** SQLite's primary result code, 0 where the error is not SQLite's. */
function resultCode(thrown: unknown): number {
  if (!(thrown instanceof Error)) return 0;
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return thrown.errcode & 0xff;
  if (!('code' in thrown) || typeof thrown.code !== 'string') return 0;
  const name = thrown.code;
  return NUMBERS.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 0;
}
