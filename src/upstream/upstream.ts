import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ListName, LogLevel } from '../core/protocol.ts';
import { RPC, type RpcAnswer, type RpcNotification } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { Connection, ConnectionOptions, Strays } from './connection.ts';
import { dial } from './dial.ts';
import { type Followed, FollowedTasks, type TaskListener } from './followed-tasks.ts';
import { keepListening } from './keep-listening.ts';
import { Life, type Live, type UpstreamState } from './life.ts';
import { announcedLists, changedList, listFilter } from './list-changes.ts';
import { readList } from './read-list.ts';
import { ownOptions, type RequestOptions } from './request-options.ts';
import type { ServerFacts } from './server-facts.ts';
import type { UpstreamOptions } from './upstream-options.ts';
import { Watches, type WatchesOptions, type Watching, type WatchOptions } from './watches.ts';
import { RequestNotTaken, type Wire } from './wire.ts';

const TIMEOUT_MS = 600_000;
const START_TIMEOUT_MS = 60_000;
const PROBE_MS = 10_000;
const PING_TIMEOUT_MS = 10_000;
const REVIVE_MS = 30_000;

/** One running instance of a governed server, or one that will run when it is needed. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #life: Life;
  readonly #watches: Watches;
  readonly #tasks: FollowedTasks;
  readonly #startTimeoutMs: number;
  #logLevel: LogLevel | undefined;
  #toolsEpoch = 0;

  constructor(options: UpstreamOptions) {
    const { name, clock, logger, openWire, startTimeoutMs = START_TIMEOUT_MS } = options;
    this.#options = options;
    this.#startTimeoutMs = startTimeoutMs;
    this.#life = new Life({
      name,
      clock,
      logger,
      openWire,
      startTimeoutMs,
      pingTimeoutMs: options.pingTimeoutMs ?? PING_TIMEOUT_MS,
      connectionOptions: () => this.#connectionOptions(),
      greet: (wire, connection) => this.#greet(wire, connection),
      onReady: (live, isFirst) => this.#begin(live, isFirst),
      onLost: () => void this.#revive(),
      onEnded: (live, isLost) => this.#tellEnded(live, isLost),
    });
    const use: WatchesOptions['use'] = (work) => this.#life.use(undefined, work);
    const live = (): Live | undefined => this.#life.live;
    this.#watches = new Watches({ name, logger, clock, timeoutMs: startTimeoutMs, use, live });
    this.#tasks = new FollowedTasks({ name, logger, clock, timeoutMs: startTimeoutMs, use, live });
  }

  get state(): UpstreamState {
    return this.#life.state;
  }

  /** Monotonic milliseconds of the last request's begin or end; while one runs, now. */
  get lastUsedAtMs(): number {
    return this.#life.lastUsedAtMs;
  }

  /** Another whenever its tools may be others: after each start, and after it has said so. */
  get toolsEpoch(): number {
    return this.#toolsEpoch;
  }

  get isBusy(): boolean {
    return this.#life.requests > 0 || this.#isHeard();
  }

  get strays(): Strays {
    return this.#life.live?.connection.strays ?? { late: 0, foreign: 0, dropped: 0 };
  }

  /** What it last said beside the protocol (stderr, junk on stdout), oldest first, safe to print. */
  lastErrors(): readonly string[] {
    return this.#life.lastErrors();
  }

  /** Starts it unless it runs. Rejects with SIGN_IN_REQUIRED, CANCELLED or one of UPSTREAM_*. */
  async start(signal?: AbortSignal): Promise<ServerFacts> {
    return this.#life.use(signal, async ({ facts }) => facts);
  }

  /**
   * A whole list as the server defines it, less the tools whose annotations for headers are wrong. Empty where the server
   * has no such list. Rejects as `start` does.
   */
  readList(list: ListName, signal?: AbortSignal): Promise<readonly JsonObject[]> {
    return this.#life.use(signal, (live) => this.#read(live, list, signal));
  }

  /** As `readList`, with the epoch that the answer is of. */
  readTools(signal?: AbortSignal): Promise<{ readonly epoch: number; readonly tools: readonly JsonObject[] }> {
    return this.#life.use(signal, async (live) => {
      const epoch = this.#toolsEpoch;
      return { epoch, tools: await this.#read(live, 'tools', signal) };
    });
  }

  /**
   * The server's answer, without a loss. Parameters go out as they are, but for a progress token of our own and the
   * envelope of a stateless server, which may answer with `resultType: "input_required"`. Rejects as `start` does. A
   * request is sent once: only one that a server verifiably did not take is sent again.
   */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<RpcAnswer> {
    return this.#life.use(options.signal, (live) => {
      if (options.toolsEpoch !== undefined && options.toolsEpoch !== this.#toolsEpoch) throw this.#otherTools();
      const answer = live.connection.request(method, params, options);
      return live.facts.era === 'session' ? answer : this.#reconsider(live, answer, { method, params, options });
    });
  }

  /** Tells a session server that runs something, such as `notifications/roots/list_changed`. Any other is told nothing. */
  async notify(method: string, params: JsonObject): Promise<void> {
    const { live } = this.#life;
    if (live?.facts.era === 'session') await live.connection.notify(method, params);
  }

  /**
   * Tells of each change of a resource, with the parameters of `notifications/resources/updated` under the server's own
   * URI, until it is stopped; after a restart of the server too. Rejects as `start` does.
   */
  watch(uri: string, onUpdated: (params: JsonObject) => void, options: WatchOptions): Promise<Watching> {
    return this.#watches.add(uri, onUpdated, options);
  }

  /** Tells of tasks until it is stopped; after a restart of the server too. Rejects as `start` does. */
  follow(taskIds: readonly string[], listener: TaskListener, options: WatchOptions): Promise<Followed> {
    return this.#tasks.add(taskIds, listener, options);
  }

  /** Log messages from this level on are wanted from a session server, from now on and after a restart. Never rejects. */
  async setLogLevel(level: LogLevel): Promise<void> {
    if (level === this.#logLevel) return;
    this.#logLevel = level;
    if (this.#life.live !== undefined) await this.#sendLogLevel(this.#life.live);
  }

  /** Ends it for good, with all that belongs to it; idempotent. */
  async close(): Promise<void> {
    this.#watches.close();
    this.#tasks.close();
    await this.#life.close();
  }

  #connectionOptions(): Omit<ConnectionOptions, 'wire' | 'onTimeout' | 'onClose'> {
    const { name, clock, onRequest, onRefused, tickMs, timeoutMs = TIMEOUT_MS } = this.#options;
    const { offers } = this.#options.wish();
    const onNotification = (notification: RpcNotification): void => this.#hear(notification);
    // A stateless server tells of tasks only who listens.
    const onTaskStatus = (params: JsonObject): void => {
      if (this.#life.live?.facts.era === 'session') this.#tasks.tell(params);
    };
    const onFlood = (dropped: number): void =>
      this.#options.logger.warn('an upstream server says more than is taken', { server: name, dropped });
    return { name, clock, offers, onNotification, onTaskStatus, onRequest, onRefused, onFlood, timeoutMs, tickMs };
  }

  async #greet(wire: Wire, connection: Connection): Promise<ServerFacts | undefined> {
    const { name, version, knowledge, parameterHeaders, probeMs = PROBE_MS } = this.#options;
    await knowledge.recall();
    const { era, offers } = this.#options.wish();
    const clientInfo = { name: 'mcp-gateway', version };
    const greeting = { name, wire, connection, clientInfo, offers, parameterHeaders, timeoutMs: this.#startTimeoutMs };
    const wish = { era, isStatelessOffered: knowledge.offers('stateless'), probeMs };
    const dialled = await dial(greeting, wish).catch((error: unknown) => {
      knowledge.doubt();
      throw error;
    });
    if (dialled.kind === 'ready') return knowledge.learn(dialled.facts, dialled.offered);
    knowledge.lacksStateless();
    return undefined;
  }

  #begin(live: Live, isFirst: boolean): void {
    this.#toolsEpoch++;
    // Another process may offer other things than the one before.
    if (!isFirst) for (const list of ['tools', 'prompts', 'resources'] as const) this.#options.onListChanged(list);
    if (live.facts.era === 'session') void this.#sendLogLevel(live);
    else void this.#listen(live);
    if (isFirst) return;
    this.#options.onRestarted?.();
    this.#watches.renew();
    this.#tasks.renew();
  }

  #tellEnded({ facts, begunAtMs }: Live, isLost: boolean): void {
    if (facts.era !== 'session') return;
    const ms = this.#options.clock.monotonic() - begunAtMs;
    this.#options.onSessionEnded?.({ ms, protocol: facts.protocolVersion, isLost });
  }

  #hear(notification: RpcNotification): void {
    const list = changedList(notification);
    if (list === 'tools') this.#toolsEpoch++;
    if (list !== undefined) this.#options.onListChanged(list);
    else if (notification.method === 'notifications/resources/updated') this.#watches.tell(notification.params);
    else this.#options.onNotification(notification);
  }

  /** A stateless server tells of changed lists only who listens. */
  async #listen({ connection, facts }: Live): Promise<void> {
    const lists = announcedLists(facts.capabilities);
    if (lists.length === 0) return;
    const { name, logger, clock } = this.#options;
    const wish = {
      name,
      logger,
      clock,
      connection,
      filter: listFilter(lists),
      offers: {},
      timeoutMs: this.#startTimeoutMs,
      signal: this.#life.signal,
      onEvent: (notification: RpcNotification) => this.#hear(notification),
      onRenewed: () => lists.forEach((list) => this.#renew(list)),
    };
    await keepListening(wish).catch(() => logger.debug('an upstream server cannot be listened to', { server: name }));
  }

  /** While nobody listened it may have changed unheard. */
  #renew(list: ListName): void {
    if (list === 'tools') this.#toolsEpoch++;
    this.#options.onListChanged(list);
  }

  #otherTools(): GatewayError {
    return new GatewayError('UPSTREAM_UNAVAILABLE', `the tools of "${this.#options.name}" have changed meanwhile`);
  }

  async #sendLogLevel({ connection, facts }: Live): Promise<void> {
    const level = this.#logLevel;
    if (level === undefined || facts.era !== 'session' || facts.capabilities['logging'] === undefined) return;
    await connection.request('logging/setLevel', { level }, ownOptions(this.#startTimeoutMs)).catch(() => undefined);
  }

  async #read(live: Live, list: ListName, signal: StopSignal | undefined): Promise<readonly JsonObject[]> {
    const { name, logger, parameterHeaders } = this.#options;
    const source = { name, connection: live.connection, facts: live.facts };
    const items = await readList(source, list, ownOptions(this.#startTimeoutMs, signal));
    if (list !== 'tools') return items;
    return parameterHeaders.learn(items, (tool, why) =>
      logger.warn('a tool is not shown', { server: name, tool, why }),
    );
  }

  /** Two refusals say that nothing was done: of headers that do not fit tools as they are now, and of the revision. */
  async #reconsider(live: Live, first: Promise<RpcAnswer>, { method, params, options }: Sent): Promise<RpcAnswer> {
    const answer = await first;
    if (answer.kind === 'result') return answer;
    const { code } = answer.error;
    if (code === RPC.unsupportedVersion) {
      throw new RequestNotTaken('UPSTREAM_PROTOCOL', `"${this.#options.name}" does not speak its protocol any more.`);
    }
    if (code !== RPC.headerMismatch || method !== 'tools/call' || !live.wire.hasStreams) return answer;
    await this.#read(live, 'tools', options.signal);
    return live.connection.request(method, params, options);
  }

  #isHeard(): boolean {
    return this.#watches.size > 0 || this.#tasks.size > 0;
  }

  /** Whoever watches is told nothing by a server that is gone, and makes no request that would start it. */
  async #revive(): Promise<void> {
    const { signal } = this.#life;
    while (this.#isHeard() && this.#life.live === undefined && !signal.aborted) {
      try {
        await this.start();
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'SIGN_IN_REQUIRED') return;
        await wait(REVIVE_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }
}

interface Sent {
  readonly method: string;
  readonly params: JsonObject;
  readonly options: RequestOptions;
}
