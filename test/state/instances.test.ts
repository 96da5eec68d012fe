import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { beat, findDead, identifyProcess, type InstanceIdentity } from '../../src/state/instances.ts';
import { giveLeases, takeLease } from '../../src/state/leases.ts';
import { aRecord } from './records.ts';
import { all, run } from '../../src/state/work.ts';
import { aConnection, aMovedClock, anyPlace, aReader, aStore, isSettled } from './support.ts';

const me: InstanceIdentity = { ...identifyProcess('me'), host: 'here' };
/** Above the largest pid that Linux gives. */
const GONE = 2 ** 22 + 1;

interface Seen {
  readonly what: string;
  readonly changes: Partial<InstanceIdentity>;
  readonly silenceMs: number;
  readonly isDead: boolean;
}

const SEEN: readonly Seen[] = [
  { what: 'runs beside us', changes: {}, silenceMs: 100, isDead: false },
  { what: 'runs beside us and has been silent for an hour', changes: {}, silenceMs: 3_600_000, isDead: false },
  { what: 'has a pid that is gone', changes: { pid: GONE }, silenceMs: 100, isDead: true },
  { what: 'has a pid that another process got', changes: { began: '1' }, silenceMs: 100, isDead: true },
  { what: 'beat 29 s ago on another host', changes: { host: 'there' }, silenceMs: 29_000, isDead: false },
  { what: 'beat 31 s ago on another host', changes: { host: 'there' }, silenceMs: 31_000, isDead: true },
  { what: 'has a pid gone on another host', changes: { pid: GONE, host: 'there' }, silenceMs: 100, isDead: false },
  { what: 'has a pid gone in another boot', changes: { pid: GONE, boot: 'b2' }, silenceMs: 100, isDead: false },
  { what: 'beat 31 s ago in another boot', changes: { boot: 'b2' }, silenceMs: 31_000, isDead: true },
  { what: 'does not know its boot', changes: { pid: GONE, boot: '' }, silenceMs: 100, isDead: false },
  { what: 'was entered before it said when it began', changes: { began: '' }, silenceMs: 31_000, isDead: true },
];

test.each(SEEN)(
  'of an instance that $what is said that it is dead: $isDead',
  async ({ changes, silenceMs, isDead }) => {
    const connection = aConnection(anyPlace());
    const other = { ...me, id: 'other', ...changes };
    await beat(connection, other, { now: 1_000_000, openFrom: 7 });
    const viewer = other.boot === '' ? { ...me, boot: '' } : me;
    const dead = await findDead(connection, viewer, 1_000_000 + silenceMs);
    expect(dead).toEqual(isDead ? [{ id: 'other', openFrom: 7 }] : []);
  },
);

test('an instance never finds itself dead', async () => {
  const connection = aConnection(anyPlace());
  await beat(connection, me, { now: 0, openFrom: 1 });
  expect(await findDead(connection, me, 1e9)).toEqual([]);
});

test('this process is alive by its own description', async () => {
  const connection = aConnection(anyPlace());
  const identity = identifyProcess(randomUUID());
  await beat(connection, identity, { now: 0, openFrom: 1 });
  expect(await findDead(connection, { ...identity, id: 'other' }, 0)).toEqual([]);
});

test('a lease has one holder until it runs out or is given back', async () => {
  const connection = aConnection(anyPlace());
  const take = (holder: string, now: number) => takeLease(connection, { name: 'sweep', holder, now, lastsMs: 100 });
  expect([
    await take('a', 0),
    await take('b', 50),
    await take('a', 50),
    await take('b', 120),
    await take('b', 150),
  ]).toEqual([true, false, true, false, true]);
  await giveLeases(connection, 'b');
  expect(await take('a', 151)).toBe(true);
});

test('F-20 a lease from before the clock was set back is free', async () => {
  const connection = aConnection(anyPlace());
  const take = (holder: string, now: number) => takeLease(connection, { name: 'sweep', holder, now, lastsMs: 100 });
  const hour = 3_600_000;
  expect([await take('a', hour), await take('b', hour - 50), await take('b', 0)]).toEqual([true, false, true]);
});

test('what a dead instance holds is free', async () => {
  const connection = aConnection(anyPlace());
  await takeLease(connection, { name: 'sweep', holder: 'a', now: 0, lastsMs: 100 });
  expect(await takeLease(connection, { name: 'sweep', holder: 'b', now: 1, lastsMs: 100, dead: ['c'] })).toBe(false);
  expect(await takeLease(connection, { name: 'sweep', holder: 'b', now: 1, lastsMs: 100, dead: ['c', 'a'] })).toBe(
    true,
  );
});

/** Two gateways on one store, each elsewhere for the other, with a clock that the test moves. */
async function twoStores() {
  const place = anyPlace();
  const clock = await aMovedClock(place, Date.parse('2026-01-01T00:00:00Z'));
  const first = await aStore({ ...place, clock });
  const second = await aStore({ ...place, clock });
  // Of a process beside us it would be known that it lives.
  await aConnection(place).ask(() => run("update instances set host = 'elsewhere'"));
  return { place, first, second, reader: aReader(place), pass: (ms: number) => clock.pass(ms) };
}

test('after 30 s of silence calls become unknown, once, and only what was forwarded', async () => {
  const { place, first, second, reader, pass } = await twoStores();
  const call = aRecord();
  const others = [
    aRecord({ effect: 'deny', reasons: ['x'] }),
    aRecord({ effect: 'pending' }),
    aRecord({ action: 'tool_list' }),
    aRecord({ action: 'tool_result', call: call.id }),
  ];
  for (const record of [call, ...others]) await first.log.append(record);
  await pass(31_000);
  await second.beat();
  await second.beat();
  await isSettled(place);
  expect((await reader.find(call.id)).outcome).toMatchObject({ status: 'unknown', seq: await reader.lastSeq() });
  for (const { id } of others) expect((await reader.find(id)).outcome).toBeNull();
});

test('a gateway that was taken for dead enters again, and its true outcome is the one shown', async () => {
  const { place, first, second, reader, pass } = await twoStores();
  const call = aRecord();
  await first.log.append(call);
  await pass(31_000);
  await second.beat();
  first.log.settle({ id: call.id, status: 'ok', withheld: false, ms: 31_000, record_us: 50, settled: [] });
  await first.log.flush();
  expect((await reader.find(call.id)).outcome?.status).toBe('ok');
  await first.beat();
  const ids = await aConnection(place).ask(() => all('select id from instances order by id'));
  expect(ids.map(({ id }) => id)).toEqual([first.instance, second.instance].toSorted());
});

test('a gateway that closed well leaves no entry', async () => {
  const { place, first, second } = await twoStores();
  await first.close();
  await second.close();
  const connection = aConnection(place);
  for (const table of ['instances', 'leases']) {
    expect(await connection.ask(() => all(`select * from ${table}`))).toEqual([]);
  }
});
