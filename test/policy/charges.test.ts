import { expect, test } from 'vitest';
import type { Opinion } from '../../src/core/opinion.ts';
import { chargesOf } from '../../src/policy/charges.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { anObligation, anOpinion, NOW, someFacts } from './decision-makers.ts';

const INPUT = {
  ...TOTAL_INPUT,
  agent: { ...TOTAL_INPUT.agent, id: 'claude' },
  user: { ...TOTAL_INPUT.user, id: 'ana' },
};

test('a window begins at a multiple of its length, the same for all who count', () => {
  const [charge] = charged([pace({ window_s: 60 })], NOW + 59_999);
  expect(charge).toEqual({
    counter: 'agent.id/60s',
    bucket: '["pace","agent.id/60s","claude"]',
    cost: 1,
    limit: 30,
    window: { startsMs: NOW, endsMs: NOW + 60_000 },
  });
  expect(charged([pace({ window_s: 60 })], NOW + 60_000)[0]?.window.startsMs).toBe(NOW + 60_000);
});

test('each bundle, each key and each window counts for itself', () => {
  const other = { ...pace({}), bundle: 'other' };
  const charges = charged([pace({}), other, pace({ key: ['user.id', 'agent.id'] }), pace({ window_s: 3600 })]);
  expect(charges.map(({ bucket }) => bucket)).toEqual([
    '["other","agent.id/60s","claude"]',
    '["pace","agent.id,user.id/60s","claude","ana"]',
    '["pace","agent.id/3600s","claude"]',
    '["pace","agent.id/60s","claude"]',
  ]);
});

test('a bundle that says a limit twice charges once, with the lower number', () => {
  expect(charged([pace({ limit: 5 }), pace({ limit: 2 }), pace({ limit: 9 })])).toMatchObject([{ limit: 2 }]);
});

test.for([
  ['a shadowed bundle', { ...pace({}), mode: 'shadow' as const }],
  ['a shadowed rule', pace({ mode: 'shadow' })],
  ['a rule that only warns', pace({ mode: 'warn' })],
  ['another obligation', anOpinion({ layer: 'workflow', obligations: [anObligation({ type: 'audit_required' })] })],
] as const)('%s charges nothing', ([, opinion]) => {
  expect(charged([opinion])).toEqual([]);
});

test('what this version does not carry out is not charged', () => {
  expect(chargesOf(someFacts([pace({})], { carries: ['warn'] }), { input: INPUT, counters: new Map() })).toEqual([]);
});

function pace(part: Readonly<Record<string, unknown>>): Opinion {
  const obligation = anObligation({ type: 'rate_limit', key: ['agent.id'], limit: 30, window_s: 60, ...part });
  return anOpinion({ layer: 'workflow', bundle: 'pace', obligations: [obligation] });
}

function charged(layers: readonly Opinion[], now = NOW): ReturnType<typeof chargesOf> {
  return chargesOf(someFacts(layers, { carries: ['rate_limit'], now }), { input: INPUT, counters: new Map() });
}
