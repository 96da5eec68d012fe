import { phaseOf, type Phase } from '../core/action.ts';
import type { Decision } from '../core/decision.ts';
import type { Opinion } from '../core/opinion.ts';
import { hiddenDenialOf, integrityDenialsOf, ownDenialsOf, scopeDenialOf } from './combine-gate.ts';
import { grantingRulesOf, missingGrantsOf } from './combine-grants.ts';
import { obligationsOf, type Obligations } from './combine-obligations.ts';
import {
  type CombineInput,
  denialsOf,
  type Finding,
  gatewayFinding,
  takingPart,
  warningsOf,
} from './combine-opinions.ts';
import { lift } from './combine-permits.ts';
import { type Ruling, stands, toDecision } from './combine-ruling.ts';

/**
 * What all opinions together decide: a pure function, so that an auditor can
 * run it again on a record. No order of bundles and no priority changes it.
 *
 * The gateway's own denials end it at once; then come scope, integrity and the
 * identity gate, then the middle layers and their grants, overrides,
 * obligations, and last what was found out about approvals and budgets.
 */
export function combine(facts: CombineInput): Decision {
  const own = ownDenialsOf(facts);
  if (facts.action === 'method' || own.length > 0) return toDecision(facts, { denials: own });

  const phase = phaseOf(facts.action);
  const opinions = takingPart(facts.layers);
  const beyondScope = scopeDenialOf(facts, opinions);
  if (beyondScope !== null) return toDecision(facts, { denials: [beyondScope] });

  const integrity = integrityDenialsOf(facts, opinions, phase);
  if (phase === 'list') {
    const denials = [...integrity, ...hiddenDenialOf(facts, opinions)];
    return toDecision(facts, { denials, warnings: warningsOf(opinions, 'hide') });
  }
  const identity = denialsOf(opinions, 'identity');
  if (identity.length > 0) return toDecision(facts, { denials: [...integrity, ...identity] });
  return decideCall(facts, { phase, opinions, integrity });
}

interface Asked {
  readonly phase: Phase;
  readonly opinions: readonly Opinion[];
  readonly integrity: readonly Finding[];
}

/** The identity gate is open: the layers behind it, overrides and obligations. */
function decideCall(facts: CombineInput, { phase, opinions, integrity }: Asked): Decision {
  const liftable = [
    ...denialsOf(opinions, 'compliance'),
    ...denialsOf(opinions, 'workflow'),
    ...denialsOf(opinions, 'server'),
    ...denialsOf(opinions, 'resource'),
    ...(phase === 'request' ? missingGrantsOf(facts, opinions) : []),
  ];
  const { left, lifted } = lift(liftable, opinions, facts.combine.now);
  const obligations = obligationsOf(facts.combine.carries, opinions, phase);
  const ruling: Ruling = {
    denials: [...integrity, ...left, ...denialsOf(opinions, 'override'), ...obligations.refused],
    isPending: false,
    waitingRules: [],
    grantingRules: phase === 'request' ? grantingRulesOf(opinions) : [],
    lifted,
    obligations: lifted.length > 0 ? { ...obligations.joined, audit_required: true } : obligations.joined,
    warnings: [...warningsOf(opinions, 'deny'), ...obligations.warnings],
  };
  const isDenied = ruling.denials.some((finding) => stands(facts, finding));
  return toDecision(facts, isDenied ? ruling : settle(facts, ruling, obligations));
}

/** No denial is left: an approval that is not there decides, and then a budget that is used up. */
function settle(facts: CombineInput, ruling: Ruling, { joined, askingRules }: Obligations): Ruling {
  const asked = joined.approvals.map(({ by }) => ({
    by,
    status: facts.combine.approvals.find((fact) => fact.by === by)?.status ?? 'open',
  }));
  const refused = asked.flatMap(({ by, status }) =>
    status === 'denied' || status === 'expired'
      ? [gatewayFinding(`gateway.approval_${status}`, { rules: askingRules.get(by) ?? [] })]
      : [],
  );
  const open = asked.filter(({ status }) => status === 'open');
  if (facts.combine.bypass === '' && refused.length === 0 && open.length > 0) {
    return { ...ruling, isPending: true, waitingRules: open.flatMap(({ by }) => askingRules.get(by) ?? []) };
  }
  const spent = facts.combine.reservations
    .filter(({ status }) => status === 'refused')
    .map(({ counter, resets_at: until }) => {
      const params: Finding['params'] = until === '' ? {} : { until };
      return gatewayFinding(`gateway.counter.${counter}`, { rules: askingRules.get(counter) ?? [], params });
    });
  return { ...ruling, denials: [...ruling.denials, ...refused, ...spent] };
}
