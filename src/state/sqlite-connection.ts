import { resolve } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { waitForDisk } from './checkpoint-file.ts';
import type { Durability, Numbering, StoreConnection } from './connection.ts';
import type { Access, Database, Driver } from './driver.ts';
import { migrate, MIGRATIONS, versionOf } from './migrations.ts';
import { fileIdentity, fileStanding, makePrivateFile, mayBeUsed, ownFile } from './private-file.ts';
import { storeError } from './store-error.ts';
import { inSnapshot } from './transaction.ts';
import { carryOut, one, type Work } from './work.ts';

/** How long another process may write before what waits for it fails. */
const BUSY_MS = 2_000;
const BRIEF_MS = 200;

export interface ConnectionOptions {
  readonly driver: Driver;
  /** The database file. */
  readonly path: string;
  readonly access: Access;
  /** How much a commit waits for the disk; without meaning for reading. */
  readonly durability: Durability;
}

/**
 * A handle on the store that is opened when it is first needed and given up after every failure, because SQLite does
 * not say what reached the disk once an fsync has failed, and a second fsync may succeed without having written
 * anything. The next use opens it anew.
 */
export class SqliteConnection implements StoreConnection {
  readonly path: string;
  readonly name: string;
  readonly numbering: Numbering = 'dense';
  readonly #options: ConnectionOptions;
  #onOpen: (database: Database) => void = () => undefined;
  #handle: { readonly database: Database; readonly standing: Standing } | undefined;
  #hasBeenOpen = false;
  #hasEnded = false;

  constructor(options: ConnectionOptions) {
    this.path = resolve(options.path);
    this.name = this.path;
    this.#options = options;
  }

  /** `onOpen` sees every later handle before its first use and may refuse it by throwing. */
  watch(onOpen: (database: Database) => void): void {
    this.#onOpen = onOpen;
  }

  /** Everything that `work` throws comes out as a `GatewayError`. */
  use<T>(work: (database: Database) => T): T {
    try {
      return work(this.#database());
    } catch (thrown) {
      this.#giveUp();
      throw storeError(thrown, this.path);
    }
  }

  /**
   * As `use`, for what is tried again by itself soon: it waits for another writer for a fifth of a second only, because
   * all sessions of this thread wait along.
   */
  #useBriefly<T>(work: (database: Database) => T): T {
    return this.use((database) => {
      database.pragma(`busy_timeout = ${BRIEF_MS}`);
      try {
        return work(database);
      } finally {
        database.pragma(`busy_timeout = ${BUSY_MS}`);
      }
    });
  }

  /** As `use`, for what may be stale: does not look whether another file has taken the place of this one. */
  #useStale<T>(work: (database: Database) => T): T {
    if (this.#handle === undefined) return this.use(work);
    try {
      return work(this.#handle.database);
    } catch (thrown) {
      this.#giveUp();
      throw storeError(thrown, this.path);
    }
  }

  async ask<T>(work: () => Work<T>): Promise<T> {
    return this.use((database) => carryOut(database, work()));
  }

  async askBriefly<T>(work: () => Work<T>): Promise<T> {
    return this.#useBriefly((database) => carryOut(database, work()));
  }

  async peek<T>(work: () => Work<T>): Promise<T> {
    return this.#useStale((database) => carryOut(database, work()));
  }

  async change<T>(work: () => Work<T>): Promise<T> {
    return this.use((database) => database.transaction(() => carryOut(database, work())));
  }

  async changeBriefly<T>(work: () => Work<T>): Promise<T> {
    return this.#useBriefly((database) => database.transaction(() => carryOut(database, work())));
  }

  async snapshot<T>(work: () => Work<T>): Promise<T> {
    return this.use((database) => inSnapshot(database, () => carryOut(database, work())));
  }

  /** Of its chain: somebody may have put another store in its place. */
  async identity(): Promise<string> {
    const head = await this.ask(() => one('select chain from heads limit 1'));
    return String(head?.['chain'] ?? '');
  }

  reachDisk(): Promise<void> {
    return waitForDisk(this.path);
  }

  async damage(): Promise<string | undefined> {
    const said = this.use((database) => database.pragma('integrity_check(1)'));
    return said === 'ok' ? undefined : String(said);
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#giveUp();
  }

  #database(): Database {
    if (this.#hasEnded) throw new GatewayError('STORE_UNAVAILABLE', `the store ${this.path} has been closed`);
    if (this.#handle !== undefined) {
      if (this.#isWhereItWas(this.#handle.standing)) return this.#handle.database;
      this.#giveUp();
    }
    return this.#open();
  }

  /** The write-ahead log has what was committed last, so it counts as much as the file itself. */
  #isWhereItWas({ file, log }: Standing): boolean {
    if (fileStanding(this.path) !== file) return false;
    return log === undefined || fileStanding(`${this.path}-wal`) === log;
  }

  #open(): Database {
    // Once it was there, a missing file is never made anew: that would hide that somebody has removed the log.
    if (this.#options.access === 'read' || this.#hasBeenOpen) mustExist(this.path);
    else makePrivateFile(this.path);
    refuseLinks(this.path);
    if (this.#options.access === 'write') refuseWithoutRights(this.path);
    const database = this.#options.driver.open(this.path, this.#options.access);
    try {
      prepareDatabase(database, { ...this.#options, path: this.path });
      this.#onOpen(database);
    } catch (thrown) {
      closeQuietly(database);
      throw thrown;
    }
    this.#handle = { database, standing: this.#standing() };
    this.#hasBeenOpen = true;
    return database;
  }

  #standing(): Standing {
    const isWriter = this.#options.access === 'write';
    return { file: fileStanding(this.path), log: isWriter ? fileStanding(`${this.path}-wal`) : undefined };
  }

  #giveUp(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) closeQuietly(handle.database);
  }
}

/** Which files a handle has open, as `fileStanding` names them. */
interface Standing {
  readonly file: string | undefined;
  /** Of the write-ahead log; undefined where that does not matter. */
  readonly log: string | undefined;
}

function mustExist(path: string): void {
  if (fileIdentity(path) !== undefined) return;
  throw new GatewayError('STORE_UNAVAILABLE', `there is no store at ${path}`, {
    mend: 'Start the gateway once, or restore the file if somebody has removed it.',
  });
}

/** SQLite would follow links beside the database as well. */
function refuseLinks(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (fileIdentity(file) !== undefined) ownFile(file, 'STORE_UNAVAILABLE');
  }
}

/** The user `root` could go on; what somebody has closed stays closed. */
function refuseWithoutRights(path: string): void {
  if (mayBeUsed(path)) return;
  throw new GatewayError('STORE_UNAVAILABLE', `the store ${path} may not be read or written`, {
    mend: 'Give the user who runs the gateway the rights to it.',
  });
}

function prepareDatabase(database: Database, options: ConnectionOptions): void {
  database.pragma(`busy_timeout = ${BUSY_MS}`);
  database.pragma('trusted_schema = off');
  database.pragma('foreign_keys = on');
  if (options.access === 'read') {
    requireStore(database, options.path);
    return;
  }
  // Before anything is written: what is not ours, or newer than we are, stays as it is.
  versionOf(database, options.path);
  useWriteAheadLog(database, options.path);
  database.pragma(`synchronous = ${options.durability}`);
  if (options.durability === 'full' && process.platform === 'darwin') {
    // There fsync alone does not reach the disk (https://www.sqlite.org/pragma.html#pragma_fullfsync).
    database.pragma('fullfsync = on');
    database.pragma('checkpoint_fullfsync = on');
  }
  // What retention removes is overwritten: it was to be kept so long and no longer.
  database.pragma('secure_delete = on');
  migrate(database, options.path);
}

function requireStore(database: Database, path: string): void {
  if (versionOf(database, path) === MIGRATIONS.length) return;
  throw new GatewayError('STORE_UNAVAILABLE', `the store ${path} has not been brought to this version's schema`, {
    mend: 'Start the gateway once.',
  });
}

function useWriteAheadLog(database: Database, path: string): void {
  if (database.pragma('journal_mode = wal') === 'wal') return;
  throw new GatewayError('STORE_UNAVAILABLE', `the file system of ${path} cannot be shared by several processes`, {
    mend: 'Put the store on a local disk.',
  });
}

function closeQuietly(database: Database): void {
  try {
    database.close();
  } catch {
    // The handle is given up either way; what went wrong before is what the caller hears.
  }
}
