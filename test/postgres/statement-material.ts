import { createSecretKey } from 'node:crypto';
import type { Change } from '../../src/core/change.ts';
import { createSealer, GENESIS, type LogRow } from '../../src/state/chain.ts';
import type { StoreConnection } from '../../src/state/connection.ts';
import type * as queries from '../../src/state/decision-query.ts';
import type { Work } from '../../src/state/work.ts';
import { actRow, decisionRow, outcomeRow } from '../../src/state/log-rows.ts';
import { aCharge, aHold, anAct, aNewApproval, anApprovalUse, anOutcome, aRecord, aVote } from '../state/records.ts';

export const NOW = Date.UTC(2026, 10, 22);
const TIME = new Date(NOW).toISOString();
export const HOUR_MS = 3_600_000;
export const OCCASION = { id: 'd-1', instance: 'i-1', now: NOW };
export const REF = { id: 'd-1', by: 'user' };
export const KEY = { id: 'k', secret: createSecretKey(Buffer.alloc(32, 7)) };
const SEALER = createSealer(KEY);
export const CHAIN = '6d637067-0000-4000-8000-000000000000';
export const EMPTY = {
  chain: CHAIN,
  seq: 0,
  hash: GENESIS,
  key: KEY.id,
  mac: SEALER.sealHead({ chain: CHAIN, seq: 0, hash: GENESIS }),
};
export const APPENDING = {
  sealerOf: () => SEALER,
  known: EMPTY,
  numbering: 'dense',
} as const;

export const SLIDING = aCharge({
  bucket: '["pace","sliding","claude"]',
  window: { kind: 'sliding', startsMs: NOW - HOUR_MS, endsMs: NOW },
});
export const LABEL = {
  conversation: 'c',
  label: 'customer_data',
  source: 'w/1',
  attachedMs: NOW,
  expiresMs: NOW + HOUR_MS,
};
export const APPROVAL = aNewApproval({ createdMs: NOW, expiresMs: NOW + HOUR_MS, remember: 'session', quorum: 2 });
export const USE = anApprovalUse({ nowMs: NOW, quorum: 1 });
export const AGENT_KEY = {
  id: 'key-1',
  role: 'agent' as const,
  hash: 'abc',
  user: 'ana',
  groups: ['g'],
  agent: 'claude',
  dataClasses: [],
  createdMs: NOW,
};
export const MATERIAL = { id: 'd-1', part: 'input' as const, key: '', body: Buffer.from([0, 1, 255]), hash: '' };
export const LINK = {
  hash: 'h',
  person: 'ana',
  groups: [],
  key: '',
  readsOnly: true,
  createdMs: NOW,
  expiresMs: NOW + 1,
};
export const PAUSE = { sinceMs: NOW, untilMs: NOW + 1, actor: 'user:ana', reason: 'why' };
export const PIN = { bundle: 'b', digest: 'd', dataDigest: '', at: NOW, actor: 'user:ana', reason: '' };
export const ME = { id: 'i-1', pid: 1, host: 'h', boot: '', began: '1' };
const FACTS = { bundles: [], required: [], evaluationFuel: 1, library: 'l', toolchain: 't' };
export const ACTIVATION = { generation: 'g1', at: NOW, instance: 'i-1', why: 'start', facts: FACTS };
export const EVERYTHING: queries.DecisionFilter = {
  limit: 10,
  since: 0,
  until: NOW + HOUR_MS,
  effect: 'allow',
  server: 'github',
  tool: 'create_issue',
  reason: 'a.b',
  agent: 'claude',
  user: 'ada',
  before: 100,
};

const record = aRecord({ id: 'd-1', time: TIME, reasons: ['a.b', 'c.d'] });
export const ROWS: readonly LogRow[] = [
  decisionRow(record, JSON.stringify({ ...record, permit: [{ a: 1 }] }).replace('"permit": ', '"permit":'), 'i-1'),
  outcomeRow(anOutcome('d-1'), 'i-1', { now: () => NOW }),
  actRow(anAct({ id: 'a-1', time: TIME }), 'i-1'),
];

export const PLACE = { chain: CHAIN, seq: 9, prev: GENESIS };
export const ALONE = { ...decisionRow(record, '{}', 'i-2'), id: 'd-9', effect: 'deny' };
const HELD_TWICE = aHold({ bucket: '["w","m","claude"]' });
export const HOLD = aHold({ window: { startsMs: NOW, endsMs: NOW + HOUR_MS }, bucket: '["w","n","claude"]' });
export const PERSONS = ['ana', 'bob', 'ANA'].map((person) => aVote({ person, atMs: NOW + 1 }));
export const UNCOUNTED = [
  {
    whose: { id: 'c', agent: 'claude', user: 'ana', client: 'test' },
    counted: [{ kind: 'call' as const, atMs: NOW, bytes: 1, tool: 'a/b', hash: 'h' }],
  },
];

export const CHANGES: readonly Change[] = [
  { kind: 'take', charge: HELD_TWICE },
  { kind: 'take', charge: aCharge({ bucket: '["pace","other","claude"]' }) },
  { kind: 'give_back', charge: aCharge({ bucket: '["pace","other","claude"]' }) },
  { kind: 'end_holds', which: 'all', costs: [{ bucket: HELD_TWICE.bucket, cost: 0.25 }] },
  { kind: 'attach_label', label: { ...LABEL, conversation: 'c2' } },
  { kind: 'open_approval', approval: { ...APPROVAL, id: 'd-7', binding: { ...APPROVAL.binding, call: 'that call' } } },
  { kind: 'answer_approval', ref: { id: 'd-7', by: 'user' }, vote: aVote({ atMs: NOW, key: 'key-0' }) },
  { kind: 'seal_log', last: 0, line: 'signed' },
  { kind: 'begin_pause', pause: PAUSE },
  { kind: 'end_pause' },
];

export type Step = (connection: StoreConnection) => Promise<unknown>;

/** In a transaction, as gateways do it. */
export const changing =
  <T>(work: () => Work<T>): Step =>
  (connection) =>
    connection.change(work);

export const reading =
  <T>(work: () => Work<T>): Step =>
  (connection) =>
    connection.ask(work);
