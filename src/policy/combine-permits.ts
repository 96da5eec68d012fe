import type { Lifted } from '../core/decision.ts';
import type { Opinion } from '../core/opinion.ts';
import { type Finding, fullName, ofLayer } from './combine-opinions.ts';
import { isValid } from './permit-terms.ts';

export interface Lifting {
  readonly left: readonly Finding[];
  /** Each denial with each permit that lifted it. */
  readonly lifted: readonly Lifted[];
}

/** Takes away exactly those denials that a valid permit names and that can be lifted. `now`: milliseconds. */
export function lift(findings: readonly Finding[], opinions: readonly Opinion[], now: number): Lifting {
  if (findings.length === 0) return { left: findings, lifted: [] };
  const permits = ofLayer(opinions, 'override').flatMap((opinion) =>
    opinion.permit
      .filter((permit) => permit.mode !== 'shadow' && isValid(permit, now))
      .map((permit) => ({ by: fullName(opinion, permit), lifts: new Set(permit.lifts) })),
  );
  if (permits.length === 0) return { left: findings, lifted: [] };

  const lifted = new Map<string, Lifted>();
  const left = findings.filter((finding) => {
    if (!finding.isLiftable) return true;
    const denial = finding.rule === '' ? finding.reason : finding.rule;
    const naming = permits.filter((permit) => permit.lifts.has(denial));
    for (const { by } of naming) lifted.set(`${denial} ${by}`, { denial, by });
    return naming.length === 0;
  });
  const names = [...lifted.keys()].toSorted();
  return { left, lifted: names.flatMap((name) => lifted.get(name) ?? []) };
}
