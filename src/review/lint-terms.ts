import type { RegoExpression, RegoRuleSyntax, RegoTerm } from '../rego/syntax.ts';
import type { WrittenRule } from './lint-subject.ts';

/** A call, whether it is a condition of its own or part of one. */
export interface WrittenCall {
  readonly name: string;
  readonly args: readonly RegoTerm[];
  readonly isNegated: boolean;
}

/** Every condition of a branch, those inside of comprehensions and `every` included. */
export function expressionsIn(branch: RegoRuleSyntax): readonly RegoExpression[] {
  return [...branch.head.flatMap(bodiesIn), ...branch.body].flatMap(withInner);
}

/** Every term of a branch, from the outside in. */
export function termsIn(branch: RegoRuleSyntax): readonly RegoTerm[] {
  return [...branch.head.flatMap(partsOf), ...expressionsIn(branch).flatMap(({ terms }) => terms.flatMap(partsOf))];
}

export function callsIn(branch: RegoRuleSyntax): readonly WrittenCall[] {
  const conditions = expressionsIn(branch).flatMap(({ kind, name, terms, isNegated }) =>
    kind === 'call' ? [{ name, args: terms, isNegated }] : [],
  );
  const parts = termsIn(branch).flatMap((term) =>
    term.kind === 'call' ? [{ name: term.name, args: term.args, isNegated: false }] : [],
  );
  return [...conditions, ...parts];
}

/** A term and all its parts; the bodies of comprehensions are left to `expressionsIn`. */
export function partsOf(term: RegoTerm): readonly RegoTerm[] {
  return [term, ...childrenOf(term).flatMap(partsOf)];
}

function childrenOf(term: RegoTerm): readonly RegoTerm[] {
  switch (term.kind) {
    case 'scalar':
    case 'variable':
      return [];
    case 'reference':
      return term.parts;
    case 'call':
      return term.args;
    case 'collection':
      return term.items;
    case 'object':
      return term.members.flat();
    case 'comprehension':
      return term.terms;
  }
}

function withInner(expression: RegoExpression): readonly RegoExpression[] {
  const inner = [...expression.terms.flatMap(bodiesIn), ...expression.body];
  return [expression, ...inner.flatMap(withInner)];
}

function bodiesIn(term: RegoTerm): readonly RegoExpression[] {
  return partsOf(term).flatMap((part) => (part.kind === 'comprehension' ? part.body : []));
}

/** What names stand for in a rule: what is imported, and what is assigned once. */
export type Scope = ReadonlyMap<string, RegoTerm>;

export function scopeOf({ imports }: Pick<WrittenRule, 'imports'>, branch: RegoRuleSyntax): Scope {
  const assigned = expressionsIn(branch).flatMap(({ kind, name, terms: [left, right] }) =>
    kind === 'call' && ASSIGNING.has(name) && left?.kind === 'variable' && right !== undefined
      ? [[left.name, right] as const]
      : [],
  );
  return new Map([...imports, ...assigned]);
}

const ASSIGNING: ReadonlySet<string> = new Set(['assign', 'eq']);
/** Ends the search in names that stand for one another. */
const MOST_STEPS = 8;

/** A term with what its first name stands for put in its place: `args.x` is `input.action.args.x`. */
export function resolve(term: RegoTerm, scope: Scope, steps = MOST_STEPS): RegoTerm {
  if (steps === 0) return term;
  if (term.kind === 'variable') {
    const known = scope.get(term.name);
    return known === undefined ? term : resolve(known, scope, steps - 1);
  }
  if (term.kind !== 'reference') return term;
  const [head, ...rest] = term.parts;
  if (head?.kind !== 'variable') return term;
  const known = scope.get(head.name);
  const base = known === undefined ? undefined : resolve(known, scope, steps - 1);
  if (base?.kind === 'variable') return { kind: 'reference', parts: [base, ...rest] };
  return base?.kind === 'reference' ? { kind: 'reference', parts: [...base.parts, ...rest] } : term;
}

/** `input.action.args.amount`, up to the first part that is not a constant; empty for what is no reference. */
export function pathOf(term: RegoTerm): string {
  if (term.kind === 'variable') return ROOTS.has(term.name) ? term.name : '';
  if (term.kind !== 'reference') return '';
  const [head, ...rest] = term.parts;
  if (head?.kind !== 'variable') return '';
  const end = rest.findIndex((part) => part.kind !== 'scalar');
  const named = end < 0 ? rest : rest.slice(0, end);
  return [head.name, ...named.map((part) => (part.kind === 'scalar' ? String(part.value) : ''))].join('.');
}

const ROOTS: ReadonlySet<string> = new Set(['input', 'data']);

/** Whether all parts of a reference are constants. */
export function isConstantPath(term: RegoTerm): boolean {
  return term.kind === 'reference' && term.parts.slice(1).every(({ kind }) => kind === 'scalar');
}

/** Whether a path is the other or lies below it. */
export function liesIn(path: string, wider: string): boolean {
  return path === wider || path.startsWith(`${wider}.`);
}

/** As the term stands in the text, as far as it can be looked for there. */
export function textOf(term: RegoTerm): string {
  if (term.kind === 'variable') return term.name;
  if (term.kind === 'scalar') return typeof term.value === 'string' ? term.value : String(term.value);
  if (term.kind === 'call') return `${term.name}(`;
  return pathOf(term);
}
