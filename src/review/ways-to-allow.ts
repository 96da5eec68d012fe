import { type ActionType, type Phase, phaseOf } from '../core/action.ts';
import type { CapabilityKind, Layer, Opinion, Permit } from '../core/opinion.ts';
import { combine } from '../policy/combine.ts';
import { capabilitiesOf, kindsExceeded } from '../policy/combine-capabilities.ts';
import { missingLayersOf } from '../policy/combine-gate.ts';
import { missingGrantsOf } from '../policy/combine-grants.ts';
import { obligationsOf } from '../policy/combine-obligations.ts';
import { type CombineInput, isEnforced, takingPart } from '../policy/combine-opinions.ts';
import { NO_PARTS } from '../policy/opinion.ts';

/** One thing that could have been otherwise. */
export type Change =
  /** A rule that denies, hides or obliges does not apply to the call. */
  | { readonly kind: 'rule_silent'; readonly rule: string }
  | { readonly kind: 'grant'; readonly layer: Layer }
  /** Identity lets the agent reach it. */
  | { readonly kind: 'reach'; readonly kinds: readonly CapabilityKind[] }
  /** A bundle that failed, or a layer that is not there (`bundle` is then empty), answers without objection. */
  | { readonly kind: 'answer'; readonly layer: Layer; readonly bundle: string }
  | { readonly kind: 'approval'; readonly by: string }
  /** RFC 3339, or empty. */
  | { readonly kind: 'room'; readonly counter: string; readonly resets_at: string }
  /** Two people lift it by name. */
  | { readonly kind: 'permit'; readonly lifts: string };

/** Changes that only together make it an allow; none of them can be left out. */
export type Way = readonly Change[];

const MOST_TOGETHER = 3;
/** With more to choose from, one or two ways are looked for instead of all. */
const MOST_CHOICES = 24;
/** With more than that none is looked for: each is tried with all the others. */
const MOST_TRIED = 100;

/**
 * The smallest sets of changes with which the same facts are allowed: each is what `combine` says, nothing is guessed.
 * Empty where it is allowed already, where the gateway refused before any policy was asked, and where layers were not
 * asked because identity denied: nobody knows what they would have said. `too_many` where trying would take too long.
 */
export function waysToAllow(facts: CombineInput): readonly Way[] | 'too_many' {
  if (facts.action === 'method' || facts.combine.own.length > 0 || isAllowed(facts, [])) return [];
  const choices = choicesOf(facts, facts.action);
  if (choices.length > MOST_TRIED) return 'too_many';
  const changed = choices.filter(({ kind }) => kind !== 'permit');
  const first = pruned(facts, changed, changed);
  if (first === undefined) return [];
  if (first.length <= MOST_TOGETHER && choices.length <= MOST_CHOICES)
    return smallestWays(facts, choices).filter((way) => isPlain(way, choices));
  // So many that not all sets are tried: one way without permits, and one with permits wherever they do.
  const lifted = pruned(facts, choices, changed) ?? first;
  return lifted.some(({ kind }) => kind === 'permit') ? [first, lifted] : [first];
}

function isAllowed(facts: CombineInput, way: Way): boolean {
  return combine(way.reduce(applied, facts)).effect === 'allow';
}

/** All of these, without those that can be left out; tried in this order. Undefined where even all do not suffice. */
function pruned(facts: CombineInput, all: Way, order: Way): Way | undefined {
  if (!isAllowed(facts, all)) return undefined;
  let way = all;
  for (const change of [...order, ...all.filter((one) => !order.includes(one))]) {
    const without = way.filter((other) => other !== change);
    if (isAllowed(facts, without)) way = without;
  }
  return way;
}

function smallestWays(facts: CombineInput, choices: readonly Change[]): readonly Way[] {
  const found: Way[] = [];
  for (let size = 1; size <= MOST_TOGETHER; size += 1) {
    for (const way of setsOf(choices, size)) {
      const isMore = found.some((smaller) => smaller.every((change) => way.includes(change)));
      if (!isMore && isAllowed(facts, way)) found.push(way);
    }
  }
  return found;
}

function* setsOf(choices: readonly Change[], size: number): Generator<Way> {
  if (size === 0) yield [];
  else
    for (const [index, first] of choices.entries()) {
      for (const rest of setsOf(choices.slice(index + 1), size - 1)) yield [first, ...rest];
    }
}

/** Of ways that mix permits with other changes only those are told in which no other permit would do instead. */
function isPlain(way: Way, choices: readonly Change[]): boolean {
  if (!way.some(({ kind }) => kind === 'permit')) return true;
  const liftable = new Set(choices.flatMap((choice) => (choice.kind === 'permit' ? [choice.lifts] : [])));
  return way.every((change) => {
    if (change.kind === 'rule_silent') return !liftable.has(change.rule);
    return change.kind !== 'grant' || !liftable.has(`gateway.no_grant.${change.layer}`);
  });
}

function choicesOf(facts: CombineInput, action: ActionType): readonly Change[] {
  const opinions = takingPart(facts.layers);
  const phase = phaseOf(action);
  const silent = [...new Set(opinions.flatMap((opinion) => standingRules(opinion, phase)))];
  const grants = phase === 'request' ? missingGrantsOf(facts, opinions).map(({ reason }) => reason) : [];
  const { joined, refused } = obligationsOf(facts.combine.carries, opinions, phase);
  const exceeded = kindsExceeded(capabilitiesOf(opinions), facts.server, facts.tool);
  return [
    ...(exceeded.length === 0 ? [] : [{ kind: 'reach', kinds: exceeded } as const]),
    ...answersOf(facts, opinions, phase),
    ...[...silent, ...refused.flatMap(({ rules }) => rules)].map((rule) => ({ kind: 'rule_silent', rule }) as const),
    ...grants.map((reason) => ({ kind: 'grant', layer: layerGranting(reason) }) as const),
    ...joined.approvals.filter(({ by }) => !isMet(facts, by)).map(({ by }) => ({ kind: 'approval', by }) as const),
    ...facts.combine.reservations
      .filter(({ status }) => status === 'refused')
      .map(({ counter, resets_at }) => ({ kind: 'room', counter, resets_at }) as const),
    ...[...opinions.flatMap(liftableRules), ...grants].map((lifts) => ({ kind: 'permit', lifts }) as const),
  ];
}

function standingRules(opinion: Opinion, phase: Phase): readonly string[] {
  const verdicts = phase === 'list' ? opinion.hide : opinion.deny;
  return verdicts.filter(({ mode }) => isEnforced(opinion.layer, mode)).map(({ id }) => `${opinion.bundle}/${id}`);
}

function liftableRules(opinion: Opinion): readonly string[] {
  const { layer, bundle, deny } = opinion;
  if (layer === 'identity' || layer === 'override') return [];
  const names = deny
    .filter(({ mode, liftable }) => liftable && isEnforced(layer, mode))
    .map(({ id }) => `${bundle}/${id}`);
  return [...new Set(names)];
}

function answersOf(facts: CombineInput, opinions: readonly Opinion[], phase: Phase): readonly Change[] {
  const failed = opinions
    .filter(({ status }) => status !== 'ok' && status !== 'skipped')
    .map(({ layer, bundle }) => ({ kind: 'answer', layer, bundle }) as const);
  const missing = missingLayersOf(facts, opinions, phase);
  return [
    // One bundle may have failed about several agents of a line.
    ...new Map(failed.map((change) => [`${change.layer} ${change.bundle}`, change])).values(),
    ...missing.map((layer) => ({ kind: 'answer', layer, bundle: '' }) as const),
  ];
}

function layerGranting(reason: string): Layer {
  return reason === 'gateway.no_grant.resource' ? 'resource' : 'server';
}

function isMet({ combine: { approvals } }: CombineInput, by: string): boolean {
  return approvals.some((fact) => fact.by === by && fact.status === 'met');
}

function applied(facts: CombineInput, change: Change): CombineInput {
  switch (change.kind) {
    case 'rule_silent':
      return { ...facts, layers: facts.layers.map((opinion) => without(opinion, change.rule)) };
    case 'grant':
      return { ...facts, layers: granted(facts.layers, change.layer) };
    case 'reach':
      return { ...facts, layers: facts.layers.map((opinion) => reaching(opinion, change.kinds, facts)) };
    case 'answer':
      return { ...facts, layers: answered(facts, change) };
    case 'approval': {
      const others = facts.combine.approvals.filter(({ by }) => by !== change.by);
      return withCombine(facts, { approvals: [...others, { by: change.by, status: 'met' }] });
    }
    case 'room': {
      const room = facts.combine.reservations.map((fact) =>
        fact.counter === change.counter ? ({ ...fact, status: 'reserved' } as const) : fact,
      );
      return withCombine(facts, { reservations: room });
    }
    case 'permit':
      return { ...facts, layers: [...facts.layers, permitting(change.lifts, facts.combine.now)] };
  }
}

function withCombine(facts: CombineInput, part: Partial<CombineInput['combine']>): CombineInput {
  return { ...facts, combine: { ...facts.combine, ...part } };
}

function without(opinion: Opinion, rule: string): Opinion {
  const others = <Element extends { readonly id: string }>(elements: readonly Element[]): readonly Element[] =>
    elements.filter(({ id }) => `${opinion.bundle}/${id}` !== rule);
  const { deny, hide, obligations } = opinion;
  return { ...opinion, deny: others(deny), hide: others(hide), obligations: others(obligations) };
}

/** Of a layer in which nobody was asked, a bundle that nobody has written yet grants. */
function granted(layers: readonly Opinion[], layer: Layer): readonly Opinion[] {
  return [...layers, { ...silentOpinion(layer), allow: [GRANT] }];
}

function reaching(
  opinion: Opinion,
  kinds: readonly CapabilityKind[],
  { server, tool }: Pick<CombineInput, 'server' | 'tool'>,
): Opinion {
  const emitted = kinds.filter((kind) => opinion.capabilities.some((capability) => capability.kind === kind));
  if (opinion.layer !== 'identity' || emitted.length === 0) return opinion;
  const more = emitted.map((kind) => ({ ...NEW, kind, value: kind === 'server' ? server : `${server}/${tool}` }));
  return { ...opinion, capabilities: [...opinion.capabilities, ...more] };
}

function answered(
  { layers, combine: { delegators = [] } }: CombineInput,
  { layer, bundle }: Change & { kind: 'answer' },
): readonly Opinion[] {
  const grants = layer === 'server' || layer === 'resource' ? { allow: [GRANT] } : {};
  if (bundle === '') {
    const silent = { ...silentOpinion(layer), ...grants };
    const behind = layer === 'identity' ? delegators.map(({ id }) => ({ ...silent, agent: id })) : [];
    return [...layers, silent, ...behind];
  }
  return layers.map((opinion) =>
    opinion.layer === layer && opinion.bundle === bundle
      ? { ...opinion, ...NO_PARTS, ...grants, status: 'ok', error: '' }
      : opinion,
  );
}

function permitting(lifts: string, now: number): Opinion {
  const permit: Permit = {
    ...NEW,
    lifts: [lifts],
    requested_by: 'one',
    approved_by: 'another',
    justification: 'an exception',
    not_before: new Date(now).toISOString(),
    expires_at: new Date(now + 60_000).toISOString(),
  };
  return { ...silentOpinion('override'), permit: [permit] };
}

const NEW = { id: 'new', mode: 'enforce' } as const;
const GRANT = { ...NEW, reason: 'granted', params: {}, liftable: false };

function silentOpinion(layer: Layer): Opinion {
  const nothing = { digest: '', error: '', us: 0, fuel: 0, cached: false };
  return { ...nothing, ...NO_PARTS, layer, bundle: `new-${layer}`, mode: 'enforce', status: 'ok' };
}
