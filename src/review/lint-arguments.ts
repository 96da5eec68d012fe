import type { RegoTerm } from '../rego/syntax.ts';
import { foundAt, type LintRule } from './lint-rule.ts';
import type { WrittenRule } from './lint-subject.ts';
import { callsIn, liesIn, partsOf, pathOf, resolve, scopeOf, textOf, type WrittenCall } from './lint-terms.ts';

const ORDERS: Readonly<Record<string, string>> = { gt: '>', gte: '>=', lt: '<', lte: '<=' };
const ARGUMENTS = 'input.action.args';

/** `input.action.args.amount > 100` without a look at what the amount is. */
export const UNCHECKED_ARGUMENT: LintRule = {
  code: 'lint_unchecked_argument',
  severity: 'warning',
  about:
    'An argument is compared by order without a check of its type: in Rego `null <= 100` is true, and a text is greater than every number.',
  find: ({ written }) => written.flatMap(comparisons),
};

/** Built-ins that fail for what is no text. */
const OF_TEXT: ReadonlySet<string> = new Set(
  'contains startswith endswith lower upper trim trim_left trim_right trim_prefix trim_suffix trim_space split replace indexof substring regex.match regex.split regex.find_n regex.find_all_string_submatch_n regex.replace glob.match'.split(
    ' ',
  ),
);

/** `contains(input.action.args.path, "..")`: for a number the built-in fails, and the decision with it. */
export const TEXT_OF_ARGUMENT: LintRule = {
  code: 'lint_text_of_argument',
  severity: 'note',
  about:
    'A built-in for text gets an argument whose type no condition checks: where it is no text the built-in fails, and the call is denied as an error that nobody can lift.',
  find: ({ written }) => written.flatMap(textCalls),
};

function comparisons(rule: WrittenRule): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    const calls = callsIn(branch);
    return calls.flatMap(({ name, args }) => {
      const operator = ORDERS[name];
      if (operator === undefined) return [];
      const unchecked = args.find((arg) => isArgument(resolve(arg, scope)) && !isChecked(arg, calls, scope));
      if (unchecked === undefined) return [];
      const words = textOf(unchecked);
      return [
        foundAt(
          rule,
          unchecked,
          `${words} is compared with ${operator}, and nothing says that it is a number; add is_number(${words}), or use data.gateway.v1.amounts`,
        ),
      ];
    });
  });
}

function textCalls(rule: WrittenRule): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    const calls = callsIn(branch);
    return calls.flatMap(({ name, args }) => {
      if (!OF_TEXT.has(name)) return [];
      const unchecked = args.find((arg) => isArgument(resolve(arg, scope)) && !isChecked(arg, calls, scope));
      if (unchecked === undefined) return [];
      const words = textOf(unchecked);
      return [foundAt(rule, unchecked, `${name} fails where ${words} is no text; add is_string(${words})`)];
    });
  });
}

/** `deny … if not is_safe(input.action.args.path)`: the argument is looked up before `not`, so without one nothing is denied. */
export const NEGATED_ARGUMENT: LintRule = {
  code: 'lint_negated_argument',
  severity: 'note',
  about:
    'A rule that denies, hides or obliges negates a call with an argument: Rego looks the argument up before `not`, so where the call leaves it out the rule says nothing.',
  find: ({ written }) => written.filter(({ inspected }) => LIMITING.has(inspected.ruleSet)).flatMap(negations),
};

const LIMITING: ReadonlySet<string> = new Set(['deny', 'hide', 'obligations']);

function negations(rule: WrittenRule): readonly ReturnType<typeof foundAt>[] {
  return rule.branches.flatMap((branch) => {
    const scope = scopeOf(rule, branch);
    const isOfTheCall = (term: RegoTerm): boolean => isArgument(resolve(term, scope));
    const calls = callsIn(branch);
    return calls
      .filter(({ isNegated }) => isNegated)
      .flatMap(({ args }) => args.filter(isOfTheCall).slice(0, 1))
      .filter((term) => !isChecked(term, calls, scope))
      .map((term) => foundAt(rule, term, `where the call has no ${textOf(term)}, this rule says nothing; ${GET_IT}`));
  });
}

const GET_IT = 'give the question a rule of its own, or get the argument with object.get';

function isArgument(term: RegoTerm): boolean {
  return pathOf(term) !== ARGUMENTS && liesIn(pathOf(term), ARGUMENTS);
}

/** Whether a condition of the same rule looks at the type of a term: `is_number(x)`, `type_name(x) == …`. */
function isChecked(term: RegoTerm, calls: readonly WrittenCall[], scope: ReturnType<typeof scopeOf>): boolean {
  const wanted = JSON.stringify(resolve(term, scope));
  return calls.some(
    ({ name, args }) =>
      /(^|\.)(is_\w+|type_name|at_most|at_least)$/.test(name) &&
      args.some((arg) => partsOf(arg).some((part) => JSON.stringify(resolve(part, scope)) === wanted)),
  );
}
