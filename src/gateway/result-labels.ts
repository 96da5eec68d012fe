import type { Change } from '../core/change.ts';
import { enforcedObligations } from '../policy/combine-obligations.ts';
import { fullName, takingPart } from '../policy/combine-opinions.ts';
import type { Ruling } from './rule.ts';

export interface Labelling {
  readonly conversation: string;
  readonly server: string;
  /** What the server claims of its result. */
  readonly claims: readonly string[];
  /** For rules that do not say how long, and for claims. */
  readonly ttlMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The labels that a result leaves with its conversation: what rules say, and what its server claims. They only add. */
export function labelChanges(ruling: Ruling, labelling: Labelling): readonly Change[] {
  const { conversation, server, claims, ttlMs, now } = labelling;
  const attach = (label: string, source: string, lastsMs: number): Change => ({
    kind: 'attach_label',
    label: { conversation, label, source, attachedMs: now, expiresMs: now + lastsMs },
  });
  const { layers, decision } = { layers: ruling.record.layers, decision: ruling.decision };
  const rules = enforcedObligations(takingPart(layers));
  const ruled = decision.obligations.labels.flatMap(({ label, ttl_s: ttlS }) => {
    const sources = rules.filter(
      ({ element }) => element.type === 'label' && element.label === label && element.ttl_s === ttlS,
    );
    return sources.map(({ opinion, element }) =>
      attach(label, fullName(opinion, element), ttlS === 0 ? ttlMs : ttlS * 1000),
    );
  });
  return [...ruled, ...claims.map((label) => attach(label, `claim:${server}`, ttlMs))];
}
