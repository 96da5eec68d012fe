import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { RegoExpression, RegoRuleSyntax, RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import type { LintSubject, WrittenRule } from './lint-subject.ts';
import {
  callsIn,
  expressionsIn,
  isConstantPath,
  liesIn,
  partsOf,
  pathOf,
  resolve,
  scopeOf,
  type Scope,
} from './lint-terms.ts';

/** Elements below which going through something is no work. */
const LARGE = 1_000;

export const WHOLE_WALK: LintRule = {
  code: 'lint_walk',
  severity: 'warning',
  about: 'walk() goes through the whole input, or through a large table, at every decision.',
  find: (subject) => subject.written.flatMap((rule) => walks(rule, subject)),
};

function walks(rule: WrittenRule, { bundle }: LintSubject): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    return callsIn(branch).flatMap(({ name, args: [value] }) => {
      if (name !== 'walk' || value === undefined) return [];
      const path = pathOf(resolve(value, scope));
      const isWhole = path === 'input' || path === 'input.action' || path === 'input.context';
      if (isWhole)
        return [
          foundAt(
            rule,
            'walk(',
            `walk(${path}) goes through everything there is; walk(input.action.args) is what an agent sends`,
          ),
        ];
      const size = path.startsWith('data.') ? sizeOf(bundle.data, path) : 0;
      return size >= LARGE
        ? [foundAt(rule, 'walk(', `walk(${path}) goes through ${size} elements at every decision`)]
        : [];
    });
  });
}

/** Steps from which two iterations, one inside of the other, are said to be too many. */
const MANY_STEPS = 10_000;
/** What an agent can send in one list, as far as anybody expects. */
const SENT = 100;

export const PRODUCT: LintRule = {
  code: 'lint_product',
  severity: 'warning',
  about:
    'Two iterations that have nothing to do with one another stand in one body: every element of one is tried with every element of the other.',
  find: (subject) =>
    subject.written.flatMap((rule) => rule.branches.flatMap((branch) => products(rule, branch, subject))),
};

function products(
  rule: WrittenRule,
  branch: RegoRuleSyntax,
  { bundle }: LintSubject,
): readonly ReturnType<typeof foundAt>[] {
  const scope = scopeOf(rule, branch);
  const inner = expressionsIn(branch).flatMap(({ terms, body }) => [body, ...terms.flatMap(partsOf).flatMap(bodyOf)]);
  return [branch.body, ...inner].flatMap((body) => {
    const loops = body.flatMap((expression) => loopOf(expression, scope, bundle.data));
    return loops.slice(1).flatMap((loop, index) => {
      const outer = loops.slice(0, index + 1);
      if (outer.some(({ names }) => names.some((name) => loop.needs.has(name)))) return [];
      const steps = loop.size * Math.max(...outer.map(({ size }) => size));
      if (steps < MANY_STEPS) return [];
      return [
        foundAt(
          rule,
          loop.over,
          `this iteration runs again for every element of the one above it: ${steps} steps; look the element up by its key, or compare sets with &`,
        ),
      ];
    });
  });
}

function bodyOf(term: RegoTerm): readonly (readonly RegoExpression[])[] {
  return term.kind === 'comprehension' ? [term.body] : [];
}

interface Loop {
  readonly over: RegoTerm;
  readonly names: readonly string[];
  /** Names that what is gone through depends on. */
  readonly needs: ReadonlySet<string>;
  readonly size: number;
}

function loopOf({ kind, terms }: RegoExpression, scope: Scope, data: JsonObject): readonly Loop[] {
  const over = terms.at(-1);
  if ((kind !== 'some' && kind !== 'every') || over === undefined || terms.length < 2) return [];
  const names = terms.slice(0, -1).flatMap(namesIn);
  return [{ over, names, needs: new Set(namesIn(over)), size: sizeOfTerm(resolve(over, scope), data) }];
}

function namesIn(term: RegoTerm): readonly string[] {
  return partsOf(term).flatMap((part) => (part.kind === 'variable' ? [part.name] : []));
}

function sizeOfTerm(term: RegoTerm, data: JsonObject): number {
  if (term.kind === 'collection') return term.items.length;
  const path = pathOf(term);
  if (liesIn(path, 'input.action.args') || liesIn(path, 'input.action.result')) return SENT;
  return path.startsWith('data.') && isConstantPath(term) ? sizeOf(data, path) : 1;
}

function sizeOf(data: JsonObject, path: string): number {
  const value = path
    .split('.')
    .slice(1)
    .reduce<Json | undefined>((at, name) => (isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), data);
  if (Array.isArray(value)) return value.length;
  return isJsonObject(value) ? Object.keys(value).length : 0;
}
