import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Change } from '../../src/core/change.ts';
import { listActs } from '../../src/state/act-query.ts';
import { appendChanging, appendGroup, insertRows, insertSealed, writtenSince } from '../../src/state/append.ts';
import * as approvals from '../../src/state/approvals.ts';
import { keepMaterial, readMaterial } from '../../src/state/audit-material.ts';
import { listBudgets } from '../../src/state/budget-list.ts';
import * as budgets from '../../src/state/budgets.ts';
import { returnToRevision, seenRevisions, seeRevision } from '../../src/state/bundle-revisions.ts';
import { Sealers } from '../../src/state/chain.ts';
import { makeChanges } from '../../src/state/changes.ts';
import type { ChainKeys } from '../../src/state/chain-key.ts';
import type { StoreConnection } from '../../src/state/connection.ts';
import { createConversationStore, sweepConversations } from '../../src/state/conversation-store.ts';
import * as queries from '../../src/state/decision-query.ts';
import { readStatistics } from '../../src/state/decision-statistics.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { readEvidence } from '../../src/state/evidence.ts';
import { fillIndex, shrinkIndex } from '../../src/state/index-fill.ts';
import { openIndex } from '../../src/state/index-schema.ts';
import * as instances from '../../src/state/instances.ts';
import { addKey, findAgentKey, listKeys, revokeKey } from '../../src/state/keys.ts';
import * as labels from '../../src/state/labels.ts';
import { giveLeases, takeLease } from '../../src/state/leases.ts';
import { headsOf } from '../../src/state/log-check.ts';
import { lacks, lastRemoved, readHead, readHeads, refuseBadTail, removedUpTo } from '../../src/state/log-tail.ts';
import { removedBehind } from '../../src/state/removed-rows.ts';
import { beginPause, endPause, readPause } from '../../src/state/pauses.ts';
import { listPins, pinBundle, releaseBundle } from '../../src/state/policy-pins.ts';
import { endHolds, expiryOf, holdAll, orphanedHolds } from '../../src/state/reservations.ts';
import { readSealed } from '../../src/state/sealed-decisions.ts';
import { addLink, findLink, useLink } from '../../src/state/sign-in-links.ts';
import { leasesOn } from '../../src/state/under-lease.ts';
import { type Work, run } from '../../src/state/work.ts';
import { aCharge, realClock } from '../state/records.ts';
import { bothStores, folderOfFile } from './both-stores.ts';
import {
  NOW,
  HOUR_MS,
  OCCASION,
  REF,
  KEY,
  CHAIN,
  EMPTY,
  APPENDING,
  SLIDING,
  LABEL,
  APPROVAL,
  USE,
  AGENT_KEY,
  MATERIAL,
  LINK,
  PAUSE,
  PIN,
  ME,
  EVERYTHING,
  ROWS,
  PLACE,
  ALONE,
  HOLD,
  PERSONS,
  UNCOUNTED,
  CHANGES,
  changing,
  reading,
  type Step,
} from './statement-material.ts';
import { askBook, exports, facts, generations, parts } from './statement-books.ts';

const tried = (...changes: readonly Change[]): Step => changing(() => makeChanges(ROWS, [{ row: 0, changes }]));

const BEGIN = 'insert into heads (chain, seq, hash, key, mac, first_key) values (?, 0, ?, ?, ?, ?)';

/** In an order in which each finds something. */
const STEPS: readonly (readonly [name: string, step: Step])[] = [
  ['the end of a chain that has not begun', reading(() => readHead())],
  ['the begin of a chain', changing(() => run(BEGIN, CHAIN, EMPTY.hash, EMPTY.key, EMPTY.mac, EMPTY.key))],
  ['rows are appended', changing(() => appendChanging({ rows: ROWS, changes: [] }, APPENDING))],
  ['what one instance has written', changing(() => writtenSince(EMPTY, ROWS[0]?.instance ?? ''))],
  ['the end of the log', changing(tail)],
  [
    'a row is written by itself',
    changing(() => insertRows({ rows: [{ row: ALONE, place: PLACE, hash: Buffer.alloc(32) }], head: EMPTY })),
  ],
  [
    'a row of another store is written',
    changing(() => insertSealed([{ row: ALONE, ...PLACE, seq: 10, key: KEY.id, hash: Buffer.alloc(32) }])),
  ],
  ['where chains end', reading(readHeads)],
  ['where the chains that are checked end', (connection) => connection.ask(() => headsOf(connection.numbering))],
  ['the end of a chain', reading(() => readHead(CHAIN))],
  ['a place that is there', reading(() => lacks({ chain: CHAIN, seq: 9, hash: Buffer.alloc(32) }))],
  ['a place that is not', reading(() => lacks({ chain: CHAIN, seq: 8, hash: Buffer.alloc(32) }))],
  ['what was removed', reading(lastRemoved)],
  ['what was removed of a chain', reading(() => lastRemoved('a chain'))],
  ['what is there no more', reading(removedUpTo)],
  ['how much that is', reading(() => removedBehind(0))],

  ['decisions', reading(() => queries.listDecisions({ limit: 10 }))],
  ['decisions of everything', reading(() => queries.listDecisions(EVERYTHING))],
  ['a decision by its id', reading(() => queries.findById('D-', 3))],
  ['parts of the log', parts],
  ['decisions of rows', reading(() => queries.decisionsAt([1, 9]))],
  ['decisions behind a row', reading(() => queries.tailDecisions(1))],
  ['decisions since a time', reading(() => queries.decisionsSince({ since: 0, afterSeq: 0 }))],
  ['permitted decisions', reading(() => queries.permittedDecisions({ since: 0, afterSeq: 0 }))],
  ['shadowed decisions', reading(() => queries.shadowedDecisions({ since: 0, afterSeq: 0 }))],
  ['statistics', (connection) => connection.snapshot(() => readStatistics(0))],
  ['acts', reading(() => listActs({ limit: 5 }))],
  ['pages', pages],
  ['what the index takes', indexed],

  ['a charge', changing(() => budgets.take(aCharge(), OCCASION))],
  ['another on it', changing(() => budgets.take(aCharge({ cost: 1.125 }), OCCASION))],
  ['one without room', changing(() => budgets.take(aCharge({ cost: 1 }), OCCASION))],
  ['a sliding charge', changing(() => budgets.take(SLIDING, OCCASION))],
  ['another sliding charge', changing(() => budgets.take({ ...SLIDING, cost: 2.5 }, { ...OCCASION, now: NOW + 1 }))],
  ['what is left', reading(() => budgets.remainingAfter([aCharge(), SLIDING, aCharge({ bucket: 'none' })]))],
  ['counts', (connection) => budgets.readCounts(connection, [aCharge(), aCharge({ bucket: 'none' })])],
  ['a charge given back', changing(() => budgets.giveBack(aCharge()))],
  ['a charge that is held', changing(() => budgets.take(HOLD, OCCASION))],
  ['what is held', changing(() => holdAll([HOLD], OCCASION))],
  ['holds that expire', (connection) => expiryOf(connection, 'd-1', NOW + HOUR_MS)],
  ['holds of nobody', (connection) => orphanedHolds(connection, NOW + HOUR_MS)],
  [
    'holds that end',
    changing(() => endHolds({ which: 'named', costs: [{ bucket: HOLD.bucket, cost: 0.5 }] }, OCCASION)),
  ],
  ['holds that have ended', changing(() => endHolds({ which: 'all', costs: [] }, OCCASION))],
  ['budgets', (connection) => listBudgets(connection, NOW)],
  [
    'an adjustment',
    changing(() => budgets.adjust({ bucket: HOLD.bucket, startsMs: NOW, fromParts: 500, to: 2.25 }, NOW)),
  ],
  ['budgets after it', (connection) => listBudgets(connection, NOW)],
  ['budgets that are over', (connection) => budgets.sweepBudgets(connection, NOW + 100 * HOUR_MS)],
  ['budgets that are left', (connection) => listBudgets(connection, NOW)],

  ['a label', changing(() => labels.attachLabel(LABEL))],
  ['the label again', changing(() => labels.attachLabel({ ...LABEL, attachedMs: NOW + 1 }))],
  ['labels', (connection) => labels.readLabels(connection, { conversation: 'c', agent: 'a' }, NOW)],
  ['counts of conversations', (connection) => createConversationStore(connection).add(UNCOUNTED)],
  ['counts that are added to', (connection) => createConversationStore(connection).add(UNCOUNTED)],
  ['counts of one', (connection) => createConversationStore(connection).read('c')],
  ['labels with whose they are', (connection) => labels.listLabels(connection, { conversation: '', now: NOW })],
  [
    'a label that is cleared',
    changing(() => labels.clearLabel({ ...LABEL, sources: [{ source: 'w/1', attachedMs: NOW + 1 }], nowMs: NOW })),
  ],
  ['labels that are over', (connection) => labels.sweepLabels(connection, NOW + 100 * HOUR_MS)],
  ['conversations that are over', (connection) => sweepConversations(connection, NOW + 100 * HOUR_MS)],

  ['an approval', changing(() => approvals.openApproval(APPROVAL))],
  ['the same once more', changing(() => approvals.openApproval({ ...APPROVAL, id: 'd-3' }))],
  [
    'one that is joined',
    changing(() =>
      approvals.joinApproval({
        ref: REF,
        decision: 'd-2',
        quorum: 2,
        remember: 'session',
        expiresMs: NOW + 99,
        nowMs: NOW,
      }),
    ),
  ],
  ['votes', changing(votes)],
  ['use without room', changing(() => approvals.useApproval({ ...USE, quorum: 9 }))],
  ['use', changing(() => approvals.useApproval(USE))],
  ['use in a round', changing(() => approvals.useApproval({ ...USE, how: { kind: 'round', round: 1 } }))],
  ['use that is remembered', changing(() => approvals.useApproval({ ...USE, how: { kind: 'remembered' } }))],
  ['the book', askBook],
  ['return of a round', changing(() => approvals.returnApproval({ ...USE, how: { kind: 'round', round: 1 } }))],
  ['return', changing(() => approvals.returnApproval(USE))],

  ['audit material', changing(() => keepMaterial(MATERIAL))],
  ['the material', reading(() => readMaterial('d-1'))],
  ['a key', changing(() => addKey(AGENT_KEY))],
  ['keys', listKeys],
  ['the key of an agent', (connection) => findAgentKey(connection, 'abc')],
  ['a key that is revoked', changing(() => revokeKey('key-1', NOW))],
  ['a link', changing(() => addLink(LINK))],
  ['its use', changing(() => useLink('h', NOW))],
  ['its second use', changing(() => useLink('h', NOW))],
  ['the link', (connection) => findLink(connection, 'h')],
  ['a pause', changing(() => beginPause(PAUSE))],
  ['another', changing(() => beginPause({ ...PAUSE, untilMs: NOW + 2 }))],
  ['the pause', reading(readPause)],
  ['its end', changing(endPause)],
  ['a pin', changing(() => pinBundle(PIN))],
  ['another pin', changing(() => pinBundle({ ...PIN, modes: { mode: 'warn', ruleModes: {} } }))],
  ['pins', reading(listPins)],
  ['a pin that is released', changing(() => releaseBundle('b'))],
  ['a revision', changing(() => seeRevision('b', '2'))],
  ['an earlier one', changing(() => seeRevision('b', '1'))],
  ['a return to it', changing(() => returnToRevision('b', '1'))],
  ['revisions', reading(seenRevisions)],
  ['generations', generations],
  ['facts', facts],
  ['exports', exports],

  ['a heartbeat', (connection) => instances.beat(connection, ME, { now: NOW, openFrom: 1 })],
  ['another heartbeat', (connection) => instances.beat(connection, ME, { now: NOW + 1, openFrom: 2 })],
  ['the dead', (connection) => instances.findDead(connection, { ...ME, id: 'i-9' }, NOW + HOUR_MS)],
  ['the living', (connection) => instances.listLiving(connection, NOW)],
  ['one less', (connection) => instances.removeInstance(connection, ME.id)],
  ['a lease', (connection) => takeLease(connection, { name: 'l', holder: 'a', now: NOW, lastsMs: 10 })],
  ['a lease that is held', (connection) => takeLease(connection, { name: 'l', holder: 'b', now: NOW, lastsMs: 10 })],
  [
    'a lease of the dead',
    (connection) => takeLease(connection, { name: 'l', holder: 'b', now: NOW, lastsMs: 10, dead: ['a', 'c'] }),
  ],
  ['work under a lease', (connection) => leasesOn(connection, realClock)('l2', async () => 'done')],
  ['leases that are given', (connection) => giveLeases(connection, 'b')],

  ['changes of all kinds', made],
  ['changes of which one is refused', tried({ kind: 'take', charge: aCharge() }, { kind: 'end_pause' })],
  ['what they left', (connection) => listBudgets(connection, NOW)],
  [
    'a group in a transaction of its own',
    async (connection) => (await appendGroup(connection, { rows: ROWS, changes: [] }, APPENDING)).written.length,
  ],
];

function* tail(): Work<unknown> {
  const head = yield* readHead(CHAIN);
  if (head === undefined) return 'none';
  const sealers = new Sealers({ find: () => KEY });
  return yield* refuseBadTail({
    head,
    sealers,
    after: undefined,
    name: 'it',
    numbering: 'rising',
  });
}

async function made(connection: StoreConnection): Promise<unknown> {
  const answers = await connection.change(() => makeChanges(ROWS, [{ row: 0, changes: CHANGES }]));
  expect(answers.get(0)).toEqual({ remaining: [9, 3] });
  return answers;
}

function* votes(): Work<readonly boolean[]> {
  const given: boolean[] = [];
  for (const vote of PERSONS) given.push(yield* approvals.answerApproval(REF, vote));
  return given;
}

async function pages(connection: StoreConnection): Promise<unknown> {
  const keys = { find: () => KEY } as unknown as ChainKeys;
  const found: unknown[] = [];
  for (const filter of [{ limit: Number.MAX_SAFE_INTEGER }, { ...EVERYTHING, limit: 1 }]) {
    for await (const page of readSealed(connection, { filter, keys, withOutcomes: true })) found.push(page);
    for await (const page of readSealed(connection, { filter, keys, withOutcomes: false })) found.push(page);
    for await (const page of readEvidence(connection, { filter, keys })) found.push(page);
  }
  return found;
}

async function indexed(connection: StoreConnection): Promise<unknown> {
  const database = openIndex(chooseDriver(), join(FOLDER, `${connection.numbering}.index`), CHAIN);
  const filled = await fillIndex(database, connection, { atOnce: 10, most: 10, now: NOW });
  await shrinkIndex(database, connection, NOW);
  database.close();
  return filled;
}

const FOLDER = folderOfFile();
const [sqlite, postgres] = await bothStores();

test.each(STEPS)('the same in both stores: %s', async (_, step) => {
  expect(await step(postgres)).toEqual(await step(sqlite));
});

test('no work on the store is left out', () => {
  const books = fileURLToPath(new URL('statement-books.ts', import.meta.url));
  const here = [import.meta.filename, books].map((path) => readFileSync(path, 'utf8')).join('\n');
  const folder = join(process.cwd(), 'src/state');
  const sources = readdirSync(folder).filter((name) => !ELSEWHERE.has(name));
  const names = sources.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(WORK)].map(([, work, other]) => work ?? other ?? ''),
  );
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(here))).toEqual([]);
});

/** What carries work out, and what other files of this folder try. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'work.ts',
  'connection.ts',
  'open-connection.ts',
  'sqlite-connection.ts',
  'postgres-connection.ts',
  'postgres-session.ts',
  'postgres-clock.ts',
  'copy-store.ts',
  'copy-tables.ts',
]);

/** What is exported and does something on a connection. */
const WORK = /^export (?:function\* (\w+)|(?:async )?function(?=[^{]*StoreConnection) (\w+))/gm;
