import type { Clock } from '../core/clock.ts';
import {
  callsOf,
  count,
  type Counted,
  type Counts,
  isForgotten,
  lastMinute,
  noCounts,
  timesMade,
} from '../core/counts.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { type CountsKeeper, CountsMemory, NO_KEEPER } from './counts-memory.ts';
import type { Caller } from './port.ts';
import { type DeniedCall, RepeatedDenials } from './repeated-denials.ts';

/** What the gateway itself has counted; the `context` of policy input but its labels. */
export type ConversationFacts = Omit<PolicyInput['context'], 'labels'>;

/** Under which ids the store remembers what a caller does. */
export interface Remembered {
  readonly conversation: string;
  /** The agent and the user it acts for, over all of their conversations. */
  readonly agent: string;
}

/**
 * A downstream session is a conversation. Stateless clients have none, so one principal and client is one: the same id
 * after a restart and in every process. Nothing that a client says of a conversation splits it. `keyedId` makes ids
 * that nobody else can tell.
 */
export function rememberedAs({ era, session, principal }: Caller, keyedId: (text: string) => string): Remembered {
  const { agent, user } = principal;
  const whose = [agent.id, user.id];
  const conversation =
    era === 'stateless' ? `client-${keyedId(JSON.stringify(['client', ...whose, agent.client.name]))}` : session;
  return { conversation, agent: `agent-${keyedId(JSON.stringify(['agent', ...whose]))}` };
}

/** The conversation that a caller's labels and counts belong to. */
export function conversationOf(caller: Caller): string {
  return whose(caller).conversation;
}

/** The agent, with its user, to which what belongs to all of its conversations belongs. */
export function agentOf(caller: Caller): string {
  return whose(caller).agent;
}

function whose({ remembered, session }: Caller): Remembered {
  return remembered ?? { conversation: session, agent: `agent of ${session}` };
}

/** A tool call, as far as it is counted. */
export interface CountedCall {
  /** `<server>/<tool>` */
  readonly tool: string;
  readonly hash: string;
  readonly bytes: number;
}

const NO_CALL = { tool: '', hash: '' };

/** Ended sessions whose late requests are still told from those of sessions that go on. */
const MOST_ENDED = 1_000;
/** The usual rule of thumb for English text and JSON. */
const BYTES_PER_TOKEN = 4;

/** Counts tool calls, denials and bytes for each conversation, and for each agent over all of its conversations. */
export class Conversations {
  readonly #clock: Clock;
  readonly #memory: CountsMemory;
  readonly #denials: RepeatedDenials;
  readonly #ended = new Set<string>();

  constructor(clock: Clock, keeper: CountsKeeper = NO_KEEPER) {
    this.#clock = clock;
    this.#memory = new CountsMemory(clock, keeper);
    this.#denials = new RepeatedDenials(clock);
  }

  /** How many conversations and agents are in memory now. */
  get size(): number {
    return this.#memory.size;
  }

  /** Counts a tool call that is about to be decided; the facts include it. Rejects where the counts cannot be read. */
  async noteCall(caller: Caller, { tool, hash, bytes }: CountedCall): Promise<ConversationFacts> {
    const atMs = this.#clock.now();
    const read = (counts: Counts): Sums => sumsOf(counts, { tool, hash, nowMs: atMs });
    const [own, agent] = await this.#note(caller, { kind: 'call', atMs, bytes, tool, hash }, read);
    return factsOf(caller, own, agent);
  }

  /**
   * The facts for what is no tool call: prompts, resources and completions are read at any time and count for nothing.
   * `call`: one that was counted before and is decided once more.
   */
  async look(caller: Caller, { tool, hash }: Pick<CountedCall, 'tool' | 'hash'> = NO_CALL): Promise<ConversationFacts> {
    const nowMs = this.#clock.now();
    const sumsAt = async (id: string): Promise<Sums> => {
      const counts = await this.#memory.look(id);
      const isNothing = counts === undefined || isForgotten(counts, nowMs);
      return sumsOf(isNothing ? noCounts(nowMs) : counts, { tool, hash, nowMs });
    };
    const [own, agent] = await Promise.all([sumsAt(conversationOf(caller)), sumsAt(agentOf(caller))]);
    return factsOf(caller, own, agent);
  }

  /** Whether a caller's agent makes a call again and again that was denied for the same reasons. Notes this time. */
  isDeniedAgain(caller: Caller, call: Omit<DeniedCall, 'agent'>): boolean {
    return this.#denials.note({ ...call, agent: agentOf(caller) });
  }

  /** Counts a tool call that was denied. */
  async noteDenied(caller: Caller): Promise<void> {
    await this.#note(caller, { kind: 'denied', atMs: this.#clock.now() }, () => undefined);
  }

  /** Counts what came back from a tool. */
  async noteResult(caller: Caller, bytes: number): Promise<void> {
    await this.#note(caller, { kind: 'result', bytes }, () => undefined);
  }

  /** A session that has ended is forgotten here; a stateless client may come again at any time. */
  end(session: string): void {
    this.#memory.forget(session);
    this.#ended.add(session);
    const [oldest] = this.#ended;
    if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Resolves when the store has all that was counted. */
  close(): Promise<void> {
    return this.#memory.close();
  }

  #note<T>(caller: Caller, counted: Counted, read: (counts: Counts) => T): Promise<[conversation: T, agent: T]> {
    const { id: user } = caller.principal.user;
    const { id: agent, client } = caller.principal.agent;
    const id = conversationOf(caller);
    const conversation = this.#ended.has(id)
      ? read(justThis(counted))
      : this.#memory.note({ id, agent, user, client: client.name }, counted, read);
    return Promise.all([
      conversation,
      this.#memory.note({ id: agentOf(caller), agent, user, client: '' }, counted, read),
    ]);
  }
}

/** What is counted after its session has ended leaves nothing behind. */
function justThis(counted: Counted): Counts {
  const counts = noCounts(counted.kind === 'result' ? 0 : counted.atMs);
  count(counts, counted);
  return counts;
}

type Sums = ConversationFacts['agent'] & Pick<ConversationFacts, 'session_age_seconds'>;

interface AskedAt {
  readonly tool: string;
  readonly hash: string;
  readonly nowMs: number;
}

/** Members stand sorted, as in every policy input. */
function sumsOf(counts: Counts, { tool, hash, nowMs }: AskedAt): Sums {
  const { calls, denied } = lastMinute(counts, nowMs);
  return {
    calls_in_a_minute: calls,
    calls_in_a_row: counts.callsInARow,
    calls_of_tool: callsOf(counts, tool),
    cumulative_tokens: Math.ceil(counts.bytes / BYTES_PER_TOKEN),
    denied_calls: counts.denied,
    denied_in_a_minute: denied,
    identical_calls: timesMade(counts, hash, nowMs),
    session_age_seconds: Math.max(0, Math.floor((nowMs - counts.startedMs) / 1000)),
    turn_count: counts.turns,
  };
}

/** A session's age is its own: an agent has none. */
function factsOf(caller: Caller, own: Sums, ofAgent: Sums): ConversationFacts {
  const { session_age_seconds: _, ...agent } = ofAgent;
  return {
    agent,
    calls_in_a_minute: own.calls_in_a_minute,
    calls_in_a_row: own.calls_in_a_row,
    calls_of_tool: own.calls_of_tool,
    conversation_id: conversationOf(caller),
    cumulative_tokens: own.cumulative_tokens,
    denied_calls: own.denied_calls,
    denied_in_a_minute: own.denied_in_a_minute,
    identical_calls: own.identical_calls,
    session_age_seconds: own.session_age_seconds,
    turn_count: own.turn_count,
  };
}
