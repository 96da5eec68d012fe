import type { RegoTest } from '../core/rego.ts';
import type { EngineComparison } from './engine-comparison.ts';
import { isFailed } from './test-findings.ts';

export interface JunitOptions {
  /** Name of the whole: the bundle as the user named it. */
  readonly name: string;
  readonly tests: readonly RegoTest[];
  readonly engines: EngineComparison;
}

/** One suite a file, and one for the comparison of the engines, as build servers read it. */
export function junitXml({ name, tests, engines }: JunitOptions): string {
  const files = [...new Set(tests.map(({ file }) => file))].toSorted();
  const suites = files.map((file) =>
    suiteOf(
      file,
      tests.filter((test) => test.file === file),
    ),
  );
  const failures = tests.filter(isFailed).length + engines.differences.length;
  const head = `<testsuites name=${quoted(name)} tests="${tests.length + engines.compared}" failures="${failures}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, enginesSuite(engines), '</testsuites>'].join('\n');
}

function suiteOf(file: string, tests: readonly RegoTest[]): string {
  const failures = tests.filter(isFailed).length;
  const skipped = tests.filter(({ outcome }) => outcome === 'skip').length;
  const head = `  <testsuite name=${quoted(file)} tests="${tests.length}" failures="${failures}" skipped="${skipped}">`;
  return [head, ...tests.map(caseOf), '  </testsuite>'].join('\n');
}

function caseOf(test: RegoTest): string {
  const { package: name, file, row, durationNs, output, outcome, error, failedCases } = test;
  const seconds = (durationNs / 1e9).toFixed(6);
  const why = [error?.message ?? '', ...failedCases].filter((text) => text !== '').join('\n');
  const inner = [
    ...(isFailed(test)
      ? [
          `<failure message=${quoted(error?.message ?? 'it is not true')}>${escaped(`${file}:${row}\n${why}`)}</failure>`,
        ]
      : []),
    ...(outcome === 'skip' ? ['<skipped/>'] : []),
    ...(output === '' ? [] : [`<system-out>${escaped(output)}</system-out>`]),
  ];
  const head = `    <testcase classname=${quoted(name)} name=${quoted(test.name)} file=${quoted(file)} line="${row}" time="${seconds}"`;
  return inner.length === 0
    ? `${head}/>`
    : [`${head}>`, ...inner.map((line) => `      ${line}`), '    </testcase>'].join('\n');
}

function enginesSuite({ compared, differences }: EngineComparison): string {
  const head = `  <testsuite name="OPA and the gateway agree" tests="${compared}" failures="${differences.length}" skipped="0">`;
  const cases = differences.map(({ tests, opa, gateway }) => {
    const text = escaped(`OPA: ${opa}\nthe gateway: ${gateway}`);
    return `    <testcase classname="engines" name=${quoted(tests[0] ?? '')}>\n      <failure message="different answers">${text}</failure>\n    </testcase>`;
  });
  return [head, ...cases, '  </testsuite>'].join('\n');
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`;
}

/** What XML 1.0 cannot hold at all is left out. */
function escaped(text: string): string {
  const held = text.replaceAll(/[^\P{Cc}\t\n\r]|\p{Cs}|[\ufffe\uffff]/gu, '');
  return held.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
