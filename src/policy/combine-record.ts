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
  const { effect, reasons, matched_rules } = combine(withoutPause({ ...facts, layers: enforcedLayers(facts.layers) }));
  return { effect, reasons, matched_rules };
}

/** A bundle in shadow, or a rule in shadow of one that counts. */
export interface Shadowed {
  readonly bundle: string;
  /** Empty for the bundle as a whole. */
  readonly rule: string;
}

/** What is shadowed and had something to say. */
export function shadowedIn({ layers }: Pick<CombineInput, 'layers'>): readonly Shadowed[] {
  return layers.flatMap((opinion): readonly Shadowed[] => {
    const { bundle } = opinion;
    if (opinion.mode === 'shadow') return [{ bundle, rule: '' }];
    const elements = RULE_SETS.flatMap((set) => opinion[set].map(({ id, mode }) => ({ id, mode })));
    const ids = elements.filter(({ mode }) => mode === 'shadow').map(({ id }) => id);
    return [...new Set(ids)].map((rule) => ({ bundle, rule }));
  });
}

/** What was decided, and what would have been had one of the shadowed been enforced and no other. */
export function judgeAlone(
  facts: CombineInput,
  { bundle, rule }: Shadowed,
): { readonly live: Decision; readonly alone: Decision } {
  const { modes } = facts.combine;
  const isMeant = (opinion: Opinion): boolean => opinion.bundle === bundle;
  const count = (opinion: Opinion): Opinion => {
    if (!isMeant(opinion)) return opinion;
    // What is shadowed by its own id stays so when its bundle counts.
    const isFreed = (id: string): boolean => (rule === '' ? modes[`${bundle}/${id}`] !== 'shadow' : id === rule);
    return enforcedWhere(opinion, { isFreed, mode: rule === '' ? 'enforce' : opinion.mode });
  };
  const freed = rule === '' ? facts.layers.filter(isMeant).filter(takesLayer) : [];
  const layers = withoutStarters(facts.layers.map(count), freed);
  return { live: combine(withoutPause(facts)), alone: combine(withoutPause({ ...facts, layers })) };
}

function withoutPause(facts: CombineInput): CombineInput {
  return facts.combine.bypass === '' ? facts : { ...facts, combine: { ...facts.combine, bypass: '' } };
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
    for (const { mode } of opinion[set]) if (mode === 'shadow') return true;
  }
  return false;
}

function enforcedLayers(layers: readonly Opinion[]): readonly Opinion[] {
  const freed = layers.filter(({ mode }) => mode === 'shadow').filter(takesLayer);
  return withoutStarters(layers.map(enforced), freed);
}

/** In the layer of a bundle that counts the starter does not stand in; an agent's bundle replaces none. */
function withoutStarters(layers: readonly Opinion[], counting: readonly Opinion[]): readonly Opinion[] {
  if (counting.length === 0) return layers;
  const taken = new Set(counting.map(({ layer }) => layer));
  return layers.filter(({ bundle, layer }) => !taken.has(layer) || bundle !== `starter-${layer}`);
}

function takesLayer({ bundle, layer }: Opinion): boolean {
  return bundle !== `starter-${layer}` && !bundle.startsWith('agent-');
}

const ALL = (): boolean => true;

function enforced(opinion: Opinion): Opinion {
  if (!hasShadow(opinion)) return opinion;
  return enforcedWhere(opinion, { isFreed: ALL, mode: liveMode(opinion.mode) });
}

interface Enforcing {
  /** Which rules are not shadowed any more, by id. */
  readonly isFreed: (id: string) => boolean;
  readonly mode: Mode;
}

function enforcedWhere(opinion: Opinion, { isFreed, mode }: Enforcing): Opinion {
  const free = <Element extends Shadowable>(element: Element): Element =>
    isFreed(element.id) ? enforcedElement(element) : element;
  return {
    ...opinion,
    mode,
    allow: opinion.allow.map(free),
    deny: opinion.deny.map(free),
    hide: opinion.hide.map(free),
    obligations: opinion.obligations.map(free),
    permit: opinion.permit.map(free),
    labels: opinion.labels.map(free),
    capabilities: opinion.capabilities.map(enforcedElement),
  };
}

interface Shadowable {
  readonly id: string;
  readonly mode: Mode;
}

function enforcedElement<Element extends { readonly mode: Mode }>(element: Element): Element {
  return element.mode === 'shadow' ? { ...element, mode: 'enforce' } : element;
}

function liveMode(mode: Mode): Mode {
  return mode === 'shadow' ? 'enforce' : mode;
}
