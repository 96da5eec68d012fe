import { randomUUID } from 'node:crypto';
import {
  type CallToolResult,
  type InputRequests,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';

export type Answers = Readonly<Record<string, unknown>>;

/** Work that goes on after the call was answered. It may ask the client; a `ProtocolError` fails the task. */
export type Work = (ask: (questions: InputRequests) => Promise<Answers>) => Promise<CallToolResult>;

type State =
  | { readonly status: 'working' | 'cancelled' }
  | { readonly status: 'input_required'; readonly inputRequests: InputRequests }
  | { readonly status: 'completed'; readonly result: CallToolResult }
  | { readonly status: 'failed'; readonly error: { readonly code: number; readonly message: string } };

/** A task as it stands on the wire, with the parts of its status. */
type DetailedTask = State & { readonly taskId: string; readonly [member: string]: unknown };

/** The tasks of all connections: https://modelcontextprotocol.io/seps/2663-tasks-extension */
export class Tasks {
  readonly #tasks = new Map<string, Task>();

  /** Starts the work and answers with the task, without waiting for anything. */
  begin(work: Work): DetailedTask {
    const task = new Task(work);
    this.#tasks.set(task.id, task);
    return task.show();
  }

  get(id: string): DetailedTask {
    return this.#find(id).show();
  }

  answer(id: string, answers: Answers): void {
    this.#find(id).answer(answers);
  }

  cancel(id: string): void {
    this.#find(id).move({ status: 'cancelled' });
  }

  #find(id: string): Task {
    const task = this.#tasks.get(id);
    if (!task) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no task ${id}`);
    return task;
  }
}

class Task {
  readonly id = randomUUID();
  readonly #createdAt = new Date().toISOString();
  #lastUpdatedAt = this.#createdAt;
  #state: State = { status: 'working' };
  #answers: Answers = {};
  #resume: (answers: Answers) => void = () => {};

  constructor(work: Work) {
    // What began the task is answered first, so nothing is done before.
    Promise.resolve()
      .then(() => work((questions) => this.#ask(questions)))
      .then(
        (result) => this.move({ status: 'completed', result }),
        (thrown: unknown) => this.move({ status: 'failed', error: errorOf(thrown) }),
      );
  }

  /** Nothing leaves a state that is final. */
  move(state: State): void {
    if (['completed', 'failed', 'cancelled'].includes(this.#state.status)) return;
    this.#state = state;
    this.#lastUpdatedAt = new Date().toISOString();
  }

  /** Takes the answers to open questions, and goes on with the work when none is left. */
  answer(answers: Answers): void {
    if (this.#state.status !== 'input_required') return;
    const open = Object.entries(this.#state.inputRequests);
    const left = open.filter(([key]) => !(key in answers));
    this.#answers = { ...this.#answers, ...answers };
    if (left.length > 0) return this.move({ status: 'input_required', inputRequests: Object.fromEntries(left) });
    this.move({ status: 'working' });
    this.#resume(this.#answers);
  }

  show(): DetailedTask {
    return {
      taskId: this.id,
      createdAt: this.#createdAt,
      lastUpdatedAt: this.#lastUpdatedAt,
      ttlMs: 600_000,
      pollIntervalMs: 100,
      ...this.#state,
    };
  }

  #ask(inputRequests: InputRequests): Promise<Answers> {
    this.move({ status: 'input_required', inputRequests });
    return new Promise((settle) => {
      this.#resume = settle;
    });
  }
}

function errorOf(thrown: unknown): { readonly code: number; readonly message: string } {
  const { code, message } = ProtocolError.isInstance(thrown)
    ? thrown
    : { code: ProtocolErrorCode.InternalError, message: String(thrown) };
  return { code, message };
}
