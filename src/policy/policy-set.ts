import type { Clock } from '../core/clock.ts';
import type { Layer, Mode, Opinion } from '../core/opinion.ts';
import { NO_CONTEXT, type PolicyInput } from '../core/policy-input.ts';
import type { Delegator } from '../core/principal.ts';
import { phaseOf } from '../core/action.ts';
import { capabilitiesOf } from './combine-capabilities.ts';
import { denialsOf, takingPart } from './combine-opinions.ts';
import type { Counter } from './counters.ts';
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
  /** On whose behalf is asked; absent where on nobody’s. */
  readonly delegators?: readonly Delegator[];
}

export interface PolicySetParts {
  readonly generation: string;
  readonly participants: readonly Participant[];
  /** By bundle id; a missing bundle is not in it. */
  readonly respondents: ReadonlyMap<string, Respondent>;
  /** By full name; none where nothing is said. */
  readonly counters?: ReadonlyMap<string, Counter>;
  readonly required: readonly Layer[];
  /** Of one bundle in one decision. A decision has twice that. */
  readonly evaluationFuel: number;
  readonly clock: Clock;
}

const DECISION_FUEL_RATIO = 2;
const MOST_AUDIENCES = 1_000;

/** The bundles that take part in what one agent does with one tool, and their modes. */
type Budgets = PolicyInput['budgets'] | undefined;

interface Audience {
  readonly identity: readonly Participant[];
  readonly behind: readonly Participant[];
  readonly modes: Evaluation['modes'];
  /** Those that one of them reads, and those that one of identity reads. */
  readonly counters: readonly Counter[];
  readonly identityCounters: readonly Counter[];
}

/** What a hearing goes by beside its input. */
interface Beside extends Pick<Question, 'known'> {
  readonly budgets: Budgets;
}

/** What identity says of everybody behind the caller. */
interface Bounds {
  readonly fuelLeft: number;
  readonly opinions: readonly Opinion[];
  readonly modes: Evaluation['modes'];
}

/** A generation: the bundles in force, compiled and warm. It is never changed; a new one takes its place. */
export class PolicySet {
  readonly generation: string;
  readonly participants: readonly Participant[];
  /** Layers whose absence is a denial. */
  readonly required: readonly Layer[];
  /** Of one bundle in one decision. */
  readonly evaluationFuel: number;
  /** By full name. */
  readonly counters: ReadonlyMap<string, Counter>;
  /** Ids of the bundles that have rules which hide things. */
  readonly hiding: readonly string[];
  readonly #parts: PolicySetParts;
  readonly #audiences = new Map<string, Audience>();
  /** Where nobody is behind the caller. */
  readonly #unbounded: Bounds;

  constructor(parts: PolicySetParts) {
    this.generation = parts.generation;
    this.participants = parts.participants;
    this.required = parts.required;
    this.evaluationFuel = parts.evaluationFuel;
    this.counters = parts.counters ?? new Map();
    this.hiding = [...parts.respondents].flatMap(([id, { unit }]) =>
      unit.factsOf(id)?.ruleSets.includes('hide') === true ? [id] : [],
    );
    this.#parts = parts;
    this.#unbounded = { fuelLeft: DECISION_FUEL_RATIO * parts.evaluationFuel, opinions: [], modes: {} };
  }

  /** Asks every bundle in scope. Never throws for what a bundle does; that is a status of its opinion. */
  evaluate(question: Question): Evaluation {
    const isListing = phaseOf(question.action) === 'list';
    const input = isListing ? withoutCall(question.input) : withoutBudgets(question.input);
    const { identity: gate, behind, modes } = this.#audienceOf(question);
    const budgets = isListing ? undefined : question.input.budgets;
    const { delegators, known } = question;
    const bounds =
      delegators === undefined ? this.#unbounded : this.#boundsOf(delegators, { ...question, input }, budgets);
    const hearing = this.#hearingOf(input, bounds.fuelLeft, { budgets, known });
    const identity = [...gate.map((one) => hearing.ask(one)), ...bounds.opinions];
    const granted = hearing.grant(capabilitiesOf(identity));
    const isRefused = !isListing && denialsOf(takingPart(identity), 'identity').length > 0;
    const others = behind.map((one) => (isRefused && one.loaded !== undefined ? skipped(one) : hearing.ask(one)));
    const opinions = [...identity, ...others];
    return {
      opinions: isListing ? opinions.map(onlyHides) : opinions,
      required: this.#parts.required,
      modes: bounds === this.#unbounded ? modes : { ...modes, ...bounds.modes },
      input: granted,
      ...(delegators && { delegators }),
    };
  }

  /** Whether a bundle speaks about results of this tool; where none does, they are not decided on. */
  governsResults({ server, agent, tool, delegators = [] }: ScopeQuestion & Pick<Question, 'delegators'>): boolean {
    const audienceOf = (id: string): Audience => this.#audienceOf({ action: 'tool_result', server, agent: id, tool });
    const { identity, behind } = audienceOf(agent);
    return identity.length + behind.length > 0 || delegators.some(({ id }) => audienceOf(id).identity.length > 0);
  }

  /** The counters whose state is read by the bundles that take part, those that bound the agent included. */
  countersRead(question: Omit<Question, 'input'>): readonly Counter[] {
    if (this.counters.size === 0) return NO_COUNTERS;
    const { counters } = this.#audienceOf(question);
    const { delegators = [] } = question;
    if (delegators.length === 0) return counters;
    const ofOthers = delegators.flatMap(({ id }) => this.#audienceOf({ ...question, agent: id }).identityCounters);
    const read = new Set([...counters, ...ofOthers]);
    return [...this.counters.values()].filter((counter) => read.has(counter));
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
    const audience = this.#audienceFrom(participantsIn(question, this.participants));
    if (this.#audiences.size >= MOST_AUDIENCES) this.#audiences.clear();
    this.#audiences.set(key, audience);
    return audience;
  }

  #audienceFrom(participants: readonly Participant[]): Audience {
    const identity = participants.filter(isIdentity);
    return {
      identity,
      behind: participants.filter((one) => !isIdentity(one)),
      modes: modesOf(participants),
      counters: this.#readBy(participants),
      identityCounters: this.#readBy(identity),
    };
  }

  #readBy(participants: readonly Participant[]): readonly Counter[] {
    const views = participants.flatMap(({ id }) => this.#parts.respondents.get(id)?.budgets ?? []);
    const read = new Set(views.map(({ counter }) => counter));
    return [...this.counters].flatMap(([name, counter]) => (read.has(name) ? [counter] : []));
  }

  /** What identity says of those on whose behalf is asked: no agent gets more than each of them would. */
  #boundsOf(delegators: readonly Delegator[], question: Question, budgets: Budgets): Bounds {
    const opinions: Opinion[] = [];
    const modes: Record<string, Mode> = {};
    let { fuelLeft } = this.#unbounded;
    for (const [index, delegator] of delegators.entries()) {
      const { identity } = this.#audienceOf({ ...question, agent: delegator.id });
      const input = askedBy(delegator, delegators.slice(index + 1), question.input);
      const hearing = this.#hearingOf(input, fuelLeft, { budgets, known: question.known });
      for (const one of identity) opinions.push({ ...hearing.ask(one), agent: delegator.id });
      Object.assign(modes, modesOf(identity));
      fuelLeft = hearing.fuelLeft;
    }
    return { fuelLeft, opinions, modes };
  }

  #hearingOf(input: PolicyInput, decisionFuel: number, { budgets, known }: Beside): Hearing {
    const { respondents, evaluationFuel: bundleFuel, clock } = this.#parts;
    return new Hearing({ respondents, input, budgets, bundleFuel, decisionFuel, clock, known });
  }
}

/** The same question as if one of those asked it on whose behalf it is asked. */
function askedBy(
  { id, model, owner_team, scope }: Delegator,
  further: readonly Delegator[],
  input: PolicyInput,
): PolicyInput {
  const { client } = input.agent;
  const delegatedBy = further.map((delegator) => delegator.id);
  return { ...input, agent: { client, delegated_by: delegatedBy, id, model, owner_team, scope } };
}

const NO_COUNTERS: readonly Counter[] = [];

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

/** Each bundle reads another part of them. */
function withoutBudgets(input: PolicyInput): PolicyInput {
  return Object.keys(input.budgets).length === 0 ? input : { ...input, budgets: {} };
}

/** Lists are kept for later calls, so what belongs to one call is empty in their input. */
function withoutCall(input: PolicyInput): PolicyInput {
  return {
    ...input,
    action: { ...input.action, args: {} },
    context: NO_CONTEXT,
    budgets: {},
    claims: { conversation_id: '', cumulative_tokens: 0, model: '', present: [], turn_count: 0 },
  };
}
