import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { POSTGRES_MIGRATIONS } from '../../src/state/postgres-migrations.ts';
import { Store } from '../../src/state/store.ts';
import { stdioV2 } from '../e2e/clients.ts';
import { PATIENCE, type Place, PROGRAM, runProgram } from '../e2e/program.ts';
import { aRule } from '../e2e/servers.ts';
import { libraryOfFaketime } from '../faults/faketime.ts';
import { realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { aHostAt, SECRET, write } from './a-host.ts';
import { PASSWORD, ROLE, startPostgres, waitUntil } from './a-server.ts';

const server = await startPostgres();
afterAll(() => server.close());

let database: string;
beforeEach(async () => {
  database = await server.createDatabase();
});

interface Case {
  readonly what: string;
  readonly make?: () => Promise<unknown>;
  readonly database?: () => string;
  readonly password?: string;
  /** What the program says, with how to mend it; `doctor` has the same words. */
  readonly says: RegExp;
}

async function aStoreThere(): Promise<void> {
  const options = { url: server.url(database), home: aFolder(), durability: 'full', clock: realClock } as const;
  await (await Store.open({ ...options, logger: silent })).close();
}

const CASES: readonly Case[] = [
  {
    what: 'a wrong password',
    password: 'wrong-word-77',
    says: /does not let this user in: the password or the user is wrong[\s\S]*Correct `decisions\.store\.url`/,
  },
  {
    what: 'a database that is not there',
    database: () => 'nowhere',
    says: /database nowhere .*does not exist[\s\S]*createdb/,
  },
  {
    what: 'a role that may not use what another one owns',
    make: async () => {
      await aStoreThere();
      await server.query('alter schema mcp_gateway owner to postgres', database);
    },
    says: /does not give this user the rights that the gateway needs[\s\S]*owner of the schema mcp_gateway/,
  },
  {
    what: 'a database in another encoding',
    make: () => server.query(`create database latin owner ${ROLE} encoding 'LATIN1' template template0`),
    database: () => 'latin',
    says: /cannot hold every text: its encoding is LATIN1[\s\S]*--encoding=UTF8/,
  },
  {
    what: 'a store of a newer version',
    make: async () => {
      await aStoreThere();
      await server.query('update mcp_gateway.store set version = 99', database);
    },
    says: /has schema 99, this version knows \d+/,
  },
  {
    what: 'a schema that somebody else has made',
    make: () =>
      server.query(`create schema mcp_gateway authorization ${ROLE}; create table mcp_gateway.log (a int)`, database),
    says: /the schema mcp_gateway of database \S+ on \S+ belongs to another program[\s\S]*Name another database/,
  },
];

test.each(CASES)('$what: nothing is served, and the program and its doctor say how to mend that', async (it) => {
  await it.make?.();
  const place = aHostAt(`127.0.0.1:${server.port}/${it.database?.() ?? database}`);
  const host = { ...place, env: { ...place.env, ...(it.password !== undefined && { PGPASSWORD: it.password }) } };
  const [serving, doctor] = await Promise.all([
    runProgram(host, ['serve', '--stdio']),
    runProgram(host, ['doctor', '--offline', '--json']),
  ]);
  expect(serving).toMatchObject({ code: 1, stdout: '' });
  expect(serving.stderr).toMatch(/^error STORE_(UNAVAILABLE|NEWER) /);
  expect(serving.stderr).toMatch(it.says);
  const { findings } = JSON.parse(doctor.stdout) as { readonly findings: readonly Finding[] };
  const store = findings.find(({ id }) => id === 'store');
  expect(store).toMatchObject({ state: 'fail', mend: expect.stringMatching(/\S/) });
  const [words = it.says] = it.says.source.split('[\\s\\S]*').map((source) => new RegExp(source));
  expect(store?.words).toMatch(words);
  const all = Object.values({ ...serving, ...doctor }).join('\n');
  for (const secret of [PASSWORD, SECRET, 'wrong-word-77', 'postgres://']) expect(all).not.toContain(secret);
});

interface Finding {
  readonly id: string;
  readonly state: string;
  readonly words: string;
  readonly mend?: string;
}

/** In the middle of the first schema the server waits until the test lets it go on. */
const HELD_SCHEMA = `
  create function wait_for_test() returns event_trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(42); end $$;
  create event trigger held on ddl_command_end when tag in ('CREATE VIEW') execute function wait_for_test()`;

test('of two gateways that start on an empty database one is killed while it makes the schema, and the other makes it', async () => {
  await server.query(HELD_SCHEMA, database);
  const holder = new pg.Client({ connectionString: server.adminUrl(database) });
  await holder.connect();
  await holder.query('select pg_advisory_lock(42)');
  const there = `127.0.0.1:${server.port}/${database}`;
  const [one, other] = [aHostAt(there), aHostAt(there)];
  const doomed = spawn(process.execPath, [PROGRAM, 'serve', '--stdio', '--config', one.config], {
    env: one.env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = new Promise((resolve) => doomed.once('exit', resolve));
  await waitUntil(async () => (await waiting()) === 1);
  const serving = stdioV2(other);
  await waitUntil(async () => (await waiting()) === 2);
  doomed.kill('SIGKILL');
  await gone;
  await holder.end();
  const client = await serving;
  await expect.poll(() => write(client, 'made by the other'), PATIENCE).toBe('written');
  expect(await server.query('select version from mcp_gateway.store', database)).toEqual([
    { version: POSTGRES_MIGRATIONS.length },
  ]);
  expect(await runProgram(other, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

async function waiting(): Promise<number> {
  const where = `usename = '${ROLE}' and wait_event = 'advisory'`;
  return (await server.query(`select from pg_stat_activity where ${where}`)).length;
}

/** Two calls in an hour, and an approval that holds for ten minutes. */
function teamBundle(folder: string): string {
  const bundle = join(folder, 'team');
  mkdirSync(bundle);
  const counter = { name: 'written', unit: 'calls', key: ['user.id'], window: { kind: 'sliding', seconds: 3600 } };
  const gateway = { contract: 1, layer: 'workflow', governs: ['tool_call'] };
  const metadata = { gateway: { ...gateway, counters: [{ ...counter, limit: 2, reserve: 1 }] } };
  writeFileSync(join(bundle, '.manifest'), JSON.stringify({ roots: ['team'], metadata }));
  const counted = 'obligations contains {"id": "W-1", "type": "counter", "name": "written"}';
  const approved = 'obligations contains {"id": "W-2", "type": "require_approval", "by": "group:leads", "ttl_s": 600}';
  const rules = [
    aRule('W-1', `${counted} if input.action.tool == "write"`),
    aRule('W-2', `${approved} if input.action.tool == "read"`),
  ];
  writeFileSync(join(bundle, 'policy.rego'), `package team\n\n${rules.join('\n')}`);
  return `policies: { org: [{ id: team, layer: workflow, source: ${bundle} }] }`;
}

/** A machine whose wall clock is wrong by so much. */
function aHostWith(offset: string): Place {
  const host = aHostAt(`127.0.0.1:${server.port}/${database}`, teamBundle);
  const clock = { LD_PRELOAD: libraryOfFaketime(), FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  return { ...host, env: { ...host.env, ...clock } };
}

test('on hosts whose clocks are an hour wrong either way, the store’s decides about budgets, approvals and who lives', async () => {
  const [ahead, behind, right] = [aHostWith('+1h'), aHostWith('-1h'), aHostWith('+0')];
  const first = await stdioV2(ahead);
  await expect.poll(() => first.listTools(), PATIENCE).toContain('write');
  for (const host of [behind, right]) shareKey(ahead, host);
  const second = await stdioV2(behind);
  await expect.poll(() => second.listTools(), PATIENCE).toContain('write');

  // Two hours lie between their clocks, in which all of it would have come back.
  expect([await write(first, 'a'), await write(second, 'b')]).toEqual(['written', 'written']);
  for (const client of [first, second]) expect(await write(client, 'c')).toContain('is used up');

  // Neither has expired for the other, or is not there yet.
  const asked = (await first.call('read')).content[0]?.text ?? '';
  const id = /Decision (\S+)/.exec(asked)?.[1] ?? '';
  const made = await runProgram(right, ['key', 'create', '--role', 'approver', '--groups', 'leads', '--user', 'dana']);
  const approver = { ...right, env: { ...right.env, MCP_GATEWAY_APPROVER_KEY: made.stdout.trim() } };
  expect(await runProgram(approver, ['approval', 'approve', id])).toMatchObject({ code: 0 });
  expect((await first.call('read')).content[0]?.text).not.toContain('waits for approval');

  // Heartbeats are written every five seconds: after two of each, nobody has taken the other for dead.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  expect(await server.query('select id from mcp_gateway.instances', database)).toHaveLength(2);
  const [doctor, early] = await Promise.all(
    [behind, ahead].map((host) => runProgram(host, ['doctor', '--offline', '--json'])),
  );
  expect(clockIn(doctor?.stdout)).toMatchObject({
    state: 'warn',
    words: expect.stringMatching(/3[56]\d\d\.\d s ahead of/),
  });
  expect(clockIn(early?.stdout)).toMatchObject({
    state: 'warn',
    words: expect.stringMatching(/3[56]\d\d\.\d s behind/),
  });
  expect(await runProgram(right, ['decision', 'verify'])).toMatchObject({ code: 0 });
});

function clockIn(stdout = ''): Finding | undefined {
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  return findings.find(({ id }) => id === 'store.clock');
}

/** What an administrator does before the second host is started. */
function shareKey(from: Place, to: Place): void {
  const [here, there] = [from, to].map(({ folder }) => join(folder, 'home'));
  mkdirSync(there ?? '', { recursive: true, mode: 0o700 });
  copyFileSync(join(here ?? '', 'chain.key'), join(there ?? '', 'chain.key'));
}
