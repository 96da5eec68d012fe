import { deepStrictEqual } from 'node:assert';
import { compileBundles, type BundleLoader, readLibrary } from '../src/app/bundles.ts';
import { loadPolicies, type WantedBundle } from '../src/app/policies.ts';
import { validateAgainst } from '../src/catalog/validate-against.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Logger } from '../src/core/logger.ts';
import type { PolicyInput } from '../src/core/policy-input.ts';
import { HOST_BUILTINS } from '../src/policy/builtins.ts';
import { toSource } from '../src/policy/bundle.ts';
import type { Evaluated, PolicyEngine } from '../src/policy/evaluation.ts';
import { loadModule } from '../src/policy/module.ts';
import type { Participant } from '../src/policy/participant.ts';
import type { PolicySet } from '../src/policy/policy-set.ts';
import { ReferenceEngine } from '../src/policy/reference.ts';
import { rewriteModule } from '../src/policy/rewrite.ts';
import { PolicyRuntime } from '../src/policy/runtime.ts';
import { TOTAL_INPUT } from '../src/policy/total-input.ts';
import { Toolchain } from '../src/rego/toolchain.ts';
import { bundleFolder, ORGANISATION } from './configuration.ts';
import { WARM_CACHE } from './place.ts';
import { quantile } from './statistics.ts';
import { AGENT, DATA_CLASS, ordinaryCall, REGION, SERVER, TEAM, TOOL, USER } from './workload.ts';

export interface Times {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** The six heavy bundles asked about the same calls in three ways, one after the other for each call. */
export interface Deciding {
  /** As the gateway asks them: two modules, opinions read and held to the contract. */
  readonly gateway: Times;
  /** Our runtime with six modules, results as values. */
  readonly isolated: Times;
  /** The same six modules through `@open-policy-agent/opa-wasm`. */
  readonly reference: Times;
  /** Of one decision. */
  readonly fuel: number;
  readonly rules: number;
}

export const SIX = [...ORGANISATION, SERVER] as const;
const EVALUATION_FUEL = 2_000_000;
const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: complain };

export async function measureDeciding(rounds: number): Promise<Deciding> {
  const toolchain = new Toolchain({ cacheFolder: WARM_CACHE });
  try {
    const loader: BundleLoader = { toolchain, library: readLibrary(), validate: validateAgainst };
    const options = { loader, required: [], evaluationFuel: EVALUATION_FUEL, engine: 'native', clock, logger } as const;
    const policy = await loadPolicies(SIX.map(wantedBundle), options);
    const six = await Promise.all(policy.participants.map((one) => isolate(one, loader)));
    return measure(policy, six, rounds);
  } finally {
    await toolchain.close();
  }
}

function ignore(): void {
  // What is worth a warning in a gateway is not worth a line in a benchmark.
}

export function complain(message: string, details?: object): never {
  throw new Error(`${message}: ${JSON.stringify(details)}`);
}

export function wantedBundle(id: (typeof SIX)[number]): WantedBundle {
  const everywhere = { kind: 'organisation', scope: { servers: ['*'], agents: ['*'], tools: ['*'] } } as const;
  return {
    id,
    layer: id === SERVER ? 'server' : id,
    place: id === SERVER ? { kind: 'server', server: SERVER } : everywhere,
    origin: { kind: 'path', path: bundleFolder(id) },
    mode: 'enforce',
    ruleModes: {},
    data: {},
    demand: { kind: 'none' },
  };
}

/** One bundle compiled alone, in both engines. */
interface Isolated {
  readonly entrypoint: string;
  readonly ours: PolicyEngine;
  readonly reference: PolicyEngine;
}

async function isolate({ id, loaded }: Participant, loader: BundleLoader): Promise<Isolated> {
  if (loaded === undefined) throw new Error(`${id} has no good version`);
  const { wasm, bundles } = await compileBundles([{ ...toSource(loaded.bundle), id }], loader);
  const options = {
    data: JSON.stringify({ bundle: { [id]: loaded.bundle.data } }),
    builtins: HOST_BUILTINS,
    monotonic: () => clock.monotonic(),
    print: ignore,
  };
  return {
    entrypoint: bundles[id]?.entrypointPath ?? '',
    ours: new PolicyRuntime(loadModule(rewriteModule(wasm)), options),
    reference: new ReferenceEngine(wasm, options),
  };
}

function measure(policy: PolicySet, six: readonly Isolated[], rounds: number): Deciding {
  const warmUp = Math.min(rounds, 2000);
  const us = { gateway: new Array<number>(), isolated: new Array<number>(), reference: new Array<number>() };
  let fuel = 0;
  for (let round = -warmUp; round < rounds; round += 1) {
    const input = inputOf(round + warmUp);
    const question = { action: 'tool_call', server: SERVER, agent: AGENT, tool: TOOL, input } as const;
    const decided = timed(() => policy.evaluate(question));
    const { opinions, input: granted } = decided.result;
    // What identity grants is known only now; the others are handed it ready-made, and the SDK its input as an object.
    const text = JSON.stringify(granted);
    const ours = timed(() => six.map((one) => ask(one.ours, one.entrypoint, text)));
    for (const { reference } of six) reference.open(occasionOf(text));
    const theirs = timed(() => six.map((one) => one.reference.evaluate(one.entrypoint, EVALUATION_FUEL)));
    if (opinions.some(({ status, deny }) => status !== 'ok' || deny.length > 0)) complain('denied', opinions);
    if (round < 0) deepStrictEqual(ours.result.map(valueOf), theirs.result.map(valueOf));
    else {
      us.gateway.push(decided.us);
      us.isolated.push(ours.us);
      us.reference.push(theirs.us);
      fuel = opinions.reduce((sum, opinion) => sum + opinion.fuel, 0);
    }
  }
  const rules = policy.participants.reduce((sum, { loaded }) => sum + (loaded?.rules.size ?? 0), 0);
  return {
    gateway: timesOf(us.gateway),
    isolated: timesOf(us.isolated),
    reference: timesOf(us.reference),
    fuel,
    rules,
  };
}

export function inputOf(number: number): PolicyInput {
  return {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: AGENT, owner_team: TEAM },
    user: { id: USER, groups: [], data_classifications_authorized: [DATA_CLASS] },
    server: { ...TOTAL_INPUT.server, id: SERVER, region: REGION },
    action: { ...TOTAL_INPUT.action, tool: TOOL, args: ordinaryCall(number), data_classes_referenced: [] },
    claims: { present: [], model: '', turn_count: 0, cumulative_tokens: 0, conversation_id: '' },
  };
}

function timed<Result>(work: () => Result): { readonly result: Result; readonly us: number } {
  const startedAt = performance.now();
  const result = work();
  return { result, us: (performance.now() - startedAt) * 1000 };
}

function ask(engine: PolicyEngine, entrypoint: string, input: string): Evaluated {
  engine.open(occasionOf(input));
  return engine.evaluate(entrypoint, EVALUATION_FUEL);
}

function occasionOf(input: string): { readonly input: string; readonly nowNs: bigint } {
  return { input, nowNs: BigInt(TOTAL_INPUT.environment.time_ms) * 1_000_000n };
}

function valueOf(evaluated: Evaluated): unknown {
  return evaluated.kind === 'value' ? JSON.parse(evaluated.text) : complain('a bundle failed', evaluated);
}

export function timesOf(us: readonly number[]): Times {
  return { p50Us: quantile(us, 0.5), p99Us: quantile(us, 0.99) };
}
