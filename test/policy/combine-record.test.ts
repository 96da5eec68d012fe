import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../src/core/record.ts';
import { combine } from '../../src/policy/combine.ts';
import { parseTime } from '../../src/policy/permit-terms.ts';
import { recombine, reproduces, shadowDecision } from '../../src/policy/combine-record.ts';
import { anOpinion, aPermit, aVerdict, someFacts } from './decision-makers.ts';

const facts = someFacts([
  anOpinion({ layer: 'server', allow: [aVerdict('S-OK')] }),
  anOpinion({ layer: 'workflow', deny: [aVerdict('WD')], obligations: [] }),
  anOpinion({ layer: 'override', permit: [aPermit({ lifts: ['workflow/WD'] })] }),
]);

/** A record as it comes back from the log: through JSON. */
function aRecord(change: Partial<DecisionRecord> = {}): DecisionRecord {
  return JSON.parse(JSON.stringify({ ...facts, ...combine(facts), shadow: null, ...change })) as DecisionRecord;
}

describe('a record', () => {
  it('gives the decision again that it says', () => {
    expect(recombine(aRecord())).toEqual(combine(facts));
    expect(reproduces(aRecord())).toBe(true);
  });

  it.each<[string, Partial<DecisionRecord>]>([
    ['effect', { effect: 'deny' }],
    ['reasons', { reasons: ['wd'] }],
    ['matched rules', { matched_rules: [] }],
    ['lifted denials', { lifted: [] }],
    ['obligations', { obligations: { ...combine(facts).obligations, audit_required: false } }],
    ['opinions', { layers: [] }],
    ['time', { combine: { ...facts.combine, now: facts.combine.now + 30 * 24 * 60 * 60 * 1000 } }],
  ])('whose %s were changed does not', (_what, change) => {
    expect(reproduces(aRecord(change))).toBe(false);
  });

  it('in which nothing is shadowed has no counterfactual', () => {
    expect(shadowDecision(facts)).toBeNull();
  });
});

describe('a time', () => {
  it.each([
    ['2026-03-02T12:00:00Z', '2026-03-02T12:00:00.000Z'],
    ['2026-03-02t12:00:00z', '2026-03-02T12:00:00.000Z'],
    ['2026-03-02T12:00:00.1239+02:00', '2026-03-02T10:00:00.123Z'],
    ['2026-03-02T00:30:00-05:30', '2026-03-02T06:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0050-01-01T00:00:00Z', '0050-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(parseTime(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T12:60:00Z',
    '2026-03-02T12:00:60Z',
    '2026-03-02T12:00:00',
    '2026-03-02',
    '2026-03-02 12:00:00Z',
    '2026-03-02T12:00:00+24:00',
    '2026-03-02T12:00:00.Z',
    ' 2026-03-02T12:00:00Z',
    'tomorrow',
    '',
  ])('is not what %j says', (text) => {
    expect(parseTime(text)).toBeNull();
  });
});
