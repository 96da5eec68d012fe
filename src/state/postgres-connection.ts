import type { ClientBase, Pool, PoolClient } from 'pg';
import { GatewayError } from '../core/errors.ts';
import { nameOfAddress, type PostgresAddress, parsePostgresAddress } from '../core/postgres-address.ts';
import type { Numbering, StoreConnection } from './connection.ts';
import type { Access } from './driver.ts';
import { isBreak, isWorthAnotherTry, postgresError } from './postgres-error.ts';
import { type PostgresLimits, makePool, READING, throwAway, WRITING } from './postgres-pool.ts';
import { PostgresSession } from './postgres-session.ts';
import { PreparedTexts } from './postgres-text.ts';
import { endSessions, welcome } from './postgres-welcome.ts';
import type { Work } from './work.ts';

/** As many as help one process whose calls are committed in groups; three replicas stay far from PostgreSQL's own 100. */
const POOL_SIZE = 8;
/** Of those that only read, at most this many search the log at once. */
const READING_SIZE = 3;
const BRIEF_MS = 200;

/** Sessions that are remembered until the server can be told that nobody uses them. */
const MOST_ABANDONED = 100;

/** How often work that others were in the way of is done again. */
const TRIES = 6;
const PAUSE_MS = 10;

export interface PostgresOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE` */
  readonly url: string;
  /**
   * `read` has connections and limits of its own, so that no question, however slow, delays a decision. It changes nothing
   * and may go to a standby.
   */
  readonly access: Access;
  /** The most connections. Default: POOL_SIZE. */
  readonly poolSize?: number | undefined;
  /** Default: WRITING or READING, as `access` says. */
  readonly limits?: PostgresLimits | undefined;
}

/**
 * A store in PostgreSQL, over a pool of connections that are made when they are needed. One on which a statement has
 * failed is thrown away, because nobody says in what state it is; the next use has another.
 */
export class PostgresConnection implements StoreConnection {
  readonly name: string;
  readonly numbering: Numbering = 'rising';
  readonly #address: PostgresAddress;
  readonly #options: PostgresOptions;
  readonly #limits: PostgresLimits;
  readonly #texts = new PreparedTexts();
  #meet: (() => Work<void>) | undefined;
  /** Which store it was when it was first reached. */
  #storeId: string | undefined;
  #pool: Promise<Pool> | undefined;
  /** How often the way to the server has broken, and in which of the times between a connection was made. */
  #breaks = 0;
  readonly #met = new WeakMap<ClientBase, { readonly madeAfter: number; readonly session: string }>();
  /** Sessions that were given up and of which the server may not know it. */
  readonly #abandoned = new Set<string>();
  #closing: Promise<void> | undefined;

  /** Throws STORE_UNAVAILABLE for an address that cannot be one. */
  constructor(options: PostgresOptions) {
    const address = parsePostgresAddress(options.url);
    if ('problem' in address) {
      throw new GatewayError('STORE_UNAVAILABLE', `the address of the store ${address.problem}`, {
        mend: 'Correct `decisions.store.url`.',
      });
    }
    this.name = nameOfAddress(address);
    this.#address = address;
    this.#options = options;
    this.#limits = options.limits ?? (options.access === 'write' ? WRITING : READING);
  }

  /** `meet` is carried out on every later connection before its first use and may refuse it by throwing. */
  watch(meet: () => Work<void>): void {
    this.#meet = meet;
  }

  /** UUID of the store, which brings it to this version's schema where nobody has yet. */
  async identity(): Promise<string> {
    await this.#use(async () => undefined);
    return this.#storeId ?? '';
  }

  async ask<T>(work: () => Work<T>): Promise<T> {
    return this.#use((session) => session.carryOut(work()));
  }

  async askBriefly<T>(work: () => Work<T>): Promise<T> {
    return this.#use(async (session) => {
      await session.command(`set lock_timeout = ${BRIEF_MS}`);
      try {
        return await session.carryOut(work());
      } finally {
        if (!session.hasFailed) await session.command(`set lock_timeout = ${this.#limits.lockMs}`);
      }
    });
  }

  async peek<T>(work: () => Work<T>): Promise<T> {
    return this.ask(work);
  }

  /**
   * Each statement sees what was committed before it, and what it changes is locked until the end: a condition and the
   * change that depends on it stand in one statement. Where two stop each other, one of them is done again.
   */
  async change<T>(work: () => Work<T>): Promise<T> {
    return this.#changing('begin isolation level read committed', work);
  }

  async changeBriefly<T>(work: () => Work<T>): Promise<T> {
    return this.#changing(`begin isolation level read committed; set local lock_timeout = ${BRIEF_MS}`, work);
  }

  async snapshot<T>(work: () => Work<T>): Promise<T> {
    return this.#use((session) => session.transaction('begin isolation level repeatable read read only', work));
  }

  /** A commit is answered when it lies on the disk. */
  async reachDisk(): Promise<void> {}

  /** PostgreSQL's own tools look after its files, such as `pg_amcheck`. */
  async damage(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #changing<T>(begin: string, work: () => Work<T>): Promise<T> {
    return this.#use(async (session) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await session.transaction(begin, work);
        } catch (thrown) {
          if (attempt === TRIES || !isWorthAnotherTry(thrown)) throw thrown;
          await session.goBack();
          await pause(attempt);
        }
      }
    });
  }

  /** Everything that is thrown comes out as a `GatewayError`. */
  async #use<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      throw new GatewayError('STORE_UNAVAILABLE', `the store, ${this.name}, has been closed`);
    }
    try {
      return await this.#onClient(await this.#client(), work);
    } catch (thrown) {
      throw postgresError(thrown, this.name);
    }
  }

  /**
   * Where one connection has broken, the others that were made before most likely have, too, and nobody may have told them:
   * each would be waited for in vain.
   */
  async #client(): Promise<PoolClient> {
    this.#pool ??= this.#makePool();
    const pool = await this.#pool;
    for (;;) {
      const client = await pool.connect();
      if (this.#met.get(client)?.madeAfter === this.#breaks) return client;
      this.#abandon(client);
      throwAway(client);
    }
  }

  async #onClient<T>(client: PoolClient, work: (session: PostgresSession) => Promise<T>): Promise<T> {
    const session = new PostgresSession(client, this.#texts);
    try {
      return await work(session);
    } catch (thrown) {
      if (session.hasFailed && isBreak(thrown)) {
        this.#breaks += 1;
        this.#abandon(client);
      }
      throw thrown;
    } finally {
      client.release(session.hasFailed);
    }
  }

  #abandon(client: ClientBase): void {
    const { session } = this.#met.get(client) ?? {};
    if (session === undefined) return;
    this.#abandoned.add(session);
    const [oldest = ''] = this.#abandoned;
    if (this.#abandoned.size > MOST_ABANDONED) this.#abandoned.delete(oldest);
  }

  #makePool(): Promise<Pool> {
    const { access, poolSize } = this.#options;
    const most = poolSize ?? POOL_SIZE;
    return makePool({
      name: this.name,
      address: this.#address,
      access,
      limits: this.#limits,
      max: access === 'write' ? most : Math.min(most, READING_SIZE),
      welcome: (client) => this.#welcome(client),
    }).catch((thrown: unknown) => {
      this.#pool = undefined;
      throw thrown;
    });
  }

  async #welcome(client: ClientBase): Promise<void> {
    const madeAfter = this.#breaks;
    const { storeId, session } = await welcome(client, {
      name: this.name,
      access: this.#options.access,
      expected: this.#storeId,
    });
    this.#met.set(client, { madeAfter, session });
    await this.#endAbandoned(client);
    const meet = this.#meet;
    if (meet !== undefined) await new PostgresSession(client, this.#texts).carryOut(meet());
    this.#storeId = storeId;
  }

  async #endAbandoned(client: ClientBase): Promise<void> {
    const sessions = [...this.#abandoned];
    if (sessions.length === 0) return;
    await endSessions(client, sessions);
    for (const session of sessions) this.#abandoned.delete(session);
  }

  /** What is under way may end; a server that no longer answers is not waited for longer than for a statement. */
  async #end(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.end();
  }
}

/** Longer each time, and not the same for all who got into each other's way. */
async function pause(attempt: number): Promise<void> {
  const ms = PAUSE_MS * 2 ** attempt * Math.random();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
