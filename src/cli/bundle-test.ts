import { resolve } from 'node:path';
import { testBundle, type TestedBundle } from '../app/bundle-tests.ts';
import type { BundleLoader } from '../app/bundles.ts';
import { GatewayError } from '../core/errors.ts';
import { InvalidBundle } from '../policy/bundle-problems.ts';
import type { Finding } from '../review/finding.ts';
import { junitXml } from '../review/report-junit.ts';
import { isFailed, rulePercent, testFindings } from '../review/test-findings.ts';
import { findingsOf, textsOf } from './bundle-check.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import { watchBundle } from './bundle-watch.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printFindings, printGithub, printSarif } from './finding-formats.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printWrapped, visible } from './terminal.ts';

export interface TestOptions {
  readonly json?: boolean;
  readonly format: 'pretty' | 'json' | 'junit' | 'github' | 'sarif';
  readonly filter?: string;
  readonly minCoverage: number;
  readonly notes?: boolean;
  readonly watch?: boolean;
}

/** Runs the tests of a bundle in both engines; with `watch` again at each change, until it is interrupted. */
export async function test(context: CommandContext, path: string, options: TestOptions): Promise<void> {
  refuseBadFilter(options.filter);
  const folder = resolve(context.environment.workingFolder, path);
  await withLoader(context, async (loader) => {
    const once = (): Promise<void> => testOnce(context, { path, loader }, options);
    if (options.watch !== true) return once();
    return watchBundle(context, folder, once);
  });
}

function refuseBadFilter(filter: string | undefined): void {
  try {
    ''.search(filter ?? '');
  } catch (cause) {
    throw new GatewayError('USAGE', `--filter is no regular expression: ${filter}`, { cause });
  }
}

interface Subject {
  readonly path: string;
  readonly loader: BundleLoader;
}

async function testOnce(context: CommandContext, { path, loader }: Subject, options: TestOptions): Promise<void> {
  const files = await readNamed(context, path);
  const textOf = textsOf(files);
  const format = options.json === true ? 'json' : options.format;
  const isFiltered = options.filter !== undefined;
  try {
    const tested = await testBundle(files, loader, { filter: options.filter, clock });
    refuseNoTests(tested, options.filter);
    // A part of the tests covers a part of the rules.
    const minCoverage = isFiltered ? 0 : options.minCoverage;
    const findings = testFindings({ ...tested, minCoverage }).filter(
      ({ code }) => !isFiltered || code !== 'test_rule_not_covered',
    );
    if (findings.some(({ severity }) => severity === 'error')) context.setExit(EXIT.findings);
    show(context, format, { path, textOf, findings, tested, hasNotes: options.notes === true, isFiltered });
  } catch (thrown) {
    if (!(thrown instanceof InvalidBundle) || format === 'pretty' || format === 'junit') throw thrown;
    context.setExit(EXIT.findings);
    show(context, format, {
      path,
      textOf,
      findings: findingsOf(thrown),
      tested: undefined,
      hasNotes: true,
      isFiltered,
    });
  }
}

function refuseNoTests({ tests }: TestedBundle, filter: string | undefined): void {
  if (tests.length > 0) return;
  if (filter !== undefined) throw new GatewayError('USAGE', `no test has a name that matches ${filter}`);
  throw new GatewayError('BUNDLE_INVALID', 'the bundle has no tests', {
    mend: 'Write a file policy_test.rego with rules test_… in the package <root>_test; bundle init shows how.',
  });
}

interface Shown {
  readonly path: string;
  readonly textOf: (file: string) => string | undefined;
  readonly findings: readonly Finding[];
  /** Undefined where the bundle does not compile. */
  readonly tested: TestedBundle | undefined;
  readonly hasNotes: boolean;
  readonly isFiltered: boolean;
}

function show(context: CommandContext, format: TestOptions['format'], shown: Shown): void {
  const { terminal } = context;
  const { path, findings, tested, hasNotes } = shown;
  const told = findings.filter(({ severity }) => hasNotes || severity !== 'note');
  switch (format) {
    case 'json':
      return printJson(terminal, 'bundle-test', { ok: !findings.some(isError), path, ...tested, findings });
    case 'github':
      return printGithub(terminal, { path, findings: told });
    case 'sarif':
      return printSarif(terminal, { path, findings: told, about: ABOUT });
    case 'junit':
      return printLine(terminal, tested === undefined ? '' : junitXml({ name: path, ...tested }));
    case 'pretty':
      return tested === undefined ? undefined : showPretty(context, { ...shown, findings: told }, tested);
  }
}

function isError({ severity }: Finding): boolean {
  return severity === 'error';
}

const ABOUT: ReadonlyMap<string, string> = new Map([
  ['test_failed', 'A test of the bundle does not pass.'],
  ['test_engines_differ', 'OPA’s interpreter and the gateway’s engine have different answers to an input of a test.'],
  [
    'test_not_compared',
    'A test gives no input to a rule, so that nothing of it could be compared with the gateway’s engine.',
  ],
  ['test_rule_not_covered', 'A rule comes true in no test.'],
  ['test_coverage', 'The tests make less of the bundle run than was asked for.'],
]);

function showPretty(
  { terminal }: CommandContext,
  { findings, path, textOf, isFiltered }: Shown,
  { tests, coverage, engines }: TestedBundle,
): void {
  printFindings(terminal, { path, findings, textOf, about: ABOUT });
  for (const { name, output } of tests.filter((one) => isFailed(one) && one.output !== '')) {
    printLine(terminal, visible(`printed by ${name}:`));
    for (const line of output.trimEnd().split('\n')) printLine(terminal, visible(`    ${line}`));
  }
  const skipped = tests.filter(({ outcome }) => outcome === 'skip').length;
  const passed = tests.filter(({ outcome }) => outcome === 'pass').length;
  const { compared, differences, notCompared } = engines;
  // A part of the tests says nothing of how much all of them cover.
  const covered = isFiltered
    ? ''
    : `; ${rulePercent(coverage).toFixed(1)} % of rules and ${coverage.percent.toFixed(1)} % of lines run`;
  printLine(
    terminal,
    `${passed} of ${tests.length - skipped} tests pass${skipped > 0 ? `, ${skipped} skipped` : ''}${covered}`,
  );
  printLine(
    terminal,
    `${compared - differences.length} of ${compared} inputs have the same answer in OPA and in the gateway`,
  );
  if (notCompared.length > 0) {
    printWrapped(terminal, '', `not compared, because they give no input to a rule: ${notCompared.join(', ')}`);
  }
}
