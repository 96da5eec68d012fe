import { afterAll, expect, onTestFinished, test } from 'vitest';
import { stdioV2 } from '../e2e/clients.ts';
import { PATIENCE, runProgram } from '../e2e/program.ts';
import { textsIn } from '../e2e/servers.ts';
import { Store } from '../../src/state/store.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { aHostAt, callWithoutEnd, expectRecorded, REFUSED, write } from './a-host.ts';
import { aProxy } from './a-proxy.ts';
import { PASSWORD, type PostgresServer, startPostgres, waitUntil } from './a-server.ts';
import { whole } from './hosts.ts';

let primary = await startPostgres();
let standby = await primary.standby();
afterAll(() => Promise.all([primary.close(), standby.close()]));

/** From now on nothing is committed that the standby does not have. */
async function waitForStandby(server: PostgresServer, names: string): Promise<void> {
  await server.query(`alter system set synchronous_standby_names = '${names}'`);
  await server.query('select pg_reload_conf()');
}

async function isFollowed(server: PostgresServer): Promise<boolean> {
  return (await server.query(`select from pg_stat_replication where state = 'streaming'`)).length > 0;
}

/** The one that was promoted has a standby of its own from then on. */
async function takeTurns(): Promise<void> {
  await primary.close();
  primary = standby;
  standby = await primary.standby();
}

test('over a failover calls are refused until the standby has taken over, and no call is without a record there', async () => {
  const name = await primary.createDatabase();
  await waitUntil(() => isFollowed(primary));
  await waitForStandby(primary, '*');
  const address = await aProxy(primary.port);
  const host = aHostAt(`127.0.0.1:${address.port}/${name}`);
  const client = await stdioV2(host);
  await expect.poll(() => write(client, 'before'), PATIENCE).toBe('written');
  const loads = ['a', 'b', 'c'].map((each) => callWithoutEnd(client, each));
  const answers = (): readonly string[] => loads.flatMap((load) => load.answers);
  await expect.poll(() => answers().length, PATIENCE).toBeGreaterThan(60);

  await primary.kill();
  address.lead(standby.port);
  // The address leads to a server that can only be read: still nothing is forwarded.
  await expect.poll(answers, PATIENCE).toContainEqual(REFUSED);
  const reached = textsIn(host).length;
  expect(await write(client, 'in the hot standby')).toEqual(REFUSED);
  const { stdout } = await runProgram(host, ['doctor', '--offline', '--json']);
  expect(findingsIn(stdout)).toContainEqual(
    expect.objectContaining({ id: 'store.rights', state: 'fail', mend: 'name the primary in url' }),
  );
  expect(textsIn(host).length).toBe(reached);

  await standby.query('select pg_promote()');
  await expect.poll(() => write(client, 'after'), PATIENCE).toBe('written');
  await Promise.all(loads.map((load) => load.end()));
  const { received } = await expectRecorded(host, standby.url(name));
  expect(received).toBeGreaterThan(60);
  await takeTurns();
});

test('a gateway that is started at a hot standby by mistake says so and serves nothing', async () => {
  const name = await primary.createDatabase();
  const store = await Store.open({ ...placeOf(primary, name), durability: 'full', clock: realClock, logger: silent });
  await store.close();
  await waitUntil(async () => (await standby.query(`select from pg_database where datname = '${name}'`)).length === 1);
  await waitUntil(async () => (await caughtUp()) === true);
  const { code, stdout, stderr } = await runProgram(aHostAt(`127.0.0.1:${standby.port}/${name}`), ['serve', '--stdio']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error STORE_UNAVAILABLE the store, database .* is read-only, as a standby is/);
  expect(stderr).toMatch(/Name the primary in `decisions\.store\.url`/);
  expect(stderr).not.toContain(PASSWORD);
});

test('what only one of two servers has is not recorded: a standby that stays away ends the service, and its return begins it', async () => {
  const name = await primary.createDatabase();
  // Somebody has asked for fewer words, which does not silence what the gateway has to hear.
  await primary.query(`alter database ${name} set client_min_messages = error`);
  const place = placeOf(primary, name);
  const store = await Store.open({ ...place, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => store.close().catch(() => undefined));
  await store.log.append(aRecord());
  await waitUntil(() => isFollowed(primary));
  await waitForStandby(primary, '*');
  await standby.stop();
  const refused = record(store);
  await waitUntil(async () => (await waitingForStandby()) > 0);
  // The server then calls that committed, and says in a warning that only it has it.
  await primary.query(`select pg_cancel_backend(pid) ${WAITING}`);
  expect(await refused).toContain('did not confirm in time');
  for (let count = 0; count < 2; count += 1) expect(await record(store)).toContain('says nothing at all');
  // What was given up is ended at the server, too, so that it has connections left.
  expect(await waitingForStandby()).toBeLessThanOrEqual(2);
  await standby.start();
  await expect.poll(() => record(store), PATIENCE).toBe('recorded');
  expect(await whole(place)).toMatchObject({ kind: 'ok' });
  await waitForStandby(primary, '');
});

test('what asynchronous replication has lost ends the service of who knows of it, and is found by its checkpoint', async () => {
  const name = await primary.createDatabase();
  const place = placeOf(primary, name);
  const address = await aProxy(primary.port);
  const url = place.url.replace(`:${primary.port}/`, `:${address.port}/`);
  const running = await Store.open({ ...place, url, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => running.close().catch(() => undefined));
  const ending = await Store.open({ ...place, durability: 'full', clock: realClock, logger: silent });
  expect(await record(running)).toBe('recorded');
  await waitUntil(async () => (await caughtUp()) === true);
  await standby.stop();
  expect([await record(running), await record(ending)]).toEqual(['recorded', 'recorded']);
  await ending.close();
  await primary.kill();
  await standby.start();
  await standby.query('select pg_promote()');
  address.lead(standby.port);
  await expect.poll(() => record(running), PATIENCE).toContain('has lost the end of its chain');
  const after = { url: standby.url(name), home: place.home };
  const restarted = await Store.open({ ...after, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => restarted.close().catch(() => undefined));
  expect(await record(restarted)).toBe('recorded');
  expect((await verifyLog(after)).kind).not.toBe('ok');
  await takeTurns();
});

const WAITING = `from pg_stat_activity where wait_event = 'SyncRep'`;

async function waitingForStandby(): Promise<number> {
  return (await primary.query(`select ${WAITING}`)).length;
}

function record(store: Store): Promise<string> {
  return store.log.append(aRecord()).then(() => 'recorded', String);
}

function placeOf(server: PostgresServer, name: string): { readonly url: string; readonly home: string } {
  return { url: server.url(name), home: aFolder() };
}

async function caughtUp(): Promise<unknown> {
  const [row] = await primary.query('select pg_current_wal_lsn()::text as lsn');
  const [there] = await standby.query(`select pg_last_wal_replay_lsn() >= '${String(row?.['lsn'])}' as "isThere"`);
  return there?.['isThere'];
}

interface Finding {
  readonly id: string;
  readonly state: string;
  readonly mend?: string;
}

function findingsIn(stdout: string): readonly Finding[] {
  return (JSON.parse(stdout) as { readonly findings: readonly Finding[] }).findings;
}
