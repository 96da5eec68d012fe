import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { StopSignal } from '../core/stop.ts';
import { backoffAfter, withFailure } from './backoff.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { ownOptions } from './request-options.ts';
import type { ServerFacts } from './server-facts.ts';
import { beforeAbort, withinTime } from './waiting.ts';
import { RequestNotTaken, type Wire } from './wire.ts';

export interface LifeOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly startTimeoutMs: number;
  readonly pingTimeoutMs: number;
  readonly openWire: () => Wire;
  /** How requests are made on a new wire. */
  readonly connectionOptions: () => Omit<ConnectionOptions, 'wire' | 'onTimeout' | 'onClose'>;
  /** The handshake. Undefined where the server ended because of how it was greeted: then it is started once more. */
  readonly greet: (wire: Wire, connection: Connection) => Promise<ServerFacts | undefined>;
  readonly onReady: (live: Live, isFirst: boolean) => void;
  /** It runs no more, by no wish of ours. */
  readonly onLost: () => void;
  /** What has run runs no more; `isLost` where that was no wish of ours. */
  readonly onEnded?: ((live: Live, isLost: boolean) => void) | undefined;
}

/** A server that runs and has been greeted. */
export interface Live {
  readonly wire: Wire;
  readonly connection: Connection;
  readonly facts: ServerFacts;
  /** Monotonic milliseconds. */
  readonly begunAtMs: number;
}

export type UpstreamState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly facts: ServerFacts }
  /** It can be tried again; calls do so. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'closed' };

/**
 * Start, failure, restart and end of one instance of a server. It starts when it is first used, starts again after a
 * failure (later and later, and not at all for a while after five failures in a minute), and is ended when it lets a
 * request run out of time and does not even answer when it is asked whether it is there.
 */
export class Life {
  readonly #options: LifeOptions;
  #state: UpstreamState = { kind: 'idle' };
  /** The last wire and its connection, alive or not. */
  #wire: Wire | undefined;
  #connection: Connection | undefined;
  /** Connections whose session the server lost, with calls that do not know it yet. */
  #retired: readonly Connection[] = [];
  #live: Live | undefined;
  #starting: Promise<Live> | undefined;
  #failuresAtMs: readonly number[] = [];
  #hasStarted = false;
  #requests = 0;
  #lastUsedAtMs: number;
  #isSuspected = false;
  readonly #closing = new AbortController();

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#lastUsedAtMs = options.clock.monotonic();
  }

  get state(): UpstreamState {
    return this.#state;
  }

  get live(): Live | undefined {
    return this.#live;
  }

  /** Requests that are under way. */
  get requests(): number {
    return this.#requests;
  }

  /** Monotonic milliseconds of the last request's begin or end; while one runs, now. */
  get lastUsedAtMs(): number {
    return this.#requests > 0 ? this.#options.clock.monotonic() : this.#lastUsedAtMs;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  lastErrors(): readonly string[] {
    return this.#wire?.lastErrors() ?? [];
  }

  /** Works with the server, which is started where it does not run. What it verifiably did not take is done once more. */
  async use<T>(signal: StopSignal | undefined, work: (live: Live) => Promise<T>): Promise<T> {
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

  /** Ends it for good, with all that belongs to it; idempotent. */
  async close(): Promise<void> {
    this.#state = { kind: 'closed' };
    this.#closing.abort();
    if (this.#live !== undefined) this.#end(this.#live, false);
    const connections = this.#connection === undefined ? this.#retired : [this.#connection, ...this.#retired];
    await Promise.allSettled(connections.map((connection) => connection.close()));
  }

  /** All that wait share one start; one that is cancelled leaves it to the others. */
  #started(signal: StopSignal | undefined): Promise<Live> {
    if (this.#live !== undefined) return Promise.resolve(this.#live);
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return beforeAbort(this.#starting, signal);
  }

  async #start(): Promise<Live> {
    await this.#backOff();
    this.#state = { kind: 'starting' };
    try {
      const live = (await this.#attempt()) ?? (await this.#attempt());
      if (live === undefined) throw this.#ended('ended in the middle of the handshake');
      return this.#begin(live);
    } catch (error) {
      void this.#connection?.close();
      this.#fail(error);
      throw error;
    }
  }

  async #attempt(): Promise<Live | undefined> {
    const { name, startTimeoutMs, openWire, greet } = this.#options;
    const wire = openWire();
    const connection = this.#connect(wire);
    this.#wire = wire;
    this.#connection = connection;
    await withinTime(wire.open(connection), startTimeoutMs, name);
    const facts = await withinTime(greet(wire, connection), startTimeoutMs, name);
    if (this.#closing.signal.aborted) throw this.#ended('has been ended by the gateway');
    return facts === undefined ? undefined : { wire, connection, facts, begunAtMs: this.#options.clock.monotonic() };
  }

  #connect(wire: Wire): Connection {
    const connection: Connection = new Connection({
      ...this.#options.connectionOptions(),
      wire,
      onTimeout: () => void this.#suspect(connection),
      onClose: (error) => this.#lose(connection, error),
    });
    return connection;
  }

  #begin(live: Live): Live {
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    this.#live = live;
    this.#state = { kind: 'ready', facts: live.facts };
    this.#options.onReady(live, isFirst);
    return live;
  }

  async #backOff(): Promise<void> {
    if (this.#closing.signal.aborted) throw this.#ended('has been ended by the gateway');
    const { nextAttemptAtMs, isTripped, failures } = backoffAfter(this.#failuresAtMs);
    const remainingMs = nextAttemptAtMs - this.#options.clock.monotonic();
    if (remainingMs <= 0) return;
    if (isTripped) throw this.#tripped(failures, remainingMs);
    await wait(remainingMs, undefined, { signal: this.#closing.signal }).catch(() => {
      throw this.#ended('has been ended by the gateway');
    });
  }

  /** A request ran out of time. Where the server is merely slow with that one, it still says that it is there. */
  async #suspect(connection: Connection): Promise<void> {
    const live = this.#live;
    if (this.#isSuspected || live?.connection !== connection) return;
    this.#isSuspected = true;
    const isThere = live.facts.era === 'session' ? 'ping' : 'server/discover';
    try {
      await connection.request(isThere, {}, ownOptions(this.#options.pingTimeoutMs));
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
    this.#end(this.#live, true);
    this.#fail(error);
    this.#options.onLost();
  }

  #discard(live: Live): void {
    if (this.#live !== live) return;
    this.#end(live, true);
    this.#state = { kind: 'idle' };
    this.#retired = [...this.#retired.filter(({ inFlight }) => inFlight > 0), live.connection];
    live.connection.retire();
  }

  #end(live: Live, isLost: boolean): void {
    this.#live = undefined;
    this.#options.onEnded?.(live, isLost);
  }

  /** That a user must sign in is no failure of the server, and waiting longer would not help. */
  #fail(error: unknown): void {
    if (this.#state.kind === 'closed') return;
    const reason = messageOf(error);
    this.#state = { kind: 'failed', reason };
    if (error instanceof GatewayError && error.code === 'SIGN_IN_REQUIRED') return;
    this.#failuresAtMs = withFailure(this.#failuresAtMs, this.#options.clock.monotonic());
    this.#options.logger.warn('an upstream server failed', { server: this.#options.name, why: reason });
  }

  #tripped(failures: number, remainingMs: number): GatewayError {
    const { name } = this.#options;
    const seconds = Math.ceil(remainingMs / 1000);
    const last = this.#state.kind === 'failed' ? ` ${this.#state.reason}` : '';
    const said = `"${name}" failed ${failures} times within a minute and is left alone for ${seconds} s.${last}`;
    return new GatewayError('UPSTREAM_UNAVAILABLE', said, {
      mend: `\`mcp-gateway server logs ${name}\` shows its last words.`,
    });
  }

  #ended(how: string): GatewayError {
    return new GatewayError('UPSTREAM_CLOSED', `"${this.#options.name}" ${how}.`);
  }
}
