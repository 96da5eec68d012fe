import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Layer } from '../core/opinion.ts';
import type { BuiltModule, BundleSource, LibraryFiles } from '../core/rego.ts';
import { HOST_BUILTINS } from './builtins.ts';
import { toSource } from './bundle.ts';
import type { PolicyEngine } from './evaluation.ts';
import { budgetViewOf, counterBook, NO_BUDGETS, type VisibleCounters } from './counter-book.ts';
import { generationOf } from './generation.ts';
import type { Respondent } from './hearing.ts';
import { loadModule } from './module.ts';
import { cacheFor } from './opinion-cache.ts';
import { ruleSetProblems, type RuleResolution } from './opinion.ts';
import { OpinionReader } from './opinion-reader.ts';
import { type LoadedBundle, type Participant, peopleBehind } from './participant.ts';
import { PolicySet } from './policy-set.ts';
import { PolicyUnit } from './policy-unit.ts';
import { ReferenceEngine } from './reference.ts';
import { rewriteModule } from './rewrite.ts';
import { PolicyRuntime } from './runtime.ts';
import { TOTAL_INPUT } from './total-input.ts';

export interface PolicySetOptions {
  /** All configured bundles and the starters that may stand in. Their ids are one namespace. */
  readonly participants: readonly Participant[];
  readonly library: LibraryFiles;
  /** SHA-256 of the toolchain's program. */
  readonly toolchainDigest: string;
  /** Compiles bundles into one module; throws for bundles that cannot be compiled. */
  readonly compile: (bundles: readonly BundleSource[]) => Promise<BuiltModule>;
  /** `rewriteModule` itself, or one that remembers what it made. */
  readonly rewrite?: (wasm: Uint8Array) => Promise<Uint8Array>;
  /** Layers whose absence is a denial. */
  readonly required?: readonly Layer[];
  /** Fuel of one bundle in one decision. */
  readonly evaluationFuel?: number;
  /** `reference` asks `@open-policy-agent/opa-wasm` instead of our runtime: slower, without fuel, for diagnosis. */
  readonly engine?: 'native' | 'reference';
  readonly clock: Clock;
  readonly logger: Logger;
}

const EVALUATION_FUEL = 2_000_000;

/**
 * Makes a generation: the organisation's bundles and the starters in one module, every server's and every agent's in
 * one of its own, all warmed up. Throws BUNDLE_INVALID and POLICY_FAILED, and what `compile` throws.
 */
export async function buildPolicySet(options: PolicySetOptions): Promise<PolicySet> {
  const { participants } = options;
  const loaded = participants.filter(isLoaded);
  const book = counterBook(loaded.map(({ id, place, loaded: { bundle } }) => ({ id, place, bundle })));
  const respondents = new Map<string, Respondent>();
  for (const group of groupsOf(loaded)) {
    const unit = await buildUnit(group, options);
    for (const member of group) {
      const visible = book.visibleTo(member);
      const cache = cacheFor(unit.factsOf(member.id));
      const reader = new OpinionReader(resolutionOf(member, visible));
      const budgets = unit.reads(member.id, 'budgets') ? budgetViewOf(visible) : NO_BUDGETS;
      respondents.set(member.id, { unit, reader, cache, budgets });
    }
  }
  return new PolicySet({
    generation: generationOf(options),
    participants,
    respondents,
    counters: book.counters,
    required: options.required ?? [],
    evaluationFuel: options.evaluationFuel ?? EVALUATION_FUEL,
    clock: options.clock,
  });
}

type LoadedParticipant = Participant & { readonly loaded: LoadedBundle };

function isLoaded(participant: Participant): participant is LoadedParticipant {
  return participant.loaded !== undefined;
}

/**
 * Which of the bundles share a module, each group in the order in which it is compiled. That is by id, not as the
 * configuration happens to list them: a generation burns the same fuel wherever it is compiled.
 */
export function groupsOf<Placed extends Pick<Participant, 'id' | 'place'>>(
  bundles: readonly Placed[],
): readonly (readonly Placed[])[] {
  const inOrder = bundles.toSorted((left, right) => (left.id < right.id ? -1 : 1));
  const together = inOrder.filter(({ place }) => place.kind === 'organisation' || place.kind === 'starter');
  const apart = inOrder.filter((one) => !together.includes(one)).map((one) => [one]);
  return [together, ...apart].filter((group) => group.length > 0);
}

async function buildUnit(group: readonly LoadedParticipant[], options: PolicySetOptions): Promise<PolicyUnit> {
  const built = await options.compile(group.map(({ id, loaded }) => ({ ...toSource(loaded.bundle), id })));
  refuseStrangeRuleSets(group, built);
  const unit = new PolicyUnit({ engine: await engineOf(group, built, options), bundles: built.bundles });
  warmUp(unit, group, options);
  return unit;
}

function refuseStrangeRuleSets(group: readonly LoadedParticipant[], built: BuiltModule): void {
  const problems = group.flatMap(({ id, layer }) =>
    ruleSetProblems(layer, built.bundles[id]?.ruleSets ?? []).map((problem) => `${id}: ${problem}`),
  );
  if (problems.length > 0) throw new GatewayError('BUNDLE_INVALID', problems.join('\n'));
}

async function engineOf(
  group: readonly LoadedParticipant[],
  built: BuiltModule,
  options: PolicySetOptions,
): Promise<PolicyEngine> {
  const documents = group.map(({ id, loaded }) => [id, loaded.bundle.data] as const);
  const engineOptions = {
    data: JSON.stringify({ bundle: Object.fromEntries(documents) }),
    builtins: HOST_BUILTINS,
    monotonic: () => options.clock.monotonic(),
    print: (text: string) => options.logger.debug('a policy prints', { text }),
  };
  if (options.engine === 'reference') return new ReferenceEngine(built.wasm, engineOptions);
  const rewritten = await (options.rewrite?.(built.wasm) ?? rewriteModule(built.wasm));
  return new PolicyRuntime(loadModule(rewritten), engineOptions);
}

/** Evaluations after which V8 has compiled what matters. */
const WARM_UP_ROUNDS = 20;

function warmUp(unit: PolicyUnit, group: readonly LoadedParticipant[], { logger }: PolicySetOptions): void {
  for (const { id, layer } of group) {
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
      unit.open(TOTAL_INPUT, TOTAL_INPUT.environment.time_ms);
      if (layer !== 'identity') unit.grant({});
      const evaluated = unit.ask(id, EVALUATION_FUEL);
      if (evaluated.kind === 'value') continue;
      logger.warn('a bundle has no answer to an ordinary call', { bundle: id, status: evaluated.kind });
      break;
    }
  }
}

function resolutionOf(participant: LoadedParticipant, visible: VisibleCounters): RuleResolution {
  const { layer, mode, ruleModes, loaded } = participant;
  const counters = [...visible].map(([name, { reserve }]) => [name, { hasCosts: reserve.kind !== 'none' }] as const);
  const people = peopleBehind(loaded.bundle);
  return { layer, mode, ruleModes, rules: loaded.rules, counters: new Map(counters), people };
}
