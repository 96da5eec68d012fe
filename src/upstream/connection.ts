import { randomInt } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { SUBSCRIPTION_ID, TASK_STATUS } from '../core/protocol.ts';
import type { RpcAnswer, RpcId, RpcMessage, RpcNotification, RpcRequest } from '../core/rpc.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import { attribute, mayBelong, type InFlight } from './attribution.ts';
import { SESSION_DIALECT, type Dialect } from './dialect.ts';
import { FloodGate } from './flood-gate.ts';
import { withTraceHeaders } from './mcp-headers.ts';
import { notificationText, requestText } from './message-text.ts';
import { Pending } from './pending.ts';
import { Questions } from './questions.ts';
import type { AnswerQuestion, SentOptions } from './request-options.ts';
import type { HeaderList, Wire, WireListener } from './wire.ts';

export interface ConnectionOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly wire: Wire;
  readonly clock: Clock;
  /** How long a request may go without a sign of life where it does not say so itself, milliseconds. */
  readonly timeoutMs: number;
  /** The client capabilities that the server is told of in a handshake. */
  readonly offers: JsonObject;
  /** What the server tells outside of requests. */
  readonly onNotification: (notification: RpcNotification) => void;
  /** Hears of the states of tasks as well, on whatever road they come. */
  readonly onTaskStatus?: ((params: JsonObject) => void) | undefined;
  /** What the server asks outside of requests. */
  readonly onRequest: AnswerQuestion;
  readonly onRefused: (request: RpcRequest) => void;
  /** It says so much unasked that some of it is dropped: how many messages by now, told ever more rarely. */
  readonly onFlood?: ((dropped: number) => void) | undefined;
  /** A request got no sign of life in time; its caller has been told. */
  readonly onTimeout: () => void;
  /** The connection ended by itself. */
  readonly onClose: (error: GatewayError) => void;
  /** How often silence is looked for, milliseconds. */
  readonly tickMs?: number | undefined;
}

/** Messages that belong to no request of ours: ignored, and counted here. */
export interface Strays {
  /** Answers to requests that are over: late, or given twice. */
  readonly late: number;
  /** Answers to requests that never were. */
  readonly foreign: number;
  /** Notifications and requests beyond what a connection may say unasked. */
  readonly dropped: number;
}

const TICK_MS = 500;
const CANCELLED = 'notifications/cancelled';
const LISTEN = 'subscriptions/listen';
/** Never cancelled: `initialize` because MCP 2025-11-25 forbids it, a probe because nobody may know it. */
const HANDSHAKES: ReadonlySet<string> = new Set(['initialize', 'server/discover']);
/**
 * Requests and answers of one connection to an upstream server (JSON-RPC 2.0; MCP 2025-11-25, basic/utilities). The ids
 * are its own and begin at a random number, so that no answer meant for another connection fits. It hands messages on in
 * the order in which they came and within the same turn, so progress that precedes its result is delivered before it.
 */
export class Connection implements WireListener {
  readonly #options: ConnectionOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #inFlight: InFlight;
  readonly #questions: Questions;
  readonly #flood: FloodGate;
  readonly #firstId = randomInt(1, 2 ** 31);
  readonly #abort = (id: number): void => this.#cancel(id);
  #dialect: Dialect = SESSION_DIALECT;
  #nextId = this.#firstId;
  #late = 0;
  #foreign = 0;
  #ended: GatewayError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRetiring = false;

  constructor(options: ConnectionOptions) {
    const { wire, clock } = options;
    this.#options = options;
    this.#flood = new FloodGate(clock.monotonic(), (dropped) => options.onFlood?.(dropped));
    this.#inFlight = { pending: this.#pending, hasStreams: wire.hasStreams };
    this.#questions = new Questions({
      send: (text) => void this.#send(text),
      offers: () => (this.#dialect.era === 'session' ? options.offers : NO_OFFERS),
      onRequest: options.onRequest,
      onRefused: options.onRefused,
      now: () => clock.monotonic(),
    });
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  /** Nothing new begins on it. */
  get hasEnded(): boolean {
    return this.#ended !== undefined || this.#isRetiring;
  }

  get strays(): Strays {
    return { late: this.#late, foreign: this.#foreign, dropped: this.#flood.dropped };
  }

  /** From now on requests are dressed so. */
  speak(dialect: Dialect): void {
    this.#dialect = dialect;
  }

  /** The server's answer. Rejects with CANCELLED, SIGN_IN_REQUIRED or one of UPSTREAM_*. */
  request(method: string, params: JsonObject, options: SentOptions): Promise<RpcAnswer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (options.signal?.aborted === true) return Promise.reject(cancelled(method));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const settlers = { resolve, reject, abort: this.#abort };
      this.#pending.set(id, new Pending({ id, method, options }, this.#options.clock.monotonic(), settlers));
      this.#timer ??= setInterval(() => this.#tick(), this.#options.tickMs ?? TICK_MS).unref();
      const dialect = this.#dialect;
      const text = requestText(id, method, dialect.dress(params, id, options));
      void this.#send(text, id, withTraceHeaders(dialect.headersFor(method, params), params));
    });
  }

  /** Tells the server something. Fulfilled when it has been handed over, or cannot be. */
  async notify(method: string, params: JsonObject): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.#send(notificationText(method, this.#dialect.dressNotification(params)));
  }

  /** Ends the wire; whatever still waits gets UPSTREAM_CLOSED. */
  async close(): Promise<void> {
    this.#end(
      new GatewayError('UPSTREAM_CLOSED', `The connection to "${this.#options.name}" was ended by the gateway.`),
    );
    await this.#options.wire.close();
  }

  /** Lets what is under way end, and then ends itself. What would never end is ended. */
  retire(): void {
    this.#isRetiring = true;
    for (const { id, method } of this.#pending.values()) if (method === LISTEN) this.#cancel(id);
    if (this.#pending.size === 0) void this.close();
  }

  onMessage(message: RpcMessage, stream?: number): void {
    switch (message.kind) {
      case 'result':
        this.#take(message.id)?.resolve({ kind: 'result', result: message.result });
        break;
      case 'failure':
        this.#take(message.id)?.resolve({ kind: 'failure', error: message.error });
        break;
      case 'notification':
        if (this.#flood.admits(message, this.#options.clock.monotonic())) this.#hear(message, stream);
        break;
      case 'request':
        if (!this.#flood.admits(message, this.#options.clock.monotonic())) break;
        this.#questions.take(message, () => attribute(this.#inFlight, stream, takesRequests));
        break;
    }
  }

  onUnreadable(id: number, error: GatewayError): void {
    this.#take(id)?.reject(error);
  }

  onClose(error: GatewayError): void {
    if (this.#ended !== undefined) return;
    this.#end(error);
    this.#options.onClose(error);
  }

  /** Takes a request out of the waiting ones, or counts the stray. */
  #take(id: RpcId): Pending | undefined {
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (pending === undefined || typeof id !== 'number') {
      if (typeof id === 'number' && id >= this.#firstId && id < this.#nextId) this.#late++;
      else this.#foreign++;
      return undefined;
    }
    this.#pending.delete(id);
    this.#questions.endOf(pending);
    if (this.#isRetiring && this.#pending.size === 0) void this.close();
    return pending;
  }

  #hear(notification: RpcNotification, stream: number | undefined): void {
    const { method, params } = notification;
    if (method === 'notifications/progress') return this.#progress(params);
    if (method === CANCELLED) {
      const { requestId } = params;
      return isRpcId(requestId) ? this.#questions.cancel(requestId) : undefined;
    }
    const subscription = this.#subscriptionOf(params, stream);
    if (subscription !== undefined) return subscription.options.onNotification?.(notification);
    if (TASK_STATUS.has(method)) this.#options.onTaskStatus?.(params);
    const found = mayBelong(method, stream) ? attribute(this.#inFlight, stream, takesNotifications) : undefined;
    if (found?.kind !== 'of') return this.#options.onNotification(notification);
    found.request.lastSignMs = this.#options.clock.monotonic();
    found.request.options.onNotification?.(notification);
  }

  /** The `subscriptions/listen` that a notification is for. */
  #subscriptionOf({ _meta: meta }: JsonObject, stream: number | undefined): Pending | undefined {
    const id = isJsonObject(meta) ? meta[SUBSCRIPTION_ID] : undefined;
    if (typeof id !== 'number' || (stream !== undefined && stream !== id)) return undefined;
    const pending = this.#pending.get(id);
    return pending?.method === LISTEN ? pending : undefined;
  }

  #progress(params: JsonObject): void {
    const { progressToken, ...rest } = params;
    const pending = typeof progressToken === 'number' ? this.#pending.get(progressToken) : undefined;
    if (pending?.progress === undefined) return;
    pending.lastSignMs = this.#options.clock.monotonic();
    if (pending.progress.admits(rest['progress'], pending.lastSignMs)) pending.options.onProgress?.(rest);
  }

  #send(text: string, requestId?: number, headers?: HeaderList): Promise<void> | undefined {
    try {
      const sending = this.#options.wire.send(text, requestId, headers);
      return sending?.catch((error: unknown) => this.#notDelivered(error, requestId));
    } catch (error) {
      this.#notDelivered(error, requestId);
      return undefined;
    }
  }

  #notDelivered(error: unknown, requestId: number | undefined): void {
    if (requestId === undefined || !this.#pending.has(requestId)) return;
    this.#take(requestId)?.reject(asGatewayError(error, this.#options.name));
  }

  #cancel(id: number): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    this.#giveUp(pending, 'cancelled by the client');
    pending.reject(cancelled(pending.method));
  }

  #tick(): void {
    const now = this.#options.clock.monotonic();
    for (const pending of this.#pending.values()) {
      const timeoutMs = pending.options.timeoutMs ?? this.#options.timeoutMs;
      if (pending.openQuestions === 0 && now - pending.lastSignMs > timeoutMs) this.#expire(pending, timeoutMs);
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #expire({ id, method }: Pending, timeoutMs: number): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    this.#giveUp(pending, 'no sign of life in time');
    const said = `"${this.#options.name}" gave no sign of life for ${timeoutMs / 1000} s after ${method}.`;
    pending.reject(new GatewayError('UPSTREAM_TIMEOUT', said));
    this.#options.onTimeout();
  }

  /** A stateless server over HTTP is told by the end of the stream alone (MCP 2026-07-28, basic/utilities/cancellation). */
  #giveUp({ id, method }: Pending, reason: string): void {
    const isToldByStream = this.#dialect.era === 'stateless' && this.#options.wire.hasStreams;
    if (!isToldByStream && !HANDSHAKES.has(method)) void this.notify(CANCELLED, { requestId: id, reason });
    this.#options.wire.abandon(id);
  }

  #end(error: GatewayError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const id of this.#pending.keys()) this.#take(id)?.reject(error);
    this.#questions.close();
  }
}

const NO_OFFERS: JsonObject = {};

function takesRequests({ options }: Pending): boolean {
  return options.onRequest !== undefined;
}

function takesNotifications({ options }: Pending): boolean {
  return options.onNotification !== undefined;
}

function cancelled(method: string): GatewayError {
  return new GatewayError('CANCELLED', `The client cancelled ${method}.`);
}

function asGatewayError(error: unknown, name: string): GatewayError {
  if (error instanceof GatewayError) return error;
  return new GatewayError('UPSTREAM_UNAVAILABLE', `"${name}" cannot be reached: ${messageOf(error)}.`, {
    cause: error,
  });
}
