import type { Clock } from '../core/clock.ts';
import type { Layer, Mode, Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { phaseOf } from '../core/action.ts';
import { capabilitiesOf } from './combine-capabilities.ts';
import { denialsOf, takingPart } from './combine-opinions.ts';
import { Hearing, type Respondent, skipped } from './hearing.ts';
import { NO_PARTS } from './opinion.ts';
import type { ScopeQuestion } from './scope.ts';
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
const MOST_AUDIENCES = 1_000;

/** The bundles that take part in what one agent does with one tool, and their modes. */
interface Audience {
  readonly identity: readonly Participant[];
  readonly behind: readonly Participant[];
  readonly modes: Evaluation['modes'];
}

/** A generation: the bundles in force, compiled and warm. It is never changed; a new one takes its place. */
export class PolicySet {
  readonly generation: string;
  readonly participants: readonly Participant[];
  readonly #parts: PolicySetParts;
  readonly #audiences = new Map<string, Audience>();

  constructor(parts: PolicySetParts) {
    this.generation = parts.generation;
    this.participants = parts.participants;
    this.#parts = parts;
  }

  /** Asks every bundle in scope. Never throws for what a bundle does; that is a status of its opinion. */
  evaluate(question: Question): Evaluation {
    const isListing = phaseOf(question.action) === 'list';
    const input = isListing ? withoutCall(question.input) : question.input;
    const { identity: gate, behind, modes } = this.#audienceOf(question);
    const hearing = this.#hearingOf(input);
    const identity = gate.map((one) => hearing.ask(one));
    const granted = hearing.grant(capabilitiesOf(identity));
    const isRefused = !isListing && denialsOf(takingPart(identity), 'identity').length > 0;
    const others = behind.map((one) => (isRefused && one.loaded !== undefined ? skipped(one) : hearing.ask(one)));
    const opinions = [...identity, ...others];
    return {
      opinions: isListing ? opinions.map(onlyHides) : opinions,
      required: this.#parts.required,
      modes,
      input: granted,
    };
  }

  /** Whether a bundle speaks about results of this tool; where none does, they are not decided on. */
  governsResults({ server, agent, tool }: ScopeQuestion): boolean {
    const { identity, behind } = this.#audienceOf({ action: 'tool_result', server, agent, tool });
    return identity.length + behind.length > 0;
  }

  /** Whether one of these bundles can see what stands at a place of the input, such as `action.args.path`. */
  reads(bundles: readonly string[], place: string): boolean {
    return bundles.some((bundle) => this.#parts.respondents.get(bundle)?.unit.reads(bundle, place) === true);
  }

  /** Who is asked depends on few names, which come again and again. */
  #audienceOf(question: Omit<Question, 'input'>): Audience {
    const { action, server, agent, tool } = question;
    // Agent and tool are named by others: the length keeps one from reading as part of the other.
    const key = `${action} ${server} ${agent.length} ${agent}${tool}`;
    const known = this.#audiences.get(key);
    if (known !== undefined) return known;
    const audience = audienceOf(participantsIn(question, this.participants));
    if (this.#audiences.size >= MOST_AUDIENCES) this.#audiences.clear();
    this.#audiences.set(key, audience);
    return audience;
  }

  #hearingOf(input: PolicyInput): Hearing {
    const { respondents, evaluationFuel: bundleFuel, clock } = this.#parts;
    return new Hearing({ respondents, input, bundleFuel, decisionFuel: DECISION_FUEL_RATIO * bundleFuel, clock });
  }
}

function audienceOf(participants: readonly Participant[]): Audience {
  return {
    identity: participants.filter(isIdentity),
    behind: participants.filter((one) => !isIdentity(one)),
    modes: modesOf(participants),
  };
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
      calls_in_a_row: 0,
      conversation_id: '',
      cumulative_tokens: 0,
      labels: [],
      session_age_seconds: 0,
      turn_count: 0,
    },
    budgets: {},
    claims: { conversation_id: '', cumulative_tokens: 0, model: '', present: [], turn_count: 0 },
  };
}
