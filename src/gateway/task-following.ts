import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Followed } from '../upstream/followed-tasks.ts';
import type { FollowTasks } from './dialogue.ts';
import type { KnownTask } from './task-registry.ts';

export interface FollowingParts {
  readonly follow: FollowTasks;
  /** The state as its client may have it, or an error where it may not. Rejects with a `GatewayError`. */
  readonly tell: (state: JsonObject, task: KnownTask) => Promise<RpcAnswer>;
  /** As `tell`, of the state in which the task is now. */
  readonly look: (task: KnownTask, signal: AbortSignal) => Promise<RpcAnswer>;
  /** Gets the params of `notifications/tasks`. */
  readonly onChanged: (params: JsonObject) => void;
  readonly logger: Logger;
}

export interface FollowedHere {
  readonly tasks: readonly KnownTask[];
  readonly stop: () => void;
}

/**
 * Tells of tasks until it is stopped; of those whose servers cannot be heard there is nothing to tell. Never rejects: who
 * has gone meanwhile follows nothing.
 */
export async function followTasks(
  tasks: readonly KnownTask[],
  signal: AbortSignal,
  parts: FollowingParts,
): Promise<FollowedHere> {
  const closing = new AbortController();
  const followed = await Promise.all(
    byInstance(tasks).map((ofOne) => followAtOne(ofOne, { signal, closing: closing.signal, parts })),
  );
  const heard = new Set(followed.flatMap(({ tasks: ofOne }) => ofOne));
  return {
    tasks: tasks.filter((task) => heard.has(task)),
    stop: () => {
      closing.abort();
      for (const { stop } of followed) stop();
    },
  };
}

interface Way {
  /** Aborts when the client goes before it is answered. */
  readonly signal: AbortSignal;
  /** Aborts when nothing is told any more. */
  readonly closing: AbortSignal;
  readonly parts: FollowingParts;
}

async function followAtOne(tasks: OfOne, { signal, closing, parts }: Way): Promise<FollowedHere> {
  const [{ server, caller }] = tasks;
  const tellers = new Map(tasks.map((task) => [task.taskId, new Teller(task, closing, parts)]));
  const listener = {
    told: (state: JsonObject) => {
      const { taskId } = state;
      if (typeof taskId === 'string') tellers.get(taskId)?.take(state);
    },
    changed: (taskId: string) => tellers.get(taskId)?.take(NOW),
  };
  try {
    const taskIds = [...tellers.keys()];
    const followed: Followed = await parts.follow({ server, caller, taskIds, listener, signal });
    return { tasks: tasks.filter(({ taskId }) => followed.taskIds.includes(taskId)), stop: followed.stop };
  } catch (thrown) {
    note(thrown, tasks[0], parts.logger);
    return { tasks: [], stop: () => undefined };
  }
}

/** Instead of a state: as it is now. */
const NOW = 'now';
/** States that wait while one is decided on; of more the oldest are left out, for each is complete. */
const MOST_WAITING = 16;

/** Tells of one task, in the order in which it was heard, however long a decision takes. */
class Teller {
  readonly #task: KnownTask;
  readonly #closing: AbortSignal;
  readonly #parts: FollowingParts;
  #waiting: readonly (JsonObject | typeof NOW)[] = [];
  #isAtWork = false;

  constructor(task: KnownTask, closing: AbortSignal, parts: FollowingParts) {
    this.#task = task;
    this.#closing = closing;
    this.#parts = parts;
  }

  take(state: JsonObject | typeof NOW): void {
    if (state === NOW && this.#waiting.at(-1) === NOW) return;
    this.#waiting = [...this.#waiting, state].slice(-MOST_WAITING);
    if (!this.#isAtWork) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    this.#isAtWork = true;
    for (;;) {
      const [state, ...others] = this.#waiting;
      this.#waiting = others;
      if (state === undefined || this.#closing.aborted) break;
      await this.#tell(state);
    }
    this.#isAtWork = false;
  }

  async #tell(state: JsonObject | typeof NOW): Promise<void> {
    const { tell, look, onChanged, logger } = this.#parts;
    try {
      const told = await (state === NOW ? look(this.#task, this.#closing) : tell(state, this.#task));
      if (told.kind === 'failure' || this.#closing.aborted) return;
      const { resultType: _, ...params } = told.result;
      onChanged(params);
    } catch (thrown) {
      note(thrown, this.#task, logger);
    }
  }
}

type OfOne = readonly [KnownTask, ...KnownTask[]];

/** Tasks of one instance are followed together. */
function byInstance(tasks: readonly KnownTask[]): readonly OfOne[] {
  const groups: OfOne[] = [];
  for (const task of tasks) {
    const at = groups.findIndex(([{ server, caller }]) => server.id === task.server.id && caller === task.caller);
    const group = groups[at];
    if (group === undefined) groups.push([task]);
    else groups[at] = [...group, task];
  }
  return groups;
}

function note(thrown: unknown, { server }: KnownTask, logger: Logger): void {
  const fields = { server: server.id, problem: messageOf(thrown) };
  if (thrown instanceof GatewayError) logger.debug('a server does not tell of tasks', fields);
  else logger.error('a task could not be told of', fields);
}
