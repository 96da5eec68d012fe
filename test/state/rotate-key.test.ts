import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ChainKeys, obtainChainKey, readChainKey } from '../../src/state/chain-key.ts';
import { decisionIds } from '../../src/state/decision-id.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { prepareKey } from '../../src/state/prepared-key.ts';
import { type Rotated, rotateKey } from '../../src/state/rotate-key.ts';
import { SqliteConnection } from '../../src/state/sqlite-connection.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord, realClock } from './records.ts';
import { aFolder, aLogOf, aStore, type Place } from './support.ts';
import { sql, tamper } from './tampering.ts';

function rotate({ path, home }: Place): Promise<Rotated> {
  const connection = new SqliteConnection({ driver: chooseDriver(), path, access: 'write', durability: 'normal' });
  onTestFinished(() => connection.close());
  const id = decisionIds(realClock)();
  const act = {
    id,
    time: new Date().toISOString(),
    actor: 'user:ada',
    via: 'terminal',
    reason: 'Sam has left',
  } as const;
  return rotateKey({ connection, home, act });
}

test('records before and after a rotation hold, each under its key, and new stores begin with the new one', async () => {
  const place = await aLogOf(2);
  const { from, to } = await rotate(place);
  const store = await aStore(place);
  await store.log.append(aRecord({ effect: 'deny' }));
  await store.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 6 });
  expect(readChainKey(place.home).id).toBe(to);
  expect(new ChainKeys(place.home).find(from)?.id).toBe(from);
});

test.each(['normal', 'full'] as const)(
  'a gateway that runs goes on with the new key by itself (durability %s)',
  async (durability) => {
    const place = await aLogOf(1);
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
  const place = await aLogOf(1);
  const before = await aStore(place);
  const id = before.keyedId('ada');
  await before.close();
  await rotate(place);
  const after = await aStore(place);
  expect(after.keyedId('ada')).toBe(id);
  expect(after.keyedHash('ada')).not.toBe(before.keyedHash('ada'));
});

test('whoever has the old key cannot go on with it: the rows are rekeyed', async () => {
  const place = await aLogOf(1);
  await rotate(place);
  const store = await aStore(place);
  await store.log.append(aRecord({ effect: 'deny' }));
  await store.close();
  const from = keyOfRow(place, 1);
  tamper(place, sql(`update log set key = '${from}' where seq = 4`));
  expect(await verifyLog(place)).toMatchObject({ kind: 'rekeyed', seq: 4 });
});

function keyOfRow(place: Place, seq: number): string {
  let key = '';
  tamper(place, (database) => {
    key = String(database.prepare('select key from log where seq = ?').get(seq)?.['key']);
    database.exec(
      `create trigger log_kept before update on log begin select 1; end; create trigger log_held before delete on log begin select 1; end;`,
    );
  });
  return key;
}

test('a store that cannot be opened leaves no thread behind', async () => {
  const place = await aLogOf(1);
  await rotate(place);
  renameSync(join(place.home, 'chain.key'), join(place.home, 'away'));
  tamper(place, sql(`update heads set first_key = ''`));
  const ports = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  const before = ports();
  await expect(aStore({ ...place, durability: 'full' })).rejects.toMatchObject({ code: 'CHAIN_KEY' });
  expect(ports()).toBe(before);
});

test('without the key that was replaced, the records before are rekeyed, and none of them is called edited', async () => {
  const place = await aLogOf(2);
  const { from } = await rotate(place);
  renameSync(join(place.home, `chain-${from}.key`), join(place.home, 'away'));
  expect(await verifyLog(place)).toMatchObject({ kind: 'rekeyed', seq: 1 });
});

test('a log that a stranger’s key has sealed is rekeyed', async () => {
  const place = await aLogOf(2);
  const home = aFolder();
  obtainChainKey(home);
  expect(await verifyLog({ ...place, home })).toMatchObject({ kind: 'rekeyed', seq: 1 });
});

test('a key that was prepared is used by the next rotation, once, and by nothing before', async () => {
  const place = await aLogOf(1);
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
  const place = await aLogOf(1);
  const { id, path } = prepareKey(place.home);
  renameSync(path, `${path}.away`);
  await expect(rotate(place)).rejects.toMatchObject({ code: 'CHAIN_KEY', mend: expect.stringContaining('--prepare') });
  expect(prepareKey(place.home).id).not.toBe(id);
  expect(await rotate(place)).toMatchObject({ wasPrepared: true });
});
