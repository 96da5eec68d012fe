import type { DecisionView, DecisionRow } from '../../src/dashboard/api.ts';
import type { Opinion } from '../../src/core/opinion.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import { explain } from '../../src/review/explain.ts';
import type { RuleWords } from '../../src/review/record-words.ts';
import { aRecord } from '../state/records.ts';

const PEOPLE = ['maria', 'jonas', 'aiko', 'sam'];
const TOOLS: readonly (readonly [string, string])[] = [
  ['payments', 'create_refund'],
  ['code-host', 'merge_pull_request'],
  ['warehouse', 'run_query'],
  ['outbox', 'send_message'],
  ['payments', 'get_charge'],
];
const REASONS = [
  'refund_limit_exceeded',
  'gateway.unknown_tool',
  'customer_data_outside_region',
  'gateway.counter.workflow/refunds',
];

/** Decisions of the last days, newest first, the same at every call. */
export function fakeRows(count: number, nowMs: number): readonly DecisionRow[] {
  return Array.from({ length: count }, (_, index): DecisionRow => {
    const effect = index % 11 === 4 ? 'pending' : index % 4 === 1 ? 'deny' : 'allow';
    const [server = '', tool = ''] = TOOLS[index % TOOLS.length] ?? [];
    return {
      id: `019a7b00-0000-7000-8000-${String(count - index).padStart(12, '0')}`,
      seq: count - index,
      time: new Date(nowMs - index * 397_000).toISOString(),
      effect,
      agent: index % 3 === 0 ? 'support-assistant' : 'coding-assistant',
      user: PEOPLE[index % PEOPLE.length] ?? '',
      client: index % 3 === 0 ? 'claude-desktop' : 'cursor',
      server,
      tool,
      action: 'tool_call',
      reasons: effect === 'deny' ? [REASONS[index % REASONS.length] ?? ''] : [],
      decideUs: 300 + ((index * 37) % 900),
      outcome: effect === 'allow' ? (index % 17 === 0 ? 'tool_error' : 'ok') : 'not_forwarded',
    };
  });
}

const LAYER: Opinion = {
  layer: 'identity',
  bundle: 'identity',
  digest: '9f2c51d0a7',
  mode: 'enforce',
  status: 'ok',
  error: '',
  allow: [],
  deny: [],
  hide: [],
  obligations: [],
  permit: [],
  labels: [],
  capabilities: [],
  us: 61,
  fuel: 900,
  cached: false,
};

const GRANT = { reason: 'granted', params: {}, mode: 'enforce', liftable: false } as const;

const LAYERS: readonly Opinion[] = [
  { ...LAYER, capabilities: [{ id: 'ID-1', kind: 'server', value: 'payments', mode: 'enforce' }] },
  { ...LAYER, layer: 'server', bundle: 'payments', us: 88, allow: [{ ...GRANT, id: 'PAY-103' }] },
  { ...LAYER, layer: 'resource', bundle: 'resource', us: 70, allow: [{ ...GRANT, id: 'RES-101' }] },
  {
    ...LAYER,
    layer: 'workflow',
    bundle: 'workflow',
    us: 120,
    deny: [{ id: 'WF-302', reason: 'refund_limit_exceeded', params: { limit: 5000 }, mode: 'enforce', liftable: true }],
  },
];

const WORDS: RuleWords = {
  title: 'Refunds above 50 EUR are made by people',
  remediation: 'Ask somebody of the support team to make the refund, or refund at most 50 EUR.',
  owner: 'payments team',
  control: 'SOC2-CC6.1',
  place: 'policy.rego:31',
  reads: ['action.args.amount', 'user.groups'],
};

/** A refund that was refused, told by what tells of real ones. */
export function fakeDecision(id: string): DecisionView {
  const row = fakeRows(400, Date.now()).find((one) => one.id === id);
  const record: SealedRecord = {
    ...aRecord(),
    id,
    time: row?.time ?? new Date().toISOString(),
    generation: '4c1f0e2ab95d',
    server: 'payments',
    tool: 'create_refund',
    effect: 'deny',
    reasons: ['refund_limit_exceeded'],
    remediation: 'ask_support',
    matched_rules: ['workflow/WF-302'],
    layers: LAYERS,
    combine: { ...aRecord().combine, required: ['identity', 'server', 'resource', 'workflow'], now: Date.now() },
    input: { action: { type: 'tool_call', args: { charge_id: 'ch_1002', amount: 12_500, currency: 'EUR' } } },
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    seq: row?.seq ?? 399,
    chain: 'main',
    instance: 'one',
    hash: 'b1946ac92492d2347c6235b4d2611184c1fd7a3b0ad36d8c3f5d1e0f2c4b5a69',
    outcome: null,
  };
  return {
    record,
    explanation: explain(record, { wordsOf: () => WORDS, ownWords: () => ({ title: '', remediation: '' }) }),
    told:
      'payments/create_refund was refused.\nRefunds above 50 EUR are made by people (refund_limit_exceeded).\n' +
      'Ask somebody of the support team to make the refund, or refund at most 50 EUR.\n' +
      `Another way around this is not wanted.\nDecision ${id}`,
    sources: [
      {
        rule: 'workflow/WF-302',
        file: 'policy.rego',
        row: 31,
        firstRow: 27,
        text: '# METADATA\n# title: Refunds above 50 EUR are made by people\n# custom:\n#   owner: payments team\ndeny contains {"id": "WF-302", "reason": "refund_limit_exceeded"} if {\n\tinput.action.tool == "create_refund"\n\tinput.action.args.amount > data.limits.refund\n}\n',
      },
    ],
    read: [
      { path: 'action.args.amount', value: 12_500 },
      { path: 'user.groups', value: ['support'] },
    ],
  };
}
