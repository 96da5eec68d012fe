import { beforeAll, describe, expect, test } from 'vitest';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { toolchain } from '../shared-toolchain.ts';
import type { SmallBundle } from '../policy/shipped-bundles.ts';
import { aRule, found, GRANTING, NOON, policyMaker, recorded, replayOf } from './replay-scene.ts';

const policyOf = policyMaker(toolchain);
/** So many points a day; a call that names no cost is free. */
function countingTo(limit: number, more = ''): SmallBundle {
  return {
    id: 'limits',
    layer: 'workflow',
    rego: [
      aRule('obligations', 'W-1', [
        'cost := input.action.args.cost',
        '"type": "counter", "name": "daily", "cost": cost',
      ]),
      aRule('obligations', 'W-2', ['input.budgets.daily.ratio > 0.5', '"type": "warn", "text": "Half is gone."']),
      more,
    ].join('\n'),
    gateway: {
      counters: [
        {
          name: 'daily',
          unit: 'points',
          key: ['agent.id'],
          window: { kind: 'calendar', unit: 'day', tz: 'UTC' },
          limit,
        },
      ],
    },
  };
}

let active: PolicySet;
beforeAll(async () => {
  active = await policyOf([...GRANTING, countingTo(10)]);
});

function snapshot(used: number, limit = 10): PolicyInput['budgets'] {
  const resets_at = '2026-03-03T00:00:00.000Z';
  return { 'limits/daily': { limit, ratio: used / limit, remaining: limit - used, reserved: 0, resets_at, used } };
}

const COUNTER = 'limits/daily';

describe('with limits as they stood', () => {
  test('what had no room has none, unless the candidate has a higher limit', async () => {
    const records = [
      await recorded(active, { args: { cost: 5 }, budgets: snapshot(0) }),
      await recorded(active, { args: { cost: 5 }, budgets: snapshot(8), full: [COUNTER] }),
    ];
    expect(records.map(({ effect }) => effect)).toEqual(['allow', 'deny']);
    expect(found(await replayOf(records, { active }))).toEqual({ same: 2 });

    const higher = await policyOf([...GRANTING, countingTo(20)]);
    const report = await replayOf(records, { active, candidate: higher });
    expect(found(report)).toEqual({ same: 1, deny_to_allow: 1 });
    expect(report.groups).toMatchObject([{ rules: ['gateway.counter.limits/daily'] }]);
  });

  test('a lower limit refuses what the recorded count would not have left room for', async () => {
    const lower = await policyOf([...GRANTING, countingTo(6)]);
    const records = [
      await recorded(active, { args: { cost: 5 }, budgets: snapshot(0) }),
      await recorded(active, { args: { cost: 5 }, budgets: snapshot(5) }),
    ];
    // The first is past half of the lower limit afterwards; what it reads was before.
    expect(found(await replayOf(records, { active, candidate: lower }))).toEqual({ same: 1, allow_to_deny: 1 });
  });

  test('what was never counted cannot be known', async () => {
    const plain = await policyOf(GRANTING);
    const records = [await recorded(plain, { args: { cost: 5 } })];
    const report = await replayOf(records, { active: plain, candidate: active });
    expect(found(report)).toEqual({ not_replayable: 1 });
    expect(report.groups).toMatchObject([{ rules: ['limits'], why: 'no count of limits/daily is on record' }]);
    expect(found(await replayOf(records, { active: plain, candidate: active, loop: 'closed' }))).toEqual({
      obligations_only: 1,
    });
  });
});

describe('with limits counted anew', () => {
  test('what a candidate denies leaves room for what comes after it', async () => {
    const denying = countingTo(10, aRule('deny', 'W-9', 'input.action.args.path == "/etc"'));
    const candidate = await policyOf([...GRANTING, denying]);
    const records = [
      await recorded(active, { args: { cost: 8, path: '/etc' }, budgets: snapshot(0) }),
      await recorded(active, { args: { cost: 8, path: '/srv' }, budgets: snapshot(8), full: [COUNTER] }),
    ];
    expect(found(await replayOf(records, { active, candidate }))).toEqual({ allow_to_deny: 1, same: 1 });
    const report = await replayOf(records, { active, candidate, loop: 'closed' });
    expect(found(report)).toEqual({ allow_to_deny: 1, deny_to_allow: 1 });
    expect(found(report.active)).toEqual({ same: 2 });
  });

  test('a new window begins empty, and what was used before the first decision is known from it', async () => {
    const records = [
      await recorded(active, { args: { cost: 5 }, budgets: snapshot(7), full: [COUNTER] }),
      await recorded(active, { args: { cost: 9 }, budgets: snapshot(0), atMs: NOON + 86_400_000 }),
    ];
    expect(found(await replayOf(records, { active, loop: 'closed' }))).toEqual({ same: 2 });
  });

  test('a call that failed before it went out gives back what it took', async () => {
    const outcome = { status: 'not_forwarded' } as const;
    const records = [
      await recorded(active, { args: { cost: 9 }, budgets: snapshot(0), outcome }),
      await recorded(active, { args: { cost: 9 }, budgets: snapshot(0) }),
    ];
    expect(found(await replayOf(records, { active, loop: 'closed' }))).toEqual({ same: 2 });
  });
});
