import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../../src/core/record.ts';
import { NO_OBLIGATIONS } from '../../src/policy/obligations.ts';
import { differences, effectOf, type Expectation, spokenRules } from '../../src/review/expectation.ts';
import { aCombineFacts, anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aRecord } from '../state/records.ts';

const DENIED = aRecord({
  effect: 'deny',
  reasons: ['too_much', 'too_late'],
  remediation: 'do_less',
  action: 'tool_call',
  combine: aCombineFacts(),
  matched_rules: ['pace/P-1'],
  layers: [
    anOpinion({ layer: 'server', bundle: 'files', allow: [aVerdict('S-1')] }),
    anOpinion({
      layer: 'workflow',
      bundle: 'pace',
      deny: [aVerdict('P-1', { reason: 'too_much' })],
      obligations: [{ id: 'P-2', mode: 'enforce', advice: false, type: 'warn', text: 'It is late already.' }],
    }),
  ],
  obligations: {
    ...NO_OBLIGATIONS,
    audit_required: true,
    approvals: [{ by: 'user', quorum: 1, ttl_s: 0, remember: 'never' }],
    labels: [{ label: 'seen', ttl_s: 0 }],
  },
});

function whatDiffers(expected: Expectation, record: DecisionRecord = DENIED): readonly string[] {
  return differences(expected, { record, resultRecord: undefined, text: 'Refused. Do less.' }).map(({ what }) => what);
}

describe('a decision', () => {
  it.each<[string, Partial<Expectation>]>([
    ['its effect alone', {}],
    ['its reasons, in any order', { reasons: ['too_late', 'too_much'] }],
    ['some of the rules that spoke', { rules: ['files/S-1'] }],
    [
      'some of its obligations, by type or with fields',
      { obligations: [{ type: 'audit_required' }, { type: 'require_approval', by: 'user' }] },
    ],
    ['a part of each warning', { warnings: ['late already'] }],
    ['its labels', { labels: ['seen'] }],
    ['its remedy', { remediation: 'do_less' }],
    ['a part of what is told', { told: ['Do less'] }],
    ['nothing lifted', { lifted: [] }],
  ])('is as expected by %s', (_, expected) => {
    expect(whatDiffers({ effect: 'deny', ...expected })).toEqual([]);
  });

  it.each<[string, Expectation]>([
    ['effect', { effect: 'allow' }],
    ['reasons', { effect: 'deny', reasons: ['too_much'] }],
    ['reasons', { effect: 'deny', reasons: [] }],
    ['rules', { effect: 'deny', rules: ['files/S-2'] }],
    ['rules', { effect: 'deny', rules: [] }],
    ['obligations', { effect: 'deny', obligations: [{ type: 'require_approval', by: 'group:owners' }] }],
    ['obligations', { effect: 'deny', obligations: [] }],
    ['warnings', { effect: 'deny', warnings: [] }],
    ['warnings', { effect: 'deny', warnings: ['late already', 'early'] }],
    ['labels', { effect: 'deny', labels: [] }],
    ['lifted', { effect: 'deny', lifted: ['pace/P-1'] }],
    ['remediation', { effect: 'deny', remediation: 'wait' }],
    ['told', { effect: 'deny', told: ['Wait'] }],
    ['result', { effect: 'deny', result: { effect: 'deny' } }],
    ['result', { effect: 'deny', result: { effect: 'allow', rules: ['files/S-4'] } }],
  ])('differs in its %s alone', (what, expected) => {
    expect(whatDiffers(expected)).toEqual([what]);
  });

  it('on a result is compared like one on a call', () => {
    const outcome = { record: DENIED, resultRecord: DENIED, text: '' };
    const found = differences(
      { effect: 'deny', result: { effect: 'allow', reasons: ['too_much', 'too_late'] } },
      outcome,
    );
    expect(found).toEqual([{ what: 'result.effect', expected: 'allow', got: 'deny' }]);
  });

  it('of what is not listed is hidden, which is a denial too', () => {
    const hidden = aRecord({ effect: 'deny', reasons: ['gateway.unknown_tool'], reason_internal: 'hidden' });
    expect([effectOf(hidden), effectOf({ ...hidden, reason_internal: '' })]).toEqual(['hidden', 'deny']);
    expect([whatDiffers({ effect: 'deny' }, hidden), whatDiffers({ effect: 'hidden' }, hidden)]).toEqual([[], []]);
    expect(whatDiffers({ effect: 'hidden' })).toEqual(['effect']);
  });
});

describe('the rules that spoke', () => {
  it('are all that said something which counts, and those behind what the gateway itself denies', () => {
    const shadowed = anOpinion({ layer: 'resource', bundle: 'owners', mode: 'shadow', allow: [aVerdict('R-1')] });
    const own = [{ reason: 'gateway.unknown_tool', internal: 'hidden', rules: ['owners/R-9'], params: {} }];
    const record = { ...DENIED, layers: [...DENIED.layers, shadowed], combine: { ...DENIED.combine, own } };
    expect(spokenRules(record)).toEqual(['files/S-1', 'owners/R-9', 'pace/P-1', 'pace/P-2']);
  });
});
