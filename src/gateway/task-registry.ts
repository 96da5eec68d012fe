import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { GovernedServer } from './governed-server.ts';
import type { JudgedCall } from './judge-answer.ts';
import { TASK_MARK, withPlace } from './places.ts';
import type { Caller } from './port.ts';
import type { AskingCall } from './question-decision.ts';
import { principalOf } from './request-state.ts';
import { lifeOf, taskIdIn } from './task-ids.ts';
import { TaskQuestions } from './task-questions.ts';

/** A task of a call that went through here. */
export interface KnownTask {
  /**
   * Its id for clients: the server's own, unless another task has that; and with the tag of the gateway where there are
   * others.
   */
  readonly shownId: string;
  /** Its id at the server. */
  readonly taskId: string;
  readonly server: GovernedServer;
  /** Who made the call; the task lives at this caller's instance of the server. */
  readonly caller: Caller;
  readonly call: AskingCall;
  /** Absent where its result is no result of a tool. */
  readonly judged?: JudgedCall | undefined;
  readonly asked: TaskQuestions;
}

type TaskMade = Pick<KnownTask, 'server' | 'caller' | 'call' | 'judged'>;

const PER_PRINCIPAL = 1000;
/** A server that does not say how long it keeps a task is believed to keep it a day. */
const LIFE_MS = 86_400_000;

/** The tasks that are known, and whose they are. */
export class TaskRegistry {
  readonly #clock: Clock;
  readonly #place: string | undefined;
  /** In the order in which they were made. */
  readonly #tasks = new Map<string, KnownTask>();
  /** When each may be forgotten, in milliseconds on the monotonic clock. */
  readonly #endsAtMs = new WeakMap<KnownTask, number>();

  /** `place`: the tag of this gateway; undefined where no other could be asked. */
  constructor(clock: Clock, place: string | undefined) {
    this.#clock = clock;
    this.#place = place;
  }

  /** `state`: of the task as its server tells it. */
  add(state: JsonObject, made: TaskMade): KnownTask {
    this.#sweep(principalOf(made.caller));
    const taskId = taskIdIn(state) ?? '';
    const task = { ...made, taskId, shownId: this.#freeId(taskId), asked: new TaskQuestions() };
    this.#tasks.set(task.shownId, task);
    this.keep(task, state);
    return task;
  }

  /** Its server tells its state, and with it how long it keeps the task: that may change. */
  keep(task: KnownTask, state: JsonObject): void {
    this.#endsAtMs.set(task, this.#clock.monotonic() + (lifeOf(state) ?? LIFE_MS));
  }

  /** By the id that clients know; undefined where it is another principal's. */
  find(shownId: string, caller: Caller): KnownTask | undefined {
    const task = this.#tasks.get(shownId);
    return task !== undefined && principalOf(task.caller) === principalOf(caller) ? task : undefined;
  }

  /** The newest by the server's own id, which another instance of the server may have given too. */
  at(server: string, taskId: string, isWanted: (maker: Caller) => boolean): KnownTask | undefined {
    return [...this.#tasks.values()].findLast(
      (task) => task.taskId === taskId && task.server.id === server && isWanted(task.caller),
    );
  }

  ofPrincipal(caller: Caller): readonly KnownTask[] {
    return this.#of(principalOf(caller));
  }

  remove({ shownId }: KnownTask): void {
    this.#tasks.delete(shownId);
  }

  #of(principal: string): readonly KnownTask[] {
    return [...this.#tasks.values()].filter(({ caller }) => principalOf(caller) === principal);
  }

  /** Takes out what is over, and of the principal's the oldest where they are too many. */
  #sweep(principal: string): void {
    const now = this.#clock.monotonic();
    for (const task of this.#tasks.values()) if ((this.#endsAtMs.get(task) ?? 0) <= now) this.remove(task);
    const own = this.#of(principal);
    const [oldest] = own;
    if (own.length >= PER_PRINCIPAL && oldest !== undefined) this.remove(oldest);
  }

  #freeId(taskId: string): string {
    const placed = (id: string): string => withPlace(id, TASK_MARK, this.#place);
    if (!this.#tasks.has(placed(taskId))) return placed(taskId);
    let number = 2;
    while (this.#tasks.has(placed(`${taskId}~${number}`))) number += 1;
    return placed(`${taskId}~${number}`);
  }
}
