import { expect, onTestFinished, test } from 'vitest';
import { PostgresConnection, type PostgresOptions } from '../../src/state/postgres-connection.ts';
import { all, one, run, type Work } from '../../src/state/work.ts';
import pg from 'pg';
import { waitUntil } from './a-server.ts';
import { asSuperuser, freshDatabase } from './shared.ts';
import { until } from './waiting.ts';

const url = await freshDatabase();

function connect(options: Partial<PostgresOptions> = {}): PostgresConnection {
  const connection = new PostgresConnection({ url, access: 'write', ...options });
  onTestFinished(() => connection.close());
  return connection;
}

const lease = (name: string) =>
  function* (): Work<void> {
    yield* run('insert into leases (name, holder, expires) values (?, ?, ?)', name, 'somebody', 1);
  };

const holderOf = (name: string) =>
  function* (): Work<unknown> {
    return (yield* one('select holder from leases where name = ?', name))?.['holder'];
  };

test('values come back as they were given, as SQLite gives them', async () => {
  const connection = connect();
  const row = await connection.ask(() =>
    one(
      `select ?::bigint as whole, ?::double precision as part, ?::text as words, ?::bytea as bytes, ?::text as nothing,
        true as yes, false as no, sum(?::bigint) as total, '2026-11-22'::date as day, '{"a":1}'::json as object`,
      2 ** 53 - 1,
      0.125,
      'a ? \u{1F600}',
      new Uint8Array([0, 255, 92]),
      null,
      40,
    ),
  );
  expect(row).toEqual({
    whole: 2 ** 53 - 1,
    part: 0.125,
    words: 'a ? \u{1F600}',
    bytes: Buffer.from([0, 255, 92]),
    nothing: null,
    yes: 1,
    no: 0,
    total: 40,
    day: '2026-11-22',
    object: '{"a":1}',
  });
});

test('a whole number that JavaScript would round is refused', async () => {
  const connection = connect();
  await expect(connection.ask(() => one('select 9007199254740993::bigint as whole'))).rejects.toThrow(/beyond 2\^53/);
  await expect(connection.ask(() => one('select 9007199254740993::numeric as whole'))).rejects.toThrow(/beyond 2\^53/);
  expect(await connection.ask(() => one('select 1 as whole'))).toEqual({ whole: 1 });
});

test('what the server says of a value is not passed on', async () => {
  const connection = connect();
  const thrown: unknown = await connection.ask(() => one('select ?::bigint as whole', 'a-secret')).catch(String);
  expect(thrown).toMatch(/refuses a value \(22P02\)$/);
});

test('a question mark in quoted text or a comment is no place for a value', async () => {
  const row = await connect().ask(() =>
    one(`select '? it''s ?' as "a?", /* ? */ ?::text as b -- ?\n, ?::text as c`, 'x', 'y'),
  );
  expect(row).toEqual({ 'a?': `? it's ?`, b: 'x', c: 'y' });
});

test('a statement says how many rows it has changed', async () => {
  const connection = connect();
  expect(await connection.ask(() => run(`insert into exports (name, seq) values ('a', 1), ('b', 1)`))).toBe(2);
  expect(await connection.ask(() => run('update exports set seq = 2 where name = ?', 'none'))).toBe(0);
});

test('a change that throws leaves nothing behind', async () => {
  const connection = connect();
  const failing = function* (): Work<void> {
    yield* lease('half')();
    throw new Error('changed my mind');
  };
  await expect(connection.change(failing)).rejects.toThrow('changed my mind');
  expect(await connection.ask(holderOf('half'))).toBeUndefined();
});

test('a change of which a statement has failed is refused although its work goes on', async () => {
  const connection = connect();
  const careless = function* (): Work<string> {
    yield* lease('careless')();
    try {
      yield* lease('careless')();
    } catch {
      return 'done';
    }
    return 'never';
  };
  await expect(connection.change(careless)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(await connection.ask(holderOf('careless'))).toBeUndefined();
});

test('work may catch what a statement throws outside of a change', async () => {
  const connection = connect();
  await connection.ask(lease('twice'));
  const caught = function* (): Work<string> {
    try {
      yield* lease('twice')();
      return 'made';
    } catch {
      return 'was there';
    }
  };
  expect(await connection.ask(caught)).toBe('was there');
});

test('a snapshot reads one moment and changes nothing', async () => {
  const connection = connect();
  const other = connect();
  await connection.ask(lease('snapshot'));
  let isChanged = false;
  let hasRead = (): void => undefined;
  const read = new Promise<void>((resolve) => (hasRead = resolve));
  const seeing = connection.snapshot(function* () {
    const before = yield* holderOf('snapshot')();
    hasRead();
    yield* until(() => isChanged);
    return [before, yield* holderOf('snapshot')()];
  });
  await read;
  await other.ask(() => run(`update leases set holder = 'other' where name = 'snapshot'`));
  expect(await connection.ask(holderOf('snapshot'))).toBe('other');
  isChanged = true;
  expect(await seeing).toEqual(['somebody', 'somebody']);
  await expect(connection.snapshot(lease('no'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('two changes that lock each other out are both done', async () => {
  const connections = [connect(), connect()];
  await connections[0]?.ask(() => run(`insert into exports (name, seq) values ('left', 0), ('right', 0)`));
  const held = new Set<string>();
  let runs = 0;
  const crosswise = (first: string, second: string) =>
    function* (): Work<void> {
      runs += 1;
      yield* run('update exports set seq = seq + 1 where name = ?', first);
      held.add(first);
      yield* until(() => held.size === 2);
      yield* run('update exports set seq = seq + 1 where name = ?', second);
    };
  await Promise.all([
    connections[0]?.change(crosswise('left', 'right')),
    connections[1]?.change(crosswise('right', 'left')),
  ]);
  const rows = await connections[0]?.ask(() => all(`select seq from exports where name in ('left', 'right')`));
  expect(rows).toEqual([{ seq: 2 }, { seq: 2 }]);
  expect(runs).toBe(3);
});

test('what is done briefly gives up where others hold what it needs, and the next one waits as before', async () => {
  const brief = connect({ poolSize: 1, limits: { connectMs: 5_000, statementMs: 60_000, lockMs: 30_000 } });
  await brief.ask(lease('held'));
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query(`begin; update mcp_gateway.leases set holder = 'other' where name = 'held'`);
  const take = () => run(`update leases set holder = 'me' where name = 'held'`);
  await expect(brief.askBriefly(take)).rejects.toThrow(/waits for somebody/);
  await expect(brief.changeBriefly(take)).rejects.toThrow(/waits for somebody/);
  expect(await brief.askBriefly(() => one('show lock_timeout'))).toEqual({ lock_timeout: '200ms' });
  const waiting = brief.change(take);
  await waitUntil(async () => {
    const rows = await asSuperuser(
      `select from pg_stat_activity where wait_event_type = 'Lock' and usename = 'gateway'`,
    );
    return rows.length === 1;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await holder.query('commit');
  expect(await waiting).toBe(1);
});

test('a connection that reads changes nothing and has limits of its own', async () => {
  await connect().identity();
  const reading = connect({ access: 'read' });
  await expect(reading.ask(lease('read'))).rejects.toThrow(/read-only/);
  expect(await reading.ask(() => one('show statement_timeout'))).toEqual({ statement_timeout: '20s' });
});

test('a slow question ends at its limit, and slow readers leave those who write alone', async () => {
  const writing = connect();
  await writing.identity();
  const reading = connect({ access: 'read', limits: { connectMs: 3_000, statementMs: 500, lockMs: 100 } });
  const slow = Array.from({ length: 6 }, () => reading.ask(() => one('select pg_sleep(20)')));
  const settled = Promise.allSettled(slow);
  expect(await writing.change(() => run(`insert into exports (name, seq) values ('slow', 1)`))).toBe(1);
  const reasons = (await settled).map((one_) => (one_.status === 'rejected' ? String(one_.reason) : 'answered'));
  expect(reasons.every((reason) => reason.includes('took too long'))).toBe(true);
});

test('a commit waits for the disk even where the database says that it need not', async () => {
  const other = await freshDatabase();
  await asSuperuser(`alter role gateway in database ${new URL(other).pathname.slice(1)} set synchronous_commit = off`);
  expect(await connect({ url: other }).ask(() => one('show synchronous_commit'))).toEqual({ synchronous_commit: 'on' });
});

test('what is closed says so, and closes once', async () => {
  const connection = connect();
  await connection.ask(() => one('select 1 as one'));
  await Promise.all([connection.close(), connection.close()]);
  await expect(connection.ask(() => one('select 1 as one'))).rejects.toThrow(/has been closed/);
});
