import type { Clock } from '../core/clock.ts';
import type { Layer, Mode, Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { phaseOf } from '../core/action.ts';
import { capabilitiesOf } from './combine-capabilities.ts';
import { denialsOf, takingPart } from './combine-opinions.ts';
import { Hearing, mutable, type Respondent, skipped } from './hearing.ts';
import { NO_PARTS } from './opinion.ts';
import { type Participant, participantsIn, type Question } from './participant.ts';

/** What all bundles that take part say of one question; `combine` makes the decision of it. */
export interface Evaluation {
  /** Identity first, then by layer and id. */
  readonly opinions: readonly Opinion[];
  /** Layers whose absence is a denial. */
  readonly required: readonly Layer[];
  /** Modes of the bundles that took part, other than `enforce`, by bundle or full rule name. */
  readonly modes: Readonly<Record<string, Mode>>;
  /** The input as the layers behind identity read it: with the capabilities that identity granted. */
  readonly input: PolicyInput;
}

export interface PolicySetParts {
  readonly generation: string;
  readonly participants: readonly Participant[];
  /** By bundle id; a missing bundle is not in it. */
  readonly respondents: ReadonlyMap<string, Respondent>;
  readonly required: readonly Layer[];
  /** Of one bundle in one decision. A decision has twice that. */
  readonly evaluationFuel: number;
  readonly clock: Clock;
}

const DECISION_FUEL_RATIO = 2;

/** A generation: the bundles in force, compiled and warm. It is never changed; a new one takes its place. */
export class PolicySet {
  readonly generation: string;
  readonly participants: readonly Participant[];
  readonly #parts: PolicySetParts;

  constructor(parts: PolicySetParts) {
    this.generation = parts.generation;
    this.participants = parts.participants;
    this.#parts = parts;
  }

  /** Asks every bundle in scope. Never throws for what a bundle does; that is a status of its opinion. */
  evaluate(question: Question): Evaluation {
    const isListing = phaseOf(question.action) === 'list';
    const input = isListing ? withoutCall(question.input) : question.input;
    const participants = participantsIn(question, this.participants);
    const hearing = this.#hearingOf(input);
    const identity = participants.filter(isIdentity).map((one) => hearing.ask(one));
    const capabilities = capabilitiesOf(identity);
    hearing.grant(capabilities);
    const isRefused = !isListing && denialsOf(takingPart(identity), 'identity').length > 0;
    const behind = participants.filter((one) => !isIdentity(one));
    const others = behind.map((one) => (isRefused && one.loaded !== undefined ? skipped(one) : hearing.ask(one)));
    const opinions = [...identity, ...others];
    return {
      opinions: isListing ? opinions.map(onlyHides) : opinions,
      required: this.#parts.required,
      modes: modesOf(participants),
      input: { ...input, identity: { capabilities: mutable(capabilities) } },
    };
  }

  /** Whether one of these bundles can see what stands at a place of the input, such as `action.args.path`. */
  reads(bundles: readonly string[], place: string): boolean {
    return bundles.some((bundle) => this.#parts.respondents.get(bundle)?.unit.reads(bundle, place) === true);
  }

  #hearingOf(input: PolicyInput): Hearing {
    const { respondents, evaluationFuel: bundleFuel, clock } = this.#parts;
    return new Hearing({ respondents, input, bundleFuel, decisionFuel: DECISION_FUEL_RATIO * bundleFuel, clock });
  }
}

function isIdentity({ layer }: Participant): boolean {
  return layer === 'identity';
}

/** In a list only hides and what identity grants are read; the rest would only swell the record. */
function onlyHides(opinion: Opinion): Opinion {
  return { ...opinion, ...NO_PARTS, hide: opinion.hide, capabilities: opinion.capabilities };
}

function modesOf(participants: readonly Participant[]): Readonly<Record<string, Mode>> {
  const modes = participants.flatMap(({ id, mode, ruleModes }) => [
    [id, mode] as const,
    ...Object.entries(ruleModes).map(([rule, ruleMode]) => [`${id}/${rule}`, ruleMode] as const),
  ]);
  return Object.fromEntries(modes.filter(([, mode]) => mode !== 'enforce'));
}

/** Lists are kept for later calls, so what belongs to one call is empty in their input. */
function withoutCall(input: PolicyInput): PolicyInput {
  return {
    ...input,
    action: { ...input.action, args: {} },
    context: {
      conversation_id: '',
      turn_count: 0,
      cumulative_tokens: 0,
      session_age_seconds: 0,
      calls_in_a_row: 0,
      labels: [],
    },
    budgets: {},
    claims: { present: [], model: '', turn_count: 0, cumulative_tokens: 0, conversation_id: '' },
  };
}
