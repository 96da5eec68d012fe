import { TASK_STATUS } from '../core/protocol.ts';
import { changedList } from './list-changes.ts';
import { RateGate } from './rate-gate.ts';
import type { RpcNotification, RpcRequest } from '../core/rpc.ts';

/** What one connection may say unasked, before what is beyond that is dropped and counted. */
const TALK = { burst: 1_000, perSecond: 200 };
/** Of a measure of its own, so that a server which logs much is heard when a task or an elicitation is done. */
const NEWS = { burst: 1_000, perSecond: 200 };
/** Each question is answered, and each one that is refused is recorded. */
const QUESTIONS = { burst: 200, perSecond: 50 };

/** Has a measure of its own (progress), or costs nothing and must not be missed. */
const MEASURED: ReadonlySet<string> = new Set(['notifications/progress', 'notifications/cancelled']);
/** What somebody waits for. */
const AWAITED: ReadonlySet<string> = new Set([
  'notifications/elicitation/complete',
  'notifications/resources/updated',
  'notifications/subscriptions/acknowledged',
  ...TASK_STATUS,
]);

/**
 * Lets so much of what a server says unasked through that a flood of it fills no memory, no log and no store. Answers
 * pass always, and so does the news that a list has changed: it is gathered further on, and pins depend on it.
 */
export class FloodGate {
  readonly #talk: RateGate;
  readonly #news: RateGate;
  readonly #questions: RateGate;
  readonly #onFlood: (dropped: number) => void;
  #dropped = 0;

  /** `onFlood` is told at the first message that is dropped, then at the tenth, the hundredth, and so on. */
  constructor(nowMs: number, onFlood: (dropped: number) => void) {
    this.#talk = new RateGate(TALK, nowMs);
    this.#news = new RateGate(NEWS, nowMs);
    this.#questions = new RateGate(QUESTIONS, nowMs);
    this.#onFlood = onFlood;
  }

  get dropped(): number {
    return this.#dropped;
  }

  admits(message: RpcNotification | RpcRequest, nowMs: number): boolean {
    if (message.kind === 'notification' && (MEASURED.has(message.method) || changedList(message) !== undefined)) {
      return true;
    }
    if (this.#gateOf(message).admits(nowMs)) return true;
    this.#dropped++;
    if (/^10*$/u.test(String(this.#dropped))) this.#onFlood(this.#dropped);
    return false;
  }

  #gateOf({ kind, method }: RpcNotification | RpcRequest): RateGate {
    if (kind === 'request') return this.#questions;
    return AWAITED.has(method) ? this.#news : this.#talk;
  }
}
