import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { LABELS_META_KEY, OWN_META_PREFIX, type ServerId } from '../core/names.ts';
import { LOG_LEVELS, type LogLevel } from '../core/protocol.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Followed } from '../upstream/followed-tasks.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Holder } from '../upstream/instance-host.ts';
import type { Outgoing, TaskWish } from './dialogue.ts';
import type { GovernedServer } from './governed-server.ts';
import { offersTo } from './offers.ts';
import type { Caller, ClientNews } from './port.ts';

export interface InstancesOptions {
  /** Gives the holder's instance of a server; throws UPSTREAM_UNAVAILABLE. */
  readonly acquire: (server: ServerId, holder: Holder) => Upstream;
  /** The epoch in which an instance offers a tool of a pinned server as it was accepted. Rejects with UPSTREAM_UNAVAILABLE. */
  readonly epochFor?: (upstream: Upstream, server: GovernedServer, tool: string) => Promise<number>;
  readonly logger: Logger;
}

/** Who has used an instance of a server. */
interface Users {
  /** Sessions that have not ended. */
  readonly sessions: Set<string>;
  /** Ids of users, those of ended sessions too. */
  readonly principals: Set<string>;
}

/** The running instances of servers, and who uses which: what one says of itself goes to nobody else. */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #holders = new WeakMap<Caller, Map<ServerId, Holder>>();
  readonly #users = new WeakMap<Upstream, Users>();
  readonly #used = new Map<string, Set<Upstream>>();
  readonly #levels = new Map<string, LogLevel>();

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /** The caller's instance of the server, to be asked for at each request. Throws UPSTREAM_UNAVAILABLE. */
  acquire(server: GovernedServer, caller: Caller): Upstream {
    const upstream = this.#find(server, caller);
    if (this.#used.get(caller.session)?.has(upstream) !== true) this.#join(upstream, caller);
    return upstream;
  }

  /** Sends a request to the caller's instance. Rejects with `UPSTREAM_*`, `SIGN_IN_REQUIRED` or `CANCELLED`. */
  async send({ server, caller, isAfterwards = false, method, params, options }: Outgoing): Promise<RpcAnswer> {
    const { logLevel, signal } = options;
    const isOver = isAfterwards && this.#isOver(caller);
    // It may have gone while the request was decided; its session may be over, and what joins it now is never told so.
    if (signal?.aborted === true) throw new GatewayError('CANCELLED', `The client cancelled ${method}.`);
    // Whoever has a session says so once; a stateless client with each request.
    if (logLevel !== undefined && caller.era === 'stateless' && !isOver)
      this.tell({ kind: 'log_level', level: logLevel }, caller);
    const { offers } = this.#holderOf(server, caller);
    // The new members first: V8 gives what is copied and then extended a hidden class of its own, each time anew.
    const sent = { offers, session: caller.session, ...options };
    const upstream = isOver ? this.#find(server, caller) : this.acquire(server, caller);
    const isPinned = server.pins !== undefined && method === 'tools/call';
    const toolsEpoch = isPinned ? await this.#epochFor(upstream, server, params) : undefined;
    const request = toolsEpoch === undefined ? sent : { ...sent, toolsEpoch };
    return withoutOwnMeta(await upstream.request(method, params, request), method);
  }

  /** Follows tasks at the caller's instance. Rejects as `send` does. */
  async follow({ server, caller, taskIds, listener, signal }: TaskWish): Promise<Followed> {
    if (signal.aborted) throw new GatewayError('CANCELLED', 'The client does not listen any more.');
    const { offers } = this.#holderOf(server, caller);
    const upstream = this.#isOver(caller) ? this.#find(server, caller) : this.acquire(server, caller);
    return upstream.follow(taskIds, listener, { signal, offers });
  }

  /** The sessions that use an instance; empty where users are several, because nobody knows whom of them it means. */
  sessionsOf(upstream: Upstream): ReadonlySet<string> {
    const users = this.#users.get(upstream);
    return users === undefined || users.principals.size > 1 ? NOBODY : users.sessions;
  }

  /** Whether a session that has not ended has used an instance. */
  isUsedBy(upstream: Upstream, session: string): boolean {
    return this.#used.get(session)?.has(upstream) === true;
  }

  /** Passes on to the caller's running instances what their client says to all servers. */
  tell(news: ClientNews, { session }: Caller): void {
    const used = [...(this.#used.get(session) ?? [])];
    if (news.kind === 'roots_changed') {
      for (const upstream of used) this.#behind(upstream.notify('notifications/roots/list_changed', {}));
      return;
    }
    if (this.#levels.get(session) === news.level) return;
    this.#levels.set(session, news.level);
    for (const upstream of used) this.#setLevel(upstream);
  }

  endSession(session: string): void {
    for (const upstream of this.#used.get(session) ?? []) this.#users.get(upstream)?.sessions.delete(session);
    this.#used.delete(session);
    this.#levels.delete(session);
  }

  async #epochFor(upstream: Upstream, server: GovernedServer, { name }: JsonObject): Promise<number | undefined> {
    return this.#options.epochFor?.(upstream, server, typeof name === 'string' ? name : '');
  }

  #find(server: GovernedServer, caller: Caller): Upstream {
    return this.#options.acquire(server.id, this.#holderOf(server, caller));
  }

  /** Whether the session of a call that was made has ended: nobody will say so again, so it must join nothing any more. */
  #isOver({ session }: Caller): boolean {
    return !this.#used.has(session);
  }

  /** A session's caller is one object for as long as it lasts, and so is its holder. */
  #holderOf(server: GovernedServer, caller: Caller): Holder {
    const known = this.#holders.get(caller)?.get(server.id);
    if (known !== undefined) return known;
    const { session, principal, era } = caller;
    const holder: Holder = { session, principalId: principal.user.id, era, offers: offersTo(server, caller) };
    const holders = this.#holders.get(caller) ?? new Map<ServerId, Holder>();
    this.#holders.set(caller, holders.set(server.id, holder));
    return holder;
  }

  #join(upstream: Upstream, { session, principal }: Caller): void {
    const users = this.#users.get(upstream) ?? { sessions: new Set(), principals: new Set() };
    users.sessions.add(session);
    users.principals.add(principal.user.id);
    this.#users.set(upstream, users);
    const before = [...(this.#used.get(session) ?? [])].filter(({ state }) => state.kind !== 'closed');
    this.#used.set(session, new Set([...before, upstream]));
    if (this.#levels.has(session)) this.#setLevel(upstream);
  }

  /** One that several sessions share says what the most curious of them wants; the others do not get to see it. */
  #setLevel(upstream: Upstream): void {
    const sessions = [...(this.#users.get(upstream)?.sessions ?? [])];
    const wanted = new Set(sessions.map((session) => this.#levels.get(session)));
    const level = LOG_LEVELS.find((candidate) => wanted.has(candidate));
    if (level !== undefined) this.#behind(upstream.setLogLevel(level));
  }

  #behind(told: Promise<void>): void {
    told.catch((thrown: unknown) => {
      this.#options.logger.debug('a server could not be told', { problem: messageOf(thrown) });
    });
  }
}

/**
 * What stands under our own keys is said by us: a server cannot put a decision of its own beside its result. The labels
 * that it claims for the result of a call are left to the phase of results.
 */
function withoutOwnMeta(answer: RpcAnswer, method: string): RpcAnswer {
  if (answer.kind === 'failure') return answer;
  const { result } = answer;
  const cleaned = cleanedMeta(result, method);
  // What is told of a task that has ended holds the result of its call.
  const { result: ofTask } = cleaned;
  const inner = method === 'tasks/get' && isJsonObject(ofTask) ? cleanedMeta(ofTask, method) : ofTask;
  if (inner !== ofTask && inner !== undefined) return { kind: 'result', result: { ...cleaned, result: inner } };
  return cleaned === result ? answer : { kind: 'result', result: cleaned };
}

const OF_CALLS: ReadonlySet<string> = new Set(['tools/call', 'tasks/result', 'tasks/get']);

function cleanedMeta(result: JsonObject, method: string): JsonObject {
  const meta = result['_meta'];
  if (!isJsonObject(meta)) return result;
  const kept = Object.entries(meta).filter(
    ([key]) => !key.startsWith(OWN_META_PREFIX) || (key === LABELS_META_KEY && OF_CALLS.has(method)),
  );
  return kept.length === Object.keys(meta).length ? result : { ...result, _meta: Object.fromEntries(kept) };
}

const NOBODY: ReadonlySet<string> = new Set();
