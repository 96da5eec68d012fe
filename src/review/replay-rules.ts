import { canonicalJson } from '../core/canonical-json.ts';
import type { Opinion } from '../core/opinion.ts';
import type { CombineInput } from '../policy/combine-opinions.ts';
import { takingPart } from '../policy/combine-opinions.ts';
import { type Decided, failuresBeside, type ReplayClass } from './replay-classes.ts';

/**
 * What made the difference between two decisions: full names of rules that say something in one that they do not say in
 * the other, as far as the decisions follow from them. Where no rule did, the bundles that failed or what the gateway
 * itself denies for.
 */
export function rulesBehind(kind: ReplayClass, before: Decided, after: Decided): readonly string[] {
  if (kind === 'new_error') return sorted(failuresBeside(before, after).map(({ bundle }) => bundle));
  const changed = changedRules(before.facts, after.facts);
  if (kind === 'obligations_only') return orReasons(dutiesAmong(changed, [before, after]), [before, after]);
  const counting = new Set([before, after].flatMap(({ decision }) => namesIn(decision)));
  const decisive = changed.filter((rule) => counting.has(rule));
  return orReasons(decisive.length > 0 ? decisive : changed, [before, after]);
}

function namesIn({ matched_rules, lifted }: Decided['decision']): readonly string[] {
  return [...matched_rules, ...lifted.flatMap(({ denial, by }) => [denial, by])];
}

/** Rules whose obligations or labels, or denials that only warn, are not the same in both. */
function dutiesAmong(changed: readonly string[], both: readonly Decided[]): readonly string[] {
  const obliging = new Set(
    both.flatMap(({ facts }) =>
      facts.layers.flatMap(({ bundle, obligations, labels, deny }) =>
        [...obligations, ...labels, ...deny].map(({ id }) => `${bundle}/${id}`),
      ),
    ),
  );
  const found = changed.filter((rule) => obliging.has(rule));
  return found.length > 0 ? found : changed;
}

/** Where no rule says anything else: what the gateway denies for in one and not in the other, such as a limit. */
function orReasons(rules: readonly string[], [before, after]: readonly Decided[]): readonly string[] {
  if (rules.length > 0 || before === undefined || after === undefined) return sorted(rules);
  const [one, other] = [before, after].map(({ decision }) => new Set([...decision.reasons, decision.reason_internal]));
  const beside = [...(one ?? [])].filter((reason) => other?.has(reason) !== true);
  const added = [...(other ?? [])].filter((reason) => one?.has(reason) !== true);
  return sorted([...beside, ...added].filter((reason) => reason !== ''));
}

function changedRules(before: CombineInput, after: CombineInput): readonly string[] {
  const [one, other] = [sayingsOf(before), sayingsOf(after)];
  const rules = new Set([...one.keys(), ...other.keys()]);
  return [...rules].filter((rule) => one.get(rule) !== other.get(rule));
}

const RULE_SETS = ['allow', 'deny', 'hide', 'obligations', 'permit', 'labels', 'capabilities'] as const;

/** What each rule says, as a text that is the same for the same; by its full name. */
function sayingsOf({ layers }: CombineInput): ReadonlyMap<string, string> {
  const sayings = new Map<string, string[]>();
  for (const opinion of takingPart(layers)) {
    for (const set of RULE_SETS) {
      for (const element of opinion[set]) {
        const rule = `${opinion.bundle}/${element.id}`;
        sayings.set(rule, [...(sayings.get(rule) ?? []), `${opinion.agent ?? ''} ${set} ${meaningOf(element)}`]);
      }
    }
  }
  return new Map([...sayings].map(([rule, texts]) => [rule, texts.toSorted().join('\n')]));
}

type Element = Opinion[(typeof RULE_SETS)[number]][number];

/** Less what only people read. */
function meaningOf(element: Element): string {
  const { params: _params, text: _text, ...meaning } = element as Element & { params?: unknown; text?: unknown };
  return canonicalJson(meaning);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
