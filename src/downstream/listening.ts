import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { SUBSCRIPTION_ID } from '../core/protocol.ts';
import type { RpcAnswer, RpcId } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';
import type { Caller, Exchange, Following, GatewayPort } from '../gateway/port.ts';
import { notificationText, resultOf } from './answer.ts';
import { logUnforeseen } from './in-flight.ts';
import { ListChanges, type ToldList } from './list-changes.ts';
import type { Outlet } from './outlet.ts';

/** What a client wants to hear of (MCP 2026-07-28, Subscriptions). */
export interface Filter {
  readonly lists: readonly ToldList[];
  readonly uris: readonly string[];
  /** Extension io.modelcontextprotocol/tasks, Task Status Notifications. */
  readonly taskIds: readonly string[];
}

/** Resources that one subscription may name, and tasks; all are looked at at once. */
const MAX_NAMED = 256;

const LIST_MEMBERS: Readonly<Record<ToldList, string>> = {
  tools: 'toolsListChanged',
  prompts: 'promptsListChanged',
  resources: 'resourcesListChanged',
};
const TOLD_LISTS = ['tools', 'prompts', 'resources'] as const;

/** The filter of `subscriptions/listen`, or what is wrong with it. */
export function readFilter({ notifications }: JsonObject): Filter | string {
  if (!isJsonObject(notifications)) return 'The member notifications must be an object.';
  const { resourceSubscriptions: uris = [], taskIds = [] } = notifications;
  const flags = TOLD_LISTS.map((list) => notifications[LIST_MEMBERS[list]]);
  if (flags.some((flag) => flag !== undefined && typeof flag !== 'boolean')) return 'A list is asked for with true.';
  if (!isTexts(uris)) return 'The member resourceSubscriptions must be a list of texts.';
  if (!isTexts(taskIds)) return 'The member taskIds must be a list of texts.';
  if (Math.max(uris.length, taskIds.length) > MAX_NAMED) {
    return `A subscription names at most ${String(MAX_NAMED)} resources and as many tasks.`;
  }
  const lists = TOLD_LISTS.filter((list) => notifications[LIST_MEMBERS[list]] === true);
  return { lists, uris: [...new Set(uris)], taskIds: [...new Set(taskIds)] };
}

export interface ListeningOptions {
  readonly id: RpcId;
  readonly filter: Filter;
  readonly meta: JsonObject;
  readonly caller: Caller;
  readonly gateway: GatewayPort;
  readonly outlet: Outlet;
  /** Aborts when the door closes, which ends the subscription with a result. */
  readonly closing: AbortSignal;
  readonly logger: Logger;
}

/** One `subscriptions/listen`, from its acknowledgement to its end. */
export class Listening {
  readonly #options: ListeningOptions;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #changes = new ListChanges((list) => this.#tell(`notifications/${list}/list_changed`, {}));
  /** What happens before the acknowledgement, which must be first. */
  #early: string[] | undefined = [];
  #leave: (() => void) | undefined = undefined;
  #hasEnded = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
  }

  /** Resolves with the result when the door closes, or with nothing that anybody reads when the client has gone. */
  async run(exchange: Exchange): Promise<RpcAnswer> {
    const { id, closing } = this.#options;
    try {
      const tasks = await this.#follow(exchange);
      if (tasks.kind === 'refused') return { kind: 'failure', error: tasks.error };
      const granted = { ...(await this.#grant(exchange)), taskIds: tasks.taskIds };
      this.#acknowledge(granted);
      const { lists, uris, taskIds } = granted;
      if (lists.length + uris.length + taskIds.length > 0) await ended([exchange.signal, closing]);
    } finally {
      this.#stop();
    }
    return resultOf({ _meta: { [SUBSCRIPTION_ID]: id } });
  }

  /** Before all else, because a client that knows no tasks is told so instead of being acknowledged. */
  async #follow(exchange: Exchange): Promise<Following> {
    const { gateway, caller, filter } = this.#options;
    const { taskIds } = filter;
    if (taskIds.length === 0) return { kind: 'following', taskIds, stop: () => undefined };
    const onChanged = (params: JsonObject): void => this.#tell('notifications/tasks', params);
    const following = await gateway.followTasks({ taskIds, onChanged }, caller, exchange);
    if (following.kind === 'following') this.#stops.push(async () => following.stop());
    return following;
  }

  /** Keeps of the filter what servers offer and policy allows. */
  async #grant(exchange: Exchange): Promise<Omit<Filter, 'taskIds'>> {
    const { gateway, caller, filter } = this.#options;
    const { capabilities } = await gateway.introduce(caller);
    const lists = filter.lists.filter((list) => isOffered(capabilities, list, 'listChanged'));
    if (lists.length > 0) this.#attend(lists);
    if (!isOffered(capabilities, 'resources', 'subscribe')) return { lists, uris: [] };
    const decided = await Promise.all(
      filter.uris.map(async (uri) => ((await this.#watch(uri, exchange)) ? [uri] : [])),
    );
    return { lists, uris: decided.flat() };
  }

  #attend(lists: readonly ToldList[]): void {
    const { gateway, caller } = this.#options;
    this.#leave = gateway.attend(caller, {
      listChanged: (list) => {
        if (lists.some((wanted) => wanted === (list === 'templates' ? 'resources' : list))) this.#changes.note(list);
      },
      // Nothing but what was asked for belongs on this road.
      notify: () => undefined,
      logLevel: () => undefined,
      ask: undefined,
    });
  }

  /** One resource that cannot be watched is left out of what is granted; the others stay. */
  async #watch(uri: string, exchange: Exchange): Promise<boolean> {
    const { gateway, caller, meta, logger } = this.#options;
    const onUpdated = (params: JsonObject): void => this.#tell('notifications/resources/updated', params);
    try {
      const watch = await gateway.watch({ uri, meta, onUpdated }, caller, exchange);
      if (watch.kind === 'watching') this.#stops.push(watch.stop);
      return watch.kind === 'watching';
    } catch (thrown) {
      logUnforeseen(thrown, logger);
      return false;
    }
  }

  #acknowledge({ lists, uris, taskIds }: Filter): void {
    const members = lists.map((list) => [LIST_MEMBERS[list], true] as const);
    const notifications = {
      ...Object.fromEntries(members),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
      ...(taskIds.length > 0 && { taskIds }),
    };
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#tell('notifications/subscriptions/acknowledged', { notifications });
    for (const text of early) this.#options.outlet.send(text);
  }

  #tell(method: string, params: JsonObject): void {
    const { id, outlet } = this.#options;
    if (this.#hasEnded) return;
    const { _meta: meta } = params;
    const tagged = { ...params, _meta: { ...(isJsonObject(meta) && meta), [SUBSCRIPTION_ID]: id } };
    const text = notificationText(method, tagged);
    if (this.#early === undefined) outlet.send(text);
    else this.#early.push(text);
  }

  #stop(): void {
    this.#hasEnded = true;
    this.#changes.stop();
    this.#leave?.();
    for (const stop of this.#stops) {
      stop().catch((error: unknown) => {
        this.#options.logger.debug('A subscription could not be ended.', { error: messageOf(error) });
      });
    }
  }
}

function isOffered(capabilities: JsonObject, group: string, member: string): boolean {
  const offered = capabilities[group];
  return isJsonObject(offered) && offered[member] === true;
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Resolves when one of the signals aborts. */
function ended(signals: readonly StopSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    if (signals.some((signal) => signal.aborted)) return end();
    for (const signal of signals) signal.addEventListener('abort', end);
    return undefined;
  });
}
