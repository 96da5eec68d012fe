import * as fc from 'fast-check';
import { GatewayError } from '../../src/core/errors.ts';
import { storeError } from '../../src/state/store-error.ts';
import type { Fault } from './faulty-policy.ts';

/** An engine that answers one of these whatever it is asked. */
export const anyEngineFault = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Fault> =>
  values.map((value) => () => value);

const thrown = fc.constantFrom<() => unknown>(
  () => new Error('a fault'),
  () => 'a text, as the SDK throws',
  () => undefined,
  () => new GatewayError('POLICY_FAILED', 'a fault'),
  () => new RangeError('Maximum call stack size exceeded'),
  () => new WebAssembly.RuntimeError('unreachable'),
);
/** An engine that throws, before or after it was asked, or that answers what is no answer. */
export const throwing = fc.oneof(
  thrown.map((make): Fault => () => {
    throw make();
  }),
  thrown.map((make): Fault => (ask) => {
    ask();
    throw make();
  }),
  anyEngineFault(fc.string().map((why) => ({ kind: 'error', why, fuel: 7 }))),
  anyEngineFault(fc.constantFrom(undefined, null, 0, '', true, [])),
);

const RULE_SETS = ['allow', 'deny', 'hide', 'obligations', 'permit', 'labels', 'capabilities'];

/** G-67: what a text of the engine may be that is no decision, though some of it is true, or looks like an allow. */
export const noDecision = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    '"true"',
    '1',
    '[true]',
    '{"allow":true}',
    '{"allow":"true"}',
    '[]',
    'null',
    '{}',
    'NaN',
    '{',
  ),
  fc.string(),
  fc.json(),
  fc
    .tuple(
      fc.constantFrom(...RULE_SETS),
      fc.jsonValue().filter((value) => !Array.isArray(value)),
    )
    .map(([set, value]) =>
      JSON.stringify({ ...Object.fromEntries(RULE_SETS.map((name) => [name, []])), [set]: value }),
    ),
  fc
    .constantFrom(...RULE_SETS)
    .map((left) =>
      JSON.stringify(Object.fromEntries(RULE_SETS.filter((name) => name !== left).map((name) => [name, []]))),
    ),
  fc
    .jsonValue()
    .map((value) => JSON.stringify({ ...Object.fromEntries(RULE_SETS.map((name) => [name, []])), more: value })),
);

/** No element of any rule set: without an id, of an id that has no annotation, or with a reason that is no code. */
export const noElement = fc.oneof(
  fc.jsonValue(),
  fc.record({ id: fc.constantFrom('NOT-THERE', '', 'D 1', 7), reason: fc.constant('because') }),
  fc.record({
    id: fc.constant('D-1'),
    reason: fc.constantFrom('', 'Because', 'gateway.override', 7, null, 'x'.repeat(65)),
  }),
  fc.record({
    id: fc.constant('D-1'),
    reason: fc.constant('r'),
    params: fc.constantFrom([], { a: {} }, { '0': 1 }, { 'a b': 1 }),
  }),
);

/** What a store throws that cannot commit. */
export const storeFaults = fc.constantFrom<() => unknown>(
  () => storeError(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }), 'decisions.db'),
  () => storeError(Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' }), 'decisions.db'),
  () => storeError(Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' }), 'decisions.db'),
  () => new GatewayError('STORE_UNAVAILABLE', 'the store is closed'),
  () => new TypeError('a fault of ours'),
  () => 'a text',
  () => undefined,
);
