import type { Layer, Mode } from '../../src/core/opinion.ts';
import type { BuiltModule } from '../../src/core/rego.ts';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import { toSource } from '../../src/policy/bundle.ts';
import type { Evaluated, PolicyEngine } from '../../src/policy/evaluation.ts';
import type { Respondent } from '../../src/policy/hearing.ts';
import { loadModule } from '../../src/policy/module.ts';
import { cacheFor } from '../../src/policy/opinion-cache.ts';
import { OpinionReader } from '../../src/policy/opinion-reader.ts';
import type { Participant } from '../../src/policy/participant.ts';
import { PolicySet } from '../../src/policy/policy-set.ts';
import { PolicyUnit } from '../../src/policy/policy-unit.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { PolicyRuntime } from '../../src/policy/runtime.ts';
import type { Toolchain } from '../../src/rego/toolchain.ts';
import { rule } from '../policy/questions.ts';
import { compilerOf, smallParticipant } from '../policy/shipped-bundles.ts';
import { NOW } from './makers.ts';

/** What stands in place of what a bundle's entrypoint answers; what it may do wrong is not held to any type. */
export type Fault = (ask: () => Evaluated) => unknown;

/** A rule of each bundle that does wrong when the arguments of a call name the bundle; a bundle says what its layer may say. */
function poisons(id: string, sets: readonly string[]): string {
  const malformed = sets.map(
    (set) => `${set} contains element if element := input.action.args.malformed["${id}"].${set}`,
  );
  const throwing = rule('deny', 'D-1', `{\n\tinput.action.args.throws == "${id}"\n\t1 / input.action.args.zero > 0\n}`);
  const slow = rule(
    'deny',
    'D-2',
    `{\n\tinput.action.args.slow == "${id}"\n\tcount([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b < 0]) > 0\n}`,
  );
  const large = rule(
    'deny',
    'D-3',
    `{\n\tinput.action.args.large == "${id}"\n\tcount(numbers.range(1, 1000000000)) > 0\n}`,
  );
  return [throwing, slow, large, ...malformed].join('\n');
}

const LAYERS: readonly (readonly [Layer, string, readonly string[]])[] = [
  ['identity', 'people', ['deny', 'capabilities']],
  ['server', 'files', ['allow', 'deny', 'obligations', 'labels']],
  ['resource', 'owners', ['allow', 'deny', 'obligations', 'labels']],
  ['workflow', 'pace', ['deny', 'obligations', 'labels']],
  ['compliance', 'law', ['deny', 'obligations', 'labels']],
  ['override', 'incidents', ['deny', 'permit']],
];

export const BUNDLES: readonly string[] = LAYERS.map(([, id]) => id);
export const layerOf = (id: string): string => LAYERS.find(([, bundle]) => bundle === id)?.[0] ?? '';

export interface SetWish {
  /** Bundles that do not take part at all; those that grant are needed. */
  readonly without?: readonly string[];
  readonly modes?: Readonly<Record<string, Mode>>;
  readonly faults?: Readonly<Record<string, Fault>>;
  /** Bundles that have no good version. */
  readonly missing?: readonly string[];
  /** Bundles that take part, and that nothing was compiled of. */
  readonly uncompiled?: readonly string[];
  readonly required?: readonly Layer[];
  readonly fuel?: number;
  /** The compiled modules are those of another generation, which has other entrypoints, or other bundles. */
  readonly mixedUp?: 'entrypoints' | 'bundles';
  readonly order?: (participants: readonly Participant[]) => readonly Participant[];
}

interface Compiled {
  readonly built: BuiltModule;
  readonly engine: PolicyEngine;
}

/** Real bundles of every layer that allow a call of `read` on `files`, and what can be done to them. */
export async function faultyPolicies(toolchain: Toolchain): Promise<(wish?: SetWish) => PolicySet> {
  const participants = await Promise.all(LAYERS.map(([layer, id, sets]) => bundleOf(toolchain, { layer, id, sets })));
  const compile = compilerOf(toolchain);
  const apart = participants.filter(({ place }) => place.kind === 'server');
  const together = participants.filter(({ place }) => place.kind === 'organisation');
  const units = await Promise.all(
    [apart, together].map(async (group) => ({ group, ...(await compiled(group, compile)) })),
  );
  let generations = 0;
  return (wish = {}) => {
    generations += 1;
    const { without = [], missing = [], modes = {}, order = (all) => all } = wish;
    const taking = participants
      .filter(({ id }) => !without.includes(id))
      .map(({ loaded, ...one }) => ({
        ...one,
        mode: modes[one.id] ?? 'enforce',
        ...(missing.includes(one.id) ? {} : { loaded }),
      }));
    const present = taking.flatMap((one) => (one.loaded === undefined ? [] : [{ ...one, loaded: one.loaded }]));
    const respondents = units.flatMap(({ group, built, engine }) => {
      const members = present.filter(({ id }) => group.some((one) => one.id === id));
      return respondentsOf(members, { built, engine }, wish);
    });
    return new PolicySet({
      generation: `faulty-${generations}`,
      participants: order(taking),
      respondents: new Map(respondents),
      required: wish.required ?? [],
      evaluationFuel: wish.fuel ?? 2_000_000,
      clock: { now: () => NOW, monotonic: () => performance.now() },
    });
  };
}

interface Written {
  readonly layer: Layer;
  readonly id: string;
  readonly sets: readonly string[];
}

const PERMIT = `# METADATA
# title: P-1
# custom: {id: P-1}
permit contains {"id": "P-1", "lifts": ["law/L-1", "pace/L-1"], "requested_by": "ana", "approved_by": "ben", "justification": "INC-7", "not_before": "2026-03-02T11:00:00Z", "expires_at": "2026-03-02T13:00:00Z"}
`;

async function bundleOf(toolchain: Toolchain, { layer, id, sets }: Written): Promise<Participant> {
  const grants = sets.includes('allow') ? rule('allow', 'G-1', 'input.action.tool == "read"') : '';
  const lifted = layer === 'workflow' ? rule('deny', 'L-1', 'input.action.args.needs_permit == true') : '';
  return smallParticipant(toolchain, {
    id,
    layer,
    rego: [grants, lifted, layer === 'override' ? PERMIT : '', poisons(id, sets)].join('\n'),
    ...(layer === 'server' ? { place: { kind: 'server', server: 'files' } as const } : {}),
  });
}

async function compiled(group: readonly Participant[], compile: ReturnType<typeof compilerOf>): Promise<Compiled> {
  const built = await compile(
    group.flatMap(({ id, loaded }) => (loaded === undefined ? [] : [{ ...toSource(loaded.bundle), id }])),
  );
  const engine = new PolicyRuntime(loadModule(rewriteModule(built.wasm)), {
    data: JSON.stringify({ bundle: Object.fromEntries(group.map(({ id }) => [id, { policy: {} }])) }),
    builtins: HOST_BUILTINS,
    monotonic: () => performance.now(),
    print: () => undefined,
    headroomBytes: 12 << 20,
  });
  return { built, engine };
}

function respondentsOf(
  members: readonly (Participant & { readonly loaded: NonNullable<Participant['loaded']> })[],
  { built, engine }: Compiled,
  { faults = {}, uncompiled = [], mixedUp }: SetWish,
): readonly (readonly [string, Respondent])[] {
  const bundles = Object.entries(built.bundles).map(([id, facts]) => {
    const entrypointPath = mixedUp === 'entrypoints' ? `${facts.entrypointPath}_of_another` : facts.entrypointPath;
    return [id, { ...facts, entrypointPath }] as const;
  });
  const faultOf = new Map(bundles.map(([id, { entrypointPath }]) => [entrypointPath, faults[id]]));
  const unit = new PolicyUnit({
    engine: withFaults(engine, faultOf),
    bundles: mixedUp === 'bundles' ? {} : Object.fromEntries(bundles),
  });
  return members
    .filter(({ id }) => !uncompiled.includes(id))
    .map(({ id, layer, mode, ruleModes, loaded: { rules } }) => {
      const reader = new OpinionReader({ layer, mode, ruleModes, rules, counters: new Map(), people: 'unverified' });
      return [id, { unit, reader, cache: cacheFor(unit.factsOf(id)), budgets: [] }];
    });
}

function withFaults(engine: PolicyEngine, faultOf: ReadonlyMap<string, Fault | undefined>): PolicyEngine {
  return {
    entrypoints: engine.entrypoints,
    open: (occasion) => engine.open(occasion),
    addToInput: (path, json) => engine.addToInput(path, json),
    evaluate: (entrypoint, fuel) => {
      const ask = (): Evaluated => engine.evaluate(entrypoint, fuel);
      const fault = faultOf.get(entrypoint);
      // A fault is what no type allows.
      return fault === undefined ? ask() : (fault(ask) as Evaluated);
    },
  };
}
