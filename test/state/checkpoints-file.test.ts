import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Checkpoint, parseCheckpoint } from '../../src/state/checkpoint.ts';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { CHECKPOINT_EVERY } from '../../src/state/checkpointer.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord } from './records.ts';
import { aPlace, aStore, type Place } from './support.ts';
import { sql, tamper } from './tampering.ts';

function checkpointsOf({ home }: Place): readonly Checkpoint[] {
  const lines = readFileSync(checkpointPath(home), 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => parseCheckpoint(line)?.checkpoint ?? []);
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

// The same of a PostgreSQL, and what the chains of one alone cannot tell: test/postgres/chains.test.ts.
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
