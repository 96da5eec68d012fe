import type { Denial, Warning } from '../core/decision.ts';
import type { Layer, Mode, Opinion, Verdict } from '../core/opinion.ts';
import type { DecisionRecord } from '../core/record.ts';

/** All that a decision follows from; a record has it. */
export type CombineInput = Pick<DecisionRecord, 'action' | 'server' | 'tool' | 'layers' | 'combine'>;

/** A denial on its way to the decision. */
export interface Finding extends Denial {
  /** Place in the order of reasons, see `RANK`. */
  readonly rank: number;
  /** Full names of the rules behind it. */
  readonly rules: readonly string[];
  /** The true reason where `reason` is a vaguer one, else empty. */
  readonly internal: string;
  readonly isLiftable: boolean;
  /** Stands even while the gateway is paused. */
  readonly holdsInPause: boolean;
}

/** Reasons come in this order, and within one rank by name, so that the same facts always give the same text. */
export const RANK = {
  gateway: 0,
  identity: 1,
  override: 2,
  compliance: 3,
  workflow: 4,
  server: 5,
  resource: 6,
  noGrant: 7,
} as const;

/** These layers are the gate and the emergency brake: they are enforced or shadowed, never only warned about. */
const NEVER_WARN: ReadonlySet<Layer> = new Set(['identity', 'override']);

/** The opinions that count: those of shadowed bundles are as if they were not there. */
export function takingPart(layers: readonly Opinion[]): readonly Opinion[] {
  return layers.filter((opinion) => opinion.mode !== 'shadow');
}

export function ofLayer(opinions: readonly Opinion[], layer: Layer): readonly Opinion[] {
  return opinions.filter((opinion) => opinion.layer === layer);
}

/** Whether an element of this layer denies, hides and obliges, rather than warns or stays silent. */
export function isEnforced(layer: Layer, mode: Mode): boolean {
  return mode === 'enforce' || (mode === 'warn' && NEVER_WARN.has(layer));
}

export function fullName(opinion: Opinion, element: { readonly id: string }): string {
  return `${opinion.bundle}/${element.id}`;
}

/** The denials of one layer that count. Loops, here and below: this runs for every call. */
export function denialsOf(opinions: readonly Opinion[], layer: Layer): readonly Finding[] {
  const findings: Finding[] = [];
  for (const opinion of opinions) {
    if (opinion.layer !== layer) continue;
    for (const verdict of opinion.deny) {
      if (isEnforced(layer, verdict.mode)) findings.push(findingOf(opinion, verdict));
    }
  }
  return findings;
}

function findingOf(opinion: Opinion, { id, reason, params, liftable }: Verdict): Finding {
  const { layer } = opinion;
  const rule = fullName(opinion, { id });
  const isLiftable = liftable && !NEVER_WARN.has(layer);
  return { reason, rule, params, rank: RANK[layer], rules: [rule], internal: '', isLiftable, holdsInPause: false };
}

/** The rules that would hide what was asked about. */
export function hidesOf(opinions: readonly Opinion[]): readonly string[] {
  return opinions.flatMap((opinion) =>
    opinion.hide
      .filter((verdict) => isEnforced(opinion.layer, verdict.mode))
      .map((verdict) => fullName(opinion, verdict)),
  );
}

/** Denials or hides of mode `warn`, which only say so. */
export function warningsOf(opinions: readonly Opinion[], ruleSet: 'deny' | 'hide'): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const opinion of opinions) {
    for (const verdict of opinion[ruleSet]) {
      const isWarning = verdict.mode === 'warn' && !isEnforced(opinion.layer, 'warn');
      if (isWarning) warnings.push({ rule: fullName(opinion, verdict), text: verdict.reason });
    }
  }
  return warnings;
}

/** A denial of the gateway itself. Unless told otherwise nothing lifts it, a pause lets it through. */
export function gatewayFinding(reason: string, more: Partial<Finding> = {}): Finding {
  return {
    reason,
    rule: '',
    params: {},
    rank: RANK.gateway,
    rules: [],
    internal: '',
    isLiftable: false,
    holdsInPause: false,
    ...more,
  };
}
