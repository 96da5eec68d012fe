import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import pg from 'pg';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { LogChecker } from '../../src/state/log-checker.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aHold, aNewApproval, aRecord } from '../state/records.ts';
import { besides, type Host, whole } from './hosts.ts';
import { aTimedHost, aTimedStore, callAt, DAY_MS, live, months, retain, setTime } from './months.ts';
import { asSuperuser } from './shared.ts';

const hasGone =
  (host: Host, ...names: readonly string[]) =>
  async (): Promise<boolean> => {
    const there = await months(host);
    return names.every((name) => !there.includes(name));
  };

/** Another process has it for the next minutes and keeps all that there is. */
async function freeLease({ url }: Host): Promise<void> {
  await asSuperuser(`delete from mcp_gateway.leases where name = 'budgets'`, url);
}

/** Long enough for what must not happen. */
function aWhile(): () => Promise<boolean> {
  let asked = 0;
  return async () => (asked += 1) > 20;
}

async function listed({ url }: Host): Promise<readonly string[]> {
  const reader = new DecisionReader({ url });
  const records = await reader.list({ limit: 1000 });
  await reader.close();
  return records.map(({ id }) => id).toReversed();
}

test('months that are older than records are kept go whole, and every host proves the rest of every chain', async () => {
  const one = await aTimedHost('2024-01-10T12:00:00Z');
  await live(one, 3, 2);
  const other = besides(one);
  await setTime(one, '2024-02-10T12:00:00Z');
  await live(other, 1, 2);
  await setTime(one, '2024-05-31T12:00:00Z');
  const kept = await live(other, 2, 1);
  expect(await whole(other)).toMatchObject({ rows: 20, notes: [] });
  const checker = new LogChecker(other);
  await checker.look();
  expect(await retain(one, hasGone(one, 'log_2024_01', 'log_2024_02'))).toEqual([]);
  expect(await listed(one)).toEqual(kept);
  for (const host of [one, other]) {
    const verdict = await whole(host);
    expect(verdict).toMatchObject({ rows: 4 + 3 });
    const removed = verdict.notes.filter((note) => note.includes('were removed because of their age'));
    expect(removed).toHaveLength(3);
    expect(removed[0]).toMatch(
      /^records of the chain \S+ up to #\d+ were removed .* under the seal of 2024-05-31T12:0/,
    );
  }
  expect(await checker.look()).toMatchObject({ ok: true });
  const reader = new DecisionReader({ url: one.url });
  const acts = await reader.acts({ limit: 9 });
  expect(acts.map(({ verb }) => verb)).toEqual(Array(3).fill('log.remove_old'));
  const counts = acts.map(({ before }) => /"count":(\d+)/.exec(JSON.stringify(before))?.[1]);
  expect(new Set(counts)).toEqual(new Set(['4', '8']));
  expect(await reader.removedUpTo()).toBeGreaterThan(0);
  expect(await reader.removedBehind(0)).toEqual({ upTo: await reader.removedUpTo(), rows: 16 });
  expect(await reader.removedBehind(await reader.removedUpTo())).toMatchObject({ rows: 0 });
  await reader.close();
});

test('a month that is old only in part stays, and goes when all of it is', async () => {
  const host = await aTimedHost('2024-01-02T12:00:00Z');
  await live(host, 1, 1);
  await setTime(host, '2024-04-25T12:00:00Z');
  await live(host, 1, 1);
  expect(await retain(host, aWhile())).toEqual([]);
  expect(await months(host)).toContain('log_2024_01');
  await setTime(host, '2024-05-01T00:00:01Z');
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  expect(await whole(host)).toMatchObject({ rows: 2 + 1 });
});

test('what came into the log late, behind the first record of the next month, stays as long as that', async () => {
  const host = await aTimedHost('2024-01-31T23:00:00Z');
  const [first] = await live(host, 1, 1);
  await setTime(host, '2024-02-01T00:00:00Z');
  const store = await aTimedStore(host);
  const later = await callAt(store);
  const late = await callAt(store, '2024-01-31T23:59:59.999Z');
  await store.close();
  await setTime(host, '2024-05-15T00:00:00Z');
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  expect(await listed(host)).toEqual([later, late]);
  expect(await whole(host)).toMatchObject({ rows: 5 });
  await setTime(host, '2024-06-15T00:00:00Z');
  const isLateGone = async (): Promise<boolean> => (await listed(host)).length === 0;
  expect(await retain(host, isLateGone)).toEqual([]);
  expect(await whole(host)).toMatchObject({ rows: 2 });
  expect(first).not.toBe(later);
});

test('a call that is not over, what is held for one, and an approval that is open keep their month and all later ones', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  await live(host, 1, 1);
  const holder = await aTimedStore(host);
  const asked = aRecord({ effect: 'pending', time: '2024-01-10T12:00:00.000Z' });
  const expiresMs = Date.parse('2024-07-01T00:00:00Z');
  await holder.log.commit(asked, '{}', [
    { kind: 'open_approval', approval: aNewApproval({ id: asked.id, expiresMs }) },
  ]);
  await setTime(host, '2024-03-10T12:00:00Z');
  const open = aRecord({ time: '2024-03-10T12:00:00.000Z' });
  await holder.log.commit(open, '{}', [{ kind: 'take', charge: aHold() }]);
  await setTime(host, '2024-06-20T12:00:00Z');
  await holder.beat();
  await freeLease(host);
  const seen = async (): Promise<readonly unknown[]> =>
    (await months(host)).filter((name) => /2024_0[13]$/.test(String(name)));
  expect(await retain(host, aWhile(), 1)).toEqual([]);
  expect(await seen()).toEqual(['log_2024_01', 'log_2024_03']);
  await setTime(host, '2024-07-20T12:00:00Z');
  await holder.beat();
  await freeLease(host);
  expect(await retain(host, hasGone(host, 'log_2024_01'), 1)).toEqual([]);
  expect(await listed(host)).toContain(open.id);
  await holder.close();
  expect(await retain(host, hasGone(host, 'log_2024_01', 'log_2024_03'), 1)).toEqual([]);
  expect(await whole(host)).toMatchObject({ kind: 'ok' });
});

test('while somebody reads the log it is not dropped and calls go on; the next time it is', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  await live(host, 2, 1);
  await setTime(host, '2024-05-31T12:00:00Z');
  const reader = new pg.Client({ connectionString: host.url });
  await reader.connect();
  onTestFinished(() => reader.end());
  await reader.query('begin; select count(*) from mcp_gateway.log');
  const store = await aTimedStore(host, { retainMs: 90 * DAY_MS });
  const kept = await callAt(store);
  const isSealed = async (): Promise<boolean> =>
    (await asSuperuser('select from mcp_gateway.log_seals', host.url)).length === 2;
  await expect.poll(isSealed).toBe(true);
  await callAt(store);
  await store.close();
  expect(await months(host)).toContain('log_2024_01');
  // What is sealed is passed over, whether it has gone already or not.
  expect(await whole(host)).toMatchObject({ rows: 4 + 2 });
  await reader.query('rollback');
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  expect(await listed(host)).toContain(kept);
  expect(await whole(host)).toMatchObject({ rows: 4 + 2 });
});

test('ended after what it has signed and before that is on record, it is done again', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  await live(host, 2, 1);
  await setTime(host, '2024-05-31T12:00:00Z');
  await asSuperuser(
    `create function broken() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
     create trigger broken before insert on mcp_gateway.log_seals for each row execute function broken()`,
    host.url,
  );
  const problems = await retain(host, async () => false);
  expect(problems.join()).toContain('problem');
  expect(readFileSync(checkpointPath(host.home), 'utf8').match(/"kind":"removed"/g)).toHaveLength(1);
  await asSuperuser('drop trigger broken on mcp_gateway.log_seals', host.url);
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  expect(await whole(host)).toMatchObject({ rows: 2 });
});

test('what only the database calls old stays', async () => {
  const host = await aTimedHost('2024-04-30T12:00:00Z');
  const kept = await live(host, 1, 2);
  await setTime(host, '2024-05-31T12:00:00Z');
  await asSuperuser(
    `select mcp_gateway.make_log_partition('2024-01-01');
     set session_replication_role = replica; update mcp_gateway.log set time = '2024-01-01' || substr(time, 11)`,
    host.url,
  );
  const problems = await retain(host, async () => false);
  expect(problems.join()).toContain('is not what was written, so nothing is removed');
  expect(await listed(host)).toEqual(kept);
});

test('a chain that this home has no checkpoint of, as far as it would go, stays', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  await live(host, 1, 1);
  await setTime(host, '2024-05-31T12:00:00Z');
  const other = besides(host);
  await (await aTimedStore(other, { retainMs: 90 * DAY_MS })).close();
  expect(await months(host)).toContain('log_2024_01');
  expect(await retain(other, hasGone(host, 'log_2024_01'))).toEqual([]);
  expect(await whole(host)).toMatchObject({ rows: 1 });
});

const HARMS = [
  ['rows behind the seal that go too', 'delete from log where seq = (select min(seq) from log)'],
  ['a seal that is not what was sealed', `update log_seals set line = replace(line, '"count":4', '"count":5')`],
  ['a seal that is gone', 'delete from log_seals'],
] as const;

test.each(HARMS)('%s are missing', async (_, harm) => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  await live(host, 1, 2);
  await setTime(host, '2024-05-31T12:00:00Z');
  await live(host, 1, 2);
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  await asSuperuser(`set session_replication_role = replica; set search_path = mcp_gateway; ${harm}`, host.url);
  const checkpoints = `${host.home}/none.jsonl`;
  writeFileSync(checkpoints, '');
  expect(await verifyLog({ ...host, checkpoints })).toMatchObject({ kind: 'missing' });
});

test('rows under no seal cannot be removed by accident, also not with their month', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  const kept = await live(host, 2, 2);
  await expect(asSuperuser('delete from mcp_gateway.log', host.url)).rejects.toThrow(/sealed segments only/);
  await asSuperuser(`select mcp_gateway.drop_log_partition('log_2024_01')`, host.url);
  expect((await listed(host)).toSorted()).toEqual(kept.toSorted());
  expect(await whole(host)).toMatchObject({ rows: 8 });
});

test('what was kept beside a decision goes with it', async () => {
  const host = await aTimedHost('2024-01-10T12:00:00Z');
  const store = await aTimedStore(host);
  const old = aRecord({ id: '018cf3b8-0000-7000-8000-000000000000', time: '2024-01-10T12:00:00.000Z', effect: 'deny' });
  const material = { key: '', body: Buffer.from('{}'), hash: '' } as const;
  await store.log.commit(old, '{}', [{ kind: 'keep_audit', material: { ...material, id: old.id, part: 'input' } }]);
  await store.close();
  await setTime(host, '2024-05-31T12:00:00Z');
  expect(await retain(host, hasGone(host, 'log_2024_01'))).toEqual([]);
  const isGone = async (): Promise<boolean> =>
    (await asSuperuser('select from mcp_gateway.audit', host.url)).length === 0;
  await expect.poll(isGone).toBe(true);
});
