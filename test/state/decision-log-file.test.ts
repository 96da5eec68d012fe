import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Driver } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord, aSettlement } from './records.ts';
import { aLogOf, aPlace, aReader, aStore, pathOf } from './support.ts';

const unavailable = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });

describe.each(['normal', 'full'] as const)('durability %s', (durability) => {
  test('a lock held by another program refuses calls until it is let go', async () => {
    const store = await aStore({ ...aPlace(), durability });
    await store.log.append(aRecord());
    const other = chooseDriver().open(pathOf(store), 'write');
    other.exec('begin immediate');
    await expect(store.log.append(aRecord())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('held by another program'),
    });
    other.close();
    expect((await store.log.append(aRecord())).seq).toBe(2);
  });

  test('a removed database refuses the next call and every one after it', async () => {
    const store = await aStore({ ...aPlace(), durability });
    await store.log.append(aRecord());
    rmSync(pathOf(store));
    await expect(store.log.append(aRecord())).rejects.toEqual(unavailable);
    await expect(store.log.append(aRecord())).rejects.toEqual(unavailable);
  });

  test('yesterday’s file in the place of today’s refuses the next call', async () => {
    const place = await aLogOf(2);
    const store = await aStore({ ...place, durability });
    copyFileSync(place.path, `${place.path}.old`);
    await store.log.append(aRecord());
    for (const suffix of ['-wal', '-shm']) rmSync(place.path + suffix, { force: true });
    renameSync(`${place.path}.old`, place.path);
    await expect(store.log.append(aRecord())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('was replaced'),
    });
  });
});

test('a full disk refuses calls, keeps outcomes, and calls go on when there is space again', async () => {
  let limit = 'max_page_count = 60';
  const real = chooseDriver();
  const driver: Driver = {
    ...real,
    open(path, access) {
      const database = real.open(path, access);
      database.pragma(limit);
      return database;
    },
  };
  const store = await aStore({ ...aPlace(), driver });
  const sealed: string[] = [];
  const append = async () => {
    const record = aRecord({ remediation: 'x'.repeat(4000) });
    await store.log.append(record);
    sealed.push(record.id);
  };
  await expect(
    (async () => {
      for (;;) await append();
    })(),
  ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('the disk is full') });
  for (const id of sealed) store.log.settle(anOutcome(id, { settled: [aSettlement({ counter: 'x'.repeat(4000) })] }));
  await expect(append()).rejects.toEqual(unavailable);
  const before = sealed.length;
  limit = 'max_page_count = 1073741823';
  // The heartbeat's handle lives; the log's was given up and comes back with the new limit.
  await append();
  await store.log.flush();
  const listed = await aReader(store.place).list({ limit: 1000 });
  expect(before).toBeGreaterThan(5);
  expect(listed.map(({ id }) => id)).toEqual(sealed.toReversed());
  expect(listed.slice(1).every(({ outcome }) => outcome?.status === 'ok')).toBe(true);
  expect(await verifyLog({ path: pathOf(store), home: store.home })).toMatchObject({ kind: 'ok' });
});
