import { expect, test } from 'vitest';
import type { Permit } from '../../src/core/opinion.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import { writtenPermits } from '../../src/policy/written-permits.ts';
import { listOverrides, type OverrideBundle, silentRules } from '../../src/review/overrides.ts';
import { type SeenPermits, seePermits } from '../../src/review/seen-permits.ts';
import { aCombineFacts, anOpinion, aPermit, NOW } from '../policy/decision-makers.ts';
import { aRecord } from '../state/records.ts';

const TERMS = termsOf(aPermit({ lifts: ['pace/WD'] }));
const RULE = { id: 'OVR-1', title: 'An exception', owner: 'ops', reads: ['over.config.permits'] };
const EVERYTHING = { servers: ['*'], agents: ['*'], tools: ['*'] };
const NONE: SeenPermits = new Map();

function termsOf({ lifts, requested_by, approved_by, justification, not_before, expires_at }: Permit) {
  return { lifts, requested_by, approved_by, justification, not_before, expires_at };
}

function aBundle(permits: readonly object[], part: Partial<OverrideBundle> = {}): OverrideBundle {
  const written = writtenPermits({ over: { config: { permits: permits as never } } });
  return {
    id: 'override',
    mode: 'enforce',
    ruleModes: {},
    scope: EVERYTHING,
    written,
    rules: [RULE],
    people: 'unverified',
    problem: '',
    ...part,
  };
}

function listed(bundles: readonly OverrideBundle[], seen = NONE, still: boolean | undefined = true) {
  return listOverrides({ bundles, seen, now: NOW, saysStill: () => still });
}

/** A call of which the override bundle said these permits, and of which it lifted what they name. */
function aCall(permits: readonly Permit[], part: Partial<SealedRecord> = {}): SealedRecord {
  const lifted = permits.flatMap(({ id, lifts }) => lifts.map((denial) => ({ denial, by: `override/${id}` })));
  const record = aRecord({
    layers: [anOpinion({ layer: 'override', permit: permits })],
    combine: aCombineFacts(),
    lifted,
    time: '2026-03-02T12:00:00.000Z',
  });
  return { ...record, seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null, ...part };
}

test('a permit in the data of a bundle is listed with the rule that reads it', () => {
  expect(listed([aBundle([{ ...TERMS, incident: 'INC-7' }])])).toEqual([
    {
      bundle: 'override',
      rule: 'override/OVR-1',
      title: 'An exception',
      owner: 'ops',
      ...TERMS,
      state: 'in_force',
      why: '',
      ends_in_s: 216_000,
      people: 'unverified',
      known_from: 'configuration',
      for: EVERYTHING,
      more: { incident: 'INC-7' },
      uses: 0,
      last_used: '',
    },
  ]);
});

test.for([
  { what: 'no rule reads', part: { rules: [] }, why: 'no rule of the bundle reads it' },
  { what: 'of a shadowed bundle', part: { mode: 'shadow' }, why: 'it is in mode shadow' },
  { what: 'of a shadowed rule', part: { ruleModes: { 'OVR-1': 'shadow' } }, why: 'it is in mode shadow' },
  { what: 'of a bundle that cannot be used', part: { problem: 'no .manifest' }, why: 'its bundle cannot be used' },
] as const)('a permit $what is void', ({ part, why }) => {
  expect(listed([aBundle([TERMS], part)])).toMatchObject([{ state: 'void', why }]);
});

test.for([
  { what: 'lifts nothing', part: { lifts: [] }, why: /^lifts: / },
  { what: 'names no person', part: { requested_by: undefined }, why: /^requested_by: / },
  { what: 'has no time', part: { not_before: 7 }, why: /^not_before: / },
])('a permit that $what is void, and why is said', ({ part, why }) => {
  const written = Object.fromEntries(Object.entries({ ...TERMS, ...part }).filter(([, value]) => value !== undefined));
  const [found] = listed([aBundle([written])]);
  expect(found?.state).toBe('void');
  expect(found?.why).toMatch(why);
});

test('what is over is ended, whatever else was wrong with it', () => {
  const over = { ...TERMS, expires_at: '2026-03-02T12:00:00Z', approved_by: TERMS.requested_by };
  expect(listed([aBundle([over])])).toMatchObject([{ state: 'ended', why: '', ends_in_s: 0 }]);
});

test('where several rules may be the one, the log says which', () => {
  const rules = [RULE, { ...RULE, id: 'OVR-2' }];
  const seen = seePermits(NONE, [aCall([aPermit({ ...TERMS, id: 'OVR-2' })])]);
  expect(listed([aBundle([TERMS], { rules })])).toMatchObject([{ rule: '' }]);
  expect(listed([aBundle([TERMS], { rules })], seen)).toMatchObject([{ rule: 'override/OVR-2', uses: 1 }]);
});

test('a use is a decision in which it lifted something while it held', () => {
  const permit = aPermit({ ...TERMS, id: 'OVR-1' });
  const late = aCombineFacts({ now: Date.parse(permit.expires_at) });
  const calls = [
    aCall([permit]),
    aCall([permit], { lifted: [] }),
    aCall([permit], { lifted: [{ denial: 'pace/WD', by: 'override/OVR-9' }] }),
    aCall([permit], { combine: late }),
    aCall([permit], { time: '2026-03-02T13:00:00.000Z' }),
  ];
  const one = listed([aBundle([TERMS])], seePermits(NONE, calls));
  const two = listed([aBundle([TERMS])], seePermits(seePermits(NONE, calls.slice(0, 1)), calls.slice(1)));
  expect(one).toMatchObject([{ uses: 2, last_used: '2026-03-02T13:00:00.000Z' }]);
  expect(two).toEqual(one);
});

test('permits of a rule that say different things are counted apart', () => {
  const other = { ...TERMS, lifts: ['pace/WE'] };
  const both = [aPermit({ ...TERMS, id: 'OVR-1' }), aPermit({ ...other, id: 'OVR-1' })];
  const call = aCall(both, { lifted: [{ denial: 'pace/WE', by: 'override/OVR-1' }] });
  const found = listed([aBundle([TERMS, other])], seePermits(NONE, [call]));
  expect(found.map(({ lifts, uses }) => [lifts, uses])).toEqual([
    [['pace/WD'], 0],
    [['pace/WE'], 1],
  ]);
});

test.for([
  { still: true, state: 'in_force' },
  { still: false, state: 'gone' },
  { still: undefined, state: 'unconfirmed' },
] as const)('a permit that only the log knows is $state where its bundle says $still', ({ still, state }) => {
  const seen = seePermits(NONE, [aCall([aPermit({ ...TERMS, id: 'OVR-1' })])]);
  const saysStill = () => still;
  expect(listOverrides({ bundles: [aBundle([])], seen, now: NOW, saysStill })).toMatchObject([
    { state, known_from: 'log', rule: 'override/OVR-1', title: 'An exception' },
  ]);
  expect(listOverrides({ bundles: [], seen, now: NOW, saysStill })).toMatchObject([{ state: 'gone', title: '' }]);
});

test('a rule that permits and of which nothing is known is named', () => {
  const silent = { ...RULE, id: 'OVR-2', reads: [] };
  const bundle = aBundle([TERMS], { rules: [RULE, silent] });
  expect(silentRules([bundle], listed([bundle]))).toEqual(['override/OVR-2']);
  const seen = seePermits(NONE, [aCall([aPermit({ id: 'OVR-2', lifts: ['pace/WE'] })])]);
  expect(silentRules([bundle], listed([bundle], seen))).toEqual([]);
});

test('what ends first comes first', () => {
  const early = { ...TERMS, expires_at: '2026-03-03T00:00:00Z' };
  expect(listed([aBundle([TERMS, early])]).map(({ expires_at }) => expires_at)).toEqual([
    early.expires_at,
    TERMS.expires_at,
  ]);
});

test('a permit is of two people where its bundle is held to a signer, and one that is gone as it was recorded', () => {
  expect(listed([aBundle([TERMS], { people: 'verified' })])).toMatchObject([{ people: 'verified' }]);
  expect(listed([aBundle([TERMS])])).toMatchObject([{ people: 'unverified' }]);
  const seen = seePermits(NONE, [aCall([{ ...aPermit({ lifts: ['pace/WD'] }), people: 'verified' }])]);
  expect(listed([aBundle([])], seen)).toMatchObject([{ people: 'verified' }]);
});
