import type { Clock } from '../core/clock.ts';
import type { Caller } from './port.ts';

/** What the gateway itself knows of a conversation; the `context` of policy input. */
export interface ConversationFacts {
  readonly conversationId: string;
  readonly turnCount: number;
  readonly cumulativeTokens: number;
  readonly sessionAgeSeconds: number;
  readonly callsInARow: number;
}

/** The conversation that a caller's labels and counts belong to. */
export function conversationOf({ session }: Caller): string {
  return session;
}

interface Conversation {
  readonly startedAtMs: number;
  readonly lastCallAtMs: number;
  readonly turnCount: number;
  readonly callsInARow: number;
  readonly bytes: number;
}

/** A pause after which the next call opens a new turn: an agent at work calls again sooner, a person is slower. */
const TURN_PAUSE_MS = 20_000;
/** The usual rule of thumb for English text and JSON. */
const BYTES_PER_TOKEN = 4;

/** Counts tool calls and their bytes for each downstream session, for as long as it lasts. */
export class Conversations {
  readonly #clock: Clock;
  readonly #conversations = new Map<string, Conversation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a tool call that is about to be decided; the facts include it. */
  noteCall(session: string, bytes: number): ConversationFacts {
    const now = this.#clock.monotonic();
    const before = this.#conversations.get(session);
    const opensTurn = before === undefined || now - before.lastCallAtMs > TURN_PAUSE_MS;
    const after: Conversation = {
      startedAtMs: before?.startedAtMs ?? now,
      lastCallAtMs: now,
      turnCount: (before?.turnCount ?? 0) + (opensTurn ? 1 : 0),
      callsInARow: opensTurn ? 1 : before.callsInARow + 1,
      bytes: (before?.bytes ?? 0) + bytes,
    };
    this.#conversations.set(session, after);
    return factsOf(session, after, now);
  }

  /** The facts for what is no tool call: prompts, resources and completions are read at any time and count for nothing. */
  look(session: string): ConversationFacts {
    const now = this.#clock.monotonic();
    const none = { startedAtMs: now, lastCallAtMs: now, turnCount: 0, callsInARow: 0, bytes: 0 };
    return factsOf(session, this.#conversations.get(session) ?? none, now);
  }

  end(session: string): void {
    this.#conversations.delete(session);
  }
}

function factsOf(session: string, conversation: Conversation, now: number): ConversationFacts {
  return {
    conversationId: session,
    turnCount: conversation.turnCount,
    cumulativeTokens: Math.ceil(conversation.bytes / BYTES_PER_TOKEN),
    sessionAgeSeconds: Math.floor((now - conversation.startedAtMs) / 1000),
    callsInARow: conversation.callsInARow,
  };
}
