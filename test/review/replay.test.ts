import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { toolchain } from '../shared-toolchain.ts';
import type { SmallBundle } from '../policy/shipped-bundles.ts';
import { aRule, found, GRANTING, NOON, policyMaker, recorded, replayOf } from './replay-scene.ts';

const policyOf = policyMaker(toolchain);
/** Denies what is large, asks about what is sent, and warns at night. */
const LIMITS: SmallBundle = {
  id: 'limits',
  layer: 'workflow',
  rego: [
    aRule('deny', 'W-1', '{ is_number(input.action.args.amount); input.action.args.amount > 100 }'),
    aRule('obligations', 'W-2', ['input.action.tool == "send"', '"type": "require_approval"']),
    aRule('obligations', 'W-3', ['time.clock(time.now_ns())[0] >= 20', '"type": "warn", "text": "It is late."']),
  ].join('\n'),
};

/** The same bundle with other rules. */
function limitsOf(...rules: readonly string[]): SmallBundle {
  return { ...LIMITS, rego: [LIMITS.rego, ...rules].join('\n') };
}

let active: PolicySet;
beforeAll(async () => {
  active = await policyOf([...GRANTING, LIMITS]);
});

function withLimits(bundle: SmallBundle): Promise<PolicySet> {
  return policyOf([...GRANTING, bundle]);
}

test('an untouched generation gives every recorded decision again, to the last bit', async () => {
  const args = fc.dictionary(fc.constantFrom('amount', 'path', 'to'), fc.oneof(fc.integer(), fc.string(), fc.double()));
  const call = fc.record({
    tool: fc.constantFrom('read', 'send'),
    args: args.map((members) => JSON.parse(JSON.stringify(members)) as Record<string, number | string>),
    atMs: fc.integer({ min: NOON, max: NOON + 86_400_000 }),
    redact: fc.constantFrom([], ['/to'], ['/path', '/to']),
    approvals: fc.constantFrom([], [{ by: 'user', status: 'met' } as const]),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), async (calls) => {
      const records = await Promise.all(calls.map((one) => recorded(active, one)));
      const report = await replayOf(records, { active });
      expect(report.recorded).toEqual({ reproduced: records.length, recombined: [], alarms: [], more_alarms: 0 });
      expect(found(report)).toEqual({ same: records.length });
    }),
    { numRuns: 40 },
  );
});

describe('a candidate', () => {
  test('that denies more is told with the rule that denies, who it hits, and an example in words', async () => {
    const candidate = await withLimits(limitsOf(aRule('deny', 'W-9', 'input.action.args.path == "/etc"')));
    const records = await Promise.all([
      recorded(active, { args: { path: '/etc' } }),
      recorded(active, { args: { path: '/etc' }, agent: 'reviewer' }),
      recorded(active, { args: { path: '/srv' } }),
      recorded(active, { args: { path: '/etc', amount: 500 } }),
    ]);
    const report = await replayOf(records, { active, candidate });
    expect(found(report)).toEqual({ same: 1, allow_to_deny: 2, reasons_only: 1 });
    expect(found(report.active)).toEqual({ same: 4 });
    expect(report.groups).toMatchObject([
      {
        class: 'allow_to_deny',
        rules: ['limits/W-9'],
        count: 2,
        distinct: 2,
        where: [
          { agent: 'coder', server: 'files', tool: 'read', count: 1 },
          { agent: 'reviewer', server: 'files', tool: 'read', count: 1 },
        ],
        example: {
          id: records[0]?.id,
          agent: 'coder',
          tool: 'read',
          was: { effect: 'allow', matched_rules: ['files/S-1', 'owners/R-1'] },
          would_be: { effect: 'deny', reasons: ['because'], matched_rules: ['limits/W-9'] },
          explanation: ['explains allow_to_deny'],
        },
      },
      { class: 'reasons_only', rules: ['limits/W-9'], count: 1 },
    ]);
  });

  test.for([
    {
      name: 'denies no more',
      rego: aRule('obligations', 'W-2', ['input.action.tool == "send"', '"type": "require_approval"']),
      call: { args: { amount: 500 } },
      class: 'deny_to_allow',
      rules: ['limits/W-1'],
    },
    {
      name: 'asks first',
      rego: `${LIMITS.rego}\n${aRule('obligations', 'W-9', ['true', '"type": "require_approval", "by": "group:leads"'])}`,
      call: {},
      class: 'to_pending',
      rules: ['limits/W-9'],
    },
    {
      name: 'asks no more',
      rego: aRule('deny', 'W-1', 'false'),
      call: { tool: 'send' },
      class: 'from_pending',
      rules: ['limits/W-2'],
    },
    {
      name: 'demands more',
      rego: `${LIMITS.rego}\n${aRule('obligations', 'W-9', ['true', '"type": "audit_required"'])}`,
      call: {},
      class: 'obligations_only',
      rules: ['limits/W-9'],
    },
    {
      name: 'denies by another rule',
      rego: aRule('deny', 'W-8', ['input.action.args.amount > 100', '"reason": "too_much"']),
      call: { args: { amount: 500 } },
      class: 'reasons_only',
      rules: ['limits/W-1', 'limits/W-8'],
    },
    {
      name: 'fails',
      rego: aRule('deny', 'W-1', '1 / input.action.args.zero > 1'),
      call: { args: { zero: 0 } },
      class: 'new_error',
      rules: ['limits'],
    },
    {
      name: 'hides the tool',
      bundle: {
        id: 'owners',
        layer: 'resource',
        rego: `${aRule('allow', 'R-1', 'true')}\n${aRule('hide', 'R-2', 'input.action.tool == "read"')}`,
      } as const,
      call: {},
      class: 'allow_to_deny',
      rules: ['owners/R-2'],
    },
    {
      name: 'says the same in other words',
      rego: LIMITS.rego.replace('It is late.', 'Go to bed.'),
      call: { atMs: NOON + 10 * 3_600_000 },
      class: 'same',
      rules: undefined,
    },
  ])('that $name: $class', async ({ rego = LIMITS.rego, bundle, call, class: kind, rules }) => {
    const bundles = [...GRANTING, { ...LIMITS, rego }].map((one) => (one.id === bundle?.id ? bundle : one));
    const candidate = await policyOf(bundles);
    const report = await replayOf([await recorded(active, call)], { active, candidate });
    expect(found(report)).toEqual({ [kind]: 1 });
    expect(report.groups.map((group) => group.rules)).toEqual(rules === undefined ? [] : [rules]);
    expect(report.recorded.alarms).toEqual([]);
  });
});

describe('a masked record', () => {
  test('is replayed unless the candidate reads what is masked', async () => {
    const reading = await withLimits(limitsOf(aRule('deny', 'W-9', 'contains(input.action.args.to, "@")')));
    const other = await withLimits(limitsOf(aRule('deny', 'W-9', 'input.action.args.path == "/etc"')));
    const record = await recorded(active, { args: { to: 'kim@contoso.example', path: '/etc' }, redact: ['/to'] });
    expect(record.replayable).toEqual({ kind: 'fully' });

    const blind = await replayOf([record], { active, candidate: reading });
    expect(found(blind)).toEqual({ not_replayable: 1 });
    expect(blind.groups).toMatchObject([
      { rules: ['limits'], why: 'masked: /action/args/to', example: { would_be: null } },
    ]);
    expect(found(await replayOf([record], { active, candidate: other }))).toEqual({ allow_to_deny: 1 });
  });

  test('is replayed although another bundle has read what is masked: that one says what it said', async () => {
    const readers: SmallBundle = {
      id: 'readers',
      layer: 'compliance',
      rego: aRule('deny', 'C-1', 'input.action.args.to == "kim"'),
    };
    const now = await policyOf([...GRANTING, LIMITS, readers]);
    const limits = limitsOf(aRule('deny', 'W-9', 'input.action.args.path == "/etc"'));
    const candidate = await policyOf([...GRANTING, limits, readers]);
    const records = await Promise.all(
      ['kim', 'lee'].map((to) => recorded(now, { args: { to, path: '/etc' }, redact: ['/to'] })),
    );
    expect(records[0]?.replayable).toEqual({ kind: 'partly', pointers: ['/action/args/to'] });
    const report = await replayOf(records, { active: now, candidate });
    expect(found(report)).toEqual({ reasons_only: 1, allow_to_deny: 1 });
    expect(report.recorded).toMatchObject({
      reproduced: 2,
      recombined: [{ why: 'its rules read what is masked', count: 2 }],
      alarms: [],
    });
  });
});

describe('a record that does not come out as it was made is an alarm', () => {
  test.for([
    { name: 'its effect', change: { effect: 'deny' } as const, what: ['/effect'] },
    { name: 'what a bundle said', layer: { fuel: 1 }, what: ['/layers/0/fuel'] },
    { name: 'which bundle said it', layer: { digest: '0'.repeat(64) }, what: ['/layers/0/digest'] },
  ])('$name', async ({ change, layer, what }) => {
    const record = await recorded(active);
    const layers = record.layers.map((opinion, place) => (place === 0 ? { ...opinion, ...layer } : opinion));
    const report = await replayOf([{ ...record, layers, ...change }, await recorded(active)], { active });
    expect(report.recorded).toMatchObject({ reproduced: 1, alarms: [{ id: record.id, seq: record.seq, what }] });
  });

  test('unless the bundles of its time are not kept: then only what they said is combined again', async () => {
    const record = await recorded(active);
    const recordedBy = { kind: 'gone', why: 'its bundle limits is not kept' } as const;
    const report = await replayOf([record], { active, recordedBy });
    expect(report.recorded).toMatchObject({
      reproduced: 1,
      recombined: [{ why: recordedBy.why, count: 1 }],
      alarms: [],
    });
    expect(found(report)).toEqual({ same: 1 });
  });

  test('and one generation with other modes is tried in each of them', async () => {
    const watching = await policyOf([...GRANTING, { ...LIMITS, mode: 'warn' }]);
    expect(watching.generation).toBe(active.generation);
    const records = await Promise.all([watching, active].map((policy) => recorded(policy, { args: { amount: 500 } })));
    const policies = [active, watching].map((policy, place) => ({
      by: { policy, library: 'library' },
      fromMs: NOON - place,
    }));
    const report = await replayOf(records, { active, recordedBy: { kind: 'kept', policies } });
    expect(report.recorded).toMatchObject({ reproduced: 2, alarms: [] });
    expect(found(report)).toEqual({ same: 1, allow_to_deny: 1 });
  });
});
