import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { Origin, Road } from '../core/observer.ts';
import { type Era, isLogLevel, isWanted, type LogLevel, TASK_STATUS } from '../core/protocol.ts';
import type { RpcAnswer, RpcId } from '../core/rpc.ts';
import { Stop, type StopSignal } from '../core/stop.ts';
import type { Ask, Exchange } from '../gateway/port.ts';
import { answerText, failureOfThrown, invalidRequest, notificationText, tooMany } from './answer.ts';
import type { Outlet } from './outlet.ts';
import type { Lane, Turn } from './turns.ts';

/** Milliseconds by which progress reaches the client ahead of the answer. */
const PROGRESS_LEAD_MS = 5;

/**
 * What stateless clients are not told on the way to an answer: of the end of an elicitation they learn by asking again, and
 * of tasks by `subscriptions/listen`.
 */
const NOT_BESIDE_ANSWERS: ReadonlySet<string> = new Set(['notifications/elicitation/complete', ...TASK_STATUS]);

/** A request that is about to be worked on. */
export interface Start {
  readonly id: RpcId;
  /** By what it is found to be cancelled: its id, or its outlet where ids are not told apart. */
  readonly key: RpcId | Outlet;
  readonly outlet: Outlet;
  /** Bytes of the message that asks. */
  readonly byteLength: number;
  readonly era: Era;
  readonly dropped: readonly string[];
  readonly progressToken: RpcId | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly ask: Ask | undefined;
  /** The answer as the client's era has it. */
  readonly shape: (answer: RpcAnswer) => RpcAnswer;
}

/** Requests that wait for their answers, each with an end of its own. */
export class InFlight {
  readonly #lane: Lane;
  readonly #logger: Logger;
  readonly #flights = new Map<RpcId | Outlet, Flight>();
  #onDrained: (() => void)[] | undefined = undefined;

  constructor(lane: Lane, logger: Logger) {
    this.#lane = lane;
    this.#logger = logger;
  }

  get size(): number {
    return this.#flights.size;
  }

  has(key: RpcId | Outlet): boolean {
    return this.#flights.has(key);
  }

  /** Ends the outlet with what the work comes to, sooner or later. The work begins when it is this client's turn. */
  run(start: Start, work: (exchange: Exchange) => Promise<RpcAnswer>): void {
    const { id, key, outlet } = start;
    if (this.#flights.has(key)) return endWith(outlet, id, usedTwice());
    const flight = new Flight(start, () => this.#begin(flight, work));
    this.#flights.set(key, flight);
    const refusal = this.#lane.enter(flight);
    if (refusal === undefined) return undefined;
    this.#flights.delete(key);
    return endWith(outlet, id, tooMany(refusal));
  }

  cancel(key: RpcId | Outlet, message: string): void {
    const flight = this.#flights.get(key);
    if (flight !== undefined) this.#cancel(flight, message);
  }

  cancelAll(message: string): void {
    for (const flight of this.#flights.values()) this.#cancel(flight, message);
  }

  /** Resolves when no request waits for its answer any more. */
  drained(): Promise<void> {
    if (this.#flights.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained ??= [];
      this.#onDrained.push(resolve);
    });
  }

  #begin(flight: Flight, work: (exchange: Exchange) => Promise<RpcAnswer>): void {
    work(flight).then(
      (answer) => this.#finish(flight, answer),
      (thrown: unknown) => this.#fail(flight, thrown),
    );
  }

  /** What still waits for its turn never begins. */
  #cancel(flight: Flight, message: string): void {
    flight.cancel(message);
    if (!flight.hasBegun) this.#deliver(flight, CANCELLED);
  }

  #fail(flight: Flight, thrown: unknown): void {
    if (!flight.isCancelled) logUnforeseen(thrown, this.#logger);
    this.#finish(flight, failureOfThrown(thrown));
  }

  /**
   * The SDK's clients forget a request when they read its answer, before they look at progress that they read in the same
   * piece. So the answer to a request that has shown progress comes a little later.
   */
  #finish(flight: Flight, answer: RpcAnswer): void {
    if (flight.hasProgressed) setTimeout(() => this.#deliver(flight, answer), PROGRESS_LEAD_MS);
    else this.#deliver(flight, answer);
  }

  /** A cancelled request is not answered (2025-11-25, Cancellation). */
  #deliver(flight: Flight, answer: RpcAnswer): void {
    const { id, key, outlet, shape } = flight.start;
    const { scopes } = answer;
    this.#flights.delete(key);
    this.#lane.leave(flight);
    flight.hasEnded = true;
    if (flight.isCancelled) outlet.end(undefined);
    else this.#endSafely(outlet, id, () => (scopes === undefined ? shape(answer) : { ...shape(answer), scopes }));
    if (this.#flights.size > 0 || this.#onDrained === undefined) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }

  /** An answer that cannot be written must not end the process: nobody above waits for it. */
  #endSafely(outlet: Outlet, id: RpcId, shaped: () => RpcAnswer): void {
    try {
      endWith(outlet, id, shaped());
    } catch (thrown) {
      logUnforeseen(thrown, this.#logger);
      endWith(outlet, id, failureOfThrown(thrown));
    }
  }
}

export function endWith(outlet: Outlet, id: RpcId, answer: RpcAnswer): void {
  const errorCode = answer.kind === 'failure' ? answer.error.code : undefined;
  outlet.end(answerText(id, answer), { errorCode, scopes: answer.scopes });
}

export function logUnforeseen(thrown: unknown, logger: Logger): void {
  if (thrown instanceof GatewayError) return;
  logger.error('A request failed for a reason that nobody foresaw.', { error: messageOf(thrown) });
}

/** Whether a client that wants messages from `least` on wants this one. A level that nobody knows is wanted. */
export function isWantedLog(params: JsonObject, least: LogLevel | undefined): boolean {
  const { level } = params;
  return least !== undefined && (!isLogLevel(level) || isWanted(level, least));
}

class Flight implements Exchange, Turn {
  readonly start: Start;
  readonly begin: () => void;
  hasBegun = false;
  readonly dropped: readonly string[];
  readonly logLevel: LogLevel | undefined;
  readonly ask: Ask | undefined;
  readonly onProgress: Exchange['onProgress'];
  hasProgressed = false;
  hasEnded = false;
  readonly #stop = new Stop();

  constructor(start: Start, begin: () => void) {
    this.start = start;
    this.begin = begin;
    this.dropped = start.dropped;
    this.logLevel = start.logLevel;
    this.ask = start.ask;
    this.onProgress = start.progressToken === undefined ? undefined : this.#pass(start.progressToken);
  }

  get origin(): Origin {
    return { id: this.start.id, road: this.start.outlet.road ?? PIPE };
  }

  get signal(): StopSignal {
    return this.#stop;
  }

  get byteLength(): number {
    return this.start.byteLength;
  }

  get isCancelled(): boolean {
    return this.#stop.aborted;
  }

  readonly notify = (method: string, params: JsonObject): void => {
    if (this.hasEnded || this.isCancelled) return;
    if (method === 'notifications/message' && !isWantedLog(params, this.logLevel)) return;
    if (this.start.era === 'stateless' && NOT_BESIDE_ANSWERS.has(method)) return;
    this.start.outlet.notify(notificationText(method, params));
  };

  cancel(message: string): void {
    this.#stop.stop(new GatewayError('CANCELLED', message));
  }

  #pass(progressToken: RpcId): (params: JsonObject) => void {
    return (params) => {
      if (this.hasEnded || this.isCancelled) return;
      this.hasProgressed = true;
      this.start.outlet.notify(notificationText('notifications/progress', { ...params, progressToken }));
    };
  }
}

const PIPE: Road = { kind: 'pipe' };

export function usedTwice(): RpcAnswer {
  return invalidRequest('A request with this id is in flight already.');
}

/** Goes nowhere: a cancelled request is not answered. */
const CANCELLED: RpcAnswer = invalidRequest('The request was cancelled.');
