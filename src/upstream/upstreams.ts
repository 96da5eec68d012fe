import { GatewayError } from '../core/errors.ts';
import type { ServerId } from '../core/names.ts';
import {
  instanceKindOf,
  wireTo,
  type InstanceKind,
  type ServerDefinition,
  type UpstreamContext,
} from './server-definition.ts';
import { Upstream, type UpstreamState } from './upstream.ts';

export interface UpstreamsOptions extends UpstreamContext {
  /** How many instances of all servers together may be there at once; 64 by default. */
  readonly maxInstances?: number | undefined;
  /** How long an instance that nobody uses is kept, milliseconds; half an hour by default. */
  readonly idleMs?: number | undefined;
  /** How long changes of tools are gathered before they are told, milliseconds. */
  readonly gatherMs?: number | undefined;
}

/** On whose behalf an instance is asked for. */
export interface Holder {
  /** Id of the downstream session. */
  readonly session: string;
  readonly principalId: string;
}

export interface InstanceStatus {
  readonly server: ServerId;
  readonly state: UpstreamState;
  readonly lastErrors: readonly string[];
}

interface Pool {
  readonly definition: ServerDefinition;
  readonly kind: InstanceKind;
  /** By session or principal; for `gateway` there is one, under the empty name. */
  readonly instances: Map<string, Upstream>;
  /** Started to read the tools, and given to the first who needs an instance. */
  spare: Upstream | undefined;
  /** The instance that last said that its tools have changed. */
  changed: Upstream | undefined;
  gathering: NodeJS.Timeout | undefined;
}

const MAX_INSTANCES = 64;
const IDLE_MS = 30 * 60_000;
const GATHER_MS = 100;
const LEAST_SWEEP_MS = 10;

/** All instances of all governed servers: who may use which, and how many there are. */
export class Upstreams {
  readonly #options: UpstreamsOptions;
  readonly #pools: ReadonlyMap<ServerId, Pool>;
  readonly #listeners = new Set<(server: ServerId) => void>();
  readonly #endings = new Set<Promise<void>>();
  readonly #sweeper: NodeJS.Timeout;
  #isClosed = false;

  constructor(definitions: readonly ServerDefinition[], options: UpstreamsOptions) {
    this.#options = options;
    this.#pools = new Map(definitions.map((definition) => [definition.id, newPool(definition)]));
    const sweepMs = Math.max(LEAST_SWEEP_MS, (options.idleMs ?? IDLE_MS) / 4);
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /**
   * The holder's instance of the server, started when it is first used. Ask for it at each request instead of keeping it:
   * what is idle for long is ended. Throws UPSTREAM_UNAVAILABLE when there are too many, all of them at work.
   */
  acquire(server: ServerId, holder: Holder): Upstream {
    const pool = this.#poolOf(server);
    const key = keyOf(pool.kind, holder);
    const held = pool.instances.get(key);
    if (held !== undefined) return held;
    const instance = pool.spare ?? this.#create(pool);
    pool.spare = undefined;
    pool.instances.set(key, instance);
    return instance;
  }

  /**
   * An instance to read the server's tools from: the one that said they changed, else one that runs, else a new one that
   * goes to the first holder who needs one, so that reading the tools starts no process twice.
   */
  forDiscovery(server: ServerId): Upstream {
    const pool = this.#poolOf(server);
    const running = instancesOf(pool).filter(({ state }) => state.kind === 'ready');
    const found = running.find((instance) => instance === pool.changed) ?? running[0] ?? pool.spare;
    if (found !== undefined) return found;
    const shared = pool.kind === 'gateway' ? pool.instances.get('') : undefined;
    if (shared !== undefined) return shared;
    const spare = this.#create(pool);
    pool.spare = spare;
    return spare;
  }

  /** Every instance there is, by server in the order of the configuration. A server without one is idle. */
  status(): readonly InstanceStatus[] {
    return [...this.#pools.values()].flatMap((pool) => {
      const server = pool.definition.id;
      const all = instancesOf(pool).map((it) => ({ server, state: it.state, lastErrors: it.lastErrors() }));
      return all.length > 0 ? all : [{ server, state: { kind: 'idle' } as const, lastErrors: [] }];
    });
  }

  /** Calls back when a server says that its tools have changed, or was started anew. Returns the way to stop. */
  onToolsChanged(listener: (server: ServerId) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The downstream session is over: the instances that were its own end. */
  async endSession(session: string): Promise<void> {
    const own = [...this.#pools.values()].filter(({ kind }) => kind === 'session');
    await Promise.allSettled(own.map((pool) => this.#end(pool, pool.instances.get(session))));
  }

  /** Ends everything; idempotent, and it waits for endings that are under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#listeners.clear();
    for (const pool of this.#pools.values()) {
      clearTimeout(pool.gathering);
      for (const instance of instancesOf(pool)) void this.#end(pool, instance);
    }
    await Promise.allSettled(this.#endings);
  }

  #poolOf(server: ServerId): Pool {
    if (this.#isClosed) throw new GatewayError('UPSTREAM_CLOSED', 'The gateway is being ended.');
    const pool = this.#pools.get(server);
    if (pool === undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', `No server "${server}" is configured.`);
    return pool;
  }

  #create(pool: Pool): Upstream {
    this.#makeRoom();
    const { definition } = pool;
    const { version, clock, logger } = this.#options;
    const instance: Upstream = new Upstream({
      name: definition.id,
      version,
      clock,
      logger,
      timeoutMs: definition.timeoutMs,
      openWire: () => wireTo(definition, this.#options),
      onToolsChanged: () => this.#gather(pool, instance),
    });
    return instance;
  }

  /** Where there is no room, the instance that has been unused for longest makes it. */
  #makeRoom(): void {
    const most = this.#options.maxInstances ?? MAX_INSTANCES;
    const all = [...this.#pools.values()].flatMap((pool) => instancesOf(pool).map((instance) => ({ pool, instance })));
    if (all.length < most) return;
    const [oldest] = all
      .filter(({ instance }) => !instance.isBusy)
      .toSorted((one, other) => one.instance.lastUsedAtMs - other.instance.lastUsedAtMs);
    if (oldest !== undefined) {
      void this.#end(oldest.pool, oldest.instance);
      return;
    }
    throw new GatewayError('UPSTREAM_UNAVAILABLE', `All ${most} instances of upstream servers are at work.`, {
      mend: 'Wait until a call ends, or share instances with `instance: gateway`.',
    });
  }

  /** A server may say so a thousand times in a second; it is told on once. */
  #gather(pool: Pool, instance: Upstream): void {
    pool.changed = instance;
    if (this.#isClosed) return;
    pool.gathering ??= setTimeout(() => {
      pool.gathering = undefined;
      for (const listener of this.#listeners) listener(pool.definition.id);
    }, this.#options.gatherMs ?? GATHER_MS).unref();
  }

  #sweep(): void {
    const unusedSinceMs = this.#options.clock.monotonic() - (this.#options.idleMs ?? IDLE_MS);
    for (const pool of this.#pools.values()) {
      for (const instance of instancesOf(pool)) {
        if (!instance.isBusy && instance.lastUsedAtMs < unusedSinceMs) void this.#end(pool, instance);
      }
    }
  }

  #end(pool: Pool, instance: Upstream | undefined): Promise<void> {
    if (instance === undefined) return Promise.resolve();
    if (pool.spare === instance) pool.spare = undefined;
    if (pool.changed === instance) pool.changed = undefined;
    for (const [key, held] of pool.instances) if (held === instance) pool.instances.delete(key);
    const ending = instance.close().finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
    return ending;
  }
}

function newPool(definition: ServerDefinition): Pool {
  const state = { spare: undefined, changed: undefined, gathering: undefined };
  return { definition, kind: instanceKindOf(definition), instances: new Map(), ...state };
}

function instancesOf({ instances, spare }: Pool): readonly Upstream[] {
  return spare === undefined ? [...instances.values()] : [...instances.values(), spare];
}

function keyOf(kind: InstanceKind, { session, principalId }: Holder): string {
  return { session, principal: principalId, gateway: '' }[kind];
}
