import { GatewayError } from '../core/errors.ts';
import type { Database, Driver } from './driver.ts';
import { makePrivateFile } from './private-file.ts';

/**
 * The index of decisions is a file beside the store. It has what pages ask of many decisions at once, made from the log by
 * whoever shows it, so that no call pays for it; it can be removed at any time and is made again. The log stays the
 * evidence.
 *
 * `names` has every server, tool, user and so on that a decision ever named, by kind. `counts` has how many decisions
 * named it, in steps of a minute, an hour and a day; times are names, too: the bucket that they fall into.
 */
const SCHEMA = `
  create table about (key text primary key, value text not null) strict, without rowid;
  create table names (
    id integer primary key,
    kind text not null,
    name text not null,
    first integer not null,
    last integer not null,
    last_seq integer not null,
    total integer not null
  ) strict;
  create unique index names_kind on names (kind, name);
  create table found (
    seq integer primary key,
    at integer not null,
    effect integer not null,
    server integer not null,
    tool integer not null,
    agent integer not null,
    user integer not null,
    reasons integer not null
  ) strict;
  create table minutes (start integer primary key, first_seq integer not null, last_seq integer not null) strict;
  create table counts (
    step integer not null,
    name integer not null,
    start integer not null,
    count integer not null,
    primary key (step, name, start)
  ) strict, without rowid;
`;

/** Raised with whatever changes what an index holds: an older one is made anew. */
const VERSION = 1;

/** Where the index of a store lies. */
export function indexPath(storePath: string): string {
  return `${storePath}-index`;
}

/** Opens the index of a chain, and makes it anew where it is of another one, of another version or broken. */
export function openIndex(driver: Driver, path: string, chain: string): Database {
  makePrivateFile(path);
  const database = driver.open(path, 'write');
  try {
    database.pragma('busy_timeout = 2000');
    database.pragma('trusted_schema = off');
    database.pragma('journal_mode = wal');
    // It can be made again, so nothing waits for the disk.
    database.pragma('synchronous = off');
    database.transaction(() => {
      if (!isOf(database, chain)) begin(database, chain);
    });
    return database;
  } catch (thrown) {
    database.close();
    throw new GatewayError('STORE_UNAVAILABLE', `the index ${path} cannot be used`, {
      mend: 'Remove it; it is made again.',
      cause: thrown,
    });
  }
}

function isOf(database: Database, chain: string): boolean {
  if (database.pragma('user_version') !== VERSION) return false;
  return database.prepare("select value from about where key = 'chain'").get()?.['value'] === chain;
}

function begin(database: Database, chain: string): void {
  for (const table of ['about', 'names', 'found', 'minutes', 'counts']) database.exec(`drop table if exists ${table}`);
  database.exec(SCHEMA);
  const about = database.prepare('insert into about (key, value) values (?, ?)');
  for (const [key, value] of [
    ['chain', chain],
    ['last_seq', '0'],
    ['removed', '0'],
  ] as const)
    about.run(key, value);
  database.pragma(`user_version = ${VERSION}`);
}

/** Up to which row of the log the index goes. */
export function indexedUpTo(database: Database): number {
  return Number(database.prepare("select value from about where key = 'last_seq'").get()?.['value'] ?? 0);
}

/** The steps in which is counted, in milliseconds. */
export const STEPS = [60_000, 3_600_000, 86_400_000] as const;

/** Minutes are counted for this long; longer spans are told in hours and days. */
export const MINUTES_KEPT_MS = 3 * 86_400_000;
