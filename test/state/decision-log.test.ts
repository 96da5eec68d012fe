import { describe, expect, test } from 'vitest';
import type { Seal } from '../../src/core/record.ts';
import type { LogRow } from '../../src/state/chain.ts';
import type { Writer } from '../../src/state/append.ts';
import { DecisionLog } from '../../src/state/decision-log.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord, aSettlement, realClock, silent } from './records.ts';
import { anyPlace, aReader, aStore, DURABILITIES } from './support.ts';

const unavailable = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });

/** Holds every commit until it is let go. */
function aSlowWriter() {
  const groups: { readonly rows: readonly LogRow[]; done(): void; fail(error: Error): void }[] = [];
  let seq = 0;
  const writer: Writer = {
    commit: (rows) =>
      new Promise<readonly Seal[]>((resolve, reject) => {
        const done = () => resolve(rows.map((row) => ({ seq: ++seq, chain: 'c', instance: row.instance, hash: '' })));
        groups.push({ rows, done, fail: reject });
      }),
  };
  const log = new DecisionLog({ writer, startsAfter: 0, instance: 'i', clock: realClock, logger: silent });
  const arrival = async (count: number) => {
    while (groups.length < count) await new Promise((resolve) => setImmediate(resolve));
    const group = groups[count - 1];
    if (group === undefined) throw new Error('no group');
    return group;
  };
  return { log, groups, arrival };
}

describe.each(DURABILITIES)('durability %s', (durability) => {
  test('an appended decision is there for others as soon as it is sealed', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const record = aRecord();
    const seal = await store.log.append(record);
    expect(seal).toEqual({
      seq: expect.any(Number),
      chain: expect.any(String),
      instance: store.instance,
      hash: expect.any(String),
    });
    const found = await aReader(store.place).find(record.id);
    expect(found).toEqual({ ...record, ...seal, outcome: null });
  });

  test('an outcome is shown with its decision and is a row of its own in the same chain', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const record = aRecord();
    const { seq } = await store.log.append(record);
    store.log.settle(anOutcome(record.id, { status: 'tool_error', settled: [aSettlement()] }));
    await store.log.flush();
    const found = await aReader(store.place).find(record.id);
    expect(found.outcome).toEqual({
      ...anOutcome(record.id, { status: 'tool_error', settled: [aSettlement()] }),
      seq: expect.any(Number),
      hash: expect.any(String),
    });
    expect(found.outcome?.seq).toBeGreaterThan(seq);
    expect(await verifyLog({ ...store.place, home: store.home })).toMatchObject({ kind: 'ok', rows: 2 });
  });

  test('many at once are sealed in the order in which they came, each with its own seal', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const records = Array.from({ length: 600 }, () => aRecord());
    const seals = await Promise.all(records.map((record) => store.log.append(record)));
    const numbers = seals.map(({ seq }) => seq);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    const listed = await aReader(store.place).list({ limit: 1000 });
    expect(listed.map(({ id }) => id)).toEqual(records.map(({ id }) => id).toReversed());
  });

  test('closing commits what was handed over, settles open calls as unknown, and may be done twice', async () => {
    const store = await aStore({ ...anyPlace(), durability });
    const [settled, open] = [aRecord(), aRecord()];
    const [, { seq }] = await Promise.all([store.log.append(settled), store.log.append(open)]);
    store.log.settle(anOutcome(settled.id));
    const late = store.log.append(aRecord({ effect: 'deny', reasons: ['x'] }));
    await Promise.all([store.close(), store.close()]);
    expect((await late).seq).toBeGreaterThan(seq);
    const reader = aReader(store.place);
    expect((await reader.find(settled.id)).outcome?.status).toBe('ok');
    expect((await reader.find(open.id)).outcome?.status).toBe('unknown');
    await expect(store.log.append(aRecord())).rejects.toEqual(unavailable);
    expect(await verifyLog({ ...store.place, home: store.home })).toMatchObject({ kind: 'ok', rows: 5 });
  });
});

test('what comes while a commit runs goes together with the next', async () => {
  const { log, arrival, groups } = aSlowWriter();
  const first = log.append(aRecord());
  const running = await arrival(1);
  const rest = [log.append(aRecord()), log.append(aRecord()), log.append(aRecord())];
  running.done();
  await first;
  const next = await arrival(2);
  expect(groups.map(({ rows }) => rows.length)).toEqual([1, 3]);
  next.done();
  expect((await Promise.all(rest)).map(({ seq }) => seq)).toEqual([2, 3, 4]);
});

test('no append resolves before its commit', async () => {
  const { log, arrival } = aSlowWriter();
  let hasResolved = false;
  const append = log.append(aRecord()).then(() => (hasResolved = true));
  const group = await arrival(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(hasResolved).toBe(false);
  group.done();
  await append;
});

test('an outcome whose time was up while a commit ran is committed after it, though nobody calls again', async () => {
  const { log, arrival } = aSlowWriter();
  const appended = log.append(aRecord());
  const first = await arrival(1);
  log.settle(anOutcome('earlier'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  first.done();
  await appended;
  const second = await arrival(2);
  expect(second.rows.map(({ id }) => id)).toEqual(['earlier']);
  second.done();
});

test('a failed commit rejects every append of its group and keeps the outcomes for the next', async () => {
  const { log, arrival } = aSlowWriter();
  log.settle(anOutcome('earlier'));
  const appends = [log.append(aRecord()), log.append(aRecord())];
  const failing = await arrival(1);
  expect(failing.rows.map(({ kind }) => kind)).toEqual(['outcome', 'decision', 'decision']);
  failing.fail(new Error('disk'));
  const results = await Promise.allSettled(appends);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = log.append(aRecord());
  const next = await arrival(2);
  expect(next.rows.map(({ kind, id }) => [kind, kind === 'outcome' ? id : ''])).toEqual([
    ['outcome', 'earlier'],
    ['decision', ''],
  ]);
  next.done();
  await again;
});

test('F-12 what comes while a commit runs is committed, or refused, although that commit fails', async () => {
  const { log, arrival } = aSlowWriter();
  const first = log.append(aRecord());
  const group = await arrival(1);
  const second = log.append(aRecord());
  group.fail(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  (await arrival(2)).done();
  expect(await second).toMatchObject({ seq: 1 });
});

test('an outcome alone is committed although no decision follows', async () => {
  const { log, arrival } = aSlowWriter();
  log.settle(anOutcome('a'));
  const group = await arrival(1);
  expect(group.rows.map(({ kind }) => kind)).toEqual(['outcome']);
  group.done();
});

test('a queue that the disk does not keep up with is bounded', async () => {
  const { log, arrival } = aSlowWriter();
  const first = log.append(aRecord());
  const running = await arrival(1);
  const waiting = Array.from({ length: 10_000 }, () => log.append(aRecord()));
  await expect(log.append(aRecord())).rejects.toEqual(unavailable);
  running.done();
  await first;
  for (let group = 2; group <= 41; group += 1) (await arrival(group)).done();
  await Promise.all(waiting);
});

test('open calls are known by the oldest one', async () => {
  const { log, arrival } = aSlowWriter();
  const [first, second, listing] = [aRecord(), aRecord(), aRecord({ action: 'tool_list' })];
  const appends = [first, second, listing].map((record) => log.append(record));
  (await arrival(1)).done();
  await Promise.all(appends);
  expect(log.openFrom()).toBe(1);
  log.settle(anOutcome(first.id));
  (await arrival(2)).done();
  await log.flush();
  expect(log.openFrom()).toBe(2);
  log.settle(anOutcome(second.id));
  (await arrival(3)).done();
  await log.flush();
  expect(log.openFrom()).toBe(6);
});
