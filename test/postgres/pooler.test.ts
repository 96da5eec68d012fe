import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import { one, run } from '../../src/state/work.ts';
import { stdioV2 } from '../e2e/clients.ts';
import { end, PATIENCE, runProgram } from '../e2e/program.ts';
import { aHostAt, callWithoutEnd, expectRecorded, REFUSED, SECRET, write } from './a-host.ts';
import { freePort, PASSWORD, ROLE, serverOwner, startPostgres, waitUntil } from './a-server.ts';

const server = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), 'mcpg-pooler-'));
let pooler: Pooler;
beforeAll(async () => {
  pooler = await startPooler();
});
afterAll(async () => {
  await pooler.close();
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

interface Pooler {
  readonly port: number;
  restart(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Debian's PgBouncer. A database whose name begins with `t_` is the one without it, shared by the transaction. */
async function startPooler(): Promise<Pooler> {
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users'), `"${ROLE}" "${PASSWORD}"\n`);
  const lines = (databases: readonly string[]): string =>
    ['[databases]', ...databases, '[pgbouncer]', `listen_addr = 127.0.0.1`, `listen_port = ${port}`]
      .concat([`unix_socket_dir =`, `auth_type = scram-sha-256`, `auth_file = ${join(folder, 'users')}`])
      .concat(['pool_mode = session', 'default_pool_size = 20', 'ignore_startup_parameters = extra_float_digits', ''])
      .join('\n');
  const at = `host=127.0.0.1 port=${server.port}`;
  writeFileSync(file, lines([`t_shared = ${at} dbname=shared pool_mode=transaction`, `* = ${at}`]));
  const owner = serverOwner();
  if (owner !== undefined) for (const path of [folder, file, join(folder, 'users')]) chownSync(path, ...owner);
  const start = async () => {
    const identity = owner === undefined ? [] : ['-u', 'postgres'];
    const child = spawn('pgbouncer', ['-q', ...identity, file], { stdio: 'ignore' });
    await waitUntil(() => listens(port));
    return child;
  };
  let running = await start();
  const stop = async (): Promise<void> => end(running);
  return {
    port,
    stop,
    close: stop,
    async restart() {
      running = await start();
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function addressOf(database: string): string {
  return `postgres://${ROLE}:${SECRET}@127.0.0.1:${pooler.port}/${database}`;
}

function connectTo(database: string): PostgresConnection {
  const connection = new PostgresConnection({ url: addressOf(database), access: 'write' });
  onTestFinished(() => connection.close());
  return connection;
}

test('behind a pooler that keeps sessions a gateway decides, records and is verified, also when the pooler went away', async () => {
  const name = await server.createDatabase();
  const host = aHostAt(`127.0.0.1:${pooler.port}/${name}`);
  const client = await stdioV2(host);
  await expect.poll(() => write(client, 'before'), PATIENCE).toBe('written');
  const load = callWithoutEnd(client, 'load');
  await expect.poll(() => load.answers.length, PATIENCE).toBeGreaterThan(30);
  await pooler.stop();
  await expect.poll(() => load.answers, PATIENCE).toContainEqual(REFUSED);
  await pooler.restart();
  await expect.poll(() => write(client, 'after'), PATIENCE).toBe('written');
  await load.end();
  expect((await expectRecorded(host, server.url(name))).received).toBeGreaterThan(30);
  const doctor = await runProgram(host, ['doctor', '--offline', '--json']);
  expect(doctor.stdout).toMatch(/"id": ?"store.rights", ?\s*"state": ?"ok"/);
});

test('behind a pooler that keeps none a gateway does not start, and says which setting', async () => {
  await server.query(`create database shared owner ${ROLE}`);
  const place = aHostAt(`127.0.0.1:${pooler.port}/t_shared`);
  const serving = await runProgram(place, ['serve', '--stdio']);
  expect(serving).toMatchObject({ code: 1, stdout: '' });
  expect(serving.stderr).toMatch(
    /^error STORE_UNAVAILABLE the store, database t_shared .* is behind a pooler that keeps no session[\s\S]*pool_mode = session/,
  );
  expect((await runProgram(place, ['doctor', '--offline'])).stdout).toContain(
    'is behind a pooler that keeps no session',
  );
  expect(await server.query(`select from pg_namespace where nspname = 'mcp_gateway'`, 'shared')).toEqual([]);
});

test('what is set for one session reaches no other one, and prepared statements go on', async () => {
  const name = await server.createDatabase();
  const first = connectTo(name);
  for (let count = 0; count < 3; count += 1) {
    await first.change(() => run('insert into exports (name, seq) values (?, 1)', `n${count}`));
  }
  await first.close();
  const reading = new PostgresConnection({ url: addressOf(name), access: 'read' });
  expect(await reading.ask(() => one('select count(*) as notes from exports'))).toEqual({ notes: 3 });
  await reading.close();
  // It is lent the session that could only read.
  const second = connectTo(name);
  await second.change(() => run(`insert into exports (name, seq) values ('last', 1)`));
  expect(await second.ask(() => one('show statement_timeout'))).toEqual({ statement_timeout: '5s' });
});
