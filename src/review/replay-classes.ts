import type { Decision, Effect } from '../core/decision.ts';
import type { Opinion } from '../core/opinion.ts';
import type { CombineInput } from '../policy/combine-opinions.ts';
import { sameAsRecorded } from './replay-same.ts';

/** What a change of policy does to a decision; exactly one holds. */
export const REPLAY_CLASSES = [
  'same',
  'allow_to_deny',
  'deny_to_allow',
  'to_pending',
  'from_pending',
  'obligations_only',
  'reasons_only',
  'new_error',
  'not_replayable',
] as const;
export type ReplayClass = (typeof REPLAY_CLASSES)[number];

/** A decision with what it follows from. */
export interface Decided {
  readonly decision: Decision;
  readonly facts: CombineInput;
}

/** Compares sets of codes, rules and obligations, never texts: a sentence that is worded anew changes nothing. */
export function classify(before: Decided, after: Decided): Exclude<ReplayClass, 'not_replayable'> {
  if (failuresBeside(before, after).length > 0) return 'new_error';
  const effects = classOfEffects(before.decision.effect, after.decision.effect);
  if (effects !== undefined) return effects;
  if (!sameSets(whyOf(before.decision), whyOf(after.decision))) return 'reasons_only';
  return sameAsRecorded(dutiesOf(before.decision), dutiesOf(after.decision)) ? 'same' : 'obligations_only';
}

/** Opinions that are none, of bundles that had one before. */
export function failuresBeside(before: Decided, after: Decided): readonly Opinion[] {
  const failed = after.facts.layers.filter(hasFailed);
  if (failed.length === 0) return failed;
  const known = new Set(before.facts.layers.filter(hasFailed).map(nameOf));
  return failed.filter((opinion) => !known.has(nameOf(opinion)));
}

function hasFailed({ status, mode }: Opinion): boolean {
  return status !== 'ok' && status !== 'skipped' && mode !== 'shadow';
}

function nameOf({ bundle, agent, status }: Opinion): string {
  return `${bundle} ${agent ?? ''} ${status}`;
}

function classOfEffects(before: Effect, after: Effect): Exclude<ReplayClass, 'not_replayable'> | undefined {
  if (before === after) return undefined;
  if (after === 'pending') return 'to_pending';
  if (before === 'pending') return 'from_pending';
  return after === 'deny' ? 'allow_to_deny' : 'deny_to_allow';
}

function whyOf({ reasons, reason_internal, matched_rules, lifted }: Decision): readonly string[] {
  return [...reasons, reason_internal, ...matched_rules, ...lifted.map(({ denial, by }) => `${denial} ${by}`)];
}

function sameSets(before: readonly string[], after: readonly string[]): boolean {
  const [one, other] = [new Set(before), new Set(after)];
  return one.size === other.size && [...one].every((text) => other.has(text));
}

function dutiesOf({ obligations, warnings }: Decision): unknown {
  return [obligations, [...new Set(warnings.map(({ rule }) => rule))].toSorted()];
}
