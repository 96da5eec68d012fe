import { isDeepStrictEqual } from 'node:util';
import type { Decision } from '../core/decision.ts';
import type { Mode, Opinion } from '../core/opinion.ts';
import type { DecisionRecord, ShadowDecision } from '../core/record.ts';
import { combine } from './combine.ts';
import type { CombineInput } from './combine-opinions.ts';

/**
 * What would have been decided with every shadowed bundle and rule enforced and
 * without a pause; null where nothing is shadowed. Approvals and reservations
 * are those of the live decision.
 */
export function shadowDecision(facts: CombineInput): ShadowDecision | null {
  if (facts.combine.bypass === '' && !facts.layers.some(hasShadow)) return null;
  const layers = facts.layers.map(enforced);
  const { effect, reasons, matched_rules } = combine({ ...facts, layers, combine: { ...facts.combine, bypass: '' } });
  return { effect, reasons, matched_rules };
}

/** The decision that follows from what a record keeps; anybody can run it. */
export function recombine(record: CombineInput): Decision {
  return combine(record);
}

/** Whether a record says what follows from its own facts. If not, it was edited or the combiner has changed. */
export function reproduces(record: DecisionRecord): boolean {
  const decision = combine(record);
  return (['effect', 'reasons', 'matched_rules', 'lifted', 'obligations'] as const).every((part) =>
    isDeepStrictEqual(decision[part], record[part]),
  );
}

const RULE_SETS = ['allow', 'deny', 'hide', 'obligations', 'permit', 'labels', 'capabilities'] as const;

/** Loops: this runs for every call. */
function hasShadow(opinion: Opinion): boolean {
  if (opinion.mode === 'shadow') return true;
  for (const set of RULE_SETS) {
    const elements = opinion[set];
    if (elements.length === 0) continue;
    for (const { mode } of elements) if (mode === 'shadow') return true;
  }
  return false;
}

function enforced(opinion: Opinion): Opinion {
  if (!hasShadow(opinion)) return opinion;
  return {
    ...opinion,
    mode: liveMode(opinion.mode),
    allow: opinion.allow.map(enforcedElement),
    deny: opinion.deny.map(enforcedElement),
    hide: opinion.hide.map(enforcedElement),
    obligations: opinion.obligations.map(enforcedElement),
    permit: opinion.permit.map(enforcedElement),
    labels: opinion.labels.map(enforcedElement),
    capabilities: opinion.capabilities.map(enforcedElement),
  };
}

function enforcedElement<Element extends { readonly mode: Mode }>(element: Element): Element {
  return element.mode === 'shadow' ? { ...element, mode: 'enforce' } : element;
}

function liveMode(mode: Mode): Mode {
  return mode === 'shadow' ? 'enforce' : mode;
}
