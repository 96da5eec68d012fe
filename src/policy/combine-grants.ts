import type { Opinion } from '../core/opinion.ts';
import { type CombineInput, type Finding, fullName, gatewayFinding, ofLayer, RANK } from './combine-opinions.ts';

const GRANTORS = ['server', 'resource'] as const;

/** Full names of the rules that grant. Only server and resource can. */
export function grantingRulesOf(opinions: readonly Opinion[]): readonly string[] {
  const rules: string[] = [];
  for (const opinion of opinions) {
    if (opinion.layer !== 'server' && opinion.layer !== 'resource') continue;
    for (const verdict of opinion.allow) {
      if (verdict.mode !== 'shadow') rules.push(fullName(opinion, verdict));
    }
  }
  return rules.toSorted();
}

/**
 * Of server and resource, each that takes part must grant: an author's bundle
 * is necessary, never sufficient. A layer with a failed opinion is denied for
 * that alone, because nobody knows whether it would have granted.
 */
export function missingGrantsOf(facts: CombineInput, opinions: readonly Opinion[]): readonly Finding[] {
  const reasons: string[] = [];
  if (facts.server !== '' && ofLayer(opinions, 'server').length === 0) reasons.push('gateway.unpolicied_server');
  for (const layer of GRANTORS) {
    const asked = ofLayer(opinions, layer);
    const isSilent = asked.length > 0 && asked.every(({ status }) => status === 'ok') && !asked.some(grants);
    if (isSilent) reasons.push(`gateway.no_grant.${layer}`);
  }
  return reasons.map((reason) => gatewayFinding(reason, { rank: RANK.noGrant, isLiftable: true }));
}

function grants(opinion: Opinion): boolean {
  return opinion.allow.some(({ mode }) => mode !== 'shadow');
}
