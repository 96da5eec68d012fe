import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
import { Toolchain } from '../../src/rego/toolchain.ts';
import { compilerOf, libraryFiles, shelvedParticipants, shippedParticipants } from '../policy/shipped-bundles.ts';
import { policyInputs } from './policy-inputs.ts';

/** Generated for all bundles that are not of the shelf; each of them is asked of a part, and all parts are asked of. */
const INPUTS = 10_000;
const INPUTS_OF_EACH = 2_500;
/** Generated for each bundle of the shelf from what it knows itself. */
const INPUTS_OF_SHELVED = 250;
const BATCH = 1_000;
/** Bundles of the shelf in one module. */
const SHELF_GROUP = 10;
const SEED = 20_260_101;
const FUEL = 2_000_000;

/** One bundle in each of the engines, and what it is asked of. */
interface Trio {
  readonly participant: Participant;
  readonly ours: PolicyUnit;
  readonly reference: PolicyUnit;
  readonly inputs: readonly PolicyInput[];
}

describe('G-72 ours, the SDK and OPA’s interpreter', () => {
  const toolchain = new Toolchain({ limitMs: 120_000, maxMemoryBytes: 2_000_000_000 });
  let trios: readonly Trio[] = [];

  beforeAll(async () => {
    const common = await shippedParticipants(toolchain);
    const shelved = await shelvedParticipants(toolchain);
    const together = common.filter(({ place }) => place.kind !== 'server');
    const apart = common.filter(({ place }) => place.kind === 'server').map((one) => [one]);
    const inputs = partsOf(common);
    trios = [
      ...(await Promise.all([together, ...apart].map((group) => triosOf(group, toolchain, inputs)))),
      ...(await Promise.all(groupsOf(shelved).map((group) => triosOf(group, toolchain, inputsOfShelved)))),
    ].flat();
  }, 600_000);

  afterAll(async () => toolchain.close());

  it('say the same of every input in every shipped bundle', { timeout: 3_600_000 }, async () => {
    const counts = { bundles: trios.length, compared: 0, values: 0, errors: 0, referenceDiffers: 0 };
    const differences: string[] = [];
    for (const trio of trios) {
      for (const batch of batchesOf(trio.inputs)) {
        const interpreted = await interpret(trio.participant, batch, toolchain);
        for (const [place, input] of batch.entries()) {
          const expected = interpreted[place] ?? '';
          const ours = ask(trio.ours, trio.participant.id, input);
          counts.compared += 1;
          if (expected === 'error') counts.errors += 1;
          else counts.values += 1;
          if (ours !== expected) differences.push(`${trio.participant.id} ${ours} instead of ${expected}`);
          const reference = ask(trio.reference, trio.participant.id, input);
          if (expected !== 'error' && reference !== expected) counts.referenceDiffers += 1;
        }
      }
    }
    console.log('differential', counts);
    expect(differences.slice(0, 5)).toEqual([]);
    expect(counts.compared).toBe(trios.reduce((sum, { inputs }) => sum + inputs.length, 0));
    expect(counts.compared).toBeGreaterThanOrEqual(INPUTS);
    expect(counts.referenceDiffers).toBe(0);
  });
});

type InputsOf = (participant: Participant) => readonly PolicyInput[];

/** For each bundle the next part of the same inputs; after the last comes the first again. */
function partsOf(participants: readonly Participant[]): InputsOf {
  const inputs = fc.sample(policyInputs(participants), { numRuns: INPUTS, seed: SEED });
  return (participant) => {
    const start = (participants.indexOf(participant) * INPUTS_OF_EACH) % INPUTS;
    return inputs.slice(start, start + INPUTS_OF_EACH);
  };
}

function inputsOfShelved(participant: Participant): readonly PolicyInput[] {
  return fc.sample(policyInputs([participant]), { numRuns: INPUTS_OF_SHELVED, seed: SEED });
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
