import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { BundleInspection, BundleSource, LibraryFiles, RegoEvaluation } from '../core/rego.ts';
import { HOST_BUILTINS } from '../policy/builtins.ts';
import type { Evaluated } from '../policy/evaluation.ts';
import { loadModule, type PolicyModule } from '../policy/module.ts';
import { rewriteModule } from '../policy/rewrite.ts';
import { PolicyRuntime } from '../policy/runtime.ts';
import type { Toolchain } from '../rego/toolchain.ts';
import { TAP_FILE, tapModule, type TappedInput, tappedInputs } from './tapped-inputs.ts';

/** An input for which OPA and the gateway have different answers. */
export interface Difference {
  readonly tests: readonly string[];
  readonly input: unknown;
  /** What each says, in words; a value as JSON text. */
  readonly opa: string;
  readonly gateway: string;
}

export interface EngineComparison {
  /** Inputs that were given to both. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** Tests that gave no input to any rule of the bundle, so that there was nothing to compare, by full name. */
  readonly notCompared: readonly string[];
}

export interface ComparisonRequest {
  readonly source: BundleSource;
  readonly library: LibraryFiles;
  readonly inspection: BundleInspection;
  /** A regular expression over test names. */
  readonly filter?: string;
  /** Milliseconds that only grow. */
  readonly monotonic: () => number;
}

/** As for one bundle in one decision. */
const FUEL = 2_000_000;

/**
 * Asks OPA's interpreter and the gateway's own runtime, strict as it is in force, for the decision of every input that the
 * tests of a bundle give to its rules, with the data and the time that each test sets.
 */
export async function compareEngines(request: ComparisonRequest, toolchain: Toolchain): Promise<EngineComparison> {
  const { source, library, inspection, filter } = request;
  const files = { ...source.files, [TAP_FILE]: tapModule(source.root, inspection) };
  const listened = await toolchain.test({ bundle: { ...source, files }, library, ...(filter !== undefined && { filter }) });
  // Rules that listen change no types, but a bundle can do strange things: then nothing was compared, and that is said.
  const tests = listened.kind === 'tested' ? listened.tests : [];
  const inputs = tappedInputs(tests, inspection);
  const looked = new Set(inputs.flatMap((tapped) => tapped.tests));
  const names = tests.filter(({ outcome }) => outcome !== 'skip').map(({ package: name, name: test }) => `${name}.${test}`);
  const differences = inputs.length === 0 ? [] : await differencesIn(inputs, request, toolchain);
  return { compared: inputs.length, differences, notCompared: names.filter((name) => !looked.has(name)) };
}

async function differencesIn(
  inputs: readonly TappedInput[],
  { source, library, monotonic }: ComparisonRequest,
  toolchain: Toolchain,
): Promise<readonly Difference[]> {
  const built = await toolchain.build({ bundles: [source], library });
  const facts = built.kind === 'built' ? built.module.bundles[source.id] : undefined;
  if (built.kind !== 'built' || facts === undefined) return [];
  const module = loadModule(await rewriteModule(built.module.wasm));
  const byData = new Map<string, TappedInput[]>();
  for (const tapped of inputs) {
    const key = JSON.stringify(tapped.data);
    byData.set(key, [...(byData.get(key) ?? []), tapped]);
  }
  const differences: Difference[] = [];
  for (const group of byData.values()) {
    const bundle = { ...source, data: withData(source.data, group[0]?.data ?? {}) };
    const asked = group.map(({ input, timeNs }) => ({ input, ...(timeNs === '' ? {} : { timeNs }) }));
    const opa = await toolchain.evaluate({ bundles: [bundle], library, entrypoint: source.id, inputs: asked });
    const gateway = answersOf({ module, bundle, entrypoint: facts.entrypointPath, monotonic }, group);
    const results = opa.kind === 'evaluated' ? opa.results : [];
    for (const [index, { input, tests }] of group.entries()) {
      const both = { opa: wordsOfOpa(results[index]), gateway: wordsOfGateway(gateway[index]) };
      if (both.opa !== both.gateway) differences.push({ tests, input, ...both });
    }
  }
  return differences;
}

interface OurEngine {
  readonly module: PolicyModule;
  readonly bundle: BundleSource;
  readonly entrypoint: string;
  readonly monotonic: () => number;
}

function answersOf({ module, bundle, entrypoint, monotonic }: OurEngine, inputs: readonly TappedInput[]): readonly Evaluated[] {
  const data = JSON.stringify({ bundle: { [bundle.id]: bundle.data } });
  const runtime = new PolicyRuntime(module, { data, builtins: HOST_BUILTINS, monotonic, print: () => undefined });
  return inputs.map(({ input, timeNs }) => {
    runtime.open({ input: JSON.stringify(input), nowNs: BigInt(timeNs === '' ? 0 : timeNs) });
    return runtime.evaluate(entrypoint, FUEL);
  });
}

/** The data with what a test put in place of its parts. */
function withData(data: BundleSource['data'], replaced: Readonly<Record<string, unknown>>): BundleSource['data'] {
  return Object.entries(replaced).reduce<BundleSource['data']>(
    (document, [path, value]) => withPath(document, path.split('.'), value),
    data,
  );
}

function withPath(document: BundleSource['data'], [name, ...rest]: readonly string[], value: unknown): BundleSource['data'] {
  if (name === undefined) return document;
  const before = document[name];
  if (rest.length === 0) return { ...document, [name]: value };
  return { ...document, [name]: withPath(isRecord(before) ? before : {}, rest, value) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wordsOfOpa(result: RegoEvaluation | undefined): string {
  if (result === undefined) return 'no answer';
  if (result.error !== undefined) return 'an error';
  return result.value === undefined ? 'undefined' : canonical(result.value);
}

function wordsOfGateway(result: Evaluated | undefined): string {
  if (result === undefined) return 'no answer';
  if (result.kind === 'value') return canonical(JSON.parse(result.text));
  if (result.kind === 'timeout') return `no answer: ${result.why}`;
  return result.kind === 'error' ? 'an error' : 'undefined';
}

/** The two engines write sets as lists in different orders. */
function canonical(value: unknown): string {
  return canonicalJson(inOrder(value));
}

function inOrder(value: unknown): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => inOrder(item));
    return items.toSorted((left, right) => (canonicalJson(left) < canonicalJson(right) ? -1 : 1));
  }
  if (!isJsonObject(value)) return value as Json;
  const members: JsonObject = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, inOrder(member)]));
  return members;
}
