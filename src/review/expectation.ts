import type { Effect } from '../core/decision.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { DecisionRecord } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import { takingPart } from '../policy/combine-opinions.ts';

/** What a decision comes to for who asks: `hidden` is a denial of something that is not even listed. */
export type SeenEffect = Effect | 'hidden';

/** What a decision must be; what is absent may be anything. */
export interface Expectation {
  readonly effect: SeenEffect;
  /** These lists are complete; their order counts for nothing. */
  readonly reasons?: readonly string[] | undefined;
  readonly lifted?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Parts of the texts. */
  readonly warnings?: readonly string[] | undefined;
  /** Of these at least so many; an empty list says that there are none. */
  readonly rules?: readonly string[] | undefined;
  readonly obligations?: readonly JsonObject[] | undefined;
  readonly remediation?: string | undefined;
  /** What stands in the text for the agent. */
  readonly told?: readonly string[] | undefined;
  /** Of its result. */
  readonly result?: Omit<Expectation, 'result' | 'told'> | undefined;
}

/** What came of a call. */
export interface Outcome {
  readonly record: DecisionRecord;
  readonly resultRecord: DecisionRecord | undefined;
  /** What the agent is told. */
  readonly text: string;
}

export interface Difference {
  /** Which member differs: `effect`, `result.reasons` … */
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** All in which a decision is not as expected; empty where it is. */
export function differences(expected: Expectation, { record, resultRecord, text }: Outcome): readonly Difference[] {
  const { told = [], result } = expected;
  const untold = told.filter((part) => !text.includes(part));
  return [
    ...inRecord(expected, record),
    ...untold.map((part) => ({ what: 'told', expected: JSON.stringify(part), got: JSON.stringify(text) })),
    ...(result === undefined ? [] : inResult(result, resultRecord)),
  ];
}

export function effectOf({ effect, reasons, reason_internal: internal }: DecisionRecord): SeenEffect {
  return effect === 'deny' && internal !== '' && reasons.includes('gateway.unknown_tool') ? 'hidden' : effect;
}

/** Full names of all rules that said something which counts, sorted. */
export function spokenRules({ layers, combine: facts, matched_rules, lifted }: DecisionRecord): readonly string[] {
  const spoken = takingPart(layers).flatMap(
    ({ bundle, allow, deny, hide, obligations, permit, labels, capabilities }) =>
      [allow, deny, hide, obligations, permit, labels, capabilities].flatMap((elements) =>
        elements.flatMap(({ id, mode }) => (mode === 'shadow' ? [] : [`${bundle}/${id}`])),
      ),
  );
  const own = facts.own.flatMap(({ rules }) => rules);
  return [...new Set([...spoken, ...own, ...matched_rules, ...lifted.map(({ by }) => by)])].toSorted();
}

function inResult(
  expected: NonNullable<Expectation['result']>,
  record: DecisionRecord | undefined,
): readonly Difference[] {
  if (record !== undefined) return inRecord(expected, record).map((one) => ({ ...one, what: `result.${one.what}` }));
  const isAsExpected = expected.effect === 'allow' && (expected.rules ?? []).length === 0;
  return isAsExpected ? [] : [{ what: 'result', expected: expected.effect, got: 'no decision on a result was made' }];
}

function inRecord(expected: Expectation, record: DecisionRecord): readonly Difference[] {
  const { warnings } = combine(record);
  return [
    ...inEffect(expected.effect, effectOf(record)),
    ...inSet('reasons', expected.reasons, record.reasons),
    ...inSet(
      'lifted',
      expected.lifted,
      record.lifted.map(({ denial }) => denial),
    ),
    ...inTexts(
      expected.warnings,
      warnings.map(({ text }) => text),
    ),
    ...inSet(
      'labels',
      expected.labels,
      record.obligations.labels.map(({ label }) => label),
    ),
    ...inRules(expected.rules, spokenRules(record)),
    ...inObligations(expected.obligations, obligationsOf(record)),
    ...(expected.remediation === undefined ? [] : inSet('remediation', [expected.remediation], [record.remediation])),
  ];
}

function inEffect(expected: SeenEffect, got: SeenEffect): readonly Difference[] {
  const isFit = expected === got || (expected === 'deny' && got === 'hidden');
  return isFit ? [] : [{ what: 'effect', expected, got }];
}

function inSet(what: string, expected: readonly string[] | undefined, got: readonly string[]): readonly Difference[] {
  if (expected === undefined) return [];
  const isSame = expected.every((one) => got.includes(one)) && got.every((one) => expected.includes(one));
  return isSame ? [] : [{ what, expected: listed(expected), got: listed(got) }];
}

function inTexts(expected: readonly string[] | undefined, got: readonly string[]): readonly Difference[] {
  if (expected === undefined) return [];
  const isSame =
    expected.every((part) => got.some((text) => text.includes(part))) &&
    got.every((text) => expected.some((part) => text.includes(part)));
  return isSame ? [] : [{ what: 'warnings', expected: listed(expected), got: listed(got) }];
}

function inRules(expected: readonly string[] | undefined, got: readonly string[]): readonly Difference[] {
  if (expected === undefined) return [];
  const isFit = expected.length === 0 ? got.length === 0 : expected.every((rule) => got.includes(rule));
  return isFit ? [] : [{ what: 'rules', expected: listed(expected), got: listed(got) }];
}

function inObligations(expected: readonly JsonObject[] | undefined, got: readonly JsonObject[]): readonly Difference[] {
  if (expected === undefined) return [];
  const isFit =
    expected.length === 0 ? got.length === 0 : expected.every((wanted) => got.some((one) => holds(wanted, one)));
  const texts = (all: readonly JsonObject[]): string => listed(all.map((one) => JSON.stringify(one)));
  return isFit ? [] : [{ what: 'obligations', expected: texts(expected), got: texts(got) }];
}

/** What the gateway has to carry out, in the words of bundles, as all of them together demand it. */
function obligationsOf({ obligations, combine: { reservations } }: DecisionRecord): readonly JsonObject[] {
  const { audit_required, redact, approvals, counters, rate_limits, deadline_ms: ms } = obligations;
  const costOf = (counter: string): number | undefined =>
    reservations.find((reservation) => reservation.counter === counter)?.cost;
  return [
    ...(audit_required ? [{ type: 'audit_required' }] : []),
    ...(['record', 'result'] as const).flatMap((target) =>
      redact[target].length === 0 ? [] : [{ type: 'redact', target, pointers: [...redact[target]] }],
    ),
    ...approvals.map((approval) => ({ type: 'require_approval', ...approval })),
    ...counters.map(({ counter, cost }) => ({ type: 'counter', name: counter, cost: costOf(counter) ?? cost })),
    ...rate_limits.map(({ type, key, limit, window_s }) => ({ type, key: [...key], limit, window_s })),
    ...(ms > 0 ? [{ type: 'deadline', ms }] : []),
  ];
}

/** Whether all that is wanted of a value is in it; of maps it may have more. */
function holds(wanted: Json, got: Json | undefined): boolean {
  if (isJsonObject(wanted)) {
    return isJsonObject(got) && Object.entries(wanted).every(([name, value]) => holds(value, got[name]));
  }
  return JSON.stringify(wanted) === JSON.stringify(got);
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.join(', ');
}
