import type { TestProject } from 'vitest/node';
import { inject } from 'vitest';
import pg from 'pg';
import * as z from 'zod';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import { ROLE, startPostgres } from './a-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The address of the run's server, as superuser and as the gateway's role; less the database. */
    readonly postgres: { readonly admin: string; readonly gateway: string };
  }
}

/**
 * One server for all files of a run; each file, or test, has databases of its own. A run that a test starts uses the server
 * of that test, handed in as `POSTGRES_OF_TESTS`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['POSTGRES_OF_TESTS'];
  if (given !== undefined) {
    project.provide('postgres', Addresses.parse(JSON.parse(given)));
    return async () => undefined;
  }
  // Nobody pulls its plug: what ends a server, and what it keeps then, is tried on others.
  const server = await startPostgres({ settings: ['fsync = off', 'full_page_writes = off'] });
  const gateway = server.url('');
  await server.query(`create database ${PATTERN} owner ${ROLE}`);
  const connection = new PostgresConnection({ url: `${gateway}${PATTERN}`, access: 'write' });
  await connection.identity();
  await connection.close();
  project.provide('postgres', { admin: `postgres://postgres:super@127.0.0.1:${server.port}/`, gateway });
  return () => server.close();
}

/** A database with an empty store, of which tests that are not about how a store is made take copies. */
const PATTERN = 'pattern';

const Addresses = z.object({ admin: z.string(), gateway: z.string() });

let made = 0;

/** Makes an empty database on the run's server and answers its address, for the gateway's role. */
export async function freshDatabase(): Promise<string> {
  const { gateway } = inject('postgres');
  made += 1;
  const name = `fresh_${process.pid}_${Date.now().toString(36)}_${made}`;
  await asSuperuser(`create database ${name} owner ${ROLE}`);
  return `${gateway}${name}`;
}

/** One or more statements as superuser, in the database of that address or in the server's own. */
export async function asSuperuser(sql: string, url?: string): Promise<readonly Record<string, unknown>[]> {
  const { admin } = inject('postgres');
  const name = url === undefined ? 'postgres' : new URL(url).pathname.slice(1);
  const client = new pg.Client({ connectionString: `${admin}${name}` });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
