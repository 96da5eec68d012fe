import { readFileSync } from 'node:fs';
import { checkServerIdentity, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { Client, ClientBase, Pool, PoolClient, PoolConfig } from 'pg';
import { GatewayError } from '../core/errors.ts';
import type { PostgresAddress, PostgresEncryption } from '../core/postgres-address.ts';
import type { Access } from './driver.ts';
import { hearDoubts } from './postgres-doubt.ts';
import { POSTGRES_SCHEMA } from './postgres-migrations.ts';
import { refuseSharedSessions } from './postgres-pooler.ts';
import { POSTGRES_TYPES } from './postgres-values.ts';

/** How long things may take, in milliseconds. */
export interface PostgresLimits {
  /** Until there is a connection: a free one of the pool, or a new one. */
  readonly connectMs: number;
  /** One statement; the server ends it then. */
  readonly statementMs: number;
  /** Waiting for what others hold. */
  readonly lockMs: number;
}

/** A decision waits for them; what takes longer than this is refused. */
export const WRITING: PostgresLimits = { connectMs: 3_000, statementMs: 5_000, lockMs: 2_000 };
/** Pages and commands that search the log, on connections of their own. */
export const READING: PostgresLimits = { connectMs: 5_000, statementMs: 20_000, lockMs: 2_000 };

/** A server that says nothing at all any more is given up this long after it should have ended a statement itself. */
const SILENCE_MS = 1_000;
/** A transaction that nobody goes on with holds back others; it is ours that must have died. */
const IDLE_IN_TRANSACTION_MS = 10_000;
const IDLE_MS = 30_000;
/** From then on an unused connection asks whether the other end is still there. */
const KEEP_ALIVE_MS = 10_000;
/** For looking whether a pooler lies between. */
const LOOK_MS = 1_000;

export interface PoolOptions {
  /** Of the store, for messages. */
  readonly name: string;
  readonly address: PostgresAddress;
  readonly access: Access;
  readonly limits: PostgresLimits;
  /** The most connections. */
  readonly max: number;
  /** Sees each connection before its first use, and refuses it by throwing. */
  readonly welcome: (client: ClientBase) => Promise<void>;
}

/** Connections are made when they are needed. The client library is loaded here, so that who uses SQLite never has it. */
export async function makePool(options: PoolOptions): Promise<Pool> {
  const { default: pg } = await import('pg');
  const config = poolConfig(options);
  const another = (): Client => new pg.Client({ ...config, query_timeout: LOOK_MS });
  let isLookedAt = false;
  const pool = new pg.Pool({
    ...config,
    onConnect: async (client) => {
      // Where a connection breaks while it is used, its statement fails as well; the event by itself would end the process.
      client.on('error', () => undefined);
      hearDoubts(client);
      if (!isLookedAt) await refuseSharedSessions(client, another, options.name);
      isLookedAt = true;
      await client.query(settings(options.access, options.limits));
      await options.welcome(client);
    },
  } satisfies WaitingPoolConfig);
  // A connection that breaks while nobody uses it is nobody's failure: the pool makes another one.
  pool.on('error', () => undefined);
  return pool;
}

/**
 * Takes a connection out of its pool that nobody may answer on any more. Its socket may take a quarter of an hour to find
 * out, and keeps no process from ending meanwhile.
 */
export function throwAway(client: PoolClient): void {
  if (holdsProcess(client)) client.unref();
  client.release(true);
}

/** The library's own types leave it out. */
function holdsProcess(client: PoolClient): client is PoolClient & { unref(): void } {
  return 'unref' in client && typeof client.unref === 'function';
}

/** The pool waits for what its hook promises, which its types do not say. */
interface WaitingPoolConfig extends Omit<PoolConfig, 'onConnect'> {
  readonly onConnect: (client: ClientBase) => Promise<void>;
}

function poolConfig({ address, access, limits, max }: PoolOptions): PoolConfig {
  const { host, port, database, user, password, encryption } = address;
  return {
    // Each of them, because the library would take what is left out from the environment or a file.
    host,
    port,
    database,
    user,
    password: () => password,
    options: '',
    ssl: encryption.mode === 'disable' ? false : tlsOptions(encryption, host),
    application_name: access === 'write' ? 'mcp-gateway' : 'mcp-gateway (reading)',
    types: POSTGRES_TYPES,
    max,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.statementMs + SILENCE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    // What is idle keeps no command from ending.
    allowExitOnIdle: true,
  };
}

/**
 * What a session has for its life. A commit that the server could forget when it is killed would be a call without a
 * record, so whoever has turned waiting for the disk off for this database has not done so for the gateway; what waits for
 * more, such as for a standby, stays as it is.
 */
function settings(access: Access, { statementMs, lockMs }: PostgresLimits): string {
  return `
    set search_path = ${POSTGRES_SCHEMA}, pg_temp;
    set timezone = 'UTC';
    set client_encoding = 'UTF8';
    set client_min_messages = warning;
    set statement_timeout = ${statementMs};
    set lock_timeout = ${lockMs};
    set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
    set default_transaction_isolation = 'read committed';
    ${access === 'read' ? 'set default_transaction_read_only = on;' : ''}
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'`;
}

function tlsOptions({ mode, rootCertificate, certificate, key }: PostgresEncryption, host: string): TlsOptions {
  return {
    ...(rootCertificate !== '' && { ca: pemFile(rootCertificate) }),
    ...(certificate !== '' && { cert: pemFile(certificate) }),
    ...(key !== '' && { key: pemFile(key) }),
    // As libpq does it: `require` asks who it is only where it is said how that can be known.
    rejectUnauthorized: mode !== 'require' || rootCertificate !== '',
    // Said here, because the library names the host to the other side, which it may not where that is a number.
    checkServerIdentity: (_, shown) => (mode === 'verify-full' ? checkServerIdentity(host, shown) : undefined),
  };
}

function pemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new GatewayError('STORE_UNAVAILABLE', `${path}, which \`decisions.store.url\` names, cannot be read`, {
      mend: 'Correct the path, or give the user who runs the gateway the right to read it.',
      cause: thrown,
    });
  }
}
