import type { Clock } from '../core/clock.ts';

/** What the gateway itself knows of a conversation; the `context` of policy input. */
export interface ConversationFacts {
  readonly conversationId: string;
  readonly turnCount: number;
  readonly cumulativeTokens: number;
  readonly sessionAgeSeconds: number;
  readonly callsInARow: number;
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

/** Counts calls and bytes for each downstream session, for as long as it lasts. */
export class Conversations {
  readonly #clock: Clock;
  readonly #conversations = new Map<string, Conversation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a call that is about to be decided; the facts include it. */
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
    return {
      conversationId: session,
      turnCount: after.turnCount,
      cumulativeTokens: Math.ceil(after.bytes / BYTES_PER_TOKEN),
      sessionAgeSeconds: Math.floor((now - after.startedAtMs) / 1000),
      callsInARow: after.callsInARow,
    };
  }

  end(session: string): void {
    this.#conversations.delete(session);
  }
}
