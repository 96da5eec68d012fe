import type { ClientBase } from 'pg';
import { GatewayError } from '../core/errors.ts';
import type { Access } from './driver.ts';
import { migratePostgres, type PostgresStore, POSTGRES_MIGRATIONS, readPostgresStore } from './postgres-migrations.ts';

const OLDEST = 150_000;

/** Nobody has begun a store there; whoever may write would make one. */
export class NoStoreYet extends GatewayError {
  constructor(name: string) {
    super('STORE_UNAVAILABLE', `there is no store in the ${name}`, {
      mend: 'Start the gateway once, or restore what was there if somebody has removed it.',
    });
  }
}

export interface Welcoming {
  /** Of the store, for messages. */
  readonly name: string;
  readonly access: Access;
  /** UUID of the store that it has to be; undefined where any store will do, and one may be made. */
  readonly expected: string | undefined;
}

export interface Welcomed {
  /** UUID of the store. */
  readonly storeId: string;
  /** Which session of the server it is; no other one ever has the same text. */
  readonly session: string;
}

/** What every new connection goes through: whether it leads to a PostgreSQL, and to a store, that can be used. */
export async function welcome(client: ClientBase, welcoming: Welcoming): Promise<Welcomed> {
  const session = await refuseUnfit(client, welcoming.name);
  const store = await storeBehind(client, welcoming);
  if (welcoming.expected !== undefined && store.id !== welcoming.expected) throw replaced(welcoming.name);
  if (welcoming.access === 'write') {
    await client.query('select mcp_gateway.raise_numbering(), mcp_gateway.make_log_partitions()');
  }
  return { storeId: store.id, session };
}

/**
 * Ends sessions that were given up because nothing came from them any more. The server may not know: it would keep what they
 * have locked, and each of them would take the place of another connection.
 */
export async function endSessions(client: ClientBase, sessions: readonly string[]): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and ${SESSION} = any($1)`,
    [sessions],
  );
}

const SESSION = `pid || ' ' || backend_start::text`;

interface Fitness {
  readonly version: number;
  readonly encoding: string;
  readonly session: string;
}

/** Answers which session it is. */
async function refuseUnfit(client: ClientBase, name: string): Promise<string> {
  const { rows } = await client.query<Fitness>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      ${SESSION} as session from pg_stat_get_activity(pg_backend_pid())`,
  );
  const { version, encoding, session } = rows[0] ?? { version: 0, encoding: '', session: '' };
  if (version < OLDEST) {
    throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, is PostgreSQL ${Math.trunc(version / 10_000)}`, {
      mend: 'Use PostgreSQL 15 or later.',
    });
  }
  if (encoding === 'UTF8') return session;
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    `the store, ${name}, cannot hold every text: its encoding is ${encoding}`,
    {
      mend: 'Create the database with the encoding UTF8: createdb --encoding=UTF8 --template=template0 …',
    },
  );
}

async function storeBehind(client: ClientBase, { name, access, expected }: Welcoming): Promise<PostgresStore> {
  if (access === 'write' && expected === undefined) return migratePostgres(client, name);
  const store = await readPostgresStore(client, name);
  // Once it was there, it is never made anew: that would hide that somebody has removed the log.
  if (store === undefined && expected !== undefined) throw replaced(name);
  if (store === undefined) throw new NoStoreYet(name);
  if (store.version === POSTGRES_MIGRATIONS.length) return store;
  throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, has not been brought to this version's schema`, {
    mend: 'Start the gateway once.',
  });
}

function replaced(name: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, was replaced while the gateway ran`, {
    mend: 'Restore what was there, or restart the gateway to accept this one.',
  });
}
