import { LAYERS, type Layer, type Mode } from '../core/opinion.ts';
import type { Rule } from '../policy/annotation.ts';

/** A rule that is in force, with what can be said of it. */
export interface RuleInForce {
  /** `<bundle>/<id>` */
  readonly name: string;
  readonly bundle: string;
  readonly layer: Layer;
  /** Its own where the configuration sets one, else its bundle's. */
  readonly mode: Mode;
  readonly rule: Rule;
  /** The rule sets that it speaks through; none where no rule emits its id. */
  readonly sets: readonly string[];
  /** Words of the data that it reads, such as the class of data that an admin names. */
  readonly data: readonly string[];
}

export interface FoundRules {
  /** `all`: each has every word of the term. `some`: none has all, so these have at least one. */
  readonly match: 'all' | 'some' | 'none';
  /** By layer, then owner, then name. */
  readonly rules: readonly RuleInForce[];
}

/** The rules that speak of a term: in their words, their names, their owners, or the data that they read. */
export function findRules(rules: readonly RuleInForce[], term: string): FoundRules {
  const wanted = wordsOf(term);
  const speaking = rules.map((rule) => ({ rule, hits: hitsIn(wordsOfRule(rule), wanted) }));
  const having = (hits: number): readonly RuleInForce[] =>
    speaking.filter((one) => one.hits >= hits).map(({ rule }) => rule);
  const all = wanted.length === 0 ? [] : having(wanted.length);
  if (all.length > 0) return { match: 'all', rules: all.toSorted(byLayerAndOwner) };
  const some = wanted.length < 2 ? [] : having(1);
  return { match: some.length > 0 ? 'some' : 'none', rules: some.toSorted(byLayerAndOwner) };
}

/** Every word that some rule has, for whoever has mistyped one. */
export function wordsIn(rules: readonly RuleInForce[]): readonly string[] {
  return [...new Set(rules.flatMap((rule) => wordsOfRule(rule)))];
}

function wordsOfRule({ name, layer, rule, data }: RuleInForce): readonly string[] {
  const { title, description, remediation, remedy, owner, control, alternatives } = rule;
  return wordsOf(
    [name, layer, title, description, remediation, remedy, owner, control, ...alternatives, ...data].join(' '),
  );
}

/** Lower case, without the s of a plural: `Exports of customer_pii` has the words export, of, customer and pii. */
function wordsOf(text: string): readonly string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => (word.length > 3 ? word.replace(/s$/, '') : word)))];
}

/** A word also stands for those that begin with it: export for exported. */
function hitsIn(words: readonly string[], wanted: readonly string[]): number {
  return wanted.filter((one) => words.some((word) => word === one || (one.length > 2 && word.startsWith(one)))).length;
}

function byLayerAndOwner(left: RuleInForce, right: RuleInForce): number {
  const layers = LAYERS.indexOf(left.layer) - LAYERS.indexOf(right.layer);
  if (layers !== 0) return layers;
  const owners = left.rule.owner.localeCompare(right.rule.owner, 'en');
  return owners !== 0 ? owners : left.name.localeCompare(right.name, 'en');
}
