import type { Phase } from '../core/action.ts';
import type { JoinedObligations, Warning } from '../core/decision.ts';
import type { LabelElement, ObligationElement, Opinion } from '../core/opinion.ts';
import { type Finding, fullName, gatewayFinding, isEnforced } from './combine-opinions.ts';
import { asJoined, bucketOf, join, NO_OBLIGATIONS } from './obligations.ts';

export interface Obligations {
  readonly joined: JoinedObligations;
  readonly warnings: readonly Warning[];
  /** Denials for what the gateway cannot carry out. */
  readonly refused: readonly Finding[];
  /** Full names of the rules that ask for an approval by …, or that charge a counter or rate limit. */
  readonly askingRules: ReadonlyMap<string, readonly string[]>;
}

/** Of a bundle or rule in mode `warn` only these hold. */
const HOLDING_IN_WARN: ReadonlySet<string> = new Set(['redact', 'label', 'audit_required']);
/** Once a call has run, it can be neither charged nor asked about; its result can be kept back, masked and labelled. */
const CARRIED_FOR_RESULTS: ReadonlySet<string> = new Set(['redact', 'label', 'audit_required', 'warn']);

/** All obligations that take part, as one. `carries`: the types that this version of the gateway carries out. */
export function obligationsOf(carries: readonly string[], opinions: readonly Opinion[], phase: Phase): Obligations {
  let joined = NO_OBLIGATIONS;
  const warnings: Warning[] = [];
  const refused: Finding[] = [];
  const askingRules = new Map<string, string[]>();
  for (const { opinion, element } of enforcedObligations(opinions)) {
    const rule = fullName(opinion, element);
    if (!isCarried(element, carries, phase)) {
      if (!element.advice) {
        refused.push(gatewayFinding(`gateway.obligation_unknown.${typeName(element)}`, { rules: [rule] }));
      }
      continue;
    }
    if (element.type === 'warn') warnings.push({ rule, text: element.text });
    const own = asJoined(element, opinion.bundle);
    joined = join(joined, own);
    for (const name of namesAsked(own)) askingRules.set(name, [...(askingRules.get(name) ?? []), rule]);
  }
  return { joined, warnings, refused, askingRules };
}

interface Asked {
  readonly opinion: Opinion;
  readonly element: ObligationElement;
}

/** The obligations that hold, whether or not the gateway can carry them out. */
export function enforcedObligations(opinions: readonly Opinion[]): readonly Asked[] {
  const asked: Asked[] = [];
  for (const opinion of opinions) {
    if (opinion.obligations.length === 0 && opinion.labels.length === 0) continue;
    for (const element of [...opinion.obligations, ...opinion.labels.map(asObligation)]) {
      const holdsInWarn = element.mode === 'warn' && HOLDING_IN_WARN.has(element.type);
      if (holdsInWarn || isEnforced(opinion.layer, element.mode)) asked.push({ opinion, element });
    }
  }
  return asked;
}

/** An element of `labels` is the short form of an obligation. */
function asObligation({ id, label, ttl_s, mode }: LabelElement): ObligationElement {
  return { id, type: 'label', label, ttl_s, mode, advice: false };
}

function isCarried(element: ObligationElement, carries: readonly string[], phase: Phase): boolean {
  if (element.type === 'unknown' || !carries.includes(element.type)) return false;
  // What a server asks waits for no third person: neither it nor the client would ask again.
  if (element.type === 'require_approval' && phase !== 'request') return false;
  return phase !== 'result' || CARRIED_FOR_RESULTS.has(element.type);
}

function typeName(element: ObligationElement): string {
  return element.type === 'unknown' ? element.name : element.type;
}

function namesAsked(joined: JoinedObligations): readonly string[] {
  return [
    ...joined.approvals.map(({ by }) => by),
    ...joined.counters.map(({ counter }) => counter),
    ...joined.rate_limits.map(bucketOf),
  ];
}
