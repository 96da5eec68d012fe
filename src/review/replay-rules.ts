import { canonicalJson } from '../core/canonical-json.ts';
import type { Opinion } from '../core/opinion.ts';
import { type CombineInput, takingPart } from '../policy/combine-opinions.ts';
import { type Decided, failuresBeside, type ReplayClass } from './replay-classes.ts';
import { sameAsRecorded } from './replay-same.ts';

/**
 * What made the difference between two decisions: full names of rules that say something in one that they do not say in
 * the other, as far as the decisions follow from them. Where no rule did, the bundles that failed or what the gateway
 * itself denies for.
 */
export function rulesBehind(kind: ReplayClass, before: Decided, after: Decided): readonly string[] {
  if (kind === 'new_error') return sorted(failuresBeside(before, after).map(({ bundle }) => bundle));
  const hiding = rulesThatHide(before, after);
  if (hiding.length > 0) return hiding;
  const changed = changedRules(before.facts, after.facts);
  if (kind === 'obligations_only') return sorted(dutiesAmong(changed, [before, after]));
  const counting = new Set([before, after].flatMap(({ decision }) => namesIn(decision)));
  const found = [changed.filter((rule) => counting.has(rule)), otherReasons(before, after), changed];
  return sorted(found.find((names) => names.length > 0) ?? []);
}

/** Where one hides what the other does not, nobody is asked any more, so that no rule says anything. */
function rulesThatHide(before: Decided, after: Decided): readonly string[] {
  const [one, other] = [before.facts.combine.own, after.facts.combine.own];
  return sameAsRecorded(one, other) ? [] : sorted([...one, ...other].flatMap(({ rules }) => rules));
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

/** What one is denied for and the other is not, such as a limit without room. */
function otherReasons(before: Decided, after: Decided): readonly string[] {
  const [one, other] = [reasonsIn(before), reasonsIn(after)];
  return [...one.filter((reason) => !other.includes(reason)), ...other.filter((reason) => !one.includes(reason))];
}

function reasonsIn({ decision }: Decided): readonly string[] {
  return [...decision.reasons, decision.reason_internal].filter((reason) => reason !== '');
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
