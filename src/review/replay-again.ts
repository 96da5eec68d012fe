import type { Decision } from '../core/decision.ts';
import type { Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { CombineFacts, OwnDenial, SealedRecord } from '../core/record.ts';
import { chargesOf } from '../policy/charges.ts';
import { combine } from '../policy/combine.ts';
import type { CombineInput } from '../policy/combine-opinions.ts';
import type { KnownOpinions, Question } from '../policy/participant.ts';
import { type Counting, factsOf } from './replay-counting.ts';
import { type MaskedPlace, inputOf, maskedIn, unanswered } from './replay-input.ts';
import type { Kinships, ReplayPolicy } from './replay-policy.ts';
import { sameAsRecorded } from './replay-same.ts';
import { isOfPolicy, saysUnknown, type Visibilities } from './replay-visibility.ts';

/** What one policy makes of an old decision. */
export type Again =
  | {
      readonly kind: 'decided';
      readonly decision: Decision;
      readonly facts: CombineInput;
      readonly heard: Heard | undefined;
    }
  /** `bundles`: those that it is about, which may be none. */
  | { readonly kind: 'not_replayable'; readonly why: string; readonly bundles: readonly string[] };

/** What is known of what the bundles of a policy say of an input. */
export interface Heard {
  readonly by: ReplayPolicy;
  readonly opinions: readonly Opinion[];
  /** What identity grants. */
  readonly capabilities: object;
  readonly budgets: PolicyInput['budgets'];
}

export interface AgainOptions {
  readonly by: ReplayPolicy;
  readonly counting: Counting;
  /** Of the same input; bundles that both policies share are not asked again. */
  readonly heard: Heard | undefined;
  readonly kinships: Kinships;
  readonly visibilities: Visibilities;
}

/**
 * Makes a recorded decision again by another policy: on its input as it was evaluated, at its own time, with approvals,
 * labels, counts of conversations and what the gateway itself found as they are on record.
 */
export function decideAgain(record: SealedRecord, options: AgainOptions): Again {
  const input = inputOf(record);
  const own = ownDenials(record, input, options);
  if (own === undefined) return { kind: 'not_replayable', why: 'of what was hidden no input is kept', bundles: [] };
  if (input === undefined || own.length > 0) return asDenied(record, own);
  const { by, counting } = options;
  const question = { action: actionOf(record), server: record.server, agent: input.agent.id, tool: record.tool };
  const { delegators } = record.combine;
  const known = counting.budgets(by.policy.countersRead({ ...question, delegators }), { record, input });
  if (known.kind === 'unknown')
    return {
      kind: 'not_replayable',
      why: `no count of ${known.counter} is on record`,
      bundles: [bundleOf(known.counter)],
    };
  const asked = new Asked(record, input, { ...options, budgets: known.budgets });
  const evaluation = by.policy.evaluate({
    ...question,
    input: unanswered(input, known.budgets),
    delegators,
    known: asked.known,
  });
  if (asked.blocked.size > 0) return blockedBy(asked.blocked);
  const { opinions: layers, required, modes } = evaluation;
  const heard = { by, opinions: layers, capabilities: evaluation.input.identity.capabilities, budgets: known.budgets };
  return reckon({ record, input: evaluation.input, heard }, { ...record.combine, required, modes, own }, options);
}

/** What the gateway itself denies: as it did, and as far as that was for policy to say, as this policy says. */
function ownDenials(
  record: SealedRecord,
  input: PolicyInput | undefined,
  { by, heard, kinships, visibilities }: AgainOptions,
): readonly OwnDenial[] | undefined {
  const { own } = record.combine;
  const wasHidden = own.some(isOfPolicy);
  if (input === undefined) return wasHidden ? undefined : own;
  if (!wasHidden && (by.policy.hiding.length === 0 || own.some(saysUnknown))) return own;
  // What another policy let be seen that lists alike needs no look.
  if (heard !== undefined && kinships.between(heard.by, by).listsAlike) return own;
  const hidden = visibilities.denialOf(record, input, by);
  if (hidden !== undefined) return [hidden];
  return wasHidden ? own.filter((denial) => !isOfPolicy(denial)) : own;
}

function actionOf({ action }: SealedRecord): Question['action'] {
  // A method is not asked about: its record has no input.
  return action === 'method' ? 'tool_call' : action;
}

function asDenied(record: SealedRecord, own: readonly OwnDenial[]): Again {
  const layers = own === record.combine.own ? record.layers : [];
  const facts = { ...factsFor(record, layers), combine: { ...record.combine, own } };
  return { kind: 'decided', decision: combine(facts), facts, heard: undefined };
}

function factsFor({ action, server, tool, combine: facts }: SealedRecord, layers: readonly Opinion[]): CombineInput {
  return { action, server, tool, layers, combine: facts };
}

/** Which bundles must be asked, and whether what they read of the input is masked. */
class Asked {
  /** Masked places by the bundle that would have to read them. */
  readonly blocked = new Map<string, readonly MaskedPlace[]>();
  readonly known: KnownOpinions;
  readonly #record: SealedRecord;
  readonly #input: PolicyInput;
  readonly #options: AgainOptions & Pick<Heard, 'budgets'>;
  readonly #opinions: ReadonlyMap<string, Opinion>;
  readonly #shared: ReadonlySet<string>;
  #masked: readonly MaskedPlace[] | undefined;
  #hasOtherBudgets: boolean | undefined;
  #hasOtherGrants: boolean | undefined;

  constructor(record: SealedRecord, input: PolicyInput, options: AgainOptions & Pick<Heard, 'budgets'>) {
    const { heard, by, kinships } = options;
    this.#record = record;
    this.#input = input;
    this.#options = options;
    this.#opinions = new Map(heard?.opinions.map((opinion) => [`${opinion.bundle} ${opinion.agent ?? ''}`, opinion]));
    this.#shared = heard === undefined ? new Set() : kinships.between(heard.by, by).shared;
    this.known = (participant, read) => {
      const known = this.#shared.has(participant.id) ? this.#find(participant.id, read) : undefined;
      if (known === undefined) this.#note(participant.id);
      return known;
    };
  }

  #find(bundle: string, read: PolicyInput): Opinion | undefined {
    const { heard, by } = this.#options;
    const agent = read.agent.id === this.#input.agent.id ? '' : read.agent.id;
    const opinion = this.#opinions.get(`${bundle} ${agent}`);
    if (heard === undefined || opinion === undefined || opinion.status !== 'ok') return undefined;
    if (
      opinion.layer !== 'identity' &&
      this.#grantsDiffer(read, heard) &&
      by.policy.reads([bundle], 'identity.capabilities')
    )
      return undefined;
    if (this.#budgetsDiffer(heard) && by.policy.reads([bundle], 'budgets')) return undefined;
    return opinion.obligations.some(chargesOthers) ? undefined : opinion;
  }

  #grantsDiffer({ identity }: PolicyInput, { capabilities }: Heard): boolean {
    this.#hasOtherGrants ??= !sameAsRecorded(capabilities, identity.capabilities);
    return this.#hasOtherGrants;
  }

  #budgetsDiffer({ budgets }: Heard): boolean {
    this.#hasOtherBudgets ??= !sameAsRecorded(budgets, this.#options.budgets);
    return this.#hasOtherBudgets;
  }

  #note(bundle: string): void {
    this.#masked ??= maskedIn(this.#record, this.#input);
    const { policy } = this.#options.by;
    const read = this.#masked.filter(({ place }) => policy.reads([bundle], place));
    if (read.length > 0) this.blocked.set(bundle, read);
  }
}

/** Whether there is such a counter, and what it costs at least, is for another bundle to say. */
function chargesOthers(obligation: Opinion['obligations'][number]): boolean {
  return obligation.type === 'counter' && obligation.name.includes('/');
}

/** Numbers in pointers are places in lists, which do not matter for what can be replayed. */
function blockedBy(blocked: ReadonlyMap<string, readonly MaskedPlace[]>): Again {
  const bundles = [...blocked.keys()].toSorted();
  const pointers = [...blocked.values()].flat().map(({ pointer }) => pointer.replaceAll(/\/\d+(?=\/|$)/g, '/*'));
  return { kind: 'not_replayable', why: `masked: ${[...new Set(pointers)].toSorted().join(', ')}`, bundles };
}

function bundleOf(counter: string): string {
  return counter.slice(0, counter.indexOf('/'));
}

interface Reckoned {
  readonly record: SealedRecord;
  readonly input: PolicyInput;
  readonly heard: Heard;
}

/** The decision, and what there is no room for, as when a call is recorded. */
function reckon({ record, input, heard }: Reckoned, facts: CombineFacts, { by, counting }: AgainOptions): Again {
  const first = { ...factsFor(record, heard.opinions), combine: { ...facts, reservations: [] } };
  const decision = combine(first);
  const { counters, rate_limits: rates } = decision.obligations;
  if (decision.effect !== 'allow' || counters.length + rates.length === 0)
    return { kind: 'decided', decision, facts: first, heard };
  const charges = chargesOf(first, { input, counters: by.policy.counters });
  const refused = counting.take(charges, { record, input });
  const reservations = refused.length > 0 ? factsOf(refused, 'refused') : factsOf(charges, 'reserved');
  const second = { ...first, combine: { ...first.combine, reservations } };
  return { kind: 'decided', decision: refused.length > 0 ? combine(second) : decision, facts: second, heard };
}
