import { expect, onTestFinished, test } from 'vitest';
import { copyStore } from '../../src/state/copy-store.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { Store } from '../../src/state/store.ts';
import { aRecord, realClock, silent } from '../state/records.ts';
import { aLogOf, type Place } from '../state/support.ts';
import { asSuperuser, freshDatabase } from './shared.ts';

const common = { clock: realClock, onProgress: () => undefined };

async function idsIn(place: { readonly url: string } | { readonly path: string }): Promise<readonly string[]> {
  const reader = new DecisionReader(place);
  onTestFinished(() => reader.close());
  return (await reader.list({ limit: 1_000 })).map(({ id }) => id);
}

async function openOn(url: string, { home }: Place): Promise<Store> {
  const store = await Store.open({ url, home, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

test('all records arrive, the chain goes on, and nothing is left to copy', async () => {
  const place = await aLogOf(300);
  const url = await freshDatabase();
  expect(await copyStore({ ...place, url, ...common })).toMatchObject({ copied: 600, before: 0 });
  expect(await idsIn({ url })).toEqual(await idsIn(place));
  expect(await copyStore({ ...place, url, ...common })).toMatchObject({ copied: 0, before: 600 });
  const store = await openOn(url, place);
  const record = aRecord();
  await store.log.append(record);
  const ids = await idsIn({ url });
  expect([ids.length, ids[0]]).toEqual([301, record.id]);
  await store.close();
  await expect(copyStore({ ...place, url, ...common })).rejects.toThrow(/has records of its own/);
});

test('ended halfway, it goes on where it was', async () => {
  const place = await aLogOf(300);
  const url = await freshDatabase();
  const ended = copyStore({
    ...place,
    url,
    ...common,
    onProgress: () => {
      throw new Error('the power is gone');
    },
  });
  await expect(ended).rejects.toThrow('the power is gone');
  expect(await copyStore({ ...place, url, ...common })).toMatchObject({ copied: 350, before: 250 });
  expect(await idsIn({ url })).toEqual(await idsIn(place));
});

test('a record that was changed is named, and the file is not taken for whole', async () => {
  const place = await aLogOf(3);
  const database = chooseDriver().open(place.path, 'write');
  database.exec("drop trigger log_kept; update log set tool = 'other' where seq = 3");
  database.close();
  await expect(copyStore({ ...place, url: await freshDatabase(), ...common })).rejects.toThrow(
    /record 3 of .* is not what was written/,
  );
});

test('a database that gateways have written to is not mixed with a copy', async () => {
  const place = await aLogOf(3);
  const url = await freshDatabase();
  const store = await openOn(url, await aLogOf(1));
  await store.log.append(aRecord());
  await store.close();
  await expect(copyStore({ ...place, url, ...common })).rejects.toThrow(/has records of its own/);
  expect(await idsIn({ url })).toHaveLength(1);
});

test('what is remembered beside the log comes along', async () => {
  const place = await aLogOf(1);
  const before = await Store.open({ ...place, durability: 'normal', clock: realClock, logger: silent });
  await before.catalog.writeFact('files', 'package', { version: '1.0.0' });
  await before.generations.keep('library x', 'package gateway');
  await before.close();
  const url = await freshDatabase();
  await copyStore({ ...place, url, ...common });
  const store = await openOn(url, place);
  expect(await store.catalog.readFact('files', 'package')).toEqual({ version: '1.0.0' });
  expect(await store.generations.readKept('library x')).toBe('package gateway');
  const partitions = await asSuperuser("select relname from pg_class where relname like 'log\\_2%'", url);
  expect(partitions.length).toBeGreaterThan(2);
});
