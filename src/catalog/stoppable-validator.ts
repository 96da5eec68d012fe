import { Worker } from 'node:worker_threads';
import { workerUrl } from '../core/worker-entry.ts';
import type { WorkerAnswer, WorkerRequest } from './argument-worker.ts';
import type { Misfit } from './compile-schema.ts';
import type { SchemaScan } from './schema-scan.ts';

export interface ValidatorLimits {
  /**
   * For compiling one schema, and for validating one value, each. Milliseconds that the processor spent on this process:
   * on a machine that is busy with other things, a step gets up to twenty times as long.
   */
  readonly stepMs: number;
  /** For a thread to begin. */
  readonly startMs: number;
}

export type CostlySchema = Extract<SchemaScan, { kind: 'costly' }>;

export type Validation =
  | { readonly kind: 'done'; readonly misfits: readonly Misfit[] }
  | { readonly kind: 'uncompilable' }
  | { readonly kind: 'stopped' };

const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/**
 * Compiles and validates in a thread of its own, one thing after another. What takes too long is stopped by ending the
 * thread; the next request starts another. The thread starts with the first request.
 */
export class StoppableValidator {
  readonly #limits: ValidatorLimits;
  #thread: Thread | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(limits: ValidatorLimits) {
    this.#limits = limits;
  }

  /** `id` names the schema; the same id always means the same schema. */
  validate(id: number, schema: CostlySchema, value: unknown): Promise<Validation> {
    return this.#inTurn(async () => {
      const compiled = await this.#compile(id, schema);
      return compiled.kind === 'done' ? this.#ask({ kind: 'validate', id, value }) : compiled;
    });
  }

  compile(id: number, schema: CostlySchema): Promise<Validation> {
    return this.#inTurn(() => this.#compile(id, schema));
  }

  async forget(id: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#thread?.compiled.delete(id) === true) await this.#ask({ kind: 'forget', id });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #compile(id: number, schema: CostlySchema): Promise<Validation> {
    if (this.#thread?.compiled.has(id) === true) return { kind: 'done', misfits: [] };
    const answer = await this.#ask({ kind: 'compile', id, schema: schema.schema, dialects: schema.dialects });
    if (answer.kind === 'done') this.#thread?.compiled.add(id);
    return answer;
  }

  async #ask(request: WorkerRequest): Promise<Validation> {
    const thread = await this.#started();
    if (thread === undefined) return { kind: 'stopped' };
    thread.worker.postMessage(request, []);
    const answer = await answerWithin(thread.worker, this.#limits.stepMs);
    if (answer === undefined) await this.#end();
    if (answer === undefined) return { kind: 'stopped' };
    return answer.misfits === undefined ? { kind: 'uncompilable' } : { kind: 'done', misfits: answer.misfits };
  }

  async #started(): Promise<Thread | undefined> {
    if (this.#isClosed || this.#thread !== undefined) return this.#isClosed ? undefined : this.#thread;
    const { url, execArgv } = workerUrl('argument-worker', import.meta.url);
    const worker = new Worker(url, { execArgv, resourceLimits: MEMORY, env: {} });
    worker.unref();
    // Without a listener an error in the thread would end the whole process; its end is noticed by who waits for it.
    worker.on('error', () => undefined);
    this.#thread = { worker, compiled: new Set() };
    worker.once('exit', () => this.#forgetThread(worker));
    if ((await answerWithin(worker, this.#limits.startMs)) === undefined) await this.#end();
    return this.#thread;
  }

  #forgetThread(worker: Worker): void {
    if (this.#thread?.worker === worker) this.#thread = undefined;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.worker.terminate();
  }
}

interface Thread {
  readonly worker: Worker;
  /** Ids of the schemas that this thread has. */
  readonly compiled: Set<number>;
}

/** The next message of the thread; undefined when it ends or time is over first. */
function answerWithin(worker: Worker, limitMs: number): Promise<WorkerAnswer | undefined> {
  return new Promise((resolve) => {
    const stopWaiting = whenSpent(limitMs, () => finish(undefined));
    const finish = (answer: WorkerAnswer | undefined): void => {
      stopWaiting();
      worker.off('message', finish);
      worker.off('exit', onExit);
      resolve(answer);
    };
    const onExit = (): void => finish(undefined);
    worker.on('message', finish);
    worker.on('exit', onExit);
  });
}

const MAX_ROUNDS = 20;

/** Calls back when this process has had the processor for so long, or that time has passed twenty times. */
function whenSpent(limitMs: number, callback: () => void): () => void {
  const before = process.cpuUsage();
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1_000 >= limitMs || rounds >= MAX_ROUNDS) callback();
  }, limitMs);
  return () => clearInterval(timer);
}
