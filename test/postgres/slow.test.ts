import pg from 'pg';
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { readsThread } from '../../src/state/reads-thread.ts';
import { Store } from '../../src/state/store.ts';
import { PATIENCE } from '../e2e/program.ts';
import { aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { aProxy } from './a-proxy.ts';
import { ROLE, startPostgres, waitUntil } from './a-server.ts';
import { aStore, besides, type Host, whole } from './hosts.ts';

const server = await startPostgres({ settings: ['max_connections = 30'] });
afterAll(() => server.close());

let database: string;
let host: Host;
beforeEach(async () => {
  database = await server.createDatabase();
  host = { url: server.url(database), home: aFolder() };
});

/** Another program with a connection of its own, as superuser or as the gateway's role. */
async function anotherProgram(isSuperuser = true): Promise<pg.Client> {
  const url = server.url(database);
  const client = new pg.Client({ connectionString: isSuperuser ? server.adminUrl(database) : url });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** What becomes of one call. */
async function record(store: Store): Promise<string> {
  return store.log.append(aRecord()).then(
    () => 'recorded',
    (reason: unknown) => String(reason),
  );
}

const inTheWay: readonly (readonly [what: string, sql: (chain: string) => string, others: string])[] = [
  ['the end of one chain', (chain) => `select from mcp_gateway.heads where chain = '${chain}' for update`, 'recorded'],
  ['all rows of all chains', () => 'select from mcp_gateway.heads for update', 'waits for somebody'],
  ['the log as a whole', () => 'lock table mcp_gateway.log in share mode', 'waits for somebody'],
];

test.each(inTheWay)(
  'while another program holds %s in a transaction, calls that need it are refused, and go on when it has ended',
  async (...[, sql, others]) => {
    const store = await aStore(host);
    const beside = await aStore(besides(host));
    const { chain } = await store.log.append(aRecord());
    const program = await anotherProgram();
    await program.query(`begin; ${sql(chain)}`);
    const [here, there] = await Promise.all([record(store), record(beside)]);
    expect(here).toContain('waits for somebody who holds what is needed');
    expect(there).toContain(others);
    await program.query('rollback');
    expect(await Promise.all([record(store), record(beside)])).toEqual(['recorded', 'recorded']);
    expect((await whole(host)).chains).toHaveLength(2);
  },
);

test('a transaction that another program leaves open and that holds nothing is in nobody’s way', async () => {
  const store = await aStore(host);
  const program = await anotherProgram();
  await program.query('begin isolation level repeatable read; select count(*) from mcp_gateway.log');
  for (let count = 0; count < 20; count += 1) expect(await record(store)).toBe('recorded');
});

test('a server that takes minutes for each row is not waited for', async () => {
  const store = await aStore(host);
  expect(await record(store)).toBe('recorded');
  const program = await anotherProgram();
  await program.query(`
    create function crawl() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
    create trigger crawl before insert on mcp_gateway.log for each row execute function crawl()`);
  expect(await record(store)).toContain('took too long');
  await program.query(
    'create or replace function crawl() returns trigger language plpgsql as $$ begin return new; end $$',
  );
  expect(await record(store)).toBe('recorded');
  expect(await whole(host)).toMatchObject({ rows: 2 });
});

test('while other programs have all connections calls are refused, and go on when some are free', async () => {
  const store = await aStore(host);
  await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
  const others = await takeAllConnections();
  expect(await record(store)).toContain('takes no more connections');
  await Promise.all(others.map((each) => each.end()));
  await expect.poll(() => record(store), PATIENCE).toBe('recorded');
});

async function takeAllConnections(): Promise<readonly pg.Client[]> {
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: server.url(database) });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch {
      return taken;
    }
  }
}

test('connections that a network has swallowed are given up together, and the next call has a new one', async () => {
  await (await aStore(host)).close();
  const proxy = await aProxy(server.port);
  const url = host.url.replace(`:${server.port}/`, `:${proxy.port}/`);
  const store = await Store.open({ url, home: host.home, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => store.close().catch(() => undefined));
  // As many connections as it may have.
  await Promise.all(Array.from({ length: 30 }, () => store.budgets()));
  proxy.swallow();
  expect(await record(store)).toContain('says nothing at all');
  expect(await record(store)).toBe('recorded');
  proxy.swallowNew(true);
  proxy.swallow();
  expect(await record(store)).toContain('says nothing at all');
  expect(await record(store)).toContain('says nothing at all');
  proxy.swallowNew(false);
  // What the lost transactions have locked is given free with their sessions.
  await expect.poll(() => record(store), PATIENCE).toBe('recorded');
  await whole(host);
});

test('however slow what reads the log is, calls are recorded meanwhile', async () => {
  const store = await aStore(host);
  expect(await record(store)).toBe('recorded');
  const program = await anotherProgram();
  await program.query(`create or replace function mcp_gateway.settled_seq() returns bigint language plpgsql stable as
    $$ begin perform pg_sleep(600); return 0; end $$`);
  const readers = Array.from({ length: 4 }, () => new DecisionReader({ url: host.url }));
  const { reads, close } = readsThread({ place: { url: host.url }, home: host.home });
  let ended = 0;
  const asked = [...readers.map((reader) => reader.lastSeq()), reads.list({ limit: 10 })];
  const all = Promise.allSettled(asked.map((each) => each.finally(() => (ended += 1))));
  const isSlow = `select from pg_stat_activity where state = 'active' and application_name like '%reading%'`;
  await waitUntil(async () => (await server.query(isSlow)).length >= 5);
  for (let count = 0; count < 200; count += 1) expect(await record(store)).toBe('recorded');
  expect(ended).toBe(0);
  await server.query(`select pg_cancel_backend(pid) from pg_stat_activity where application_name like '%reading%'`);
  await all;
  for (const each of [...readers, { close }]) await each.close();
});
