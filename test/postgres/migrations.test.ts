import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { clockDifference } from '../../src/state/postgres-clock.ts';
import { PostgresConnection, type PostgresOptions } from '../../src/state/postgres-connection.ts';
import { migratePostgres, POSTGRES_MIGRATIONS, readPostgresStore } from '../../src/state/postgres-migrations.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { sqliteColumns } from './sqlite-columns.ts';
import { all, one, run, type Work } from '../../src/state/work.ts';
import { startPostgres } from './a-server.ts';
import { until } from './waiting.ts';

const server = await startPostgres();
afterAll(() => server.close());

let url: string;
let database: string;
beforeEach(async () => {
  database = await server.createDatabase();
  url = server.url(database);
});

function connect(options: Partial<PostgresOptions> = {}): PostgresConnection {
  const connection = new PostgresConnection({ url, access: 'write', ...options });
  onTestFinished(() => connection.close());
  return connection;
}

async function client(): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: url });
  await made.connect();
  onTestFinished(() => made.end());
  await made.query('set search_path = mcp_gateway, pg_temp');
  return made;
}

const COLUMNS =
  'seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, "user", session, us, prev, hash, body';

/** Appends a row with that number, at that time. */
function* append(seq: number, time = new Date().toISOString()): Work<void> {
  const texts = ['decision', 'chain', 'key', `id-${seq}`, time, 'me', 'allow', '', 's', 't', '', '', 'a', 'u', ''];
  const places = Array.from({ length: 20 }, () => '?').join(', ');
  yield* run(
    `insert into log (${COLUMNS}) values (${places})`,
    seq,
    ...texts,
    1,
    new Uint8Array(32),
    new Uint8Array(32),
    '{}',
  );
}

function* appendNext(): Work<number> {
  const seq = Number((yield* one('select seq_base() as seq'))?.['seq']);
  yield* append(seq);
  return seq;
}

test('a store in PostgreSQL has the tables and columns of one in SQLite', async () => {
  const rows = await connect().ask(() =>
    all(`select table_name, table_name || '.' || column_name as name, data_type, is_nullable, coalesce(collation_name, '') as collation
      from information_schema.columns where table_schema = 'mcp_gateway' order by 1, 2`),
  );
  const isNoTable = (table: unknown): boolean => /^(log_(\d|rest)|settled_log$)/.test(String(table));
  const here = rows
    .filter(({ table_name: table }) => table !== 'store' && !isNoTable(table))
    .map((row) => `${String(row['name'])} ${String(row['data_type'])} ${String(row['is_nullable'])}`);
  const own = ['heads.holder text NO', 'log_seals.chain text NO'];
  expect(here.filter((column) => !own.includes(column))).toEqual(sqliteColumns(MIGRATIONS));
  const texts = rows.filter(({ data_type: type }) => type === 'text');
  expect(new Set(texts.map(({ collation }) => collation))).toEqual(new Set(['C']));
});

test('five processes that open an empty database at once make one store', async () => {
  const program = `
    import { PostgresConnection } from '${process.cwd()}/src/state/postgres-connection.ts';
    const connection = new PostgresConnection({ url: process.argv[1], access: 'write' });
    process.stdout.write(await connection.identity());
    await connection.close();`;
  const { spawn } = await import('node:child_process');
  const ids = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, url], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const code = await new Promise((resolve) => child.once('exit', resolve));
      expect(code).toBe(0);
      return said;
    }),
  );
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(1);
});

test('a step that fails leaves the store at its version, and data survive a step that does not', async () => {
  const connection = connect();
  await connection.change(function* () {
    yield* append(1);
    yield* run(`insert into exports (name, seq) values ('kept', 7)`);
  });
  const raw = await client();
  const half = [...POSTGRES_MIGRATIONS, 'alter table exports add column half bigint; select 1/0'];
  await expect(migratePostgres(raw, 'it', half)).rejects.toThrow('division by zero');
  expect((await readPostgresStore(raw, 'it'))?.version).toBe(POSTGRES_MIGRATIONS.length);
  expect(await connection.ask(() => one('select * from exports'))).toEqual({ name: 'kept', seq: 7 });
  const whole = [...POSTGRES_MIGRATIONS, `alter table exports add column note text not null default 'none'`];
  expect((await migratePostgres(raw, 'it', whole)).version).toBe(whole.length);
  expect((await raw.query('select name, seq, note from exports')).rows).toEqual([
    { name: 'kept', seq: '7', note: 'none' },
  ]);
  await expect(connect().identity()).rejects.toMatchObject({ code: 'STORE_NEWER' });
});

test('a store of a newer version is refused and stays as it is', async () => {
  await connect().identity();
  await server.query('update mcp_gateway.store set version = 99', database);
  for (const access of ['write', 'read'] as const) {
    await expect(connect({ access }).identity()).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringMatching(/has schema 99, this version knows \d+/),
    });
  }
});

test('a schema of that name that is another program’s is refused and stays as it is', async () => {
  await server.query(
    'create schema mcp_gateway authorization gateway; create table mcp_gateway.theirs (a int)',
    database,
  );
  await expect(connect().identity()).rejects.toThrow(/belongs to another program/);
  const tables = await server.query(
    `select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'mcp_gateway'`,
    database,
  );
  expect(tables).toEqual([{ relname: 'theirs' }]);
});

test('who only reads makes no store', async () => {
  await expect(connect({ access: 'read' }).identity()).rejects.toThrow(/there is no store in the database/);
  expect(await server.query(`select from pg_namespace where nspname = 'mcp_gateway'`, database)).toEqual([]);
});

test('a database that cannot hold every text is refused', async () => {
  await server.query(`create database ${database}_latin encoding 'LATIN1' template template0 owner gateway`);
  await expect(connect({ url: server.url(`${database}_latin`) }).identity()).rejects.toThrow(/encoding is LATIN1/);
});

test('rows of the log are neither changed nor removed, except in sealed segments', async () => {
  const connection = connect();
  for (const seq of [1, 2]) await connection.change(() => append(seq));
  const raw = await client();
  const partition =
    (await raw.query<{ name: string }>('select tableoid::regclass::text as name from log')).rows[0]?.name ?? '';
  expect(partition).toMatch(/^log_\d{4}_\d\d$/);
  await expect(raw.query(`update log set body = 'x'`)).rejects.toThrow('never changed');
  await expect(raw.query(`update ${partition} set body = 'x'`)).rejects.toThrow('never changed');
  for (const text of ['delete from log where seq = 1', 'truncate log', `truncate ${partition}`]) {
    await expect(raw.query(text)).rejects.toThrow('sealed segments only');
  }
  await raw.query(`insert into log_seals (last, line) values (2, '{"chain":"another"}')`);
  await expect(raw.query('delete from log where seq = 1')).rejects.toThrow('sealed segments only');
  await raw.query(`insert into log_seals (last, line) select 1, '{"chain":"' || chain || '"}' from log where seq = 1`);
  await expect(raw.query('delete from log')).rejects.toThrow('sealed segments only');
  expect((await raw.query('delete from log where seq = 1')).rowCount).toBe(1);
});

test('there is a partition for this month and the next two, and every other month has a place', async () => {
  const connection = connect();
  const now = new Date();
  const months = [0, 1, 2].map((ahead) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)));
  const names = months.map((month) => `log_${month.toISOString().slice(0, 7).replace('-', '_')}`);
  const partitions = () =>
    all(`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'log'::regclass order by 1`);
  expect(await connection.ask(partitions)).toEqual([...names, 'log_rest'].map((name) => ({ name })));
  await connection.change(function* () {
    yield* append(1, '1999-12-31T23:59:59.999Z');
    yield* append(2, months[1]?.toISOString());
  });
  expect(await connection.ask(() => all('select seq, tableoid::regclass::text as name from log order by seq'))).toEqual(
    [
      { seq: 1, name: 'log_rest' },
      { seq: 2, name: names[1] },
    ],
  );
  expect(await connection.ask(() => one('select make_log_partitions() as made'))).toEqual({ made: 0 });
});

test('a partition that somebody keeps from being made is made later, and nobody waits for it', async () => {
  const connection = connect();
  await connection.identity();
  const last = String(
    (
      await connection.ask(() =>
        one(`select max(inhrelid::regclass::text) as name from pg_inherits
    where inhparent = 'log'::regclass and inhrelid <> 'log_rest'::regclass`),
      )
    )?.['name'],
  );
  const raw = await client();
  await raw.query(`alter table log detach partition ${last}; drop table ${last}`);
  await raw.query('begin; select count(*) from log');
  expect(await connection.ask(() => one('select make_log_partitions() as made'))).toEqual({ made: 0 });
  expect(await connection.change(appendNext)).toBeGreaterThan(0);
  await raw.query('rollback');
  expect(await connection.ask(() => one('select make_log_partitions() as made'))).toEqual({ made: 1 });
});

test('what lies below the settled number is all there is, whatever order transactions end in', async () => {
  const [early, late, reader] = [connect(), connect(), connect()];
  const settled = async (): Promise<readonly number[]> =>
    (await reader.ask(() => all('select seq from log where seq < settled_seq() order by seq'))).map(({ seq }) =>
      Number(seq),
    );
  let isSeen = false;
  let hasNumber: ((seq: number) => void) | undefined;
  const numbered = new Promise<number>((resolve) => (hasNumber = resolve));
  const slow = early.change(function* () {
    const seq = yield* appendNext();
    hasNumber?.(seq);
    yield* until(() => isSeen);
    return seq;
  });
  const first = await numbered;
  const second = await late.change(appendNext);
  expect(second).toBeGreaterThan(first);
  expect(await settled()).toEqual([]);
  isSeen = true;
  await slow;
  expect(await settled()).toEqual([first, second]);
});

test('a transaction that would number backwards is done again', async () => {
  const [early, late] = [connect(), connect()];
  await early.ask(() =>
    run(
      `insert into heads (chain, seq, hash, key, mac) values ('c', 0, ?, '', ?)`,
      new Uint8Array(1),
      new Uint8Array(1),
    ),
  );
  const numbering = (isFree: () => boolean, begun: () => void) =>
    function* (): Work<number> {
      yield* one('select pg_current_xact_id()::text as began');
      begun();
      yield* until(isFree);
      const head = yield* one(`select seq from heads where chain = 'c' for update`);
      const seq = Number((yield* one('select seq_after(?) as seq', Number(head?.['seq'])))?.['seq']);
      yield* run(`update heads set seq = ? where chain = 'c'`, seq);
      return seq;
    };
  let runs = 0;
  let quick = 0;
  let begun = (): void => undefined;
  const isUnderWay = new Promise<void>((resolve) => (begun = resolve));
  const slow = early.change(() => {
    runs += 1;
    return numbering(() => quick > 0, begun)();
  });
  await isUnderWay;
  quick = await late.change(
    numbering(
      () => true,
      () => undefined,
    ),
  );
  expect(await slow).toBeGreaterThan(quick);
  expect(runs).toBe(2);
});

test('a dump that is restored into a new cluster goes on numbering above what is in it', async () => {
  const high = 2 ** 50;
  await connect().change(() => append(high));
  const id = await connect().identity();
  const restored = await startPostgres();
  onTestFinished(() => restored.close());
  const other = await restored.createDatabase();
  const dump = server.tool('pg_dump', '--no-owner', '-d', database);
  execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', restored.url(other)], { input: dump });
  const connection = connect({ url: restored.url(other) });
  expect(await connection.identity()).toBe(id);
  const next = await connection.change(appendNext);
  expect(next).toBeGreaterThan(high);
  expect(await connection.change(appendNext)).toBeGreaterThan(next);
  expect(Number((await connection.ask(() => one('select settled_seq() as seq')))?.['seq'])).toBeGreaterThan(next);
  await connect({ url: restored.url(other) }).identity();
  expect((await connection.ask(() => one('select numbered_from as base from store')))?.['base']).toBeLessThan(
    high + 2 ** 20,
  );
});

test('the difference to the store’s clock is known within what the way there takes', async () => {
  const ahead = { now: () => Date.now() + 3_600_000, monotonic: () => performance.now() };
  const { ms, uncertaintyMs } = await clockDifference(connect(), ahead);
  expect(Math.abs(ms + 3_600_000)).toBeLessThanOrEqual(uncertaintyMs + 2);
});
