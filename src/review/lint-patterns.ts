import type { RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import type { WrittenRule } from './lint-subject.ts';
import { callsIn, expressionsIn, partsOf, scopeOf, type WrittenCall } from './lint-terms.ts';

/** Built-ins that take a regular expression, and at which place. */
const PATTERN_AT: Readonly<Record<string, number>> = {
  'regex.match': 0,
  'regex.split': 0,
  'regex.find_n': 0,
  'regex.find_all_string_submatch_n': 0,
  'regex.replace': 1,
};

/** The constant patterns of a rule. */
export function patternsOf({ branches }: Pick<WrittenRule, 'branches'>): readonly string[] {
  return branches.flatMap((branch) => callsIn(branch).flatMap((call) => literalPattern(call) ?? []));
}

export const BAD_PATTERN: LintRule = {
  code: 'lint_bad_pattern',
  severity: 'error',
  about:
    'A constant regular expression does not compile in the linear engine that the gateway uses (RE2: no backreferences, no look-around).',
  find: ({ written, badPatterns }) =>
    written.flatMap((rule) =>
      patternsOf(rule)
        .filter((pattern) => badPatterns.has(pattern))
        .map((pattern) =>
          foundAt(
            rule,
            pattern,
            `the regular expression ${JSON.stringify(pattern)} does not compile: RE2 has no backreferences and no look-around`,
          ),
        ),
    ),
};

/** Built-ins that put a text together. */
const JOINING: ReadonlySet<string> = new Set(['sprintf', 'concat', 'replace']);

export const PATTERN_IN_LOOP: LintRule = {
  code: 'lint_pattern_in_loop',
  severity: 'warning',
  about:
    'A regular expression is put together for every element of an iteration: each is compiled anew, which is most of the work.',
  find: ({ written }) => written.flatMap(patternsInLoops),
};

function patternsInLoops(rule: WrittenRule): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    const bound = new Set(
      expressionsIn(branch).flatMap(({ kind, terms }) =>
        kind === 'some' || kind === 'every' ? namesIn(terms.slice(0, -1)) : [],
      ),
    );
    return callsIn(branch).flatMap((call) => {
      const pattern = patternOf(call);
      if (pattern === undefined) return [];
      const whole = pattern.kind === 'variable' ? (scope.get(pattern.name) ?? pattern) : pattern;
      if (whole.kind !== 'call' || !JOINING.has(whole.name) || !namesIn([whole]).some((name) => bound.has(name)))
        return [];
      return [
        foundAt(
          rule,
          `${call.name}(`,
          `the pattern of ${call.name} is put together for every element; keep whole patterns in the data, or compare without a pattern`,
        ),
      ];
    });
  });
}

function namesIn(terms: readonly RegoTerm[]): readonly string[] {
  return terms.flatMap(partsOf).flatMap((part) => (part.kind === 'variable' ? [part.name] : []));
}

function patternOf({ name, args }: WrittenCall): RegoTerm | undefined {
  const at = PATTERN_AT[name];
  return at === undefined ? undefined : args[at];
}

function literalPattern(call: WrittenCall): string | undefined {
  const pattern = patternOf(call);
  return pattern?.kind === 'scalar' && typeof pattern.value === 'string' ? pattern.value : undefined;
}
