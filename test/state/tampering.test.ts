import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SqlRow } from '../../src/state/driver.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { all, one, run, type Work } from '../../src/state/work.ts';
import { aRecord } from './records.ts';
import {
  aConnection,
  anyLogOf,
  type AnyPlace,
  anyPlace,
  aReader,
  aStore,
  byHand,
  changeByHand,
  keepLog,
  seqsOf,
} from './support.ts';
import { insertRow, nth } from './tampering.ts';

const CALLS = 4;
const ROWS = 2 * CALLS;
const TEXTS = [
  'kind',
  'chain',
  'key',
  'id',
  'time',
  'instance',
  'effect',
  'status',
  'server',
  'tool',
  'reasons',
] as const;
const MORE = ['action', 'agent', '"user"', 'session', 'body'] as const;

interface Logs {
  /** The number of a row, the first being 1. */
  readonly seqOf: (row: number) => number;
  /** Of another log, a row as it stands there. */
  readonly foreign: (row: number) => SqlRow;
}

/** Changes something of the log, whatever it is. */
interface Attack {
  readonly what: string;
  readonly change: (logs: Logs) => Work<unknown>;
}

const aRow = fc.integer({ min: 1, max: ROWS });
const twoRows = fc.tuple(aRow, aRow);
const aText = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'));
const noise = fc.uint8Array({ minLength: 32, maxLength: 32 });

const attacks: fc.Arbitrary<Attack> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...TEXTS, ...MORE), aRow, aText)
    .map(([column, row, text]) =>
      attack(`${JSON.stringify(text)} behind ${column} of ${row}`, ({ seqOf }) =>
        run(`update log set ${column} = ${column} || ? where seq = ?`, text, seqOf(row)),
      ),
    ),
  fc
    .tuple(fc.constantFrom('prev', 'hash'), aRow, noise)
    .map(([column, row, bytes]) =>
      attack(`another ${column} of ${row}`, ({ seqOf }) =>
        run(`update log set ${column} = ? where seq = ?`, bytes, seqOf(row)),
      ),
    ),
  fc
    .tuple(fc.integer({ min: 1 }), aRow)
    .map(([more, row]) =>
      attack(`${more} more microseconds in ${row}`, ({ seqOf }) =>
        run('update log set us = us + ? where seq = ?', more, seqOf(row)),
      ),
    ),
  twoRows
    .filter(([first, second]) => first !== second)
    .map(([first, second]) => attack(`${first} in the place of ${second}`, (logs) => swap(logs, first, second))),
  twoRows.map(([from, to]) =>
    attack(`none from ${from} to ${to}`, ({ seqOf }) =>
      run('delete from log where seq between ? and ?', seqOf(Math.min(from, to)), seqOf(Math.max(from, to))),
    ),
  ),
  aRow.map((row) => attack(`${row} again at the end`, (logs) => playAgain(logs, row))),
  aRow.map((row) => attack(`${row} of another log`, (logs) => putForeign(logs, row))),
  aRow.map((row) => attack(`the end before ${row}`, (logs) => cutBefore(logs, row))),
);

function attack(what: string, change: Attack['change']): Attack {
  return { what, change };
}

function* swap({ seqOf }: Logs, first: number, second: number): Work<void> {
  const move = 'update log set seq = ? where seq = ?';
  yield* run(move, -1, seqOf(first));
  yield* run(move, seqOf(first), seqOf(second));
  yield* run(move, seqOf(second), -1);
}

function* playAgain({ seqOf }: Logs, row: number): Work<void> {
  const old = yield* one('select * from log where seq = ?', seqOf(row));
  yield* insertRow({ ...old, seq: seqOf(ROWS) + 1 });
}

function* putForeign({ seqOf, foreign }: Logs, row: number): Work<void> {
  yield* run('delete from log where seq = ?', seqOf(row));
  yield* insertRow({ ...foreign(row), seq: seqOf(row) });
}

function* cutBefore({ seqOf }: Logs, row: number): Work<void> {
  const end = row === 1 ? 0 : seqOf(row - 1);
  const last = yield* one('select hash from log where seq = ?', end);
  yield* run('delete from log where seq > ?', end);
  yield* run('update heads set seq = ?, hash = ?', end, last?.['hash'] ?? Buffer.alloc(32));
}

test('G-80 whatever somebody without the key does to the log is found', async () => {
  const [log, other] = [await anyLogOf(CALLS), await anyLogOf(CALLS)];
  const logs = await logsOf(log, other);
  const putBack = await keepLog(log);
  await fc.assert(
    fc.asyncProperty(attacks, async ({ what, change }) => {
      await byHand(log, function* () {
        yield* change(logs);
      });
      const { kind } = await verifyLog(log);
      await putBack();
      expect({ what, kind }).not.toEqual({ what, kind: 'ok' });
    }),
    { numRuns: 150 },
  );
  expect(await verifyLog(log)).toMatchObject({ kind: 'ok', rows: ROWS });
});

async function logsOf(log: AnyPlace, other: AnyPlace): Promise<Logs> {
  const seqs = await seqsOf(log);
  const rows = await aConnection(other).ask(() => all('select * from log order by seq'));
  return { seqOf: (row) => nth(seqs, row), foreign: (row) => nth(rows, row) };
}

test.each([
  [`tool = 'x', agent = 'eve'`, 'somebody has changed tool, agent'],
  [`body = replace(body, '"test"', '"best"')`, 'its body, its kind or its place was changed'],
])('G-80 where it can be told, it is said what was changed: %s', async (edit, why) => {
  const place = await anyLogOf(2);
  const seq = (await seqsOf(place))[2] ?? 0;
  await changeByHand(place, `update log set ${edit} where seq = ?`, seq);
  const verdict = await verifyLog(place);
  expect(verdict).toMatchObject({ kind: 'edited', seq, id: place.ids[1], why: expect.stringContaining(why) });
});

test('G-84 decisions stand in the order in which they were committed, whatever their times say', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  const times = ['2026-05-02T00:00:00.000Z', '2025-01-01T00:00:00.000Z', '2027-09-09T00:00:00.000Z'];
  const records = times.map((time) => aRecord({ time, effect: 'deny' }));
  for (const record of records) await store.log.append(record);
  await store.close();
  const reader = aReader(place);
  expect((await reader.list({ limit: 9 })).map(({ id }) => id)).toEqual(records.map(({ id }) => id).toReversed());
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 3 });
});

describe('G-85 what a filter says is never read as SQL', () => {
  const EVIL = [
    `' or 1=1 --`,
    `x'; drop table log; --`,
    `" or ""="`,
    `%`,
    `create_issue' union select * from keys --`,
    `\\`,
  ];

  test.each(EVIL)('%s', async (evil) => {
    const reader = aReader(await anyLogOf(CALLS));
    for (const name of ['server', 'tool', 'reason', 'agent', 'user', 'effect']) {
      const filter = { limit: 10, [name]: evil };
      expect(await reader.list(filter)).toEqual([]);
    }
    await expect(reader.find(evil)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
    expect(await reader.list({ limit: 100 })).toHaveLength(CALLS);
  });
});
