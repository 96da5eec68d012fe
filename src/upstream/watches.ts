import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { RPC, type RpcError } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import { keepListening } from './keep-listening.ts';
import type { Live } from './life.ts';
import { ownOptions } from './request-options.ts';
import { beforeAbort } from './waiting.ts';

/** What came of the wish to watch a resource. */
export type Watching =
  | { readonly kind: 'watching'; readonly stop: () => Promise<void> }
  | { readonly kind: 'refused'; readonly error: RpcError };

export interface WatchOptions {
  readonly signal?: StopSignal | undefined;
  /** The client capabilities that a stateless server is told. */
  readonly offers: JsonObject;
}

export interface WatchesOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Works with the server, which is started where it does not run. */
  readonly use: <T>(work: (live: Live) => Promise<T>) => Promise<T>;
  /** The server as it runs now, if it does. */
  readonly live: () => Live | undefined;
}

type Listener = (params: JsonObject) => void;

interface Watch {
  readonly uri: string;
  readonly offers: JsonObject;
  readonly listeners: Set<Listener>;
  readonly closing: AbortController;
  /** Settled when the server has agreed, with its error when it has not. */
  opening: Promise<RpcError | undefined>;
  /** Whether the server has answered once: until then its start is no loss. */
  isOpen: boolean;
}

/**
 * The resources of one instance that somebody watches, each watched once at the server, however many do. What a server
 * forgot because it was started anew is asked for again.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #watches = new Map<string, Watch>();
  /** Ends of watches that the server is being told of: a new one of the same resource waits for that. */
  readonly #endings = new Map<string, Promise<void>>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watches.size;
  }

  /** Rejects as a request does; whoever is refused or cancelled watches nothing. */
  async add(uri: string, onUpdated: Listener, { signal, offers }: WatchOptions): Promise<Watching> {
    const watch = this.#watches.get(uri) ?? this.#begin(uri, offers);
    // Two who watch with one function are two.
    const listener: Listener = (params) => onUpdated(params);
    watch.listeners.add(listener);
    const stop = (): Promise<void> => this.#remove(watch, listener);
    try {
      const error = await beforeAbort(watch.opening, signal);
      if (error === undefined) return { kind: 'watching', stop };
      void stop();
      return { kind: 'refused', error };
    } catch (error) {
      void stop();
      throw error;
    }
  }

  /** A session server says that a resource has changed: the one that is watched, or one below it. */
  tell(params: JsonObject): void {
    const { uri } = params;
    if (typeof uri !== 'string') return;
    const exact = this.#watches.get(uri);
    const told = exact === undefined ? [...this.#watches.values()].filter((it) => isBelow(uri, it.uri)) : [exact];
    for (const watch of told) tellAll(watch, params);
  }

  /** The server runs anew and knows of no watch; what it watched may have changed meanwhile. */
  renew(): void {
    for (const watch of this.#watches.values()) {
      if (!watch.isOpen) continue;
      watch.opening = this.#open(watch);
      watch.opening.then(
        (error) => (error === undefined ? tellAll(watch, { uri: watch.uri }) : this.#lost(error.message)),
        (error: unknown) => this.#lost(messageOf(error)),
      );
    }
  }

  close(): void {
    for (const { closing } of this.#watches.values()) closing.abort();
    this.#watches.clear();
  }

  #begin(uri: string, offers: JsonObject): Watch {
    const ended = this.#endings.get(uri) ?? Promise.resolve();
    const unopened = { uri, offers, listeners: new Set<Listener>(), closing: new AbortController(), isOpen: false };
    const watch: Watch = { ...unopened, opening: ended.then(() => this.#open(watch)) };
    this.#watches.set(uri, watch);
    return watch;
  }

  #open(watch: Watch): Promise<RpcError | undefined> {
    return this.#options.use(async (live) => {
      const error = canWatch(live) ? await this.#ask(watch, live) : NOT_OFFERED;
      watch.isOpen = true;
      return error;
    });
  }

  async #ask(watch: Watch, { connection, facts }: Live): Promise<RpcError | undefined> {
    const { name, logger, clock, timeoutMs } = this.#options;
    const { uri, offers } = watch;
    if (facts.era === 'session') {
      const answer = await connection.request('resources/subscribe', { uri }, ownOptions(timeoutMs));
      return answer.kind === 'failure' ? answer.error : undefined;
    }
    const listened = await keepListening({
      name,
      logger,
      clock,
      connection,
      offers,
      timeoutMs,
      filter: { resourceSubscriptions: [uri] },
      signal: watch.closing.signal,
      onEvent: ({ method, params }) => {
        if (method === UPDATED) tellAll(watch, params);
      },
      onRenewed: () => tellAll(watch, { uri }),
    });
    if (listened.kind === 'refused') return listened.error;
    return isAgreed(listened.agreed, uri) ? undefined : NOT_OFFERED;
  }

  async #remove(watch: Watch, listener: Listener): Promise<void> {
    const wasThere = watch.listeners.delete(listener);
    if (!wasThere || watch.listeners.size > 0 || this.#watches.get(watch.uri) !== watch) return;
    this.#watches.delete(watch.uri);
    const ending = this.#unsubscribe(watch).finally(() => {
      if (this.#endings.get(watch.uri) === ending) this.#endings.delete(watch.uri);
    });
    this.#endings.set(watch.uri, ending);
    await ending;
  }

  /** A server that is gone meanwhile needs no telling, and is not started for it. */
  async #unsubscribe(watch: Watch): Promise<void> {
    const error = await watch.opening.catch((): RpcError => NOT_OFFERED);
    watch.closing.abort();
    const live = this.#options.live();
    if (error !== undefined || live?.facts.era !== 'session') return;
    const options = ownOptions(this.#options.timeoutMs);
    await live.connection.request('resources/unsubscribe', { uri: watch.uri }, options).catch(() => undefined);
  }

  #lost(why: string): void {
    this.#options.logger.warn('a resource is watched no more', { server: this.#options.name, why });
  }
}

const UPDATED = 'notifications/resources/updated';
const NOT_OFFERED: RpcError = {
  code: RPC.methodNotFound,
  message: 'The server does not tell of changes of this resource.',
};

function canWatch({ facts }: Live): boolean {
  const { resources } = facts.capabilities;
  return isJsonObject(resources) && resources['subscribe'] === true;
}

function isAgreed(agreed: JsonObject, uri: string): boolean {
  const { notifications } = agreed;
  const uris = isJsonObject(notifications) ? notifications['resourceSubscriptions'] : undefined;
  return Array.isArray(uris) && uris.includes(uri);
}

function isBelow(uri: string, parent: string): boolean {
  return uri.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
}

function tellAll({ listeners }: Watch, params: JsonObject): void {
  for (const listener of listeners) listener(params);
}
