import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SealedRecord } from '../../src/core/record.ts';
import { ENOUGH, policyStatistics } from '../../src/review/policy-statistics.ts';
import { addRecords, NO_ACTIVITY, type RuleActivity } from '../../src/review/rule-activity.ts';
import { addTimes, NO_TIMES, percentileOf } from '../../src/review/times.ts';
import { aRuling } from '../gateway/makers.ts';
import { anObligation, anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aRuleInForce } from './rules.ts';

const SILENT = anOpinion({ layer: 'workflow', bundle: 'pace', us: 100 });
const DENYING = { ...SILENT, deny: [aVerdict('WF-1')] };
const COUNTING = { ...SILENT, obligations: [anObligation({ id: 'WF-2', type: 'audit_required' })] };
const SKIPPED = { ...SILENT, status: 'skipped' as const };

function aRecord(part: Partial<SealedRecord>): SealedRecord {
  const { record } = aRuling();
  return { ...record, seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null, ...part };
}

function activityOf(...records: readonly Partial<SealedRecord>[]): RuleActivity {
  return addRecords(NO_ACTIVITY, records.map(aRecord));
}

test('a rule has fired whether or not it decided, and its newest decision is the example', () => {
  const { rules } = activityOf(
    { id: 'one', layers: [DENYING], matched_rules: ['pace/WF-1'] },
    { id: 'two', layers: [DENYING], matched_rules: ['pace/WF-1'] },
    { id: 'three', layers: [DENYING], matched_rules: [] },
  );
  expect(rules.get('pace/WF-1')).toMatchObject({ fired: 3, decided: 2, example: { id: 'two' } });
});

test('the order of pages is that of the records: pages and one page say the same', () => {
  const records = [
    aRecord({ id: 'a', generation: 'g1', layers: [DENYING], effect: 'deny' }),
    aRecord({ id: 'b', generation: 'g2', layers: [COUNTING] }),
    aRecord({ id: 'c', generation: 'g2', layers: [SKIPPED] }),
  ];
  const paged = records.reduce((before, record) => addRecords(before, [record]), NO_ACTIVITY);
  expect(paged).toEqual(addRecords(NO_ACTIVITY, records));
});

test('rules that never fire are named, and of a bundle that was never asked only the bundle', () => {
  const rules = [
    aRuleInForce('pace/WF-1'),
    aRuleInForce('pace/WF-9', { rule: { title: 'Never' } }),
    aRuleInForce('law/CO-1'),
  ];
  const { never_fired, never_asked } = policyStatistics(rules, activityOf({ layers: [DENYING] }));
  expect(never_fired).toEqual([{ name: 'pace/WF-9', title: 'Never', owner: '' }]);
  expect(never_asked).toEqual(['law']);
});

test.each([
  { when: 'each of enough decisions', firing: ENOUGH, silent: 0, always: true },
  { when: 'all but one of them', firing: ENOUGH, silent: 1, always: false },
  { when: 'each of too few', firing: ENOUGH - 1, silent: 0, always: false },
])('a rule that fired in $when always fires: $always', ({ firing, silent, always }) => {
  const records = [
    ...Array.from({ length: firing }, () => ({ layers: [DENYING] })),
    ...Array.from({ length: silent }, () => ({ layers: [SILENT] })),
    // Where identity refused, the bundle was not asked.
    { layers: [SKIPPED] },
  ];
  const { always_fired } = policyStatistics([aRuleInForce('pace/WF-1')], activityOf(...records));
  expect(always_fired.map(({ name }) => name)).toEqual(always ? ['pace/WF-1'] : []);
});

test('what identity grants in every call is no rule that always fires', () => {
  const granting = { ...SILENT, capabilities: [{ id: 'ID-1', kind: 'server', value: '*', mode: 'enforce' } as const] };
  const records = Array.from({ length: ENOUGH }, () => ({ layers: [granting] }));
  const rules = [aRuleInForce('pace/ID-1', { sets: ['capabilities'] })];
  expect(policyStatistics(rules, activityOf(...records)).always_fired).toEqual([]);
});

test('the rate of denials is that of the last generation and of the one before it, of requests alone', () => {
  const at = (generation: string, time: string, effect: SealedRecord['effect']): Partial<SealedRecord> => ({
    generation,
    time,
    effect,
  });
  const { denial_rate } = policyStatistics(
    [],
    activityOf(
      at('old', '2026-01-01T00:00:00.000Z', 'deny'),
      at('before', '2026-01-02T00:00:00.000Z', 'deny'),
      at('before', '2026-01-03T00:00:00.000Z', 'allow'),
      at('now', '2026-01-04T00:00:00.000Z', 'allow'),
      { ...at('now', '2026-01-05T00:00:00.000Z', 'deny'), action: 'tool_list' },
    ),
  );
  expect(denial_rate).toEqual({
    now: { generation: 'now', decisions: 1, denied: 0 },
    before: { generation: 'before', decisions: 2, denied: 1 },
  });
});

test('with one generation there is nothing to compare', () => {
  expect(policyStatistics([], activityOf({ generation: 'now' })).denial_rate).toBeNull();
});

test('a bundle that fails is counted as failed, and its time is not taken', () => {
  const failing = { ...SILENT, status: 'error' as const, us: 9_000_000 };
  const { bundles } = policyStatistics([], activityOf({ layers: [SILENT] }, { layers: [failing] }));
  expect(bundles).toMatchObject([{ bundle: 'pace', answered: 1, failed: 1 }]);
  expect(bundles[0]?.p99_us).toBeLessThanOrEqual(110);
});

test('a percentile is at least the true one and at most a tenth more, to a microsecond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (times, part) => {
        const exact = times.toSorted((left, right) => left - right)[Math.ceil(times.length * part) - 1] ?? 0;
        const told = percentileOf(addTimes(NO_TIMES, times), part);
        expect(told).toBeGreaterThanOrEqual(exact * 0.999_999);
        expect(told).toBeLessThanOrEqual(exact * 1.100_001);
      },
    ),
  );
});
