import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { RpcAnswer, RpcNotification } from '../core/rpc.ts';
import { backoffAfter, withFailure } from './backoff.ts';
import { Connection, type RequestOptions, type Strays } from './connection.ts';
import { greet, readTools, type ServerFacts } from './handshake.ts';
import { beforeAbort, withinTime } from './waiting.ts';
import { RequestNotTaken, type Wire } from './wire.ts';

export interface UpstreamOptions {
  /** The server's id. */
  readonly name: string;
  /** Version of the gateway. */
  readonly version: string;
  readonly openWire: () => Wire;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The server's tools may be others now. */
  readonly onToolsChanged: () => void;
  /** How long a request may go without a sign of life; ten minutes by default. */
  readonly timeoutMs?: number | undefined;
  /** How long a start may take; a minute by default. */
  readonly startTimeoutMs?: number | undefined;
  /** How long a server that let a request run out of time may take to answer a ping before it is ended; ten seconds by default. */
  readonly pingTimeoutMs?: number | undefined;
  readonly tickMs?: number | undefined;
}

export type UpstreamState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly facts: ServerFacts }
  /** It can be tried again; calls do so. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'closed' };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((params: JsonObject) => void) | undefined;
  /** Milliseconds since the last sign of life; by default what is configured for the server. */
  readonly timeoutMs?: number | undefined;
}

interface Live {
  readonly wire: Wire;
  readonly connection: Connection;
  readonly facts: ServerFacts;
}

const TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 60_000;
const PING_TIMEOUT_MS = 10_000;

/**
 * One running instance of a governed server, or one that will run when it is needed. It starts at the first request,
 * starts again after a failure (later and later, and not at all for a while after five failures in a minute), and is
 * ended when it lets a request run out of time and does not even answer a ping.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  #state: UpstreamState = { kind: 'idle' };
  /** The last wire and its connection, alive or not. */
  #wire: Wire | undefined;
  #connection: Connection | undefined;
  /** Connections whose session the server lost, with calls that do not know it yet. */
  #retired: readonly Connection[] = [];
  #live: Live | undefined;
  #starting: Promise<Live> | undefined;
  #failuresAtMs: readonly number[] = [];
  #starts = 0;
  #requests = 0;
  #lastUsedAtMs: number;
  #isSuspected = false;
  readonly #closing = new AbortController();

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#lastUsedAtMs = options.clock.monotonic();
  }

  get state(): UpstreamState {
    return this.#state;
  }

  /** Monotonic milliseconds of the last request's begin or end; while one runs, now. */
  get lastUsedAtMs(): number {
    return this.#requests > 0 ? this.#options.clock.monotonic() : this.#lastUsedAtMs;
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  get strays(): Strays {
    return this.#live?.connection.strays ?? { late: 0, foreign: 0 };
  }

  /** What it last said beside the protocol (stderr, junk on stdout), oldest first, safe to print. */
  lastErrors(): readonly string[] {
    return this.#wire?.lastErrors() ?? [];
  }

  /** Starts it unless it runs. Rejects with UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT, UPSTREAM_PROTOCOL, UPSTREAM_CLOSED or CANCELLED. */
  async start(signal?: AbortSignal): Promise<ServerFacts> {
    return this.#use(signal, async ({ facts }) => facts);
  }

  /** The tools as the server defines them. Rejects as `start` does. */
  async listTools(signal?: AbortSignal): Promise<readonly JsonObject[]> {
    const options = { signal, timeoutMs: this.#options.startTimeoutMs ?? START_TIMEOUT_MS };
    return this.#use(signal, ({ connection }) => readTools(connection, this.#options.name, options));
  }

  /**
   * The server's answer to `tools/call` with these parameters, which go out as they are but for a progress token of our
   * own. Rejects as `start` does. A call is sent once: only one that a server verifiably did not take is sent again.
   */
  async callTool(params: JsonObject, options: CallOptions = {}): Promise<RpcAnswer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS;
    const request: RequestOptions = { signal: options.signal, onProgress: options.onProgress, timeoutMs };
    return this.#use(options.signal, ({ connection }) => connection.request('tools/call', params, request));
  }

  /** Ends it for good, with all that belongs to it; idempotent. */
  async close(): Promise<void> {
    this.#state = { kind: 'closed' };
    this.#closing.abort();
    this.#live = undefined;
    const connections = this.#connection === undefined ? this.#retired : [this.#connection, ...this.#retired];
    await Promise.allSettled(connections.map((connection) => connection.close()));
  }

  async #use<T>(signal: AbortSignal | undefined, work: (live: Live) => Promise<T>): Promise<T> {
    this.#requests++;
    try {
      const live = this.#live ?? (await this.#started(signal));
      try {
        return await work(live);
      } catch (error) {
        if (!(error instanceof RequestNotTaken)) throw error;
        this.#discard(live);
        return await work(await this.#started(signal));
      }
    } finally {
      this.#requests--;
      this.#lastUsedAtMs = this.#options.clock.monotonic();
    }
  }

  /** All that wait share one start; one that is cancelled leaves it to the others. */
  #started(signal: AbortSignal | undefined): Promise<Live> {
    if (this.#live !== undefined) return Promise.resolve(this.#live);
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return beforeAbort(this.#starting, signal);
  }

  async #start(): Promise<Live> {
    await this.#backOff();
    this.#state = { kind: 'starting' };
    const { name, version } = this.#options;
    const timeoutMs = this.#options.startTimeoutMs ?? START_TIMEOUT_MS;
    let connection: Connection | undefined;
    try {
      const wire = this.#options.openWire();
      connection = this.#connect(wire);
      this.#wire = wire;
      this.#connection = connection;
      await withinTime(wire.open(connection), timeoutMs, name);
      const facts = await withinTime(greet(connection, wire, { name, version, timeoutMs }), timeoutMs, name);
      if (this.#closing.signal.aborted) throw this.#closed();
      return this.#begin({ wire, connection, facts });
    } catch (error) {
      void connection?.close();
      this.#fail(error);
      throw error;
    }
  }

  #connect(wire: Wire): Connection {
    const connection: Connection = new Connection({
      name: this.#options.name,
      wire,
      clock: this.#options.clock,
      onNotification: (notification) => this.#hear(notification),
      onTimeout: () => void this.#suspect(connection),
      onClose: (error) => this.#lose(connection, error),
      ...(this.#options.tickMs === undefined ? {} : { tickMs: this.#options.tickMs }),
    });
    return connection;
  }

  #begin(live: Live): Live {
    this.#live = live;
    this.#state = { kind: 'ready', facts: live.facts };
    this.#starts++;
    // Another process may offer other tools than the one before.
    if (this.#starts > 1) this.#options.onToolsChanged();
    return live;
  }

  async #backOff(): Promise<void> {
    if (this.#closing.signal.aborted) throw this.#closed();
    const { nextAttemptAtMs, isTripped, failures } = backoffAfter(this.#failuresAtMs);
    const remainingMs = nextAttemptAtMs - this.#options.clock.monotonic();
    if (remainingMs <= 0) return;
    if (isTripped) throw this.#tripped(failures, remainingMs);
    await wait(remainingMs, undefined, { signal: this.#closing.signal }).catch(() => {
      throw this.#closed();
    });
  }

  #hear(notification: RpcNotification): void {
    if (notification.method === 'notifications/tools/list_changed') this.#options.onToolsChanged();
  }

  /** A request ran out of time. Where the server is merely slow with that one, it still answers a ping. */
  async #suspect(connection: Connection): Promise<void> {
    if (this.#isSuspected || this.#live?.connection !== connection) return;
    this.#isSuspected = true;
    try {
      await connection.request('ping', {}, { timeoutMs: this.#options.pingTimeoutMs ?? PING_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'UPSTREAM_TIMEOUT') {
        this.#lose(connection, new GatewayError('UPSTREAM_TIMEOUT', `"${this.#options.name}" hung and was ended.`));
        await connection.close();
      }
    } finally {
      this.#isSuspected = false;
    }
  }

  #lose(connection: Connection, error: GatewayError): void {
    if (this.#live?.connection !== connection) return;
    this.#live = undefined;
    this.#fail(error);
  }

  #discard(live: Live): void {
    if (this.#live !== live) return;
    this.#live = undefined;
    this.#state = { kind: 'idle' };
    this.#retired = [...this.#retired.filter(({ inFlight }) => inFlight > 0), live.connection];
    live.connection.retire();
  }

  #fail(error: unknown): void {
    if (this.#state.kind === 'closed') return;
    const reason = messageOf(error);
    this.#state = { kind: 'failed', reason };
    this.#failuresAtMs = withFailure(this.#failuresAtMs, this.#options.clock.monotonic());
    this.#options.logger.warn('an upstream server failed', { server: this.#options.name, why: reason });
  }

  #tripped(failures: number, remainingMs: number): GatewayError {
    const { name } = this.#options;
    const seconds = Math.ceil(remainingMs / 1000);
    const last = this.#state.kind === 'failed' ? ` ${this.#state.reason}` : '';
    const said = `"${name}" failed ${failures} times within a minute and is left alone for ${seconds} s.${last}`;
    return new GatewayError('UPSTREAM_UNAVAILABLE', said, {
      mend: 'Its last words are kept with the server: see its log.',
    });
  }

  #closed(): GatewayError {
    return new GatewayError('UPSTREAM_CLOSED', `"${this.#options.name}" has been ended by the gateway.`);
  }
}
