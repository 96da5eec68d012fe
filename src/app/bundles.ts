import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { addressText } from '../core/bundle-address.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { packageUrl } from '../core/package-url.ts';
import { PolicyInput } from '../core/policy-input.ts';
import type { BuiltModule, BundleInspection, BundleSource, LibraryFiles, RegoProblem } from '../core/rego.ts';
import { NO_SIGNATURE_DEMANDED, type SignatureDemand } from '../core/signature.ts';
import { readBundle } from '../policy/bundle-files.ts';
import { invalidBundle, problemOf } from '../policy/bundle-problems.ts';
import { type Bundle, makeBundle, toSource } from '../policy/bundle.ts';
import { configure, type ValidateSchema } from '../policy/config-data.ts';
import type { LoadedBundle } from '../policy/participant.ts';
import { ruleSetProblems } from '../policy/opinion.ts';
import { buildRuleBook, type RuleBookResult } from '../policy/rule-book.ts';
import type { FailedTest } from '../rego/answers.ts';
import type { Toolchain } from '../rego/toolchain.ts';
import type { RemoteBundle } from './addresses.ts';
import { refuseOtherSigner, signatureOf } from './signing.ts';

/** Folder of the bundles that ship with the package. */
export const SHIPPED_BUNDLES = fileURLToPath(packageUrl('policy-bundles/', import.meta.url));

export interface BundleLoader {
  readonly toolchain: Toolchain;
  readonly library: LibraryFiles;
  /** Says what is wrong with a value by a JSON Schema; empty where nothing is. */
  readonly validate: ValidateSchema;
}

export interface CheckedBundle extends LoadedBundle {
  readonly inspection: BundleInspection;
  /** What does not keep the bundle from being used, but should be looked at. */
  readonly warnings: readonly RegoProblem[];
}

/** Rego files of `data.gateway.v1`, tests left out. */
export function readLibrary(): LibraryFiles {
  const folder = `${SHIPPED_BUNDLES}library/`;
  const names = readdirSync(folder).filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'));
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(`${folder}${name}`, 'utf8')]));
}

/** A bundle that has been read, and whose Rego nobody has looked at. */
export interface FoundBundle {
  readonly shipped: Bundle;
  /** With the admin's data; rejects with BUNDLE_INVALID. */
  readonly configured: Promise<Bundle>;
}

/**
 * Where a bundle comes from: a folder or `.tar.gz`, an address that has yet to be asked, files that a source has fetched, or
 * what was kept of it.
 */
export type BundleOrigin =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'remote'; readonly remote: RemoteBundle }
  | { readonly kind: 'files'; readonly files: BundleFiles }
  | { readonly kind: 'kept'; readonly bundle: Bundle };

/** What `findBundle` and `checkBundle` do, one after the other. */
export async function loadBundle({ id, path, data }: BundlePath, loader: BundleLoader): Promise<CheckedBundle> {
  const origin = { kind: 'path', path } as const;
  return checkBundle(await findBundle({ id, origin, data, demand: NO_SIGNATURE_DEMANDED }, loader), loader);
}

export interface BundlePath {
  readonly id: string;
  readonly path: string;
  readonly data: JsonObject;
}

export interface BundleWish {
  readonly id: string;
  readonly origin: BundleOrigin;
  /** Values for `data.<root>.config`; what was kept has its own. */
  readonly data: JsonObject;
  /** Whose signatures it must carry. */
  readonly demand: SignatureDemand;
}

/**
 * Reads a bundle and sets the admin's data in it. Throws BUNDLE_UNREADABLE, BUNDLE_SIGNATURE, or BUNDLE_INVALID with all that
 * is wrong.
 */
export async function findBundle(
  { id, origin, data, demand }: BundleWish,
  { validate }: BundleLoader,
): Promise<FoundBundle> {
  if (origin.kind === 'kept') {
    const { bundle } = origin;
    await refuseOtherSigner(bundle, demand);
    return { shipped: { ...bundle, data: bundle.shippedData }, configured: Promise.resolve(bundle) };
  }
  const files = await filesOf(origin);
  // Before anything in it is read.
  const signature = await signatureOf(id, files, demand);
  const shipped = { ...makeBundle(id, files), signature };
  const configured = configure(shipped, data, validate);
  // Said by `checkBundle`, after what is wrong with the bundle itself.
  configured.catch(() => undefined);
  return { shipped, configured };
}

/** What nobody has fetched is not there. */
function filesOf(origin: Exclude<BundleOrigin, { kind: 'kept' }>): Promise<BundleFiles> | BundleFiles {
  if (origin.kind === 'files') return origin.files;
  if (origin.kind === 'path') return readBundle(origin.path);
  const address = addressText(origin.remote.address);
  throw new GatewayError('BUNDLE_UNREADABLE', `nothing is at hand of the policy bundle ${address}`, {
    mend: '`mcp-gateway policy pull` fetches it, and says why where it cannot.',
  });
}

/** Holds a bundle to the contract with OPA's compiler and its own tests. Throws BUNDLE_INVALID with all that is wrong. */
export async function checkBundle({ shipped, configured }: FoundBundle, loader: BundleLoader): Promise<CheckedBundle> {
  const { inspection, failed } = await examine(shipped, loader);
  const book = ruleBookOf(shipped, inspection);
  const strange = [...strangeRuleSets(shipped, inspection), ...strangeBudgets(shipped, inspection)];
  const unknown = await unknownFields({ bundle: shipped, inspection, rules: book.rules }, loader);
  refuse(shipped, [...strange, ...unknown, ...book.problems, ...failed]);
  return { bundle: await configured, inspection, rules: book.rules, warnings: book.warnings };
}

/** `validateAgainst`, which is loaded only for what the toolchain's cache has no answer to: that is seldom. */
export function rememberedValidation(toolchain: Toolchain): ValidateSchema {
  return async (schema, value) => {
    const question = Buffer.from(writeJson([schema, value]));
    const make = async (): Promise<Uint8Array> => {
      const { validateAgainst } = await import('../catalog/validate-against.ts');
      return Buffer.from(JSON.stringify(validateAgainst(schema, value)));
    };
    const answer = await toolchain.derive(question, { name: VALIDATION, make });
    return JSON.parse(Buffer.from(answer).toString()) as readonly string[];
  };
}

/** Whoever changes what `validateAgainst` says changes this, too. */
const VALIDATION = 'validateAgainst 1';

/** JSON Schema of policy input, by which the compiler refuses rules that read what never is. */
export const INPUT_SCHEMA = z.toJSONSchema(PolicyInput, { target: 'draft-07' });

interface Examined {
  readonly inspection: BundleInspection;
  readonly failed: readonly RegoProblem[];
}

/** A bundle whose own tests fail is not put in force. They are written against the data that it ships. */
async function examine(bundle: Bundle, { toolchain, library }: BundleLoader): Promise<Examined> {
  const result = await toolchain.activate({ bundle: toSource(bundle), library, inputSchema: INPUT_SCHEMA });
  if (result.kind === 'refused') throw invalidBundle(bundle.id, bundle.source, result.problems);
  return { inspection: result.inspection, failed: result.failedTests.map((test) => asProblem(bundle, test)) };
}

function strangeRuleSets({ id, layer }: Bundle, { ruleSets }: BundleInspection): readonly RegoProblem[] {
  return ruleSetProblems(layer, Object.keys(ruleSets)).map((message) =>
    problemOf(id, 'bundle_rule_set', ['', message]),
  );
}

/** A rule that reads a budget which nobody declares would never come true, and nobody would notice. */
function strangeBudgets({ id, manifest }: Bundle, { entrypoint }: BundleInspection): readonly RegoProblem[] {
  const declared = new Set(manifest.metadata.gateway.counters.map(({ name }) => name));
  const read = entrypoint.inputs.flatMap((path) => /^budgets\.([a-z][a-z0-9_]*)(\.|$)/.exec(path)?.[1] ?? []);
  const undeclared = [...new Set(read)].filter((name) => !declared.has(name));
  return undeclared.map((name) =>
    problemOf(id, 'bundle_counter', [
      '',
      `its rules read input.budgets.${name}, a counter that its manifest does not declare`,
    ]),
  );
}

const ASKS_WITH_DEFAULT = /\bobject\.get\s*\(/;

/**
 * A rule that asks for a field of the input which never exists never comes true. OPA's type checker has refused what is
 * plain; only where a bundle asks with `object.get` its text is looked through, and what was found once is kept.
 */
async function unknownFields(
  checked: Pick<Examined, 'inspection'> & LoadedBundle,
  { toolchain }: BundleLoader,
): Promise<readonly RegoProblem[]> {
  const { bundle } = checked;
  if (!Object.values(bundle.modules).some((text) => ASKS_WITH_DEFAULT.test(text))) return [];
  const [{ readSyntax }, { lintSubject }, { UNKNOWN_FIELD }] = await Promise.all([
    import('../rego/syntax.ts'),
    import('../review/lint-subject.ts'),
    import('../review/lint-unknown-field.ts'),
  ]);
  const syntax = await readSyntax(bundle.modules, toolchain);
  const subject = lintSubject({ ...checked, syntax, dataFiles: {}, badPatterns: new Set() });
  return UNKNOWN_FIELD.find(subject).map((found) => ({ ...found, bundle: bundle.id, code: UNKNOWN_FIELD.code }));
}

/** The rules of a bundle as its annotations tell of them. */
export function ruleBookOf({ id, layer }: Bundle, { annotations, rules }: BundleInspection): RuleBookResult {
  // The toolchain answers in JSON, so nothing else can stand in an annotation.
  const read = annotations.map((annotation) => ({ ...annotation, custom: annotation.custom as JsonObject }));
  return buildRuleBook({ bundle: id, layer, annotations: read, rules });
}

function asProblem(bundle: Bundle, test: FailedTest): RegoProblem {
  const { file, row, column } = test;
  const why = test.error === undefined ? '' : `: ${test.error.message}`;
  return { ...problemOf(bundle.id, 'bundle_test', [file, `its test ${test.name} fails${why}`]), row, column };
}

function refuse(bundle: Bundle, problems: readonly RegoProblem[]): void {
  if (problems.length > 0) throw invalidBundle(bundle.id, bundle.source, problems);
}

/** Compiles bundles into one module. Throws BUNDLE_INVALID. */
export async function compileBundles(bundles: readonly BundleSource[], loader: BundleLoader): Promise<BuiltModule> {
  const { toolchain, library } = loader;
  const result = await toolchain.build({ bundles, library, inputSchema: INPUT_SCHEMA });
  if (result.kind === 'built') return result.module;
  const [first] = bundles;
  throw invalidBundle(bundles.map(({ id }) => id).join(', '), first?.id ?? '', result.problems);
}
