import { expect, test } from 'vitest';
import { LAYERS, type Opinion } from '../../src/core/opinion.ts';
import type { CombineFacts } from '../../src/core/record.ts';
import { combine } from '../../src/policy/combine.ts';
import { recombine, shadowDecision } from '../../src/policy/combine-record.ts';
import { anObligation, anOpinion, aVerdict, someFacts } from './decision-makers.ts';

const GRANTS = [
  anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
  anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] }),
];
const REACHES = anOpinion({
  layer: 'identity',
  capabilities: [{ id: 'C', kind: 'tool', value: 'other/*', mode: 'enforce' }],
});
const ASKS = anOpinion({
  layer: 'workflow',
  obligations: [anObligation({ type: 'require_approval', by: 'lead' })],
});

type Case = readonly [what: string, layers: readonly Opinion[], combine?: Partial<CombineFacts>];

const HOLDS: readonly Case[] = [
  ...(['error', 'timeout', 'undefined', 'malformed'] as const).flatMap((status) =>
    LAYERS.map((layer): Case => [`${layer}: ${status}`, [...GRANTS, anOpinion({ layer, status })]]),
  ),
  ['a layer that is missing', GRANTS, { required: ['compliance'] }],
  ['what is out of reach', [...GRANTS, REACHES]],
  ...['gateway.tool_quarantined', 'gateway.unknown_tool', 'gateway.invalid_arguments'].map((reason): Case => [
    reason,
    [],
    { own: [{ reason, internal: '', rules: [], params: {} }] },
  ]),
];

const PASSES: readonly Case[] = [
  ...LAYERS.map((layer): Case => [
    `${layer}: a rule denies`,
    [...GRANTS, anOpinion({ layer, bundle: 'o', deny: [aVerdict('X-1')] })],
  ]),
  ['no grant', []],
  ['an approval that is open', [...GRANTS, ASKS]],
  ['an approval that was denied', [...GRANTS, ASKS], { approvals: [{ by: 'lead', status: 'denied' }] }],
  [
    'a budget that is used up',
    GRANTS,
    { reservations: [{ counter: 'o/calls', status: 'refused', resets_at: '', cost: 1, limit: 1 }] },
  ],
];

const BYPASSES = ['pause', 'shadow'] as const;

test.for(HOLDS)('%s is refused in a pause and in shadow as ever', ([, layers, facts]) => {
  const ever = combine(someFacts(layers, facts));
  expect(ever.effect).toBe('deny');
  for (const bypass of BYPASSES) {
    const { effect, reasons } = combine(someFacts(layers, { ...facts, bypass }));
    expect([effect, reasons]).toEqual(['deny', ever.reasons]);
  }
});

test.for(PASSES)(
  '%s is let through in a pause and in shadow, and what would have been is kept',
  ([, layers, facts]) => {
    const ever = combine(someFacts(layers, facts));
    expect(ever.effect).not.toBe('allow');
    for (const bypass of BYPASSES) {
      const paused = someFacts(layers, { ...facts, bypass });
      expect(combine(paused)).toMatchObject({ effect: 'allow', reasons: [] });
      expect(shadowDecision(paused)).toMatchObject({ effect: ever.effect, reasons: ever.reasons });
      expect(recombine(JSON.parse(JSON.stringify(paused)) as typeof paused)).toEqual(combine(paused));
    }
  },
);
