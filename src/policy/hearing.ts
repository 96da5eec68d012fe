import type { Clock } from '../core/clock.ts';
import type { Capabilities, Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { Evaluated } from './evaluation.ts';
import { NO_PARTS, type OpinionParts, readOpinion, type RuleResolution } from './opinion.ts';
import type { OpinionCache } from './opinion-cache.ts';
import type { Participant } from './participant.ts';
import type { PolicyUnit } from './policy-unit.ts';

/** A bundle that can be asked: the unit it is compiled in, and what is needed to read what it says. */
export interface Respondent {
  readonly unit: PolicyUnit;
  readonly resolution: RuleResolution;
  /** Absent where each call has to be looked at. */
  readonly cache: OpinionCache | undefined;
}

export interface HearingOptions {
  /** By bundle id. */
  readonly respondents: ReadonlyMap<string, Respondent>;
  readonly input: PolicyInput;
  /** Fuel of one bundle, and of all together. */
  readonly bundleFuel: number;
  readonly decisionFuel: number;
  readonly clock: Clock;
}

/** The bundles are heard about one question: one input, one time, one fuel for all. */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #opened = new Set<PolicyUnit>();
  #capabilities: Capabilities | undefined;
  #fuelLeft: number;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#fuelLeft = options.decisionFuel;
  }

  /** From now on the bundles read what identity grants. */
  grant(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    for (const unit of this.#opened) unit.grant(capabilities);
  }

  ask(participant: Participant): Opinion {
    const respondent = this.#options.respondents.get(participant.id);
    if (respondent === undefined) return silent(participant, 'missing', 'it has no good version yet');
    const { clock, bundleFuel } = this.#options;
    const startedAt = clock.monotonic();
    const fuel = Math.min(bundleFuel, this.#fuelLeft);
    const key = respondent.cache?.keyOf(this.#grantedInput());
    const kept = key === undefined ? undefined : respondent.cache?.find(key);
    // Where the fuel would not have sufficed, the bundle is asked and runs out of it.
    const opinion =
      kept !== undefined && kept.fuel <= fuel
        ? { ...kept, cached: true }
        : this.#evaluate(participant, respondent, fuel);
    this.#fuelLeft -= opinion.fuel;
    if (key !== undefined && !opinion.cached) respondent.cache?.keep(key, opinion);
    return { ...opinion, us: Math.round((clock.monotonic() - startedAt) * 1000) };
  }

  #evaluate(participant: Participant, { unit, resolution }: Respondent, fuel: number): Opinion {
    this.#open(unit);
    const evaluated = unit.ask(participant.id, fuel);
    return { ...toOpinion(participant, evaluated, resolution), fuel: evaluated.fuel };
  }

  /** As the bundle that is asked now reads it: what identity grants is added once identity has been heard. */
  #grantedInput(): PolicyInput {
    const { input } = this.#options;
    return this.#capabilities === undefined
      ? input
      : { ...input, identity: { capabilities: mutable(this.#capabilities) } };
  }

  #open(unit: PolicyUnit): void {
    if (this.#opened.has(unit)) return;
    const { input } = this.#options;
    this.#opened.add(unit);
    unit.open(input, input.environment.time_ms);
    if (this.#capabilities !== undefined) unit.grant(this.#capabilities);
  }
}

/** The opinion of a bundle that is not asked because identity has refused. */
export function skipped(participant: Participant): Opinion {
  return silent(participant, 'skipped', '');
}

function toOpinion(participant: Participant, evaluated: Evaluated, resolution: RuleResolution): Opinion {
  if (evaluated.kind === 'undefined') return silent(participant, 'undefined', 'its entrypoint is undefined');
  if (evaluated.kind !== 'value') return silent(participant, evaluated.kind, evaluated.why);
  const read = readOpinion(evaluated.value, resolution);
  if (read.kind === 'malformed') return silent(participant, 'malformed', read.why);
  const { kind: _, ...parts } = read;
  return opinionOf(participant, { status: 'ok', error: '' }, parts);
}

type Standing = Pick<Opinion, 'status' | 'error'>;

function silent(participant: Participant, status: Opinion['status'], error: string): Opinion {
  return opinionOf(participant, { status, error }, NO_PARTS);
}

function opinionOf({ layer, id, loaded, mode }: Participant, standing: Standing, parts: OpinionParts): Opinion {
  const digest = loaded?.bundle.digest ?? '';
  return { layer, bundle: id, digest, mode, ...standing, ...parts, us: 0, fuel: 0, cached: false };
}

/** Capabilities as they stand in an input. */
export function mutable(capabilities: Capabilities): PolicyInput['identity']['capabilities'] {
  return Object.fromEntries(Object.entries(capabilities).map(([kind, values]) => [kind, [...values]]));
}
