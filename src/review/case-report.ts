import type { Difference } from './expectation.ts';

/** A decision case with one principal, one tool and one set of arguments, as reports tell of it. */
export interface ReportedCase {
  readonly file: string;
  /** From 1; 0 where it has no place of its own. */
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly principal: string;
  readonly tool: string;
  readonly sample: string;
  readonly ok: boolean;
  readonly effect: string;
  readonly reasons: readonly string[];
  readonly differences: readonly Difference[];
  /** The decision in words; empty where the case passes. */
  readonly why: readonly string[];
}

/** In the form of JUnit, which most CI systems read: one suite a file. */
export function junitReport(cases: readonly ReportedCase[]): string {
  const files = [...new Set(cases.map(({ file }) => file))];
  const suites = files.map((file) =>
    suiteOf(
      file,
      cases.filter((one) => one.file === file),
    ),
  );
  const failed = cases.filter(({ ok }) => !ok).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failed}">`,
    ...suites,
    '</testsuites>\n',
  ].join('\n');
}

function suiteOf(file: string, cases: readonly ReportedCase[]): string {
  const failed = cases.filter(({ ok }) => !ok).length;
  const head = `  <testsuite name="${escaped(file)}" tests="${cases.length}" failures="${failed}">`;
  return [head, ...cases.map(testCase), '  </testsuite>'].join('\n');
}

function testCase(one: ReportedCase): string {
  const head = `    <testcase classname="${escaped(one.name)}" name="${escaped(callOf(one))}"`;
  if (one.ok) return `${head}/>`;
  const text = [...differenceTexts(one), ...one.why].join('\n');
  const message = escaped(differenceTexts(one)[0] ?? '');
  return `${head}>\n      <failure message="${message}">${escaped(text)}</failure>\n    </testcase>`;
}

/** Commands that GitHub's runner shows beside the lines of the case files. */
export function githubReport(cases: readonly ReportedCase[]): string {
  return cases
    .filter(({ ok }) => !ok)
    .map((one) => {
      const place = one.line === 0 ? '' : `,line=${one.line},col=${one.column}`;
      const text = [`${one.name}: ${callOf(one)}`, ...differenceTexts(one)].join('\n');
      return `::error file=${property(one.file)}${place},title=policy test::${data(text)}\n`;
    })
    .join('');
}

/** Who calls what with what. */
export function callOf({ principal, tool, sample }: Pick<ReportedCase, 'principal' | 'tool' | 'sample'>): string {
  return `${principal} calls ${tool} with ${sample}`;
}

export function differenceTexts({ differences }: Pick<ReportedCase, 'differences'>): readonly string[] {
  return differences.map(({ what, expected, got }) => `${what}: expected ${expected}, got ${got}`);
}

/** Characters that XML 1.0 cannot hold are left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
