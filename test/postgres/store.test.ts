import { expect, onTestFinished, test } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { Store } from '../../src/state/store.ts';
import { anOutcome, aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import { freshDatabase } from './shared.ts';

async function aSharedStore(url: string, home: string): Promise<Store> {
  const store = await Store.open({ url, home, durability: 'full', clock: realClock, logger: silent });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

test('what one process records, another one reads', async () => {
  const url = await freshDatabase();
  const store = await aSharedStore(url, aFolder());
  const record = aRecord();
  await store.log.append(record);
  store.log.settle(anOutcome(record.id));
  await store.log.flush();
  const reader = new DecisionReader({ url });
  onTestFinished(() => reader.close());
  expect(await reader.find(record.id)).toMatchObject({ id: record.id, outcome: { status: 'ok' } });
  expect(await reader.list({ limit: 10 })).toHaveLength(1);
});

test('each process writes a chain of its own, and the next one goes on with one that is free', async () => {
  const [url, home] = [await freshDatabase(), aFolder()];
  const [first, second] = [await aSharedStore(url, home), await aSharedStore(url, home)];
  for (const store of [first, second, first]) await store.log.append(aRecord());
  const reader = new DecisionReader({ url });
  onTestFinished(() => reader.close());
  const chains = async () => new Set((await reader.list({ limit: 10 })).map(({ chain }) => chain));
  expect((await chains()).size).toBe(2);
  await first.close();
  const third = await aSharedStore(url, home);
  await third.log.append(aRecord());
  expect((await chains()).size).toBe(2);
  expect((await reader.list({ limit: 10 })).map(({ seq }) => seq)).toHaveLength(4);
});

test('a host with another chain key is told which files to copy', async () => {
  const url = await freshDatabase();
  await aSharedStore(url, aFolder());
  await expect(aSharedStore(url, aFolder())).rejects.toMatchObject({
    code: 'CHAIN_KEY',
    mend: expect.stringContaining('Copy chain.key'),
  });
});
