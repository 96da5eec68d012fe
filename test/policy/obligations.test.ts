import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JoinedObligations } from '../../src/core/decision.ts';
import { type Obligation, REMEMBER } from '../../src/core/opinion.ts';
import { asJoined, bucketOf, join, NO_OBLIGATIONS } from '../../src/policy/obligations.ts';

const few = (...texts: string[]) => fc.constantFrom(...texts);
const time = fc.constantFrom(0, 1, 60, 3600);

const obligation: fc.Arbitrary<Obligation> = fc.oneof(
  fc.record({ type: fc.constant('audit_required' as const) }),
  fc.record({
    type: fc.constant('redact' as const),
    target: fc.constantFrom('record' as const, 'result' as const),
    pointers: fc.array(few('/a', '/b/*', '/c'), { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('require_approval' as const),
    by: few('user', 'group:leads', 'group:owners'),
    quorum: fc.integer({ min: 1, max: 4 }),
    ttl_s: time,
    remember: fc.constantFrom(...REMEMBER),
  }),
  fc.record({
    type: fc.constant('counter' as const),
    name: few('calls', 'cost', 'pace/calls'),
    cost: fc.constantFrom(0, 0.001, 1, 7.5),
  }),
  fc.record({
    type: fc.constant('rate_limit' as const),
    key: fc.array(few('agent.id', 'user.id', 'server.id'), { minLength: 1, maxLength: 3 }),
    limit: fc.integer({ min: 0, max: 5 }),
    window_s: fc.constantFrom(60, 3600),
  }),
  fc.record({ type: fc.constant('deadline' as const), ms: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ type: fc.constant('label' as const), label: few('pii', 'internal'), ttl_s: time }),
  fc.record({ type: fc.constant('warn' as const), text: fc.constant('careful') }),
);

const joined: fc.Arbitrary<JoinedObligations> = fc
  .array(fc.tuple(obligation, few('one', 'two')), { maxLength: 8 })
  .map((list) => list.map(([one, bundle]) => asJoined(one, bundle)).reduce(join, NO_OBLIGATIONS));

const runs = { numRuns: 2000 };

describe('joining obligations', () => {
  it('is commutative', () => {
    fc.assert(
      fc.property(joined, joined, (a, b) => {
        expect(join(a, b)).toEqual(join(b, a));
      }),
      runs,
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(joined, joined, joined, (a, b, c) => {
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)));
      }),
      runs,
    );
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(joined, (a) => {
        expect(join({ ...a }, a)).toEqual(a);
      }),
      runs,
    );
  });

  it('has the empty obligations as its neutral element', () => {
    fc.assert(
      fc.property(joined, (a) => {
        expect(join(a, { ...NO_OBLIGATIONS })).toEqual(a);
        expect(join({ ...NO_OBLIGATIONS }, a)).toEqual(a);
      }),
      runs,
    );
  });

  it('never asks for less than either side', () => {
    fc.assert(
      fc.property(joined, joined, (a, b) => {
        expect(join(join(a, b), a)).toEqual(join(a, b));
      }),
      runs,
    );
  });
});

describe('one obligation', () => {
  it('names a counter of its own bundle in full, and a shared one as it is', () => {
    expect(asJoined({ type: 'counter', name: 'calls', cost: 1 }, 'pace').counters).toEqual([
      { counter: 'pace/calls', cost: 1 },
    ]);
    expect(asJoined({ type: 'counter', name: 'pace/calls', cost: 1 }, 'rules').counters).toEqual([
      { counter: 'pace/calls', cost: 1 },
    ]);
  });

  it('keys a rate limit by a set of facts, whatever their order', () => {
    const rate = (key: readonly string[]) => asJoined({ type: 'rate_limit', key, limit: 1, window_s: 60 }, 'pace');
    expect(rate(['user.id', 'agent.id', 'user.id'])).toEqual(rate(['agent.id', 'user.id']));
    expect(rate(['user.id', 'agent.id']).rate_limits.map(bucketOf)).toEqual(['agent.id,user.id/60s']);
  });
});
