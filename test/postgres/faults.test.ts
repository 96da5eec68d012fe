import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { PostgresConnection, type PostgresOptions } from '../../src/state/postgres-connection.ts';
import { one, run, type Work } from '../../src/state/work.ts';
import { PASSWORD, ROLE, startPostgres, waitUntil } from './a-server.ts';

const server = await startPostgres();
afterAll(() => server.close());

let url: string;
beforeEach(async () => {
  url = server.url(await server.createDatabase());
});

function connect(options: Partial<PostgresOptions> = {}): PostgresConnection {
  const connection = new PostgresConnection({ url, access: 'write', ...options });
  onTestFinished(() => connection.close());
  return connection;
}

const note = (name: string) => (): Work<number> => run('insert into exports (name, seq) values (?, 1)', name);
const count = (): Work<unknown> => one('select count(*) as notes from exports');

/** What is said when it does not work: never with a secret in it. */
async function failure(asking: Promise<unknown>): Promise<string> {
  const thrown: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  const { message, mend } = thrown as { message: string; mend?: string };
  const said = `${message} | ${mend}`;
  expect(said).not.toContain(PASSWORD);
  expect(said).not.toContain(encodeURIComponent(PASSWORD));
  expect(said).not.toContain('postgres://');
  return said;
}

test('a wrong password, an unknown user and a missing one are said, with what to correct', async () => {
  const wrong = { message: /does not let this user in.*decisions\.store\.url/ };
  for (const bad of [
    url.replace(encodeURIComponent(PASSWORD), 'wrong'),
    url.replace(ROLE, 'nobody'),
    url.replace(`:${encodeURIComponent(PASSWORD)}@`, '@'),
  ]) {
    expect(await failure(connect({ url: bad }).ask(count))).toMatch(wrong.message);
  }
});

test('a database or a host that is not there is said', async () => {
  expect(await failure(connect({ url: server.url('nowhere') }).ask(count))).toMatch(
    /database nowhere on .* does not exist/,
  );
  const closed = url.replace(`:${server.port}/`, ':1/');
  expect(await failure(connect({ url: closed }).ask(count))).toMatch(/127\.0\.0\.1:1, cannot be reached/);
  const unknown = url.replace('127.0.0.1', 'nowhere.invalid');
  expect(await failure(connect({ url: `${unknown}?sslmode=disable` }).ask(count))).toMatch(/cannot be reached/);
});

test('a server without encryption is not spoken to where encryption is asked for', async () => {
  expect(await failure(connect({ url: `${url}?sslmode=require` }).ask(count))).toMatch(/does not encrypt connections/);
});

test('after the server was stopped and started again, it is used again by itself', async () => {
  const connection = connect();
  await connection.change(note('before'));
  await server.stop();
  expect(await failure(connection.change(note('meanwhile')))).toMatch(
    /cannot be reached|ended the connection|starting/,
  );
  await server.start();
  await connection.change(note('after'));
  expect(await connection.ask(count)).toEqual({ notes: 2 });
});

test('kill -9 of the server in the middle of a change loses what was not committed, and nothing else', async () => {
  const connection = connect();
  await connection.change(note('committed'));
  let isUnderWay = (): void => undefined;
  const underWay = new Promise<void>((resolve) => (isUnderWay = resolve));
  const broken = connection.change(function* () {
    yield* note('lost')();
    isUnderWay();
    yield* one('select pg_sleep(4)');
  });
  const said = failure(broken);
  await underWay;
  await server.kill();
  expect(await said).toMatch(/ended the connection/);
  await server.start();
  expect(await connection.ask(count)).toEqual({ notes: 1 });
});

test('connections that the server ends while nobody uses them are nobody’s failure', async () => {
  const connection = connect();
  await connection.ask(count);
  await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
  await waitUntil(
    async () => (await server.query(`select from pg_stat_activity where usename = '${ROLE}'`)).length === 0,
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await connection.ask(count)).toEqual({ notes: 0 });
});

test('a server that hangs is given up, and used again when it goes on', async () => {
  const connection = connect({ limits: { connectMs: 3_000, statementMs: 1_000, lockMs: 200 } });
  await connection.ask(count);
  server.freeze();
  try {
    // The one that was open, then a new one.
    expect(await failure(connection.change(note('hangs')))).toMatch(/took too long/);
    expect(await failure(connection.change(note('hangs')))).toMatch(/took too long/);
  } finally {
    server.thaw();
  }
  await connection.change(note('goes on'));
  expect(await connection.ask(count)).toEqual({ notes: 1 });
});

test('a store that may only be read is said to be so, serves who reads, and is written again when it may be', async () => {
  const connection = connect();
  await connection.ask(count);
  await server.query(`alter role ${ROLE} set default_transaction_read_only = on`);
  await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await failure(connection.change(note('refused')))).toMatch(/is read-only, as a standby is/);
  expect(await connect({ access: 'read' }).ask(count)).toEqual({ notes: 0 });
  await server.query(`alter role ${ROLE} reset default_transaction_read_only`);
  await connection.change(note('written'));
  expect(await connection.ask(count)).toEqual({ notes: 1 });
});

test('a statement that takes too long is ended by the server', async () => {
  await connect().identity();
  const connection = connect({ limits: { connectMs: 3_000, statementMs: 1_000, lockMs: 100 } });
  expect(await failure(connection.ask(() => one('select pg_sleep(5)')))).toMatch(/took too long/);
  expect(
    await server.query(
      `select from pg_stat_activity where query like '%pg_sleep(5)%' and state = 'active' and pid <> pg_backend_pid()`,
    ),
  ).toEqual([]);
});

test('no room for another connection is said, and over when there is', async () => {
  await server.query(`alter role ${ROLE} connection limit 0`);
  const connection = connect();
  expect(await failure(connection.ask(count))).toMatch(/takes no more connections/);
  await server.query(`alter role ${ROLE} connection limit -1`);
  expect(await connection.ask(count)).toEqual({ notes: 0 });
});

test('a store that is gone, or another one in its place, is never made anew beneath a gateway that runs', async () => {
  const connection = connect();
  await connection.ask(count);
  const name = new URL(url).pathname.slice(1);
  const dropAll = async (): Promise<void> => {
    await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${ROLE}'`);
    await server.query('drop schema if exists mcp_gateway cascade', name);
  };
  await dropAll();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await failure(connection.ask(count))).toMatch(/was replaced while the gateway ran/);
  await connect().ask(count);
  expect(await failure(connection.ask(count))).toMatch(/was replaced while the gateway ran/);
});

test('a user without the rights is told which he needs', async () => {
  const name = new URL(url).pathname.slice(1);
  await server.query(`alter database ${name} owner to postgres`);
  expect(await failure(connect().ask(count))).toMatch(/rights that the gateway needs.*schema mcp_gateway/);
  await server.query(`create schema mcp_gateway authorization ${ROLE}`, name);
  expect(await connect().ask(count)).toEqual({ notes: 0 });
});
