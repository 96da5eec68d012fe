import { expect, test } from 'vitest';
import { combine } from '../../src/policy/combine.ts';
import { type Change, waysToAllow } from '../../src/review/ways-to-allow.ts';
import { anObligation, anOpinion, aPermit, aVerdict, someFacts } from '../policy/decision-makers.ts';
import { everyCombination } from '../policy/layer-states.ts';

const SERVER = anOpinion({ layer: 'server', bundle: 'code-host', allow: [aVerdict('S-1')] });
const RESOURCE = anOpinion({ layer: 'resource', allow: [aVerdict('R-1')] });
const PACE = anOpinion({ layer: 'workflow', bundle: 'pace', deny: [aVerdict('W-1')] });
const LAW = anOpinion({ layer: 'compliance', bundle: 'law', deny: [aVerdict('C-1', { liftable: false })] });
const ASKING = anOpinion({
  layer: 'workflow',
  bundle: 'ask',
  obligations: [anObligation({ type: 'require_approval', by: 'user', quorum: 1, ttl_s: 0, remember: 'never' })],
});
const own = { reason: 'gateway.invalid_arguments', internal: '', rules: [], params: {} };

const silent = (rule: string): Change => ({ kind: 'rule_silent', rule });
const permit = (lifts: string): Change => ({ kind: 'permit', lifts });
const grant = (layer: 'server' | 'resource'): Change => ({ kind: 'grant', layer });

test.for([
  { what: 'what is allowed', facts: someFacts([SERVER, RESOURCE]), ways: [] },
  { what: 'what the gateway itself refuses', facts: someFacts([SERVER, RESOURCE], { own: [own] }), ways: [] },
  {
    what: 'a denial that can be lifted',
    facts: someFacts([SERVER, RESOURCE, PACE]),
    ways: [[silent('pace/W-1')], [permit('pace/W-1')]],
  },
  {
    what: 'a denial that cannot',
    facts: someFacts([SERVER, RESOURCE, LAW]),
    ways: [[silent('law/C-1')]],
  },
  {
    what: 'two denials: both must go, and of permits only where no other would do',
    facts: someFacts([SERVER, RESOURCE, PACE, LAW]),
    ways: [
      [silent('pace/W-1'), silent('law/C-1')],
      [silent('law/C-1'), permit('pace/W-1')],
    ],
  },
  {
    what: 'a missing grant',
    facts: someFacts([SERVER, anOpinion({ layer: 'resource' })]),
    ways: [[grant('resource')], [permit('gateway.no_grant.resource')]],
  },
  {
    what: 'a server without policy',
    facts: someFacts([RESOURCE]),
    ways: [[grant('server')], [permit('gateway.unpolicied_server')]],
  },
  {
    what: 'a denial behind which an approval waits',
    facts: someFacts([SERVER, RESOURCE, PACE, ASKING]),
    ways: [
      [silent('pace/W-1'), { kind: 'approval', by: 'user' }],
      [{ kind: 'approval', by: 'user' }, permit('pace/W-1')],
    ],
  },
  {
    what: 'an approval that was refused',
    facts: someFacts([SERVER, RESOURCE, ASKING], { approvals: [{ by: 'user', status: 'denied' }] }),
    ways: [[{ kind: 'approval', by: 'user' }]],
  },
  {
    what: 'a limit without room',
    facts: someFacts([SERVER, RESOURCE], {
      reservations: [{ counter: 'c', status: 'refused', resets_at: '', cost: 1, limit: 1 }],
    }),
    ways: [[{ kind: 'room', counter: 'c', resets_at: '' }]],
  },
  {
    what: 'a bundle that failed',
    facts: someFacts([SERVER, RESOURCE, anOpinion({ layer: 'workflow', bundle: 'pace', status: 'error' })]),
    ways: [[{ kind: 'answer', layer: 'workflow', bundle: 'pace' }]],
  },
  {
    what: 'a required layer that is not there',
    facts: someFacts([SERVER, RESOURCE], { required: ['compliance'] }),
    ways: [[{ kind: 'answer', layer: 'compliance', bundle: '' }]],
  },
  {
    what: 'a required layer that says nothing of whoever stands behind the agent',
    facts: someFacts([anOpinion({ layer: 'identity' }), SERVER, RESOURCE], {
      required: ['identity'],
      delegators: [{ id: 'lead', scope: '', owner_team: '', model: '' }],
    }),
    ways: [[{ kind: 'answer', layer: 'identity', bundle: '' }]],
  },
  {
    what: 'a bundle that failed about two of a line',
    facts: someFacts([
      anOpinion({ layer: 'identity', bundle: 'people', status: 'error' }),
      anOpinion({ layer: 'identity', bundle: 'people', status: 'error', agent: 'lead' }),
      SERVER,
      RESOURCE,
    ]),
    ways: [[{ kind: 'answer', layer: 'identity', bundle: 'people' }]],
  },
  {
    what: 'an obligation that nobody carries out',
    facts: someFacts([
      SERVER,
      RESOURCE,
      anOpinion({ layer: 'workflow', bundle: 'pace', obligations: [anObligation({ type: 'unknown', name: 'call' })] }),
    ]),
    ways: [[silent('pace/OB-1')]],
  },
  {
    what: 'a tool out of reach',
    facts: someFacts([
      anOpinion({ layer: 'identity', capabilities: [{ id: 'I', kind: 'server', value: 'other', mode: 'enforce' }] }),
      SERVER,
      RESOURCE,
    ]),
    ways: [[{ kind: 'reach', kinds: ['server'] }]],
  },
  {
    what: 'a denial of identity, behind which nobody was asked',
    facts: someFacts([
      anOpinion({ layer: 'identity', deny: [aVerdict('I-1', { liftable: false })] }),
      { ...SERVER, status: 'skipped', allow: [] },
      { ...RESOURCE, status: 'skipped', allow: [] },
    ]),
    ways: [],
  },
  {
    what: 'a denial of override, which no permit lifts',
    facts: someFacts([SERVER, RESOURCE, anOpinion({ layer: 'override', deny: [aVerdict('O-1')] })]),
    ways: [[silent('override/O-1')]],
  },
  {
    what: 'what a rule hides from a list',
    facts: {
      ...someFacts([anOpinion({ layer: 'workflow', bundle: 'pace', hide: [aVerdict('H-1')] })]),
      action: 'tool_list' as const,
    },
    ways: [[silent('pace/H-1')]],
  },
  {
    what: 'a denial that was lifted already beside one that was not',
    facts: someFacts([
      SERVER,
      RESOURCE,
      PACE,
      LAW,
      anOpinion({ layer: 'override', permit: [aPermit({ lifts: ['pace/W-1'] })] }),
    ]),
    ways: [[silent('law/C-1')]],
  },
])('ways to allow $what', ({ facts, ways }) => {
  expect(waysToAllow(facts)).toEqual(ways);
});

test('with more denials than are tried together, two ways are told, and nothing in them can be left out', () => {
  const rules = Array.from({ length: 20 }, (_, index) => `W-${index + 1}`);
  const many = anOpinion({ layer: 'workflow', bundle: 'pace', deny: rules.map((id) => aVerdict(id)) });
  const warning = anOpinion({ layer: 'compliance', bundle: 'law', deny: [aVerdict('C-1', { mode: 'warn' })] });
  expect(waysToAllow(someFacts([SERVER, RESOURCE, many, warning]))).toEqual([
    rules.map((id) => silent(`pace/${id}`)),
    rules.map((id) => permit(`pace/${id}`)),
  ]);
});

test('with many denials of which none can be lifted, one way is told', () => {
  const deny = ['C-1', 'C-2', 'C-3', 'C-4'].map((id) => aVerdict(id, { liftable: false }));
  const law = anOpinion({ layer: 'compliance', bundle: 'law', deny });
  expect(waysToAllow(someFacts([SERVER, RESOURCE, law]))).toEqual([deny.map(({ id }) => silent(`law/${id}`))]);
});

test('what would take too long to try is not tried', () => {
  const deny = Array.from({ length: 150 }, (_, index) => aVerdict(`W-${index}`));
  const facts = someFacts([SERVER, RESOURCE, anOpinion({ layer: 'workflow', bundle: 'pace', deny })]);
  expect(waysToAllow(facts)).toBe('too_many');
});

test('over a sample of all combinations of layers, what is not allowed and was asked of all has a way', () => {
  // A prime, so that the sample meets every state of every layer.
  const sample = everyCombination().filter((_, index) => index % 1009 === 0);
  const without = sample.filter((opinions) => {
    const facts = someFacts(opinions);
    const wasEnded = opinions.some(({ layer, deny }) => layer === 'identity' && deny.length > 0);
    return combine(facts).effect !== 'allow' && !wasEnded && waysToAllow(facts).length === 0;
  });
  expect(without.map((opinions) => opinions.map(({ bundle, status }) => `${bundle} ${status}`))).toEqual([]);
});
