import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { obtainChainKey } from '../../src/state/chain-key.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { one, run, type Work } from '../../src/state/work.ts';
import { anOutcome, aRecord } from './records.ts';
import { aFolder, anyLogOf, aStore, byHand, changeByHand, keepLog, seqsOf } from './support.ts';
import { insertRow, nth } from './tampering.ts';

const CALLS = 5;
const ROWS = 2 * CALLS;

const COLUMNS = ['kind', 'id', 'time', 'instance', 'effect', 'status', 'server', 'tool', 'reasons', 'action', 'agent'];
const MORE = ['"user"', 'session', 'us', 'prev', 'hash', 'body', 'chain', 'key'];

test('an untouched log is whole, and so is an empty one', async () => {
  const place = await anyLogOf(CALLS);
  const seq = (await seqsOf(place)).at(-1);
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: ROWS, seq });
  expect(await verifyLog(await anyLogOf(0))).toMatchObject({ kind: 'ok', rows: 0, seq: 0 });
});

test('G-80 an edit of any column of any row is found and named', async () => {
  const place = await anyLogOf(2);
  const putBack = await keepLog(place);
  for (const column of [...COLUMNS, ...MORE]) {
    for (const seq of await seqsOf(place)) {
      await byHand(place, () => edit(column, seq));
      const { kind, seq: found } = await verifyLog(place);
      expect({ column, seq: found }).toEqual({ column, seq });
      expect(kind, `${column} of ${seq}`).not.toBe('ok');
      await putBack();
    }
  }
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 4 });
});

function* edit(column: string, seq: number): Work<void> {
  if (column === 'us') yield* run('update log set us = us + 1 where seq = ?', seq);
  else if (column === 'prev' || column === 'hash') yield* run(`update log set ${column} = ? where seq = ?`, NOISE, seq);
  else yield* run(`update log set ${column} = ${column} || 'x' where seq = ?`, seq);
}

const NOISE = Buffer.alloc(32, 0xab);

test('G-80 a row with another number is found', async () => {
  const place = await anyLogOf(2);
  const putBack = await keepLog(place);
  for (const [before, seq] of pairsOf([0, ...(await seqsOf(place))])) {
    await changeByHand(place, 'update log set seq = seq + 1000 where seq = ?', seq);
    const verdict = await verifyLog(place);
    expect(['edited', 'missing', 'truncated']).toContain(verdict.kind);
    // Where numbers have gaps it may still come next; then it is the row itself that does not hold.
    expect('path' in place ? [seq] : [before + 1, seq + 1000]).toContain(verdict.seq);
    await putBack();
  }
});

function pairsOf(seqs: readonly number[]): readonly (readonly [before: number, seq: number])[] {
  return seqs.slice(1).map((seq, index) => [seqs[index] ?? 0, seq]);
}

/** The number of a row, the first being 1. */
type SeqOf = (row: number) => number;

interface Harm {
  readonly what: string;
  readonly change: (seqOf: SeqOf) => Work<unknown>;
  readonly kind: string;
  /** Where it is found. */
  readonly seq: (seqOf: SeqOf) => number;
}

const HARMS: readonly Harm[] = [
  {
    what: 'two rows changed places',
    *change(seqOf) {
      for (const [from, to] of [
        [seqOf(3), -1],
        [seqOf(4), seqOf(3)],
        [-1, seqOf(4)],
      ] as const)
        yield* run('update log set seq = ? where seq = ?', to, from);
    },
    kind: 'edited',
    seq: (seqOf) => seqOf(3),
  },
  {
    what: 'the first row is deleted',
    change: (seqOf) => run('delete from log where seq = ?', seqOf(1)),
    kind: 'missing',
    seq: () => 1,
  },
  {
    what: 'a middle row is deleted',
    change: (seqOf) => run('delete from log where seq = ?', seqOf(5)),
    kind: 'missing',
    seq: (seqOf) => seqOf(4) + 1,
  },
  {
    what: 'the last row is deleted',
    change: (seqOf) => run('delete from log where seq = ?', seqOf(ROWS)),
    kind: 'truncated',
    seq: (seqOf) => seqOf(ROWS - 1) + 1,
  },
  {
    what: 'the last rows are deleted and the end moved back',
    *change(seqOf) {
      yield* run('delete from log where seq > ?', seqOf(7));
      yield* moveEnd(seqOf(7));
    },
    kind: 'truncated',
    seq: (seqOf) => seqOf(7) + 1,
  },
  {
    what: 'a middle row is deleted and the rest moved up',
    *change(seqOf) {
      yield* run('delete from log where seq = ?', seqOf(5));
      yield* run('update log set seq = -seq where seq > ?', seqOf(5));
      yield* run('update log set seq = -seq - 1 where seq < 0');
    },
    kind: 'edited',
    seq: (seqOf) => seqOf(6) - 1,
  },
  { what: 'all rows are deleted', change: () => run('delete from log'), kind: 'truncated', seq: () => 1 },
  { what: 'the end is deleted', change: () => run('delete from heads'), kind: 'truncated', seq: () => 0 },
  {
    what: 'all rows and the end are deleted',
    *change() {
      for (const table of ['log', 'heads']) yield* run(`delete from ${table}`);
    },
    kind: 'truncated',
    seq: () => 0,
  },
  {
    what: 'the end is edited',
    change: () => run('update heads set hash = ?', NOISE),
    kind: 'edited',
    seq: (seqOf) => seqOf(ROWS),
  },
  {
    what: 'a row is forged behind the last',
    change: (seqOf) => forge(seqOf(ROWS)),
    kind: 'edited',
    seq: (seqOf) => seqOf(ROWS) + 1,
  },
  {
    what: 'a row is forged and the end with it',
    *change(seqOf) {
      yield* forge(seqOf(ROWS));
      yield* moveEnd(seqOf(ROWS) + 1);
    },
    kind: 'edited',
    seq: (seqOf) => seqOf(ROWS) + 1,
  },
  {
    what: 'an old row is played again at the end',
    *change(seqOf) {
      const old = yield* one('select * from log where seq = ?', seqOf(1));
      yield* insertRow({ ...old, seq: seqOf(ROWS) + 1 });
    },
    kind: 'edited',
    seq: (seqOf) => seqOf(ROWS) + 1,
  },
  {
    what: 'rows have another chain',
    change: () => run(`update log set chain = 'other'`),
    kind: 'replaced',
    seq: (seqOf) => seqOf(1),
  },
];

function* moveEnd(seq: number): Work<void> {
  yield* run('update heads set seq = ?, hash = (select hash from log where seq = ?)', seq, seq);
}

/** Follows the last row, as one does that somebody without the key has made up. */
function* forge(last: number): Work<void> {
  const row = yield* one('select * from log where seq = ?', last);
  yield* insertRow({ ...row, seq: last + 1, kind: 'decision', id: 'forged', prev: row?.['hash'] ?? null, hash: NOISE });
}

test.each(HARMS)('$what: $kind', async ({ change, kind, seq }) => {
  const place = await anyLogOf(CALLS);
  const seqs = await seqsOf(place);
  const seqOf: SeqOf = (row) => nth(seqs, row);
  await byHand(place, function* () {
    yield* change(seqOf);
  });
  expect(await verifyLog(place)).toMatchObject({ kind, seq: seq(seqOf) });
});

test('a log that was written with another key is rekeyed', async () => {
  const place = await anyLogOf(CALLS);
  const home = aFolder();
  obtainChainKey(home);
  const [seq] = await seqsOf(place);
  expect(await verifyLog({ ...place, home })).toMatchObject({ kind: 'rekeyed', seq });
});

test('the log of another gateway is replaced for whoever knows a place of the right one', async () => {
  const place = await anyLogOf(CALLS);
  const verdict = await verifyLog(place);
  if (verdict.kind !== 'ok') throw new Error(verdict.why);
  const { seq, hash } = verdict;
  expect(await verifyLog({ ...place, expected: { seq, hash } })).toMatchObject({ kind: 'ok', seq, hash });
  const other = await anyLogOf(CALLS);
  expect(await verifyLog({ ...other, expected: { seq, hash } })).toMatchObject({ kind: 'replaced', seq });
});

test('an older state is replaced for whoever knows a place of today', async () => {
  const place = await anyLogOf(CALLS);
  const putBack = await keepLog(place);
  const end = (await seqsOf(place)).at(-1) ?? 0;
  const store = await aStore(place);
  const { seq, hash } = await store.log.append(aRecord());
  await store.close();
  await putBack();
  expect(await verifyLog({ ...place, expected: { seq, hash } })).toMatchObject({ kind: 'replaced', seq: end + 1 });
  // It is whole in itself: without that knowledge, and without the checkpoints, nobody can tell.
  rmSync(checkpointPath(place.home));
  expect(await verifyLog({ ...place, expected: { seq, hash } })).toMatchObject({ kind: 'replaced', seq: end + 1 });
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', seq: end });
});

test('a check can begin behind a row and sees what comes after it', async () => {
  const place = await anyLogOf(CALLS);
  const seqs = await seqsOf(place);
  const [sixth = 0, , eighth = 0] = seqs.slice(5);
  expect(await verifyLog({ ...place, after: sixth })).toMatchObject({ kind: 'ok', rows: ROWS - 6, seq: seqs.at(-1) });
  await changeByHand(place, `update log set tool = 'x' where seq = ?`, eighth);
  expect(await verifyLog({ ...place, after: sixth })).toMatchObject({ kind: 'edited', seq: eighth });
  expect(await verifyLog({ ...place, after: eighth })).toMatchObject({ kind: 'ok' });
});

test('a log that grows while it is checked is whole', async () => {
  const place = await anyLogOf(700);
  const store = await aStore(place);
  const checking = new AbortController();
  onTestFinished(() => checking.abort());
  const writing = (async () => {
    while (!checking.signal.aborted) {
      const record = aRecord();
      await store.log.append(record);
      store.log.settle(anOutcome(record.id));
    }
  })();
  for (let round = 0; round < 3; round += 1) expect(await verifyLog(place)).toMatchObject({ kind: 'ok' });
  checking.abort();
  await writing;
});
