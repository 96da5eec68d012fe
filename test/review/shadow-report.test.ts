import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Opinion } from '../../src/core/opinion.ts';
import type { CombineFacts, SealedRecord } from '../../src/core/record.ts';
import { combine } from '../../src/policy/combine.ts';
import { shadowDecision } from '../../src/policy/combine-record.ts';
import { nameOf, ShadowReport } from '../../src/review/shadow-report.ts';
import { anObligation, anOpinion, aVerdict, someFacts } from '../policy/decision-makers.ts';
import { aRecord } from '../state/records.ts';

const GRANTS = [
  anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
  anOpinion({ layer: 'resource', bundle: 'starter-resource', allow: [aVerdict('SR-1')] }),
];
const STOPS = anOpinion({
  layer: 'workflow',
  bundle: 'limits',
  mode: 'shadow',
  deny: [aVerdict('L-1', { mode: 'shadow' })],
});

function decided(layers: readonly Opinion[], more: Partial<CombineFacts> = {}): SealedRecord {
  const facts = someFacts(layers, more);
  const { effect, reasons } = combine(facts);
  const record = aRecord({ ...facts, effect, reasons, shadow: shadowDecision(facts) });
  return { ...record, seq: 1, chain: '', instance: '', hash: '', outcome: null };
}

function counted(records: readonly SealedRecord[]): Readonly<Record<string, readonly [number, number, object]>> {
  const report = new ShadowReport([]);
  for (const record of records) report.add(record);
  return Object.fromEntries(
    report.lines.map((line) => [
      nameOf(line),
      [
        line.decisions,
        line.changed,
        Object.fromEntries(Object.entries(line.classes).map(([kind, { count }]) => [kind, count])),
      ],
    ]),
  );
}

test('a shadowed bundle is counted by what it would have changed', () => {
  const calm = { ...STOPS, deny: [] };
  const both = [decided([...GRANTS, STOPS]), decided([...GRANTS, calm]), decided([...GRANTS, STOPS])];
  expect(counted(both)).toEqual({ limits: [3, 2, { allow_to_deny: 2 }] });
});

test('each is judged alone, not with the others that are in shadow', () => {
  const other = anOpinion({
    layer: 'compliance',
    bundle: 'eu',
    mode: 'shadow',
    obligations: [anObligation({ type: 'audit_required', mode: 'shadow' })],
  });
  expect(counted([decided([...GRANTS, STOPS, other])])).toEqual({
    eu: [1, 1, { obligations_only: 1 }],
    limits: [1, 1, { allow_to_deny: 1 }],
  });
});

test('a shadowed rule of a bundle that counts has a line of its own', () => {
  const asks = anObligation({
    id: 'L-2',
    type: 'require_approval',
    by: 'user',
    quorum: 1,
    ttl_s: 60,
    remember: 'never',
    mode: 'shadow',
  });
  const limits = anOpinion({
    layer: 'workflow',
    bundle: 'limits',
    obligations: [asks],
    deny: [aVerdict('L-3', { mode: 'shadow' })],
  });
  expect(counted([decided([...GRANTS, limits])])).toEqual({
    'limits/L-2': [1, 1, { to_pending: 1 }],
    'limits/L-3': [1, 1, { allow_to_deny: 1 }],
  });
});

test('a rule that is shadowed by its own id stays so when its bundle is judged', () => {
  const modes = { limits: 'shadow', 'limits/L-1': 'shadow' } as const;
  expect(counted([decided([...GRANTS, STOPS], { modes })])).toEqual({ limits: [1, 0, {}] });
});

test('where a shadowed bundle would count, the starter of its layer would not stand in', () => {
  const owners = anOpinion({ layer: 'resource', bundle: 'owners', mode: 'shadow' });
  const record = decided([...GRANTS, owners]);
  expect(record.shadow).toMatchObject({ effect: 'deny', reasons: ['gateway.no_grant.resource'] });
  expect(counted([record])).toEqual({ owners: [1, 1, { allow_to_deny: 1 }] });
  const agent = anOpinion({ layer: 'resource', bundle: 'agent-coder', mode: 'shadow' });
  expect(decided([...GRANTS, agent]).shadow).toMatchObject({ effect: 'allow' });
});

test('a shadowed bundle that failed would have denied', () => {
  const failed: Opinion = { ...STOPS, deny: [], status: 'error', error: 'it broke' };
  expect(counted([decided([...GRANTS, failed])])).toEqual({ limits: [1, 1, { new_error: 1 }] });
});

test('what would have been hidden is counted by the rule that hides it', () => {
  const input: JsonObject = { shown: ['a'], withheld: [], shadowed: [{ tool: 'a', rules: ['limits/L-9'] }] };
  const listing: SealedRecord = { ...decided([]), action: 'tool_list', layers: [], input };
  expect(counted([listing])).toEqual({ 'limits/L-9': [1, 1, { shown_to_hidden: 1 }] });
});

test('what is in shadow and was never met is listed all the same', () => {
  expect(new ShadowReport([{ bundle: 'limits', rule: '' }]).lines).toMatchObject([{ bundle: 'limits', decisions: 0 }]);
});
