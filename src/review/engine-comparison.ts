import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { GatewayError } from '../core/errors.ts';
import { RULE_SETS } from '../policy/opinion.ts';
import type { BundleInspection, BundleSource, LibraryFiles } from '../core/rego.ts';
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
  /** What one decision of the gateway's engine may burn; as in force by default. */
  readonly fuel?: number;
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
  const listened = await toolchain.test({
    bundle: { ...source, files },
    library,
    ...(filter !== undefined && { filter }),
  });
  // Rules that listen change no types, but a bundle can do strange things: then nothing was compared, and that is said.
  const tests = listened.kind === 'tested' ? listened.tests : [];
  const inputs = tappedInputs(tests, inspection);
  const looked = new Set(inputs.flatMap((tapped) => tapped.tests));
  const names = tests
    .filter(({ outcome }) => outcome !== 'skip')
    .map(({ package: name, name: test }) => `${name}.${test}`);
  const differences = inputs.length === 0 ? [] : await differencesIn(inputs, request, toolchain);
  return { compared: inputs.length, differences, notCompared: names.filter((name) => !looked.has(name)) };
}

async function differencesIn(
  inputs: readonly TappedInput[],
  { source, library, monotonic, fuel = FUEL }: ComparisonRequest,
  toolchain: Toolchain,
): Promise<readonly Difference[]> {
  const built = await toolchain.build({ bundles: [source], library });
  const facts = built.kind === 'built' ? built.module.bundles[source.id] : undefined;
  if (built.kind !== 'built' || facts === undefined)
    throw new GatewayError('TOOLCHAIN_FAILED', 'the bundle does not build');
  const opa = await answersOfOpa({ source, library, ruleSets: facts.ruleSets }, inputs, toolchain);
  const module = loadModule(rewriteModule(built.module.wasm));
  const gateway = answersOfGateway({ module, source, entrypoint: facts.entrypointPath, monotonic, fuel }, inputs);
  return inputs.flatMap(({ input, tests }, index) => {
    const both = { opa: opa[index] ?? 'no answer', gateway: gateway[index] ?? 'no answer' };
    return both.opa === both.gateway ? [] : [{ tests, input, ...both }];
  });
}

interface OpaEngine {
  readonly source: BundleSource;
  readonly library: LibraryFiles;
  /** Rule sets that the bundle has; the others are empty in its answer. */
  readonly ruleSets: readonly string[];
}

/**
 * One test for each input, all in one run of OPA's tester: as strict as ours, and with the data and the time that the test
 * had set. What is given to it is JSON, which is Rego as well.
 */
async function answersOfOpa(
  { source, library, ruleSets }: OpaEngine,
  inputs: readonly TappedInput[],
  toolchain: Toolchain,
): Promise<readonly string[]> {
  const { root } = source;
  const decision = RULE_SETS.map(
    (name) => `"${name}": ${ruleSets.includes(name) ? `data.${root}.${name}` : 'set()'}`,
  ).join(', ');
  const rules = inputs.map(({ input, timeNs, data }, index) => {
    const given = [
      `with input as ${JSON.stringify(input)}`,
      ...Object.entries(data).map(([path, value]) => `with data.${path} as ${JSON.stringify(value)}`),
      ...(timeNs === '' ? [] : [`with time.now_ns as ${timeNs}`]),
    ];
    return `test_${index} if {\n\tdecision := {${decision}} ${given.join(' ')}\n\tprint(json.marshal(decision))\n}`;
  });
  const text = `package ${root}_test.both\n\n${rules.join('\n\n')}\n`;
  const policy = Object.entries(source.files).filter(([file]) => !file.endsWith('_test.rego'));
  const files = { ...Object.fromEntries(policy), 'both_test.rego': text };
  const result = await toolchain.test({ bundle: { ...source, files }, library });
  if (result.kind === 'refused') throw new GatewayError('TOOLCHAIN_FAILED', result.problems[0]?.message ?? '');
  const answers = result.tests.map((test) => [test.name, test] as const);
  const byName = new Map(answers);
  return inputs.map((_, index) => {
    const test = byName.get(`test_${index}`);
    if (test === undefined || test.outcome === 'error') return 'an error';
    return test.outcome === 'pass' ? canonical(JSON.parse(test.output)) : 'undefined';
  });
}

interface OurEngine {
  readonly module: PolicyModule;
  readonly source: BundleSource;
  readonly entrypoint: string;
  readonly fuel: number;
  readonly monotonic: () => number;
}

function answersOfGateway(
  { module, source, entrypoint, fuel, monotonic }: OurEngine,
  inputs: readonly TappedInput[],
): readonly string[] {
  const runtimes = new Map<string, PolicyRuntime>();
  return inputs.map(({ input, timeNs, data }) => {
    const document = JSON.stringify({ bundle: { [source.id]: withData(source.data, data) } });
    const options = { data: document, builtins: HOST_BUILTINS, monotonic, print: () => undefined };
    const runtime = runtimes.get(document) ?? new PolicyRuntime(module, options);
    runtimes.set(document, runtime);
    runtime.open({ input: JSON.stringify(input), nowNs: BigInt(timeNs === '' ? 0 : timeNs) });
    return wordsOf(runtime.evaluate(entrypoint, fuel));
  });
}

/** The data with what a test put in place of its parts. */
function withData(data: BundleSource['data'], replaced: TappedInput['data']): BundleSource['data'] {
  return Object.entries(replaced).reduce<BundleSource['data']>(
    (document, [path, value]) => withPath(document, path.split('.'), value),
    data,
  );
}

function withPath(
  document: BundleSource['data'],
  [name, ...rest]: readonly string[],
  value: unknown,
): BundleSource['data'] {
  if (name === undefined) return document;
  const before = document[name];
  if (rest.length === 0) return { ...document, [name]: value };
  return { ...document, [name]: withPath(isRecord(before) ? before : {}, rest, value) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wordsOf(result: Evaluated): string {
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
  const members: JsonObject = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, inOrder(member)]),
  );
  return members;
}
