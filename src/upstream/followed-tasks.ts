import { messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { keepListening } from './keep-listening.ts';
import type { Live } from './life.ts';
import { beforeAbort } from './waiting.ts';
import type { WatchesOptions, WatchOptions } from './watches.ts';

/** Hears of tasks, under the server's own ids. */
export interface TaskListener {
  /** A stateless server tells the state of a task: all that it would answer to `tasks/get`. */
  told(state: JsonObject): void;
  /** A task may be in another state now; it has to be asked for. */
  changed(taskId: string): void;
}

export interface Followed {
  /** Those that the server agreed to tell of. */
  readonly taskIds: readonly string[];
  readonly stop: () => void;
}

interface Following {
  readonly taskIds: readonly string[];
  readonly listener: TaskListener;
  readonly offers: JsonObject;
  readonly closing: AbortController;
}

/**
 * The tasks of one instance that somebody follows. A stateless server is listened to, on one stream for each who follows
 * (extension io.modelcontextprotocol/tasks, Task Status Notifications); one in a session tells by itself what has changed.
 */
export class FollowedTasks {
  readonly #options: WatchesOptions;
  readonly #followings = new Set<Following>();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#followings.size;
  }

  /** Rejects as a request does; whoever is cancelled follows nothing. */
  async add(taskIds: readonly string[], listener: TaskListener, { signal, offers }: WatchOptions): Promise<Followed> {
    const following: Following = { taskIds, listener, offers, closing: new AbortController() };
    const stop = (): void => {
      this.#followings.delete(following);
      following.closing.abort();
    };
    try {
      const agreed = await beforeAbort(this.#open(following), signal);
      if (agreed.length === 0) stop();
      // Not before: a server that is started for this must not be asked once more because it runs anew.
      else this.#followings.add(following);
      return { taskIds: agreed, stop };
    } catch (error) {
      stop();
      throw error;
    }
  }

  /** A server in a session says that a task is in another state. */
  tell({ taskId }: JsonObject): void {
    if (typeof taskId !== 'string') return;
    for (const { taskIds, listener } of this.#followings) if (taskIds.includes(taskId)) listener.changed(taskId);
  }

  /** The server runs anew and knows of nobody who listens; what is followed may have changed meanwhile. */
  renew(): void {
    const { name, logger } = this.#options;
    for (const following of this.#followings) {
      this.#open(following).then(
        () => changed(following),
        (error: unknown) => logger.warn('tasks are followed no more', { server: name, why: messageOf(error) }),
      );
    }
  }

  close(): void {
    for (const { closing } of this.#followings) closing.abort();
    this.#followings.clear();
  }

  #open(following: Following): Promise<readonly string[]> {
    return this.#options.use((live) => this.#listen(following, live));
  }

  async #listen(following: Following, { connection, facts }: Live): Promise<readonly string[]> {
    const { taskIds, listener, offers, closing } = following;
    if (facts.era === 'session') return taskIds;
    const { name, logger, clock, timeoutMs } = this.#options;
    const listened = await keepListening({
      name,
      logger,
      clock,
      connection,
      offers,
      timeoutMs,
      filter: { taskIds },
      signal: closing.signal,
      onEvent: ({ method, params }) => {
        if (method === 'notifications/tasks') listener.told(params);
      },
      onRenewed: () => changed(following),
    });
    return listened.kind === 'refused' ? [] : agreedIn(listened.agreed, taskIds);
  }
}

function changed({ taskIds, listener }: Following): void {
  for (const taskId of taskIds) listener.changed(taskId);
}

function agreedIn({ notifications }: JsonObject, wanted: readonly string[]): readonly string[] {
  const agreed = isJsonObject(notifications) ? notifications['taskIds'] : undefined;
  return Array.isArray(agreed) ? wanted.filter((taskId) => agreed.includes(taskId)) : [];
}
