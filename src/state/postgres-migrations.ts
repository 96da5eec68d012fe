import type { ClientBase, QueryConfig } from 'pg';
import { GatewayError } from '../core/errors.ts';
import { POSTGRES_FUNCTIONS, STORE_LOCK } from './postgres-functions.ts';
import { POSTGRES_RETENTION } from './postgres-retention.ts';
import { POSTGRES_TABLES } from './postgres-tables.ts';

/** Everything that the gateway has in a database lies in here, beside whatever else is kept there. */
export const POSTGRES_SCHEMA = 'mcp_gateway';

/**
 * Step n brings a store from version n to n + 1. Forward only; a step that has been released is never edited. The steps
 * of SQLite are others: what a store of either kind holds is the same, its versions are not.
 */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  POSTGRES_TABLES + POSTGRES_FUNCTIONS,
  POSTGRES_RETENTION,
  // Where the other gateways reach each one.
  `alter table instances add column address text collate "C" not null default ''`,
];

export interface PostgresStore {
  readonly version: number;
  /** UUID of the store, which a copy has as well. */
  readonly id: string;
}

/** How long a process waits for another one that brings the store to a new schema. */
const MIGRATING_MS = 120_000;

/**
 * Brings the store to this version's schema, all of it or nothing; what is newer, or not ours, is refused and stays as it
 * is. Several processes may do this at once: one does it, the others wait for it.
 */
export async function migratePostgres(
  client: ClientBase,
  name: string,
  steps: readonly string[] = POSTGRES_MIGRATIONS,
): Promise<PostgresStore> {
  const found = await readPostgresStore(client, name, steps.length);
  if (found?.version === steps.length) return found;
  await patiently(client, 'begin isolation level read committed');
  try {
    await patiently(client, `set local statement_timeout = 0; set local lock_timeout = ${MIGRATING_MS}`);
    await patiently(client, `select pg_advisory_xact_lock(${STORE_LOCK}, 0)`);
    // Read again under the lock: another process may have done it meanwhile.
    const store = await readPostgresStore(client, name, steps.length);
    if (store === undefined) await makeSchema(client);
    for (let version = store?.version ?? 0; version < steps.length; version += 1) {
      await patiently(client, steps[version] ?? '');
      await client.query(writeVersion(version), [version + 1]);
    }
    await client.query('commit');
  } catch (thrown) {
    await client.query('rollback');
    throw thrown;
  }
  const made = await readPostgresStore(client, name, steps.length);
  if (made !== undefined) return made;
  throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, has lost its schema`);
}

/** Undefined where there is no store yet. Refuses what is not ours and what is newer than `newest`. */
export async function readPostgresStore(
  client: ClientBase,
  name: string,
  newest: number = POSTGRES_MIGRATIONS.length,
): Promise<PostgresStore | undefined> {
  const { rows: looked } = await client.query<{ isOurs: 0 | 1; holds: number }>(LOOK);
  const { isOurs, holds } = looked[0] ?? { isOurs: 0, holds: 0 };
  if (isOurs === 0) {
    if (holds === 0) return undefined;
    throw new GatewayError('STORE_UNAVAILABLE', `the schema ${POSTGRES_SCHEMA} of ${name} belongs to another program`, {
      mend: 'Name another database in `decisions.store.url`.',
    });
  }
  const { rows } = await client.query<{ version: number; id: string }>(
    `select version, id from ${POSTGRES_SCHEMA}.store`,
  );
  const store = rows[0];
  if (store === undefined) {
    throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, does not say which version it has`, {
      mend: 'Somebody has changed it; restore a backup.',
    });
  }
  if (store.version <= newest) return store;
  throw new GatewayError(
    'STORE_NEWER',
    `the store, ${name}, has schema ${store.version}, this version knows ${newest}`,
    { mend: 'Use the newer version of mcp-gateway that wrote it, or name another database in `decisions.store.url`.' },
  );
}

/** No other program has a table of that name with such a column. */
const LOOK = `
  select
    exists (
      select from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = n.oid and c.relname = 'store' and a.attname = 'numbered_from'
    )::int as "isOurs",
    (select count(*)::int from pg_class c where c.relnamespace = n.oid) as holds
  from pg_namespace n where n.nspname = '${POSTGRES_SCHEMA}'`;

/** Only where it is not there: who may not make one may still use one that was made for him. */
async function makeSchema(client: ClientBase): Promise<void> {
  const { rowCount } = await client.query('select from pg_namespace where nspname = $1', [POSTGRES_SCHEMA]);
  if (rowCount === 0) await client.query(`create schema ${POSTGRES_SCHEMA}`);
}

/** The first step makes the table; its row comes after it. */
function writeVersion(version: number): string {
  return version === 0
    ? `insert into ${POSTGRES_SCHEMA}.store (version) values ($1)`
    : `update ${POSTGRES_SCHEMA}.store set version = $1`;
}

/** A statement that may take longer than those of a call do. */
async function patiently(client: ClientBase, text: string): Promise<void> {
  const query: QueryConfig & { readonly query_timeout: number } = { text, query_timeout: MIGRATING_MS * 2 };
  await client.query(query);
}
