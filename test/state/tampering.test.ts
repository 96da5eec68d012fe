import { copyFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aRecord } from './records.ts';
import { aLogOf, aPlace, aStore, type Place } from './support.ts';
import { tamper } from './tampering.ts';

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
const MORE = ['action', 'agent', 'user', 'session', 'body'] as const;
const ALL_COLUMNS = `kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, user, session, us, prev, hash, body`;

const aSeq = fc.integer({ min: 1, max: ROWS });

/** SQL that changes something of the log, whatever it is. */
const attacks: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...TEXTS, ...MORE),
      aSeq,
      fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
    )
    .map(
      ([column, seq, text]) =>
        `update log set ${column} = ${column} || '${text.replaceAll(`'`, `''`)}' where seq = ${seq}`,
    ),
  fc
    .tuple(fc.constantFrom('prev', 'hash'), aSeq)
    .map(([column, seq]) => `update log set ${column} = randomblob(32) where seq = ${seq}`),
  fc.tuple(fc.integer({ min: 1 }), aSeq).map(([more, seq]) => `update log set us = us + ${more} where seq = ${seq}`),
  fc
    .tuple(aSeq, aSeq)
    .filter(([one, two]) => one !== two)
    .map(([one, two]) => {
      return `update log set seq = -1 where seq = ${one}; update log set seq = ${one} where seq = ${two}; update log set seq = ${two} where seq = -1`;
    }),
  fc
    .tuple(aSeq, aSeq)
    .map(([from, to]) => `delete from log where seq between ${Math.min(from, to)} and ${Math.max(from, to)}`),
  aSeq.map((seq) => `insert into log select ${ROWS + 1}, ${ALL_COLUMNS} from log where seq = ${seq}`),
  aSeq.map((seq) => `delete from log where seq = ${seq}; insert into log select * from foreign_log where seq = ${seq}`),
  aSeq.map(
    (seq) =>
      `delete from log where seq > ${seq - 1}; update heads set seq = ${seq - 1}, hash = coalesce((select hash from log where seq = ${seq - 1}), zeroblob(32))`,
  ),
);

test('G-80 whatever somebody without the key does to the log is found', async () => {
  const [log, foreign] = [await aLogOf(CALLS), await aLogOf(CALLS)];
  let copies = 0;
  await fc.assert(
    fc.asyncProperty(attacks, async (attack) => {
      const copy = { ...log, path: `${log.path}.${(copies += 1)}` };
      copyFileSync(log.path, copy.path);
      tamper(copy, (database) => {
        database.exec(`attach '${foreign.path}' as other; create temp view foreign_log as select * from other.log`);
        database.exec(attack);
      });
      const verdict = await verifyLog(copy);
      expect({ attack, kind: verdict.kind }).not.toEqual({ attack, kind: 'ok' });
    }),
    { numRuns: 150 },
  );
});

test.each([
  [`update log set tool = 'x', agent = 'eve' where seq = 3`, 'somebody has changed tool, agent'],
  [
    `update log set body = replace(body, '"test"', '"best"') where seq = 3`,
    'its body, its kind or its place was changed',
  ],
])('G-80 where it can be told, it is said what was changed: %s', async (attack, why) => {
  const place = await aLogOf(2);
  tamper(place, (database) => database.exec(attack));
  const verdict = await verifyLog(place);
  expect(verdict).toMatchObject({ kind: 'edited', seq: 3, id: place.ids[1], why: expect.stringContaining(why) });
});

test('G-84 decisions stand in the order in which they were committed, whatever their times say', async () => {
  const place = aPlace();
  const store = await aStore(place);
  const times = ['2026-05-02T00:00:00.000Z', '2025-01-01T00:00:00.000Z', '2027-09-09T00:00:00.000Z'];
  const records = times.map((time) => aRecord({ time, effect: 'deny' }));
  for (const record of records) await store.log.append(record);
  await store.close();
  const reader = readerOf(place);
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
    const reader = readerOf(await aLogOf(CALLS));
    for (const name of ['server', 'tool', 'reason', 'agent', 'user', 'effect']) {
      const filter = { limit: 10, [name]: evil };
      expect(await reader.list(filter)).toEqual([]);
    }
    await expect(reader.find(evil)).rejects.toMatchObject({ code: 'RECORD_NOT_FOUND' });
    expect(await reader.list({ limit: 100 })).toHaveLength(CALLS);
  });
});

function readerOf({ path }: Place): DecisionReader {
  const reader = new DecisionReader({ path });
  onTestFinished(() => reader.close());
  return reader;
}
