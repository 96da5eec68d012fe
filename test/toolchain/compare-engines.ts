import fc from 'fast-check';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { BuiltModule } from '../../src/core/rego.ts';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import { toSource } from '../../src/policy/bundle.ts';
import type { Evaluated, PolicyEngine, RuntimeOptions } from '../../src/policy/evaluation.ts';
import { loadModule } from '../../src/policy/module.ts';
import type { Participant } from '../../src/policy/participant.ts';
import { PolicyUnit } from '../../src/policy/policy-unit.ts';
import { ReferenceEngine } from '../../src/policy/reference.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { PolicyRuntime } from '../../src/policy/runtime.ts';
import type { Toolchain } from '../../src/rego/toolchain.ts';
import { compilerOf, libraryFiles, shelvedParticipants, shippedParticipants } from '../policy/shipped-bundles.ts';
import { policyInputs } from './policy-inputs.ts';

const BATCH = 1_000;
/** Bundles of the shelf in one module. */
const SHELF_GROUP = 10;
const SEED = 20_260_101;
const FUEL = 2_000_000;

/** How many inputs are generated. */
export interface Wanted {
  /** For all bundles that are not of the shelf; each of them is asked of a part, and all parts are asked of. */
  readonly common: number;
  readonly partOfEach: number;
  /** For each bundle of the shelf, from what it knows itself. */
  readonly shelved: number;
}

export interface Comparison {
  readonly bundles: number;
  readonly compared: number;
  /** Of these so many are errors in all engines. */
  readonly errors: number;
  /** Answers of the SDK that are not those of the interpreter, errors aside. */
  readonly referenceDiffers: number;
  /** Ours that are not those of the interpreter. */
  readonly differences: readonly string[];
}

/** One bundle in each of the engines, and what it is asked of. */
interface Trio {
  readonly participant: Participant;
  readonly ours: PolicyUnit;
  readonly reference: PolicyUnit;
  readonly inputs: readonly PolicyInput[];
}

/** Asks every shipped bundle in our runtime, in OPA's SDK and in OPA's interpreter the same. */
export async function compareEngines(wanted: Wanted, toolchain: Toolchain): Promise<Comparison> {
  const trios = await everyTrio(wanted, toolchain);
  const counts = { bundles: trios.length, compared: 0, errors: 0, referenceDiffers: 0 };
  const differences: string[] = [];
  for (const trio of trios) {
    for (const batch of batchesOf(trio.inputs)) {
      const interpreted = await interpret(trio.participant, batch, toolchain);
      for (const [place, input] of batch.entries()) {
        const expected = interpreted[place] ?? '';
        const ours = ask(trio.ours, trio.participant.id, input);
        counts.compared += 1;
        if (expected === 'error') counts.errors += 1;
        if (ours !== expected) differences.push(`${trio.participant.id} ${ours} instead of ${expected}`);
        const reference = ask(trio.reference, trio.participant.id, input);
        if (expected !== 'error' && reference !== expected) counts.referenceDiffers += 1;
      }
    }
  }
  return { ...counts, differences };
}

/** Needs time and memory for many bundles at once. */
export const FOR_ALL = { limitMs: 120_000, maxMemoryBytes: 2_000_000_000 };

async function everyTrio(wanted: Wanted, toolchain: Toolchain): Promise<readonly Trio[]> {
  const common = await shippedParticipants(toolchain);
  const shelved = await shelvedParticipants(toolchain);
  const together = common.filter(({ place }) => place.kind !== 'server');
  const apart = common.filter(({ place }) => place.kind === 'server').map((one) => [one]);
  const parts = partsOf(common, wanted);
  const own: InputsOf = (participant) =>
    fc.sample(policyInputs([participant]), { numRuns: wanted.shelved, seed: SEED });
  const groups = [
    ...[together, ...apart].map((group) => triosOf(group, toolchain, parts)),
    ...groupsOf(shelved).map((group) => triosOf(group, toolchain, own)),
  ];
  return (await Promise.all(groups)).flat();
}

type InputsOf = (participant: Participant) => readonly PolicyInput[];

/** For each bundle the next part of the same inputs; after the last comes the first again. */
function partsOf(participants: readonly Participant[], { common, partOfEach }: Wanted): InputsOf {
  const inputs = fc.sample(policyInputs(participants), { numRuns: common, seed: SEED });
  return (participant) => {
    const start = (participants.indexOf(participant) * partOfEach) % common;
    return inputs.slice(start, start + partOfEach);
  };
}

function groupsOf(participants: readonly Participant[]): readonly (readonly Participant[])[] {
  const starts = participants.flatMap((_, place) => (place % SHELF_GROUP === 0 ? [place] : []));
  return starts.map((start) => participants.slice(start, start + SHELF_GROUP));
}

function batchesOf(inputs: readonly PolicyInput[]): readonly (readonly Input[])[] {
  const plain: readonly Input[] = JSON.parse(JSON.stringify(inputs));
  const starts = plain.flatMap((_, place) => (place % BATCH === 0 ? [place] : []));
  return starts.map((start) => plain.slice(start, start + BATCH));
}

async function triosOf(
  group: readonly Participant[],
  toolchain: Toolchain,
  inputsOf: InputsOf,
): Promise<readonly Trio[]> {
  const built = await compilerOf(toolchain)(group.map(sourceOf));
  const ours = unitOf(built, group, (options) => new PolicyRuntime(loadModule(rewriteModule(built.wasm)), options));
  const reference = unitOf(built, group, (options) => new ReferenceEngine(built.wasm, options));
  return group.map((participant) => ({ participant, ours, reference, inputs: inputsOf(participant) }));
}

function unitOf(
  built: BuiltModule,
  group: readonly Participant[],
  makeEngine: (options: RuntimeOptions) => PolicyEngine,
): PolicyUnit {
  const data = Object.fromEntries(group.map((one) => [one.id, sourceOf(one).data]));
  const engine = makeEngine({
    data: JSON.stringify({ bundle: data }),
    builtins: HOST_BUILTINS,
    monotonic: () => performance.now(),
    print: () => undefined,
  });
  return new PolicyUnit({ engine, bundles: built.bundles });
}

function sourceOf({ loaded }: Participant): ReturnType<typeof toSource> {
  if (loaded === undefined) throw new Error('a shipped bundle is not loaded');
  return toSource(loaded.bundle);
}

async function interpret(
  participant: Participant,
  batch: readonly Input[],
  toolchain: Toolchain,
): Promise<readonly string[]> {
  const answer = await toolchain.evaluate({
    bundles: [sourceOf(participant)],
    library: libraryFiles(),
    entrypoint: participant.id,
    inputs: batch.map((input) => ({ input, timeNs: `${input.environment.time_ms}000000` })),
  });
  if (answer.kind === 'refused') throw new Error(answer.problems.map(({ message }) => message).join('\n'));
  return answer.results.map(({ value, error }) => (error === undefined ? canonicalSets(value) : 'error'));
}

type Input = Readonly<Record<string, unknown>> & { readonly environment: { readonly time_ms: number } };

function ask(unit: PolicyUnit, bundle: string, input: Input): string {
  unit.open(input, input.environment.time_ms);
  const evaluated: Evaluated = unit.ask(bundle, FUEL);
  return evaluated.kind === 'value' ? canonicalSets(JSON.parse(evaluated.text)) : evaluated.kind;
}

/** Rule sets are sets: their order means nothing. */
function canonicalSets(value: unknown): string {
  const sets = Object.entries(value ?? {}).map(([name, elements]) => [
    name,
    Array.isArray(elements) ? elements.map((element) => canonicalJson(element)).toSorted() : elements,
  ]);
  return JSON.stringify(sets.toSorted(([left], [right]) => (String(left) < String(right) ? -1 : 1)));
}
