import type { RegoTerm } from '../rego/syntax.ts';
import { type LintSubject, type Literal, literalOf, type WrittenRule } from './lint-subject.ts';
import { callsIn, isConstantPath, pathOf, resolve, scopeOf } from './lint-terms.ts';

/** Where a field of the input is compared with a text. */
export interface Comparison {
  /** The rule in which the text stands. */
  readonly rule: WrittenRule;
  readonly path: string;
  readonly value: string;
  /** What to look for in the text. */
  readonly at: RegoTerm;
}

/** Operators that ask whether two values are one. */
export const EQUAL: ReadonlySet<string> = new Set(['equal', 'eq']);

/** Where a field of the input is compared for being one text, or one of several; what is negated is left out. */
export function comparisonsIn(subject: LintSubject): readonly Comparison[] {
  return subject.written.flatMap((rule) =>
    rule.branches.flatMap((branch) => {
      const scope = scopeOf(rule, branch);
      const valuesOf = (field: RegoTerm, values: Literal): readonly Comparison[] => {
        const resolved = resolve(field, scope);
        if (!isConstantPath(resolved)) return [];
        return textsIn(values.term).map((at) => ({ rule: values.rule, path: pathOf(resolved), value: at.value, at }));
      };
      return callsIn(branch).flatMap(({ name, args: [left, right], isNegated }) => {
        if (left === undefined || right === undefined || isNegated) return [];
        if (name === 'internal.member_2') return valuesOf(left, literalOf(right, rule, subject));
        return EQUAL.has(name)
          ? [...valuesOf(left, { term: right, rule }), ...valuesOf(right, { term: left, rule })]
          : [];
      });
    }),
  );
}

function textsIn(values: RegoTerm): readonly { readonly kind: 'scalar'; readonly value: string }[] {
  const all = values.kind === 'collection' ? values.items : [values];
  return all.flatMap((term) =>
    term.kind === 'scalar' && typeof term.value === 'string' ? [{ kind: term.kind, value: term.value }] : [],
  );
}
