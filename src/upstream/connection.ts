import { randomInt } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import {
  RPC,
  type RpcAnswer,
  type RpcId,
  type RpcMessage,
  type RpcNotification,
  type RpcRequest,
} from '../core/rpc.ts';
import { ProgressGate } from './progress-gate.ts';
import type { Wire, WireListener } from './wire.ts';

export interface ConnectionOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly wire: Wire;
  readonly clock: Clock;
  /** What the server tells unasked, progress excepted. */
  readonly onNotification: (notification: RpcNotification) => void;
  /** A request got no sign of life in time; its caller has been told. */
  readonly onTimeout: () => void;
  /** The connection ended by itself. */
  readonly onClose: (error: GatewayError) => void;
  /** How often silence is looked for, milliseconds. */
  readonly tickMs?: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets the parameters of each `notifications/progress`, less the token. */
  readonly onProgress?: ((params: JsonObject) => void) | undefined;
  /** Milliseconds since the last sign of life of this request; progress is one. */
  readonly timeoutMs: number;
}

/** Messages that belong to no request of ours: ignored, and counted here. */
export interface Strays {
  /** Answers to requests that are over: late, or given twice. */
  readonly late: number;
  /** Answers to requests that never were. */
  readonly foreign: number;
}

interface Pending {
  readonly method: string;
  readonly resolve: (answer: RpcAnswer) => void;
  readonly reject: (error: GatewayError) => void;
  readonly options: RequestOptions;
  readonly onAbort: (() => void) | undefined;
  readonly progress: ProgressGate | undefined;
  lastSignMs: number;
}

const TICK_MS = 500;
const CANCELLED = 'notifications/cancelled';

/**
 * Requests and answers of one connection to an upstream server (JSON-RPC 2.0; MCP 2025-11-25, basic/utilities). The ids
 * are its own and begin at a random number, so that no answer meant for another connection fits. It hands messages on in
 * the order in which they came and within the same turn, so progress that precedes its result is delivered before it.
 */
export class Connection implements WireListener {
  readonly #options: ConnectionOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #firstId = randomInt(1, 2 ** 31);
  #nextId = this.#firstId;
  #late = 0;
  #foreign = 0;
  #ended: GatewayError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRetiring = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  get strays(): Strays {
    return { late: this.#late, foreign: this.#foreign };
  }

  /** The server's answer. Rejects with CANCELLED, UPSTREAM_TIMEOUT, UPSTREAM_CLOSED, UPSTREAM_UNAVAILABLE or UPSTREAM_PROTOCOL. */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<RpcAnswer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (options.signal?.aborted === true) return Promise.reject(cancelled(method));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const onAbort = options.signal === undefined ? undefined : (): void => this.#cancel(id);
      if (onAbort !== undefined) options.signal?.addEventListener('abort', onAbort, { once: true });
      const lastSignMs = this.#options.clock.monotonic();
      const progress = options.onProgress === undefined ? undefined : new ProgressGate(lastSignMs);
      this.#pending.set(id, { method, resolve, reject, options, onAbort, progress, lastSignMs });
      this.#timer ??= setInterval(() => this.#tick(), this.#options.tickMs ?? TICK_MS).unref();
      const sent = options.onProgress === undefined ? params : withProgressToken(params, id);
      void this.#send(requestText(id, method, sent), id);
    });
  }

  /** Tells the server something. Fulfilled when it has been handed over, or cannot be. */
  async notify(method: string, params: JsonObject): Promise<void> {
    if (this.#ended === undefined) await this.#send(notificationText(method, params));
  }

  /** Ends the wire; whatever still waits gets UPSTREAM_CLOSED. */
  async close(): Promise<void> {
    this.#end(
      new GatewayError('UPSTREAM_CLOSED', `The connection to "${this.#options.name}" was ended by the gateway.`),
    );
    await this.#options.wire.close();
  }

  /** Lets what is under way end, and then ends itself. */
  retire(): void {
    this.#isRetiring = true;
    if (this.#pending.size === 0) void this.close();
  }

  onMessage(message: RpcMessage): void {
    switch (message.kind) {
      case 'result':
        this.#take(message.id)?.resolve({ kind: 'result', result: message.result });
        break;
      case 'failure':
        this.#take(message.id)?.resolve({ kind: 'failure', error: message.error });
        break;
      case 'notification':
        if (message.method === 'notifications/progress') this.#progress(message.params);
        else this.#options.onNotification(message);
        break;
      case 'request':
        this.#answer(message);
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
    if (pending.onAbort !== undefined) pending.options.signal?.removeEventListener('abort', pending.onAbort);
    if (this.#isRetiring && this.#pending.size === 0) void this.close();
    return pending;
  }

  #progress(params: JsonObject): void {
    const { progressToken, ...rest } = params;
    const pending = typeof progressToken === 'number' ? this.#pending.get(progressToken) : undefined;
    if (pending?.progress === undefined) return;
    pending.lastSignMs = this.#options.clock.monotonic();
    if (pending.progress.admits(pending.lastSignMs)) pending.options.onProgress?.(rest);
  }

  /** No capability is offered to servers in this version, so all they may ask is whether we live. */
  #answer(request: RpcRequest): void {
    const id = JSON.stringify(request.id);
    if (request.method === 'ping') {
      void this.#send(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
      return;
    }
    const error = { code: RPC.methodNotFound, message: 'The client offers no such method.' };
    void this.#send(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`);
  }

  #send(text: string, requestId?: number): Promise<void> | undefined {
    try {
      return this.#options.wire.send(text, requestId)?.catch((error: unknown) => this.#notDelivered(error, requestId));
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
    this.#giveUp(id, 'cancelled by the client');
    pending.reject(cancelled(pending.method));
  }

  #tick(): void {
    const now = this.#options.clock.monotonic();
    for (const [id, { lastSignMs, options }] of this.#pending) {
      if (now - lastSignMs > options.timeoutMs) this.#expire(id);
    }
    if (this.#pending.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #expire(id: number): void {
    const pending = this.#take(id);
    if (pending === undefined) return;
    // MCP 2025-11-25, basic/utilities/cancellation: `initialize` is never cancelled.
    if (pending.method !== 'initialize') this.#giveUp(id, 'no sign of life in time');
    const seconds = pending.options.timeoutMs / 1000;
    const said = `"${this.#options.name}" gave no sign of life for ${seconds} s after ${pending.method}.`;
    pending.reject(new GatewayError('UPSTREAM_TIMEOUT', said));
    this.#options.onTimeout();
  }

  #giveUp(id: number, reason: string): void {
    void this.notify(CANCELLED, { requestId: id, reason });
    this.#options.wire.abandon(id);
  }

  #end(error: GatewayError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const id of this.#pending.keys()) this.#take(id)?.reject(error);
  }
}

function requestText(id: number, method: string, params: JsonObject): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${writeJson(params)}}`;
}

function notificationText(method: string, params: JsonObject): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${writeJson(params)}}`;
}

function withProgressToken(params: JsonObject, progressToken: number): JsonObject {
  const meta = params['_meta'];
  return { ...params, _meta: isJsonObject(meta) ? { ...meta, progressToken } : { progressToken } };
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
