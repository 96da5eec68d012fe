import { type BundleLoader, type CheckedBundle, checkBundle, findBundle, INPUT_SCHEMA, ruleBookOf } from './bundles.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { makeBundle, toSource } from '../policy/bundle.ts';
import { kindOfFile } from '../policy/bundle-path.ts';
import { invalidBundle } from '../policy/bundle-problems.ts';
import { badPatterns, readSyntax } from '../rego/syntax.ts';
import { type BundleFacts, bundleFacts } from '../review/bundle-facts.ts';
import { type BundleWords, bundleWords } from '../review/bundle-words.ts';
import { type Finding, sortFindings } from '../review/finding.ts';
import { lint } from '../review/lint.ts';
import { patternsOf } from '../review/lint-patterns.ts';
import { lintSubject } from '../review/lint-subject.ts';

export interface LintedBundle extends CheckedBundle {
  /** What OPA's compiler and the contract let pass and the lint does not, sorted by place. */
  readonly findings: readonly Finding[];
}

/** Holds a bundle to the contract, then to the lint. Throws BUNDLE_INVALID with all that the contract refuses. */
export async function lintBundle(
  files: BundleFiles,
  loader: BundleLoader,
  data: JsonObject = {},
): Promise<LintedBundle> {
  const { toolchain } = loader;
  const found = await findBundle(
    { id: 'checked', origin: { kind: 'files', files }, data, demand: NO_SIGNATURE_DEMANDED },
    loader,
  );
  const checked = await checkBundle(found, loader).catch((thrown: unknown) => {
    throw tooLarge(files, thrown) ?? thrown;
  });
  const { bundle, inspection, rules, warnings } = checked;
  const syntax = await readSyntax(bundle.modules, toolchain);
  const sources = { bundle, inspection, rules, syntax, dataFiles: dataFilesIn(files), badPatterns: new Set<string>() };
  const patterns = [...new Set(lintSubject(sources).written.flatMap(patternsOf))];
  const subject = lintSubject({ ...sources, badPatterns: await badPatterns(patterns, toolchain) });
  const told = warnings.map(({ code, message, file, row, column }) => ({
    code,
    severity: 'warning' as const,
    message,
    file,
    row,
    column,
  }));
  return { ...checked, findings: sortFindings([...told, ...lint(subject)]) };
}

const LARGE_BYTES = 4 * 1024 * 1024;

/** The compiler's time and memory are bounded; where a bundle has a large file, that is what has used them up. */
function tooLarge({ source, files }: BundleFiles, thrown: unknown): GatewayError | undefined {
  if (!(thrown instanceof GatewayError) || thrown.code !== 'TOOLCHAIN_FAILED') return undefined;
  const [largest] = [...files].toSorted(([, left], [, right]) => right.length - left.length);
  if (largest === undefined || largest[1].length < LARGE_BYTES) return undefined;
  const megabytes = (largest[1].length / 1024 / 1024).toFixed(1);
  const message = `the bundle ${source} is too large to be compiled: ${largest[0]} has ${megabytes} MB`;
  const mend = 'Keep large tables where the server can look them up, and leave in the data what the rules decide by.';
  return new GatewayError('BUNDLE_INVALID', message, { mend, cause: thrown });
}

function dataFilesIn({ files }: BundleFiles): Readonly<Record<string, string>> {
  const data = [...files].filter(([file]) => ['json', 'yaml'].includes(kindOfFile(file) ?? ''));
  return Object.fromEntries(data.map(([file, bytes]) => [file, Buffer.from(bytes).toString()]));
}

/** What is in a bundle that the contract takes; its tests need not pass. Throws BUNDLE_INVALID. */
export async function inspectBundle(files: BundleFiles, { toolchain, library }: BundleLoader): Promise<BundleFacts> {
  const bundle = makeBundle('inspected', files);
  const result = await toolchain.inspect({ bundle: toSource(bundle), library, inputSchema: INPUT_SCHEMA });
  if (result.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, result.problems);
  return bundleFacts(bundle, result.inspection, ruleBookOf(bundle, result.inspection).rules);
}

/** A bundle in words, from its annotations and its manifest. Throws BUNDLE_INVALID. */
export async function describeBundle(files: BundleFiles, loader: BundleLoader): Promise<BundleWords> {
  const { toolchain, library } = loader;
  const bundle = makeBundle('described', files);
  const result = await toolchain.inspect({ bundle: toSource(bundle), library, inputSchema: INPUT_SCHEMA });
  if (result.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, result.problems);
  const { inspection } = result;
  const { rules } = ruleBookOf(bundle, inspection);
  const syntax = await readSyntax(bundle.modules, toolchain);
  const subject = lintSubject({ bundle, inspection, rules, syntax, dataFiles: {}, badPatterns: new Set() });
  return bundleWords(bundleFacts(bundle, inspection, rules), subject);
}
