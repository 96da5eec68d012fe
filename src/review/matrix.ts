import type { DecisionRecord } from '../core/record.ts';
import { effectOf, type SeenEffect, spokenRules } from './expectation.ts';

/** What one call came to. */
export interface CallVerdict {
  readonly effect: SeenEffect;
  readonly reasons: readonly string[];
  /** Full names of the rules that decided. */
  readonly rules: readonly string[];
}

/** One call as it is decided now, and as it would be. */
export interface MatrixCall {
  /** Name of the sample, or the arguments as JSON. */
  readonly sample: string;
  readonly now: CallVerdict;
  /** Under the candidate; absent where there is none. */
  readonly candidate?: CallVerdict;
  /** Full names of the rules that make the difference; empty where there is none. */
  readonly because: readonly string[];
}

/** `depends`: not all samples are decided alike. */
export type CellVerdict = SeenEffect | 'depends';

/** One principal with one tool. */
export interface MatrixCell {
  readonly principal: string;
  /** `<server>/<tool>` */
  readonly tool: string;
  readonly now: CellVerdict;
  readonly candidate?: CellVerdict;
  readonly calls: readonly MatrixCall[];
}

/** Who may call what. */
export interface Matrix {
  readonly principals: readonly string[];
  readonly tools: readonly string[];
  /** By tool, and within it by principal; one for each of both. */
  readonly cells: readonly MatrixCell[];
  /** RFC 3339: when all calls are made. */
  readonly time: string;
  /** Short hashes of the generations; the second is empty where nothing is compared. */
  readonly generations: readonly [now: string, candidate: string];
  /** Tools for which no valid arguments are known. */
  readonly unsampled: readonly string[];
}

export interface DecidedCall {
  readonly principal: string;
  readonly tool: string;
  readonly sample: string;
  readonly now: DecisionRecord;
  readonly candidate: DecisionRecord | undefined;
}

/** The calls of one principal with one tool as a cell. */
export function cellOf(principal: string, tool: string, decided: readonly DecidedCall[]): MatrixCell {
  const calls = decided.map(callOf);
  const now = together(calls.map((call) => call.now));
  const later = calls.flatMap(({ candidate }) => (candidate === undefined ? [] : [candidate]));
  return { principal, tool, now, ...(later.length === 0 ? {} : { candidate: together(later) }), calls };
}

/** The calls that the candidate decides otherwise, with whose they are. */
export function changesIn({ cells }: Matrix): readonly (MatrixCall & Pick<MatrixCell, 'principal' | 'tool'>)[] {
  return cells.flatMap(({ principal, tool, calls }) =>
    calls.filter(isChanged).map((call) => ({ principal, tool, ...call })),
  );
}

export function isChanged({ now, candidate }: MatrixCall): boolean {
  return (
    candidate !== undefined && (candidate.effect !== now.effect || textOf(candidate.reasons) !== textOf(now.reasons))
  );
}

/** A verdict in words: its effect, and what it is denied for. */
export function verdictText({ effect, reasons }: CallVerdict): string {
  return reasons.length === 0 || effect === 'hidden' ? effect : `${effect} (${reasons.join(', ')})`;
}

function callOf({ sample, now, candidate }: DecidedCall): MatrixCall {
  const call = { sample, now: verdictOf(now), because: [] };
  if (candidate === undefined) return call;
  const compared = { ...call, candidate: verdictOf(candidate) };
  return isChanged(compared) ? { ...compared, because: differing(now, candidate) } : compared;
}

function verdictOf(record: DecisionRecord): CallVerdict {
  return { effect: effectOf(record), reasons: record.reasons, rules: record.matched_rules };
}

/**
 * The rules that spoke on one side alone and decided there; where there are none, all that spoke on one side alone. A
 * bundle that one side did not ask tells nothing.
 */
function differing(now: DecisionRecord, candidate: DecisionRecord): readonly string[] {
  const unasked = new Set([...skippedIn(now), ...skippedIn(candidate)]);
  const [before, after] = [spokenRules(now), spokenRules(candidate)];
  const alone = [...before.filter((rule) => !after.includes(rule)), ...after.filter((rule) => !before.includes(rule))]
    .filter((rule) => !unasked.has(bundleOf(rule)))
    .toSorted();
  const deciding = alone.filter((rule) => now.matched_rules.includes(rule) || candidate.matched_rules.includes(rule));
  return deciding.length > 0 ? deciding : alone;
}

function skippedIn({ layers }: DecisionRecord): readonly string[] {
  return layers.flatMap(({ bundle, status }) => (status === 'skipped' ? [bundle] : []));
}

function bundleOf(rule: string): string {
  return rule.slice(0, rule.indexOf('/'));
}

function together(verdicts: readonly CallVerdict[]): CellVerdict {
  const effects = new Set(verdicts.map(({ effect }) => effect));
  const [only = 'deny'] = effects;
  return effects.size > 1 ? 'depends' : only;
}

function textOf(reasons: readonly string[]): string {
  return reasons.join(' ');
}
