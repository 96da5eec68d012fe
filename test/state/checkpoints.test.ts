import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hexOf } from '../../src/state/chain.ts';
import { type Checkpoint, isSignedBy, parseCheckpoint } from '../../src/state/checkpoint.ts';
import { appendCheckpoint, checkpointPath, lastCheckpoint } from '../../src/state/checkpoint-file.ts';
import { obtainCheckpointKey, publicKeyPath, readPublicKey } from '../../src/state/checkpoint-key.ts';
import { CHECKPOINT_EVERY } from '../../src/state/checkpointer.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord } from './records.ts';
import { aFolder, aLogOf, aPlace, aStore, type Place } from './support.ts';
import { sql, tamper } from './tampering.ts';

function linesOf({ home }: Place): readonly string[] {
  return readFileSync(checkpointPath(home), 'utf8').trimEnd().split('\n');
}

function checkpointsOf(place: Place): readonly Checkpoint[] {
  return linesOf(place).flatMap((line) => parseCheckpoint(line)?.checkpoint ?? []);
}

/** A log with a checkpoint behind every second call. */
async function aLogWithCheckpoints(checkpoints: number): Promise<Place> {
  const place = aPlace();
  for (let turn = 0; turn < checkpoints; turn += 1) await appendTo(place, 2);
  return place;
}

async function appendTo(place: Place, calls: number): Promise<void> {
  const store = await aStore(place);
  for (let call = 0; call < calls; call += 1) {
    const record = aRecord();
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
  }
  await store.close();
}

test('a gateway that ends has said outside the database, signed, where the log stands', async () => {
  const place = await aLogWithCheckpoints(2);
  const verdict = await verifyLog(place);
  expect(verdict).toMatchObject({
    kind: 'ok',
    rows: 8,
    seq: 8,
    checkpoints: 2,
    last_checkpoint: { seq: 8 },
    notes: [],
  });
  const reader = readPublicKey(publicKeyPath(place.home));
  const read = linesOf(place).flatMap((line) => parseCheckpoint(line) ?? []);
  expect(read.map((one) => [one.checkpoint.seq, one.checkpoint.store, isSignedBy(one, reader)])).toEqual([
    [4, place.path, true],
    [8, place.path, true],
  ]);
});

test.each(['normal', 'full'] as const)(
  'after a thousand records a checkpoint is there although the gateway goes on (durability %s)',
  async (durability) => {
    const place = aPlace();
    const store = await aStore({ ...place, durability });
    await Promise.all(
      Array.from({ length: CHECKPOINT_EVERY + 100 }, () => store.log.append(aRecord({ effect: 'deny' }))),
    );
    await expect.poll(() => existsSync(checkpointPath(place.home)) && checkpointsOf(place).length).toBe(1);
    const [checkpoint] = checkpointsOf(place);
    expect(checkpoint?.seq).toBeGreaterThanOrEqual(CHECKPOINT_EVERY);
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok', checkpoints: 1 });
  },
);

test('records behind the last checkpoint are a note and no finding', async () => {
  const place = await aLogWithCheckpoints(1);
  const store = await aStore(place);
  await store.log.append(aRecord({ effect: 'deny' }));
  expect(await verifyLog(place)).toMatchObject({
    kind: 'ok',
    notes: ['1 records came after the last checkpoint: were they cut off, nothing would tell'],
  });
});

test('where there are no checkpoints, it is said what is not proven', async () => {
  const place = await aLogWithCheckpoints(1);
  rmSync(checkpointPath(place.home));
  expect(await verifyLog(place)).toMatchObject({
    kind: 'ok',
    notes: ['no checkpoints were at hand: that the last records are there is not proven'],
  });
});

const TORN = '{"chain":"c","hash":"ab';

test('a line that was only half written is told of, and the next one is whole', async () => {
  const place = await aLogWithCheckpoints(1);
  writeFileSync(checkpointPath(place.home), TORN, { flag: 'a' });
  const said = { kind: 'ok', notes: ['line 2 of the checkpoints is none, as if it was half written'] };
  expect(await verifyLog(place)).toMatchObject(said);
  await appendTo(place, 2);
  expect(await verifyLog(place)).toMatchObject({ ...said, seq: 8, checkpoints: 2 });
  expect(linesOf(place)[1]).toBe(TORN);
});

describe('checkpoints that somebody has touched', () => {
  const rewrite = (place: Place, change: (lines: readonly string[]) => readonly string[]): void =>
    writeFileSync(checkpointPath(place.home), `${change(linesOf(place)).join('\n')}\n`);

  test.each([
    ['an edited line', 'edited', (lines: readonly string[]) => lines.map((line) => line.replace('"seq":8', '"seq":9'))],
    ['a line that is gone', 'missing', ([first = '', , last = '']: readonly string[]) => [first, last]],
  ] as const)('%s: %s', async (...[, kind, change]) => {
    const place = await aLogWithCheckpoints(3);
    rewrite(place, change);
    expect(await verifyLog(place)).toMatchObject({ kind });
  });

  test('checkpoints that another key has signed are rekeyed', async () => {
    const place = await aLogWithCheckpoints(2);
    const other = aFolder();
    obtainCheckpointKey(other);
    expect(await verifyLog({ ...place, publicKey: publicKeyPath(other) })).toMatchObject({ kind: 'rekeyed' });
  });

  test('one that is not the home’s own is not believed at the start, and the gateway starts', async () => {
    const place = await aLogWithCheckpoints(2);
    rewrite(place, (lines) => lines.map((line) => line.replace(/"hash":"../, '"hash":"00')));
    await appendTo(place, 1);
    expect((await verifyLog(place)).kind).toBe('edited');
  });
});

test('an end of the log that nobody with the key has set is not signed', async () => {
  const place = await aLogWithCheckpoints(1);
  const store = await aStore(place);
  tamper(place, sql(`update heads set seq = seq + 1, hash = zeroblob(32)`));
  await store.close();
  expect(checkpointsOf(place).map(({ seq }) => seq)).toEqual([4]);
});

test('of a store that was moved aside its checkpoints still tell, once another has begun in its place', async () => {
  const place = await aLogWithCheckpoints(1);
  const [{ chain } = { chain: '' }] = checkpointsOf(place);
  for (const suffix of ['', '-wal', '-shm']) rmSync(place.path + suffix, { force: true });
  await appendTo(place, 1);
  expect(await verifyLog(place)).toMatchObject({
    kind: 'ok',
    notes: [`the store also had the chain ${chain}, up to record 4, which is not in this log`],
  });
});

describe('what the chain alone cannot tell', () => {
  test('a tail that was cut off, with the end moved back, is truncated, and the first missing record is named', async () => {
    const place = await aLogWithCheckpoints(3);
    tamper(
      place,
      sql('delete from log where seq > 6; update heads set seq = 6, hash = (select hash from log where seq = 6)'),
    );
    expect(await verifyLog(place)).toMatchObject({ kind: 'truncated', seq: 7 });
  });

  test('yesterday’s file is replaced', async () => {
    const place = await aLogWithCheckpoints(1);
    copyFileSync(place.path, `${place.path}.old`);
    await appendTo(place, 2);
    expect(await verifyLog({ ...place, path: `${place.path}.old` })).toMatchObject({
      kind: 'replaced',
      seq: 5,
      why: expect.stringContaining('the log once reached row 8'),
    });
  });

  test('yesterday’s file that a gateway went on with is replaced from where it parts, and the log itself says so', async () => {
    const place = await aLogWithCheckpoints(1);
    copyFileSync(place.path, `${place.path}.old`);
    await appendTo(place, 2);
    renameSync(`${place.path}.old`, place.path);
    await appendTo(place, 3);
    expect(await verifyLog(place)).toMatchObject({ kind: 'replaced', seq: 8 });
    const database = tamperedRead(place, `select body from log where action = 'log.behind'`);
    expect(JSON.parse(String(database[0]?.['body']))).toMatchObject({ before: { seq: 8 }, after: { seq: 4 } });
  });

  test('the log of another store of the same home is replaced', async () => {
    const place = await aLogWithCheckpoints(1);
    const other = { ...place, path: join(place.home, 'state', 'other.db') };
    await appendTo(other, 2);
    renameSync(other.path, place.path);
    expect(await verifyLog(place)).toMatchObject({ kind: 'replaced' });
  });
});

function tamperedRead(place: Place, query: string) {
  let rows: readonly Readonly<Record<string, unknown>>[] = [];
  tamper(place, (database) => (rows = database.prepare(query).all()));
  return rows;
}

test('several gateways on one store share one file: every link holds', async () => {
  const place = aPlace();
  const stores = await Promise.all([aStore(place), aStore({ ...place, durability: 'full' }), aStore(place)]);
  await Promise.all(
    stores.flatMap((store) => Array.from({ length: 800 }, () => store.log.append(aRecord({ effect: 'deny' })))),
  );
  await Promise.all(stores.map((store) => store.close()));
  const verdict = await verifyLog(place);
  expect(verdict).toMatchObject({ kind: 'ok', rows: 2400, last_checkpoint: { seq: 2400 } });
  expect(checkpointsOf(place).length).toBeGreaterThanOrEqual(2);
});

test('the last checkpoint of a chain is found however many others lie behind it', async () => {
  const place = await aLogOf(1);
  const [line = ''] = linesOf(place);
  const { chain = '' } = checkpointsOf(place)[0] ?? {};
  const file = checkpointPath(place.home);
  writeFileSync(file, `${line.replace(chain, 'other')}\n`.repeat(500), { flag: 'a' });
  expect((await lastCheckpoint(file, chain))?.checkpoint.chain).toBe(chain);
  expect(await lastCheckpoint(file, 'nobody')).toBeUndefined();
});

describe('G-86 files that hold the evidence are closed to others, and links are refused', () => {
  const NAMES = ['chain.key', 'checkpoint.key', 'checkpoint.pub', 'checkpoints.jsonl'];

  test.each(NAMES)('%s is closed to others', async (name) => {
    const { home } = await aLogOf(1);
    expect(lstatSync(join(home, name)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['checkpoint.key', 'link'],
    ['checkpoint.key', 'open'],
    ['chain.key', 'link'],
    ['chain.key', 'open'],
    ['checkpoints.jsonl', 'link'],
    ['checkpoints.jsonl', 'open'],
  ])('%s: %s', async (name, harm) => {
    const place = await aLogOf(1);
    const path = join(place.home, name);
    if (harm === 'open') chmodSync(path, 0o644);
    else {
      renameSync(path, `${path}.real`);
      symlinkSync(`${path}.real`, path);
    }
    await expect(aStore(place)).rejects.toMatchObject({
      code: 'CHAIN_KEY',
      message: expect.stringMatching(/symbolic link|open to other users/),
    });
  });

  test('a checkpoint is not written through a link', async () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'theirs'), 'mine\n');
    symlinkSync(join(folder, 'theirs'), join(folder, 'checkpoints.jsonl'));
    await expect(appendCheckpoint(join(folder, 'checkpoints.jsonl'), '{}')).rejects.toMatchObject({
      code: 'CHAIN_KEY',
    });
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).toBe('mine\n');
  });
});

test('a checkpoint names the record as the chain has it', async () => {
  const place = await aLogOf(2);
  const [row] = tamperedRead(place, 'select hash from log where seq = 4');
  const hash = row?.['hash'];
  expect(checkpointsOf(place).at(-1)?.hash).toBe(hexOf(hash instanceof Uint8Array ? hash : new Uint8Array()));
});
