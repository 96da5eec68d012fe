import type { RegoCoverage, RegoTest } from '../core/rego.ts';
import type { Difference, EngineComparison } from './engine-comparison.ts';
import { type Finding, sortFindings } from './finding.ts';

export interface TestOutcome {
  readonly tests: readonly RegoTest[];
  readonly coverage: RegoCoverage;
  readonly engines: EngineComparison;
  /** Least percentage of rules and of lines that the tests must make run; 0 asks for nothing. */
  readonly minCoverage: number;
}

/** What is wrong with the tests of a bundle, and what they leave out. */
export function testFindings({ tests, coverage, engines, minCoverage }: TestOutcome): readonly Finding[] {
  return sortFindings([
    ...tests.flatMap(failureOf),
    ...differencesByTest(engines.differences, tests),
    ...engines.notCompared.map((name) => notCompared(name, tests)),
    ...uncovered(coverage),
    ...tooLittle(coverage, minCoverage),
  ]);
}

/** How many of the rules came true in a test, in percent. */
export function rulePercent({ rules }: RegoCoverage): number {
  const fired = rules.filter((rule) => rule.fired).length;
  return rules.length === 0 ? 100 : (100 * fired) / rules.length;
}

export function isFailed({ outcome }: RegoTest): boolean {
  return outcome === 'fail' || outcome === 'error';
}

function failureOf(test: RegoTest): readonly Finding[] {
  const { file, row, column, name, error, failedCases } = test;
  if (!isFailed(test)) return [];
  const cases = failedCases.length === 0 ? '' : ` in ${failedCases.join(', ')}`;
  const why = error === undefined ? '' : `: ${error.message}`;
  return [{ code: 'test_failed', severity: 'error', message: `${name} fails${cases}${why}`, file, row, column }];
}

/** One finding a test, with the first of its inputs. */
function differencesByTest(differences: readonly Difference[], tests: readonly RegoTest[]): readonly Finding[] {
  const names = new Set(differences.flatMap((difference) => difference.tests.slice(0, 1)));
  return [...names].flatMap((name) => {
    const own = differences.filter((difference) => difference.tests[0] === name);
    const [first] = own;
    if (first === undefined) return [];
    const which = own.length === 1 ? 'an input' : `${own.length} inputs`;
    const message = `OPA and the gateway have different answers to ${which} of ${name}\nOPA: ${first.opa}\nthe gateway: ${first.gateway}`;
    return [{ code: 'test_engines_differ', severity: 'error', message, ...placeOf(name, tests) }];
  });
}

function notCompared(name: string, tests: readonly RegoTest[]): Finding {
  const message = `${name} gives no input to a rule set or a plain rule, so nothing of it was compared with the gateway’s own engine`;
  return { code: 'test_not_compared', severity: 'note', message, ...placeOf(name, tests) };
}

function placeOf(fullName: string, tests: readonly RegoTest[]): Pick<Finding, 'file' | 'row' | 'column'> {
  const test = tests.find(({ package: name, name: own }) => `${name}.${own}` === fullName);
  return { file: test?.file ?? '', row: test?.row ?? 0, column: test?.column ?? 0 };
}

function uncovered({ rules }: RegoCoverage): readonly Finding[] {
  return rules
    .filter(({ fired }) => !fired)
    .map(({ path, ids, file, row, column }) => {
      const named = ids.length === 0 ? path : `${path} (${ids.join(', ')})`;
      return {
        code: 'test_rule_not_covered',
        severity: 'warning',
        message: `never true in a test: ${named}`,
        file,
        row,
        column,
      };
    });
}

function tooLittle(coverage: RegoCoverage, minCoverage: number): readonly Finding[] {
  const found = [
    ['rules', rulePercent(coverage)],
    ['lines', coverage.percent],
  ] as const;
  return found
    .filter(([, percent]) => percent < minCoverage)
    .map(([what, percent]) => ({
      code: 'test_coverage',
      severity: 'error',
      message: `the tests make ${percent.toFixed(1)} % of the ${what} run, and ${minCoverage} % are asked for`,
      file: '',
      row: 0,
      column: 0,
    }));
}
