import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Capabilities, Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { cleanText } from './author-text.ts';
import { type BudgetView, viewOf } from './budget-views.ts';
import type { Evaluated } from './evaluation.ts';
import { NO_PARTS, type OpinionParts } from './opinion.ts';
import type { OpinionCache } from './opinion-cache.ts';
import type { OpinionReader } from './opinion-reader.ts';
import type { KnownOpinions, Participant } from './participant.ts';
import { NO_BUDGETS, type PolicyUnit } from './policy-unit.ts';

/** A bundle that can be asked: the unit it is compiled in, and what reads what it says. */
export interface Respondent {
  readonly unit: PolicyUnit;
  readonly reader: Pick<OpinionReader, 'read'>;
  /** Absent where each call has to be looked at. */
  readonly cache: OpinionCache | undefined;
  /** Under which names it reads which counters; empty where it reads none. */
  readonly budgets: BudgetView;
}

export interface HearingOptions {
  /** By bundle id. */
  readonly respondents: ReadonlyMap<string, Respondent>;
  /** Less the budgets, of which each bundle reads another part. */
  readonly input: PolicyInput;
  /** How all counters stand that are read, by their full names; undefined where nobody looks at them. */
  readonly budgets: PolicyInput['budgets'] | undefined;
  /** Fuel of one bundle, and of all together. */
  readonly bundleFuel: number;
  readonly decisionFuel: number;
  readonly clock: Clock;
  readonly known?: KnownOpinions | undefined;
}

/** The bundles are heard about one question: one input, one time, one fuel for all. */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #opened = new Set<PolicyUnit>();
  /** The input as the bundle that is asked now reads it. */
  #input: PolicyInput;
  #capabilities: Capabilities | undefined;
  #fuelLeft: number;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#input = options.input;
    this.#fuelLeft = options.decisionFuel;
  }

  /** From now on the bundles read what identity grants. Answers the input as they read it. */
  grant(capabilities: Capabilities): PolicyInput {
    this.#capabilities = capabilities;
    for (const unit of this.#opened) this.#grantTo(unit, capabilities);
    this.#input = { ...this.#input, identity: { capabilities: inInput(capabilities) } };
    return this.#input;
  }

  /** One that could not take it is opened anew when it is asked. */
  #grantTo(unit: PolicyUnit, capabilities: Capabilities): void {
    try {
      unit.grant(capabilities);
    } catch {
      this.#opened.delete(unit);
    }
  }

  /** Of all together. */
  get fuelLeft(): number {
    return this.#fuelLeft;
  }

  ask(participant: Participant): Opinion {
    const respondent = this.#options.respondents.get(participant.id);
    if (respondent === undefined) return silent(participant, 'missing', 'it has no good version yet');
    const fuel = Math.min(this.#options.bundleFuel, this.#fuelLeft);
    const known = this.#options.known?.(participant, this.#input);
    if (known !== undefined && known.fuel <= fuel) {
      this.#fuelLeft -= known.fuel;
      return known;
    }
    const key = respondent.cache?.keyOf(this.#input);
    const kept = key === undefined ? undefined : respondent.cache?.find(key);
    // Where the fuel would not have sufficed, the bundle is asked and runs out of it.
    if (kept !== undefined && kept.fuel <= fuel) {
      this.#fuelLeft -= kept.fuel;
      return kept;
    }
    const budgets = this.#budgetsFor(respondent);
    if (budgets === undefined) return silent(participant, 'error', 'a budget that it reads could not be read');
    const opinion = this.#evaluate(participant, respondent, { fuel, budgets });
    this.#fuelLeft -= opinion.fuel;
    if (key !== undefined) respondent.cache?.keep(key, opinion);
    return opinion;
  }

  /** As JSON text; undefined where not all of them are known: then the bundle must not be asked. */
  #budgetsFor({ budgets: view }: Respondent): string | undefined {
    const { budgets } = this.#options;
    if (view.length === 0 || budgets === undefined) return NO_BUDGETS;
    const seen = viewOf(view, budgets);
    return seen === undefined ? undefined : JSON.stringify(seen);
  }

  #evaluate(participant: Participant, { unit, reader }: Respondent, { fuel, budgets }: Means): Opinion {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const heard = this.#hear({ unit, reader }, () => {
      this.#open(unit);
      return unit.ask(participant.id, fuel, budgets);
    });
    const us = Math.round((clock.monotonic() - startedAt) * 1000);
    return opinionOf(participant, heard, { us, fuel: heard.fuel });
  }

  /** An engine does not throw; should one do so all the same, that is a fault of the bundle, which is on record and denies. */
  #hear({ unit, reader }: Pick<Respondent, 'unit' | 'reader'>, ask: () => Evaluated): Said & { readonly fuel: number } {
    try {
      const evaluated = ask();
      return { ...partsOf(evaluated, reader), fuel: evaluated.fuel };
    } catch (thrown) {
      this.#opened.delete(unit);
      return { ...nothing('error', messageOf(thrown)), fuel: 0 };
    }
  }

  #open(unit: PolicyUnit): void {
    if (this.#opened.has(unit)) return;
    const { input } = this.#options;
    this.#opened.add(unit);
    unit.open(input, input.environment.time_ms);
    if (this.#capabilities !== undefined) unit.grant(this.#capabilities);
  }
}

interface Means {
  readonly fuel: number;
  /** As JSON text. */
  readonly budgets: string;
}

/** The opinion of a bundle that is not asked because identity has refused. */
export function skipped(participant: Participant): Opinion {
  return silent(participant, 'skipped', '');
}

interface Said {
  readonly status: Opinion['status'];
  readonly error: string;
  readonly parts: OpinionParts;
}

function partsOf(evaluated: Evaluated, reader: Respondent['reader']): Said {
  if (evaluated.kind === 'undefined') return nothing('undefined', 'its entrypoint is undefined');
  if (evaluated.kind !== 'value') return nothing(evaluated.kind, evaluated.why);
  const read = reader.read(evaluated.text);
  return read.kind === 'malformed' ? nothing('malformed', read.why) : { status: 'ok', error: '', parts: read };
}

function nothing(status: Opinion['status'], error: string): Said {
  // A module may abort with any text.
  return { status, error: cleanText(error), parts: NO_PARTS };
}

function silent(participant: Participant, status: Opinion['status'], error: string): Opinion {
  return opinionOf(participant, nothing(status, error), { us: 0, fuel: 0 });
}

function opinionOf(
  { layer, id, loaded, mode }: Participant,
  { status, error, parts }: Said,
  cost: Pick<Opinion, 'us' | 'fuel'>,
): Opinion {
  return {
    layer,
    bundle: id,
    digest: loaded?.bundle.digest ?? '',
    mode,
    status,
    error,
    allow: parts.allow,
    deny: parts.deny,
    hide: parts.hide,
    obligations: parts.obligations,
    permit: parts.permit,
    labels: parts.labels,
    capabilities: parts.capabilities,
    us: cost.us,
    fuel: cost.fuel,
    cached: false,
  };
}

/** Capabilities as they stand in an input, whose members are sorted. */
function inInput(capabilities: Capabilities): PolicyInput['identity']['capabilities'] {
  const kinds = Object.entries(capabilities).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(kinds.map(([kind, values]) => [kind, [...values]]));
}
