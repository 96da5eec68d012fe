import { phaseOf } from '../core/action.ts';
import type { Decision, Denial, JoinedObligations, Lifted, Warning } from '../core/decision.ts';
import type { CombineInput, Finding } from './combine-opinions.ts';
import { NO_OBLIGATIONS } from './obligations.ts';

/** What the steps of `combine` found. */
export interface Ruling {
  readonly denials: readonly Finding[];
  readonly isPending: boolean;
  /** Full names of the rules that ask for the approvals that are open. */
  readonly waitingRules: readonly string[];
  readonly grantingRules: readonly string[];
  readonly lifted: readonly Lifted[];
  readonly obligations: JoinedObligations;
  readonly warnings: readonly Warning[];
}

/** Puts the findings in their fixed order; while the gateway is paused, most denials become warnings. */
export function toDecision(facts: CombineInput, found: Partial<Ruling>): Decision {
  const { denials = [], isPending = false, waitingRules = [], grantingRules = [], lifted = [], warnings = [] } = found;
  const standing = inOrder(denials.filter((finding) => stands(facts, finding)));
  const passed = inOrder(denials.filter((finding) => !stands(facts, finding)));
  const isDenied = standing.length > 0;
  return {
    effect: isDenied ? 'deny' : isPending ? 'pending' : 'allow',
    reasons: unique(standing.map(({ reason }) => reason)),
    reason_internal: standing.find(({ internal }) => internal !== '')?.internal ?? '',
    denials: distinct(standing.map(({ reason, rule, params }): Denial => ({ reason, rule, params }))),
    warnings: distinct([...passed.flatMap(asWarnings), ...warnings]).toSorted(byRuleAndText),
    matched_rules: isDenied
      ? unique(standing.flatMap(({ rules }) => rules))
      : unique([...(isPending ? waitingRules : grantingRules), ...lifted.map(({ by }) => by)]),
    lifted,
    obligations: found.obligations ?? NO_OBLIGATIONS,
    hidden: isDenied && facts.action !== 'method' && phaseOf(facts.action) === 'list',
  };
}

/** Whether a denial still denies: a pause lets through all but integrity, scope and the gateway's own. */
export function stands(facts: CombineInput, finding: Finding): boolean {
  return facts.combine.bypass === '' || finding.holdsInPause;
}

function asWarnings({ rules, reason }: Finding): readonly Warning[] {
  return rules.length === 0 ? [{ rule: '', text: reason }] : rules.map((rule) => ({ rule, text: reason }));
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.length < 2 ? findings : findings.toSorted(compareFindings);
}

function compareFindings(left: Finding, right: Finding): number {
  return (
    left.rank - right.rank ||
    compareTexts(left.rule, right.rule) ||
    compareTexts(left.reason, right.reason) ||
    compareTexts(JSON.stringify(left.params), JSON.stringify(right.params))
  );
}

function byRuleAndText(left: Warning, right: Warning): number {
  return compareTexts(left.rule, right.rule) || compareTexts(left.text, right.text);
}

/** By code units: the same on every machine, whatever its language. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function unique(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)];
}

function distinct<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length < 2) return items;
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
