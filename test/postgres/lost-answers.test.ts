import { expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aCharge, aHold, anOutcome, aRecord } from '../state/records.ts';
import { aFolder, aReader } from '../state/support.ts';
import { losingProxy } from './losing-proxy.ts';
import { aStore } from './hosts.ts';
import { freshDatabase } from './shared.ts';

async function aGateway() {
  const url = await freshDatabase();
  const proxy = await losingProxy(url);
  const store = await aStore({ url: proxy.url, home: aFolder() });
  return { url, store, reader: aReader({ url }), loseNextCommit: () => proxy.loseNextCommit() };
}

const refused = { code: 'STORE_UNAVAILABLE' };
const THEN = Date.UTC(2100, 5);

test('a call that was recorded, but refused because the answer was lost, is said not to have been forwarded', async () => {
  const { store, reader, loseNextCommit } = await aGateway();
  const record = aRecord();
  const lost = loseNextCommit();
  await expect(store.log.append(record)).rejects.toMatchObject(refused);
  await lost;
  expect((await reader.find(record.id)).outcome).toBeNull();
  const next = aRecord();
  await store.log.append(next);
  store.log.settle(anOutcome(next.id));
  await store.log.flush();
  expect((await reader.find(record.id)).outcome?.status).toBe('not_forwarded');
  expect((await reader.find(next.id)).outcome?.status).toBe('ok');
  expect(store.log.openFrom()).toBeGreaterThan((await reader.find(next.id)).outcome?.seq ?? 0);
});

test('so it is though nobody calls any more, with the next heartbeat', async () => {
  const { store, reader, loseNextCommit } = await aGateway();
  const record = aRecord();
  const lost = loseNextCommit();
  await expect(store.log.append(record)).rejects.toMatchObject(refused);
  await lost;
  await store.beat();
  await store.log.flush();
  expect((await reader.find(record.id)).outcome?.status).toBe('not_forwarded');
});

test('what such a call took is given back, once', async () => {
  const { url, store, reader, loseNextCommit } = await aGateway();
  const takes: readonly Change[] = [
    { kind: 'take', charge: aCharge({ limit: 10 }) },
    { kind: 'take', charge: aHold({ cost: 4 }) },
  ];
  const lost = loseNextCommit();
  await expect(store.log.commit(aRecord(), '{}', takes)).rejects.toMatchObject(refused);
  await lost;
  const counts = async () => (await reader.budgets(THEN)).map(({ used, reserved }) => [used, reserved]);
  expect(await counts()).toEqual([
    [1, 0],
    [0, 4],
  ]);
  await store.close();
  expect(await counts()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(await verifyLog({ url, home: store.home })).toMatchObject({ kind: 'ok', rows: 2 });
});

test('an outcome whose answer was lost is not said twice, and gives back once', async () => {
  const { url, store, reader, loseNextCommit } = await aGateway();
  const [kept, returned] = [aRecord(), aRecord()];
  for (const { id } of [kept, returned]) {
    const charge = aCharge({ limit: 10 });
    await store.log.commit(aRecord({ id }), '{}', [{ kind: 'take', charge }]);
  }
  store.log.settle(anOutcome(kept.id));
  store.log.settle(anOutcome(returned.id, { status: 'not_forwarded' }));
  const lost = loseNextCommit();
  await expect(store.log.flush()).rejects.toMatchObject(refused);
  await lost;
  await store.close();
  expect((await reader.find(kept.id)).outcome?.status).toBe('ok');
  expect((await reader.budgets(THEN)).map(({ used }) => used)).toEqual([1]);
  expect(await verifyLog({ url, home: store.home })).toMatchObject({ kind: 'ok', rows: 4 });
});
