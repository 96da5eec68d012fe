import { lintBundle } from '../app/authoring.ts';
import { shortHash } from '../core/generation.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { GatewayError } from '../core/errors.ts';
import { InvalidBundle } from '../policy/bundle-problems.ts';
import type { Finding, Severity } from '../review/finding.ts';
import { LINT_RULES } from '../review/lint.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import { announced, COMPILING } from './progress.ts';
import { counted } from './counted.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { type FindingsOf, printFindings, printGithub, printSarif } from './finding-formats.ts';
import { paint, printJson, printLine } from './terminal.ts';

export interface CheckOptions {
  readonly json?: boolean;
  readonly format: 'pretty' | 'json' | 'github' | 'sarif';
  readonly notes?: boolean;
  readonly denyWarnings?: boolean;
  /** Codes of the lint whose findings count as errors. */
  readonly deny?: readonly string[];
}

/** Holds a bundle to the contract and to the lint, and shows what its author should look at. */
export async function check(context: CommandContext, path: string, options: CheckOptions): Promise<void> {
  const denied = knownCodes(options.deny ?? []);
  const files = await readNamed(context, path);
  const { facts, mend, ...examined } = await examine(context, files);
  const findings = examined.findings.map((one) => (denied.has(one.code) ? raised(one) : one));
  const isGood = !findings.some(
    ({ severity }) => severity === 'error' || (options.denyWarnings === true && severity === 'warning'),
  );
  if (!isGood) context.setExit(EXIT.findings);
  const shown = findings.filter(({ severity }) => severity !== 'note' || options.notes === true);
  const told = { path, findings: shown, textOf: textsOf(files), about: ABOUT };
  if (options.json === true || options.format === 'json') {
    const warnings = findings.filter(({ severity }) => severity === 'warning');
    return printJson(context.terminal, 'bundle-check', { ok: isGood, path, ...facts, warnings, findings });
  }
  if (options.format === 'github') return printGithub(context.terminal, told);
  if (options.format === 'sarif') return printSarif(context.terminal, told);
  return printPretty(context, {
    ...told,
    facts,
    isGood,
    mend,
    notes: options.notes === true ? 0 : countOf(findings, 'note'),
  });
}

/** What a code stands for, as far as it is ours. */
export const ABOUT: ReadonlyMap<string, string> = new Map(LINT_RULES.map(({ code, about }) => [code, about]));

function knownCodes(codes: readonly string[]): ReadonlySet<string> {
  const unknown = codes.find((code) => !ABOUT.has(code));
  if (unknown === undefined) return new Set(codes);
  throw new GatewayError('USAGE', `the lint has no code "${unknown}"`, {
    mend: `It has ${[...ABOUT.keys()].join(', ')}.`,
  });
}

function raised(finding: Finding): Finding {
  return { ...finding, severity: 'error' };
}

/** Text of a file of a bundle. */
export function textsOf({ files }: BundleFiles): (file: string) => string | undefined {
  return (file) => {
    const bytes = files.get(file);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  };
}

interface Facts {
  readonly layer: string;
  readonly root: string;
  readonly digest: string;
  readonly rules: number;
}

interface Examined {
  /** Undefined where the contract refuses the bundle. */
  readonly facts: Facts | undefined;
  readonly findings: readonly Finding[];
  /** What its author can do now. */
  readonly mend: string;
}

async function examine(context: CommandContext, files: BundleFiles): Promise<Examined> {
  try {
    const { bundle, rules, findings } = await announced(
      context.terminal,
      COMPILING,
      withLoader(context, (loader) => lintBundle(files, loader)),
    );
    const { layer, root, digest } = bundle;
    return { facts: { layer, root, digest, rules: rules.size }, findings, mend: '' };
  } catch (thrown) {
    if (!(thrown instanceof InvalidBundle)) throw thrown;
    return { facts: undefined, findings: findingsOf(thrown), mend: thrown.mend ?? '' };
  }
}

/** What the contract refuses, as findings. */
export function findingsOf({ problems }: InvalidBundle): readonly Finding[] {
  return problems.map(({ code, message, file, row, column }) => ({
    code,
    severity: 'error',
    message,
    file,
    row,
    column,
  }));
}

interface Pretty extends FindingsOf {
  readonly facts: Facts | undefined;
  readonly isGood: boolean;
  readonly mend: string;
  /** How many notes are not shown. */
  readonly notes: number;
}

/** What the contract refuses is no answer: it goes to stderr, as all errors do. */
function printPretty({ terminal }: CommandContext, { facts, isGood, mend, notes, ...told }: Pretty): void {
  const errors = { ...terminal, out: terminal.err };
  printFindings(facts === undefined ? errors : terminal, told);
  if (notes > 0)
    printLine(
      errors,
      paint(errors, 'dim', `${counted(notes, 'note')} more: --notes shows ${notes === 1 ? 'it' : 'them'}`),
    );
  if (facts !== undefined && isGood) {
    return printLine(
      terminal,
      `${told.path} is good: layer ${facts.layer}, ${facts.rules} rules, ${shortHash(facts.digest)}`,
    );
  }
  const counts = (['error', 'warning'] as const).flatMap((severity) => {
    const count = countOf(told.findings, severity);
    return count === 0 ? [] : [counted(count, severity)];
  });
  printLine(errors, `error BUNDLE_INVALID ${told.path} has ${counts.join(' and ')}`);
  return printLine(
    errors,
    `  = help: ${mend === '' ? `Correct what is named, then run: mcp-gateway bundle check ${told.path}` : mend}`,
  );
}

function countOf(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length;
}
