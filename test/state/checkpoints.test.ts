import { chmodSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hexOf } from '../../src/state/chain.ts';
import { type Checkpoint, isSignedBy, parseCheckpoint } from '../../src/state/checkpoint.ts';
import { appendCheckpoint, checkpointPath, lastCheckpoint } from '../../src/state/checkpoint-file.ts';
import { obtainCheckpointKey, publicKeyPath, readPublicKey } from '../../src/state/checkpoint-key.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { one } from '../../src/state/work.ts';
import { anOutcome, aRecord } from './records.ts';
import {
  aConnection,
  aFolder,
  anyLogOf,
  type AnyPlace,
  anyPlace,
  aReader,
  aStore,
  changeByHand,
  keepLog,
  seqsOf,
} from './support.ts';

function linesOf({ home }: AnyPlace): readonly string[] {
  return readFileSync(checkpointPath(home), 'utf8').trimEnd().split('\n');
}

function checkpointsOf(place: AnyPlace): readonly Checkpoint[] {
  return linesOf(place).flatMap((line) => parseCheckpoint(line)?.checkpoint ?? []);
}

/** A log with a checkpoint behind every second call. */
async function aLogWithCheckpoints(checkpoints: number): Promise<AnyPlace> {
  const place = anyPlace();
  for (let turn = 0; turn < checkpoints; turn += 1) await appendTo(place, 2);
  return place;
}

async function appendTo(place: AnyPlace, calls: number): Promise<void> {
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
  const [, , , fourth, , , , eighth] = await seqsOf(place);
  const { name } = aConnection(place);
  expect(await verifyLog(place)).toMatchObject({
    kind: 'ok',
    rows: 8,
    seq: eighth,
    checkpoints: 2,
    last_checkpoint: { seq: eighth },
    notes: [],
  });
  const reader = readPublicKey(publicKeyPath(place.home));
  const read = linesOf(place).flatMap((line) => parseCheckpoint(line) ?? []);
  expect(read.map((one) => [one.checkpoint.seq, one.checkpoint.store, isSignedBy(one, reader)])).toEqual([
    [fourth, name, true],
    [eighth, name, true],
  ]);
});

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
  expect(await verifyLog(place)).toMatchObject({ ...said, rows: 8, checkpoints: 2 });
  expect(linesOf(place)[1]).toBe(TORN);
});

describe('checkpoints that somebody has touched', () => {
  const movedOn = (line = ''): string => line.replace(/"seq":(\d+)/, (_, seq) => `"seq":${Number(seq) + 1}`);
  const rewrite = (place: AnyPlace, change: (lines: readonly string[]) => readonly string[]): void =>
    writeFileSync(checkpointPath(place.home), `${change(linesOf(place)).join('\n')}\n`);

  test.each([
    ['an edited line', 'edited', (lines: readonly string[]) => lines.with(1, movedOn(lines[1]))],
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
  const before = linesOf(place);
  expect(before).toHaveLength(1);
  await changeByHand(place, 'update heads set seq = seq + 1, hash = ?', Buffer.alloc(32));
  await store.close();
  expect(linesOf(place)).toEqual(before);
});

// What chains alone cannot tell of a PostgreSQL is tried in test/postgres/chains.test.ts, of a file in checkpoints-file.test.ts.
test('an older state that a gateway went on with is replaced from where it parts, and the log itself says so', async () => {
  const place = await aLogWithCheckpoints(1);
  const putBack = await keepLog(place);
  await appendTo(place, 2);
  const [, , , fourth, , , , eighth] = await seqsOf(place);
  await putBack();
  await appendTo(place, 3);
  const acts = await aReader(place).acts({ limit: 9 });
  expect(acts).toMatchObject([{ verb: 'log.behind', before: { seq: eighth }, after: { seq: fourth } }]);
  expect(await verifyLog(place)).toMatchObject({ kind: 'replaced', seq: eighth });
});

test('several gateways on one store share one file: every link holds', async () => {
  const place = anyPlace();
  const stores = await Promise.all([aStore(place), aStore({ ...place, durability: 'full' }), aStore(place)]);
  await Promise.all(
    stores.flatMap((store) => Array.from({ length: 800 }, () => store.log.append(aRecord({ effect: 'deny' })))),
  );
  await Promise.all(stores.map((store) => store.close()));
  const last = (await seqsOf(place)).at(-1);
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 2400, last_checkpoint: { seq: last }, notes: [] });
  expect(checkpointsOf(place).length).toBeGreaterThanOrEqual(2);
});

test('the last checkpoint of a chain is found however many others lie behind it', async () => {
  const place = await anyLogOf(1);
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
    const { home } = await anyLogOf(1);
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
    const place = await anyLogOf(1);
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
  const place = await anyLogOf(2);
  const work = () => one('select hash from log order by seq desc limit 1');
  const hash = (await aConnection(place).ask(work))?.['hash'];
  expect(checkpointsOf(place).at(-1)?.hash).toBe(hexOf(hash instanceof Uint8Array ? hash : new Uint8Array()));
});
