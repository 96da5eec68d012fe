import type { Phase } from '../core/action.ts';
import { type Layer, LAYERS, type Opinion } from '../core/opinion.ts';
import { capabilitiesOf, kindsExceeded, rulesGranting } from './combine-capabilities.ts';
import { type CombineInput, denialsOf, type Finding, gatewayFinding, hidesOf, ofLayer } from './combine-opinions.ts';

/**
 * What the gateway had refused before it asked any layer, in its own order. A method that no policy can read is refused,
 * unless it has a server to go to: the configuration lists it for that one, or it belongs to a call that was allowed.
 */
export function ownDenialsOf(facts: CombineInput): readonly Finding[] {
  const own = facts.combine.own.map(({ reason, internal, rules, params }, rank) =>
    gatewayFinding(reason, { internal, rules, params, rank, holdsInPause: true }),
  );
  if (own.length > 0 || facts.action !== 'method' || facts.server !== '') return own;
  return [gatewayFinding('gateway.method_not_allowed', { holdsInPause: true })];
}

/**
 * The denial of what lies beyond the capabilities that identity grants, or
 * null. It ends the decision alone: a second reason would tell the agent that
 * the tool exists. An identity bundle that failed cannot say what is in scope.
 */
export function scopeDenialOf(facts: CombineInput, opinions: readonly Opinion[]): Finding | null {
  if (hasIdentityFailed(opinions)) return null;
  const exceeded = kindsExceeded(capabilitiesOf(opinions), facts.server, facts.tool);
  if (exceeded.length === 0) return null;
  return gatewayFinding(unreachableReason(facts), {
    internal: 'gateway.out_of_scope',
    rules: rulesGranting(opinions, exceeded),
    holdsInPause: true,
  });
}

/** What a listing does not show because rules hide it. */
export function hiddenDenialOf(facts: CombineInput, opinions: readonly Opinion[]): readonly Finding[] {
  const rules = hidesOf(opinions);
  return rules.length === 0 ? [] : [gatewayFinding(unreachableReason(facts), { internal: 'hidden', rules })];
}

/** Every opinion that is no opinion, and every required layer that has none. Nothing lifts these. */
export function integrityDenialsOf(
  facts: CombineInput,
  opinions: readonly Opinion[],
  phase: Phase,
): readonly Finding[] {
  const hasEnded = hasIdentityFailed(opinions) || denialsOf(opinions, 'identity').length > 0;
  const failed = opinions
    .filter(({ status }) => status !== 'ok' && !(status === 'skipped' && hasEnded))
    .map(({ layer, status }) => `gateway.${status === 'skipped' ? 'undefined' : status}.${layer}`);
  const missing = missingLayersOf(facts, opinions, phase).map((layer) => `gateway.missing.${layer}`);
  return [...failed, ...missing].map((reason) => gatewayFinding(reason, { holdsInPause: true }));
}

/** The required layers that have nothing to say. */
export function missingLayersOf(facts: CombineInput, opinions: readonly Opinion[], phase: Phase): readonly Layer[] {
  // A bundle governs results only where it says so, so a required layer without one is no gap there.
  const required = phase === 'result' ? [] : facts.combine.required;
  return LAYERS.filter((layer) => required.includes(layer) && isMissing(facts, layer, opinions));
}

/** Identity has to say something of everybody on whose behalf is asked, too. */
function isMissing({ combine }: CombineInput, layer: Layer, opinions: readonly Opinion[]): boolean {
  const own = ofLayer(opinions, layer);
  const agents = layer === 'identity' ? (combine.delegators ?? []).map(({ id }) => id) : [];
  return [undefined, ...agents].some((agent) => !own.some((opinion) => opinion.agent === agent));
}

/** To the agent, what it may not reach and what is not there are the same. */
function unreachableReason(facts: CombineInput): string {
  return facts.tool === '' ? 'gateway.out_of_scope' : 'gateway.unknown_tool';
}

function hasIdentityFailed(opinions: readonly Opinion[]): boolean {
  return ofLayer(opinions, 'identity').some(({ status }) => status !== 'ok' && status !== 'skipped');
}
