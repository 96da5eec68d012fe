import type { Respondent } from './hearing.ts';
import { cacheFor } from './opinion-cache.ts';
import type { OpinionParts, ReadOpinion } from './opinion.ts';

/** A bundle that says all it says but what stands there under the id of one rule. */
export function withoutRule(respondent: Respondent, bundle: string, rule: string): Respondent {
  const { unit, reader } = respondent;
  // An opinion that was kept has the rule in it.
  return {
    ...respondent,
    reader: { read: (text) => less(reader.read(text), rule) },
    cache: cacheFor(unit.factsOf(bundle)),
  };
}

function less(read: ReadOpinion, rule: string): ReadOpinion {
  if (read.kind === 'malformed') return read;
  const others = <E extends { readonly id: string }>(elements: readonly E[]): readonly E[] =>
    elements.filter(({ id }) => id !== rule);
  const parts: OpinionParts = {
    allow: others(read.allow),
    deny: others(read.deny),
    hide: others(read.hide),
    obligations: others(read.obligations),
    permit: others(read.permit),
    labels: others(read.labels),
    capabilities: others(read.capabilities),
  };
  return { kind: 'ok', ...parts };
}
