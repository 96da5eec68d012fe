import { GatewayError } from '../core/errors.ts';
import type { ServerId } from '../core/names.ts';
import type { EndedServerSession } from '../core/observer.ts';
import type { ListName } from '../core/protocol.ts';
import type { Authorizer } from './authorizer.ts';
import { GroupGuard } from './group-guard.ts';
import type { Holder, InstanceHost, InstanceOf } from './instance-host.ts';
import { Knowledge, type ServerMemory } from './knowledge.ts';
import type { UpstreamState } from './life.ts';
import { ListNews } from './list-news.ts';
import { ParameterHeaders } from './mcp-headers.ts';
import { Pool, type Instance } from './pool.ts';
import { wireTo, type ServerDefinition, type UpstreamContext } from './server-definition.ts';
import type { ServerFacts } from './server-facts.ts';
import { Upstream } from './upstream.ts';

export interface UpstreamsOptions extends UpstreamContext {
  readonly memory: ServerMemory;
  readonly instanceHost: InstanceHost;
  /** A server runs again that ran before. */
  readonly onRestarted?: ((server: ServerId) => void) | undefined;
  /** A session with a server has ended. */
  readonly onSessionEnded?: ((server: ServerId, session: EndedServerSession) => void) | undefined;
  /**
   * The credentials of a principal for a server that wants a sign-in; undefined where none are kept for it. The empty
   * principal stands for nobody: lists are read before anybody is there, and instances for all are nobody's.
   */
  readonly authorizerFor?: ((server: ServerId, principalId: string) => Authorizer | undefined) | undefined;
  /** How many instances of all servers together may be there at once; 64 by default. */
  readonly maxInstances?: number | undefined;
  /** How long an instance that nobody uses is kept, milliseconds; half an hour by default. */
  readonly idleMs?: number | undefined;
  /** How long changes of lists are gathered before they are told, milliseconds. */
  readonly gatherMs?: number | undefined;
}

export interface InstanceStatus {
  readonly server: ServerId;
  readonly state: UpstreamState;
  readonly lastErrors: readonly string[];
}

const MAX_INSTANCES = 64;
const IDLE_MS = 30 * 60_000;
const LEAST_SWEEP_MS = 10;

/** All instances of all governed servers: who may use which, and how many there are. */
export class Upstreams {
  readonly #options: UpstreamsOptions;
  readonly #pools: ReadonlyMap<ServerId, Pool>;
  readonly #news: ListNews;
  readonly #guard: GroupGuard;
  readonly #endings = new Set<Promise<void>>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #recalled: Promise<unknown>;
  #isClosed = false;

  constructor(definitions: readonly ServerDefinition[], options: UpstreamsOptions) {
    this.#options = options;
    this.#news = new ListNews(options.clock, options.gatherMs);
    const { platform, environment } = options.host;
    this.#guard = new GroupGuard({ platform, path: environment['PATH'] });
    this.#pools = new Map(definitions.map((definition) => [definition.id, this.#newPool(definition)]));
    this.#recalled = Promise.all([...this.#pools.values()].map(({ knowledge }) => knowledge.recall()));
    const sweepMs = Math.max(LEAST_SWEEP_MS, (options.idleMs ?? IDLE_MS) / 4);
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /** Resolves when what is remembered of the servers has been read: `describe` knows it from then on. Never rejects. */
  async recalled(): Promise<void> {
    await this.#recalled;
  }

  /**
   * The holder's instance of the server, started when it is first used. Ask for it at each request instead of keeping it:
   * what is idle for long is ended. Throws UPSTREAM_UNAVAILABLE when there are too many, all of them at work.
   */
  acquire(server: ServerId, holder: Holder): Upstream {
    return this.#poolOf(server).acquire(holder);
  }

  /** An instance to read the server's lists from; a new one goes to the first holder whom it fits. */
  forDiscovery(server: ServerId): Upstream {
    return this.#poolOf(server).forDiscovery();
  }

  /** What is known of a server: from an instance that ran, else from what is remembered. */
  describe(server: ServerId): ServerFacts | undefined {
    return this.#pools.get(server)?.knowledge.facts;
  }

  /** Every instance there is, by server in the order of the configuration. A server without one is idle. */
  status(): readonly InstanceStatus[] {
    return [...this.#pools].flatMap(([server, { instances }]) => {
      const all = instances.map((it) => ({ server, state: it.state, lastErrors: it.lastErrors() }));
      return all.length > 0 ? all : [{ server, state: { kind: 'idle' } as const, lastErrors: [] }];
    });
  }

  /** Calls back when a list of a server may be another now. A change of templates is told as one of resources. Returns the way to stop. */
  onListChanged(listener: (server: ServerId, list: ListName) => void): () => void {
    return this.#news.subscribe(listener);
  }

  /** The downstream session is over: the instances that were its own end. */
  async endSession(session: string): Promise<void> {
    const own = [...this.#pools.values()].flatMap((pool) => pool.ofSession(session).map((it) => this.#end(pool, it)));
    await Promise.allSettled(own);
  }

  /** Ends everything; idempotent, and it waits for endings that are under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#news.close();
    for (const pool of this.#pools.values()) for (const upstream of pool.instances) void this.#end(pool, upstream);
    await Promise.allSettled(this.#endings);
    this.#guard.close();
  }

  #poolOf(server: ServerId): Pool {
    if (this.#isClosed) throw new GatewayError('UPSTREAM_CLOSED', 'The gateway is being ended.');
    const pool = this.#pools.get(server);
    if (pool === undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', `No server "${server}" is configured.`);
    return pool;
  }

  #newPool(definition: ServerDefinition): Pool {
    const { memory, clock, logger, authorizerFor } = this.#options;
    const { id: server } = definition;
    const parameterHeaders = new ParameterHeaders();
    const pool: Pool = new Pool({
      definition,
      knowledge: new Knowledge({ server, memory, clock, logger, hasOneEra: definition.transport.kind === 'sse' }),
      hasCredentials: () => authorizerFor?.(server, '') !== undefined,
      newInstance: (dialling) => {
        this.#makeRoom();
        return this.#newInstance(pool, dialling, parameterHeaders);
      },
    });
    return pool;
  }

  #newInstance(
    pool: Pool,
    dialling: Pick<Instance, 'holder' | 'era' | 'offers'>,
    parameterHeaders: ParameterHeaders,
  ): Instance {
    const { version, clock, logger, instanceHost: host, authorizerFor } = this.#options;
    const { definition, knowledge, kind } = pool;
    const { id: server, timeoutMs } = definition;
    const principalId = kind === 'gateway' ? '' : (dialling.holder?.principalId ?? '');
    const upstream: Upstream = new Upstream({
      name: server,
      version,
      clock,
      logger,
      timeoutMs,
      knowledge,
      onRestarted: () => this.#options.onRestarted?.(server),
      onSessionEnded: (session) => this.#options.onSessionEnded?.(server, session),
      parameterHeaders,
      wish: () => instance,
      openWire: () => {
        const authorizer = authorizerFor?.(server, principalId);
        return wireTo(definition, { ...this.#options, guard: this.#guard, authorizer });
      },
      onNotification: (notification) => host.onNotification(whose(), notification),
      onRequest: (request, signal) => host.onRequest(whose(), request, signal),
      onRefused: (request) => host.onRefused?.(whose(), request),
      onListChanged: (list) => {
        pool.sayChanged(upstream);
        this.#news.add(server, list);
      },
    });
    const instance: Instance = { ...dialling, upstream };
    const whose = (): InstanceOf => {
      return { server, kind, upstream, holder: kind === 'gateway' ? undefined : instance.holder };
    };
    return instance;
  }

  /** Where there is no room, the instance that has been unused for longest makes it. */
  #makeRoom(): void {
    const most = this.#options.maxInstances ?? MAX_INSTANCES;
    const all = this.#all();
    if (all.length < most) return;
    const [oldest] = all
      .filter(({ upstream }) => !upstream.isBusy)
      .toSorted((one, other) => one.upstream.lastUsedAtMs - other.upstream.lastUsedAtMs);
    if (oldest !== undefined) {
      void this.#end(oldest.pool, oldest.upstream);
      return;
    }
    throw new GatewayError('UPSTREAM_UNAVAILABLE', `All ${most} instances of upstream servers are at work.`, {
      mend: 'Wait until a call ends, or share instances with `instance: gateway`.',
    });
  }

  #sweep(): void {
    const unusedSinceMs = this.#options.clock.monotonic() - (this.#options.idleMs ?? IDLE_MS);
    for (const { pool, upstream } of this.#all()) {
      if (!upstream.isBusy && upstream.lastUsedAtMs < unusedSinceMs) void this.#end(pool, upstream);
    }
  }

  #all(): readonly { readonly pool: Pool; readonly upstream: Upstream }[] {
    return [...this.#pools.values()].flatMap((pool) => pool.instances.map((upstream) => ({ pool, upstream })));
  }

  #end(pool: Pool, upstream: Upstream): Promise<void> {
    pool.remove(upstream);
    const ending = upstream.close().finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    return ending;
  }
}
