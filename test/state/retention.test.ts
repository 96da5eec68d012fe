import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aHold, aNewApproval, anAct, anOutcome, aRecord } from './records.ts';
import { aPlace, aStore, type Place } from './support.ts';
import { sql, tamper } from './tampering.ts';

// A PostgreSQL removes whole months, not segments: the same laws are tried of it in test/postgres/retention.test.ts.

const HOUR_MS = 3_600_000;

/** A clock that can be set forward. */
function aClock() {
  let aheadMs = 0;
  const clock: Clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() + aheadMs };
  return { clock, pass: (ms: number) => void (aheadMs += ms) };
}

interface Life {
  readonly place: Place;
  readonly clock: Clock;
  readonly retainMs?: number;
}

/** A process that records so many calls and ends, which makes a segment. */
async function record({ place, clock, retainMs }: Life, calls: number): Promise<readonly string[]> {
  const store = await aStore({ ...place, clock, retainMs });
  const ids = [];
  for (let call = 0; call < calls; call += 1) {
    const one = aRecord({ time: new Date(clock.now()).toISOString() });
    await store.log.append(one);
    store.log.settle(anOutcome(one.id));
    ids.push(one.id);
  }
  await store.close();
  return ids;
}

async function listed({ path }: Place): Promise<readonly string[]> {
  const reader = new DecisionReader({ path });
  const records = await reader.list({ limit: 1000 });
  await reader.close();
  return records.map(({ id }) => id).toReversed();
}

test('what is older than it is kept goes, whole segments of it, and the log is whole across the gap', async () => {
  const { clock, pass } = aClock();
  const place = aPlace();
  await record({ place, clock }, 3);
  pass(3 * HOUR_MS);
  const kept = await record({ place, clock }, 2);
  const more = await record({ place, clock, retainMs: HOUR_MS }, 1);
  expect(await listed(place)).toEqual([...kept, ...more]);
  expect(await verifyLog(place)).toMatchObject({
    kind: 'ok',
    first: 7,
    notes: ['records 1 to 6 were removed because of their age, under a signed seal'],
  });
  const reader = new DecisionReader({ path: place.path });
  const [act] = await reader.acts({ limit: 1 });
  await reader.close();
  expect(act).toMatchObject({ verb: 'log.remove_old', before: { first: 1, last: 6, count: 6 }, via: 'gateway' });
});

test('what is younger stays, and so does a segment that is old only in part', async () => {
  const { clock, pass } = aClock();
  const place = aPlace();
  const store = await aStore({ ...place, clock });
  const first = aRecord({ effect: 'deny', time: new Date(clock.now()).toISOString() });
  await store.log.append(first);
  pass(3 * HOUR_MS);
  const second = aRecord({ effect: 'deny', time: new Date(clock.now()).toISOString() });
  await store.log.append(second);
  await store.close();
  await record({ place, clock, retainMs: HOUR_MS }, 0);
  expect(await listed(place)).toEqual([first.id, second.id]);
});

test('more is removed later, and every seal is held to', async () => {
  const { clock, pass } = aClock();
  const place = aPlace();
  for (let turn = 0; turn < 4; turn += 1) {
    await record({ place, clock, retainMs: HOUR_MS }, 2);
    pass(2 * HOUR_MS);
  }
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', seq: expect.any(Number) });
  // The last segment of what was there stays until something follows it.
  expect(await listed(place)).toHaveLength(4);
});

const HARMS = [
  ['rows behind the seal that go too', 'delete from log where seq = (select min(seq) from log)'],
  ['a seal that is not what was signed', `update log_seals set line = replace(line, '"seq":6', '"seq":7')`],
] as const;

test.each(HARMS)('%s are missing', async (_, harm) => {
  const { clock, pass } = aClock();
  const place = aPlace();
  await record({ place, clock }, 3);
  pass(3 * HOUR_MS);
  await record({ place, clock }, 1);
  await record({ place, clock, retainMs: HOUR_MS }, 2);
  tamper(place, sql(harm));
  const verdict = await verifyLog({ ...place, checkpoints: emptyFile(place) });
  expect(verdict).toMatchObject({ kind: 'missing', seq: 1 });
});

test('what only the database calls old stays', async () => {
  const { clock } = aClock();
  const place = aPlace();
  const kept = await record({ place, clock }, 3);
  const database = chooseDriver().open(place.path, 'write');
  database.exec(
    `insert or replace into log_checkpoints (seq, at, hash) select seq, 0, hash from log where seq in (4, 6)`,
  );
  database.close();
  const more = await record({ place, clock, retainMs: HOUR_MS }, 1);
  expect(await listed(place)).toEqual([...kept, ...more]);
});

function emptyFile({ home }: Place): string {
  writeFileSync(`${home}/none.jsonl`, '');
  return `${home}/none.jsonl`;
}

test('a call that is not over, what is held for one, and an approval that is open are kept with all that follows', async () => {
  const { clock, pass } = aClock();
  const place = aPlace();
  const holder = await aStore({ ...place, clock });
  await holder.log.append(aRecord({ effect: 'deny' }));
  const asked = aRecord({ effect: 'pending' });
  const approval = aNewApproval({ id: asked.id, expiresMs: clock.now() + 10 * HOUR_MS });
  await holder.log.commit(asked, '{}', [{ kind: 'open_approval', approval }]);
  await holder.close();
  await record({ place, clock }, 1);
  pass(3 * HOUR_MS);
  await record({ place, clock, retainMs: HOUR_MS }, 0);
  expect(await listed(place)).toContain(asked.id);
  pass(10 * HOUR_MS);
  await record({ place, clock, retainMs: HOUR_MS }, 0);
  expect(await listed(place)).not.toContain(asked.id);
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
});

test('a record that a living gateway has not ended is kept however old it is', async () => {
  const { clock, pass } = aClock();
  const place = aPlace();
  await record({ place, clock }, 1);
  const living = await aStore({ ...place, clock });
  const open = aRecord();
  await living.log.commit(open, '{}', [{ kind: 'take', charge: aHold() }]);
  await record({ place, clock }, 1);
  pass(3 * HOUR_MS);
  await living.beat();
  await record({ place, clock, retainMs: HOUR_MS }, 0);
  expect(await listed(place)).toContain(open.id);
});

test('rows under no seal cannot be removed by accident', async () => {
  const place = aPlace();
  const store = await aStore(place);
  await store.log.act(anAct());
  await store.close();
  const database = chooseDriver().open(place.path, 'write');
  expect(() => database.exec('delete from log')).toThrow(/sealed segments only/);
  expect(() => database.exec(`update log set tool = 'x'`)).toThrow(/never changed/);
  database.close();
});
