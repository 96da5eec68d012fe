import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ChainKeys, obtainChainKey, readChainKey } from '../../src/state/chain-key.ts';
import { prepareKey } from '../../src/state/prepared-key.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord } from './records.ts';
import { rotate } from './rotation.ts';
import { aFolder, anyLogOf, aStore, changeByHand, DURABILITIES, seqsOf } from './support.ts';

test('records before and after a rotation hold, each under its key, and new stores begin with the new one', async () => {
  const place = await anyLogOf(2);
  const { from, to } = await rotate(place);
  const store = await aStore(place);
  await store.log.append(aRecord({ effect: 'deny' }));
  await store.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 6 });
  expect(readChainKey(place.home).id).toBe(to);
  expect(new ChainKeys(place.home).find(from)?.id).toBe(from);
});

test.each(DURABILITIES)(
  'a gateway that runs goes on with the new key by itself (durability %s)',
  async (durability) => {
    const place = await anyLogOf(1);
    const store = await aStore({ ...place, durability });
    await store.log.append(aRecord());
    await rotate(place);
    const record = aRecord();
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
    await rotate(place);
    await store.log.append(aRecord());
    await store.close();
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
  },
);

test('what was remembered of agents and clients stays theirs', async () => {
  const place = await anyLogOf(1);
  const before = await aStore(place);
  const id = before.keyedId('ada');
  await before.close();
  await rotate(place);
  const after = await aStore(place);
  expect(after.keyedId('ada')).toBe(id);
  expect(after.keyedHash('ada')).not.toBe(before.keyedHash('ada'));
});

test('whoever has the old key cannot go on with it: the rows are rekeyed', async () => {
  const place = await anyLogOf(1);
  const { from } = await rotate(place);
  const store = await aStore(place);
  const { seq } = await store.log.append(aRecord({ effect: 'deny' }));
  await store.close();
  await changeByHand(place, 'update log set key = ? where seq = ?', from, seq);
  expect(await verifyLog(place)).toMatchObject({ kind: 'rekeyed', seq });
});

test('without the key that was replaced, the records before are rekeyed, and none of them is called edited', async () => {
  const place = await anyLogOf(2);
  const { from } = await rotate(place);
  renameSync(join(place.home, `chain-${from}.key`), join(place.home, 'away'));
  const [seq] = await seqsOf(place);
  expect(await verifyLog(place)).toMatchObject({ kind: 'rekeyed', seq });
});

test('a log that a stranger’s key has sealed is rekeyed', async () => {
  const place = await anyLogOf(2);
  const home = aFolder();
  obtainChainKey(home);
  const [seq] = await seqsOf(place);
  expect(await verifyLog({ ...place, home })).toMatchObject({ kind: 'rekeyed', seq });
});

test('a key that was prepared is used by the next rotation, once, and by nothing before', async () => {
  const place = await anyLogOf(1);
  const before = readChainKey(place.home).id;
  const { id, path } = prepareKey(place.home);
  const store = await aStore(place);
  await store.log.append(aRecord({ effect: 'deny' }));
  expect(readChainKey(place.home).id).toBe(before);
  expect(await rotate(place)).toEqual({ from: before, to: id, wasPrepared: true });
  await store.log.append(aRecord({ effect: 'deny' }));
  await store.close();
  expect(await rotate(place)).toMatchObject({ from: id, wasPrepared: false });
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
  expect(path).toBe(join(place.home, `chain-${id}.key`));
});

test('a prepared key whose file is gone is missed, and another one can be prepared', async () => {
  const place = await anyLogOf(1);
  const { id, path } = prepareKey(place.home);
  renameSync(path, `${path}.away`);
  await expect(rotate(place)).rejects.toMatchObject({ code: 'CHAIN_KEY', mend: expect.stringContaining('--prepare') });
  expect(prepareKey(place.home).id).not.toBe(id);
  expect(await rotate(place)).toMatchObject({ wasPrepared: true });
});
