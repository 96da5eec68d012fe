import { copyFileSync, rmSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkpointPath } from '../../src/state/checkpoint-file.ts';
import { obtainChainKey } from '../../src/state/chain-key.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { anOutcome, aRecord } from './records.ts';
import { aFolder, aLogOf, aStore } from './support.ts';
import { sql, tamper } from './tampering.ts';

const CALLS = 5;
const ROWS = 2 * CALLS;

const COLUMNS = ['kind', 'id', 'time', 'instance', 'effect', 'status', 'server', 'tool', 'reasons', 'action', 'agent'];
const MORE = ['user', 'session', 'us', 'prev', 'hash', 'body', 'chain', 'key', 'seq'];

test('an untouched log is whole, and so is an empty one', async () => {
  expect(await verifyLog(await aLogOf(CALLS))).toMatchObject({ kind: 'ok', rows: ROWS, seq: ROWS });
  expect(await verifyLog(await aLogOf(0))).toMatchObject({ kind: 'ok', rows: 0, seq: 0 });
});

describe('G-80 an edit of any column of any row is found and named', () => {
  test.each([...COLUMNS, ...MORE])('%s', async (column) => {
    const place = await aLogOf(2);
    for (let seq = 1; seq <= 4; seq += 1) {
      const copy = { ...place, path: `${place.path}.${seq}` };
      copyFileSync(place.path, copy.path);
      tamper(copy, (database) => database.prepare(editOf(column)).run(seq));
      const verdict = await verifyLog(copy);
      expect(verdict.kind, `row ${seq}`).not.toBe('ok');
      expect(verdict.seq, `row ${seq}`).toBe(seq);
    }
  });
});

function editOf(column: string): string {
  if (column === 'seq') return 'update log set seq = seq + 1000 where seq = ?';
  if (column === 'us') return 'update log set us = us + 1 where seq = ?';
  if (column === 'prev' || column === 'hash') return `update log set ${column} = randomblob(32) where seq = ?`;
  return `update log set ${column} = ${column} || 'x' where seq = ?`;
}

const BIG =
  'seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, user, session, us';

test.each([
  [
    'two rows changed places',
    sql(
      'update log set seq = -1 where seq = 3; update log set seq = 3 where seq = 4; update log set seq = 4 where seq = -1;',
    ),
    'edited',
    3,
  ],
  ['the first row is deleted', sql('delete from log where seq = 1'), 'missing', 1],
  ['a middle row is deleted', sql('delete from log where seq = 5'), 'missing', 5],
  ['the last row is deleted', sql(`delete from log where seq = ${ROWS}`), 'truncated', ROWS],
  [
    'the last rows are deleted and the end moved back',
    sql(`delete from log where seq > 7; update heads set seq = 7, hash = (select hash from log where seq = 7);`),
    'truncated',
    8,
  ],
  [
    'a middle row is deleted and the rest moved up',
    sql('delete from log where seq = 5; update log set seq = seq - 1 where seq > 5;'),
    'edited',
    5,
  ],
  ['all rows are deleted', sql('delete from log'), 'truncated', 1],
  ['the end is deleted', sql('delete from heads'), 'truncated', 0],
  ['all rows and the end are deleted', sql('delete from log; delete from heads'), 'truncated', 0],
  ['the end is edited', sql(`update heads set hash = randomblob(32)`), 'edited', ROWS],
  [
    'a row is forged behind the last',
    sql(
      `insert into log (${BIG}, prev, hash, body) select seq + 1, 'decision', chain, key, 'forged', time, instance, effect, status, server, tool, reasons, action, agent, user, session, us, hash, randomblob(32), body from log where seq = ${ROWS}`,
    ),
    'edited',
    ROWS + 1,
  ],
  [
    'a row is forged and the end with it',
    sql(
      `insert into log (${BIG}, prev, hash, body) select seq + 1, 'decision', chain, key, 'forged', time, instance, effect, status, server, tool, reasons, action, agent, user, session, us, hash, randomblob(32), body from log where seq = ${ROWS}; update heads set seq = seq + 1, hash = (select hash from log where seq = ${ROWS + 1})`,
    ),
    'edited',
    ROWS + 1,
  ],
  [
    'an old row is played again at the end',
    sql(
      `insert into log (${BIG}, prev, hash, body) select ${ROWS + 1}, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, user, session, us, prev, hash, body from log where seq = 1`,
    ),
    'edited',
    ROWS + 1,
  ],
  ['rows have another chain', sql(`update log set chain = 'other'`), 'replaced', 1],
] as const)('%s', async (...[, change, kind, seq]) => {
  const place = await aLogOf(CALLS);
  tamper(place, change);
  expect(await verifyLog(place)).toMatchObject({ kind, seq });
});

test('a log that was written with another key is rekeyed', async () => {
  const place = await aLogOf(CALLS);
  const home = aFolder();
  obtainChainKey(home);
  expect(await verifyLog({ ...place, home })).toMatchObject({ kind: 'rekeyed', seq: 1 });
});

test('the log of another gateway is replaced for whoever knows a place of the right one', async () => {
  const place = await aLogOf(CALLS);
  const verdict = await verifyLog(place);
  if (verdict.kind !== 'ok') throw new Error(verdict.why);
  const { seq, hash } = verdict;
  expect(await verifyLog({ ...place, expected: { seq, hash } })).toMatchObject({ kind: 'ok', seq, hash });
  const other = await aLogOf(CALLS);
  expect(await verifyLog({ ...other, expected: { seq, hash } })).toMatchObject({ kind: 'replaced', seq });
});

test('yesterday’s file is replaced for whoever knows a place of today', async () => {
  const place = await aLogOf(CALLS);
  const yesterday = { ...place, path: `${place.path}.old` };
  copyFileSync(place.path, yesterday.path);
  const store = await aStore(place);
  const { seq, hash } = await store.log.append(aRecord());
  await store.close();
  expect(await verifyLog({ ...yesterday, expected: { seq, hash } })).toMatchObject({
    kind: 'replaced',
    seq: ROWS + 1,
  });
  // The copy is whole in itself: without that knowledge, and without the checkpoints, nobody can tell.
  rmSync(checkpointPath(place.home));
  expect(await verifyLog(yesterday)).toMatchObject({ kind: 'ok', seq: ROWS });
});

test('a check can begin behind a row and sees what comes after it', async () => {
  const place = await aLogOf(CALLS);
  expect(await verifyLog({ ...place, after: 6 })).toMatchObject({ kind: 'ok', rows: ROWS - 6, seq: ROWS });
  tamper(place, sql(`update log set tool = 'x' where seq = 8`));
  expect(await verifyLog({ ...place, after: 6 })).toMatchObject({ kind: 'edited', seq: 8 });
  expect(await verifyLog({ ...place, after: 8 })).toMatchObject({ kind: 'ok' });
});

test('a log that grows while it is checked is whole', async () => {
  const place = await aLogOf(700);
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
