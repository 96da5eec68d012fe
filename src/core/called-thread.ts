import { type MessagePort, Worker } from 'node:worker_threads';
import { type ErrorCode, GatewayError, messageOf } from './errors.ts';
import { workerUrl } from './worker-entry.ts';

/** What a thread does for others: methods that answer promises of values that can be sent to another thread. */
export type Callable = Readonly<Record<string, (...args: never[]) => unknown>>;

interface Question {
  readonly id: number;
  /** Empty: it is over. */
  readonly method: string;
  readonly args: readonly unknown[];
}

type Answer =
  | { readonly id: number; readonly kind: 'value'; readonly value: unknown }
  | {
      readonly id: number;
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly mend: string | undefined;
    };

export interface CalledThreadOptions {
  /** Name of the file, without extension, in the folder of `base`, which is the caller's `import.meta.url`. */
  readonly file: string;
  readonly base: string;
  readonly settings: unknown;
  /** As a debugger shows it. */
  readonly name: string;
  /** So long without a question, the thread ends; the next question starts another. */
  readonly idleMs: number;
  /** Questions at one time; whoever asks more is refused. */
  readonly mostWaiting: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The methods of `T` as promises, carried out by a thread. */
export interface Called<T> {
  readonly methods: T;
  readonly close: () => Promise<void>;
}

/** A thread that answers as `T` does. It is started by the first question. */
export function calledThread<T extends object>(options: CalledThreadOptions): Called<T> {
  const thread = new CalledThread(options);
  const ask =
    (_: unknown, method: string | symbol) =>
    (...args: readonly unknown[]) =>
      thread.ask(String(method), args);
  return { methods: new Proxy<T>({} as T, { get: ask }), close: () => thread.close() };
}

/** A thread that is started when it is first asked for something, and ends when nobody asks any more. */
class CalledThread {
  readonly #options: CalledThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;
  #hasEnded = false;

  constructor(options: CalledThreadOptions) {
    this.#options = options;
  }

  /** What the thread answers; what it throws comes out as a `GatewayError`. */
  ask(method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#hasEnded) return Promise.reject(new GatewayError('CANCELLED', `${this.#options.name} is being ended`));
    if (this.#waiting.size >= this.#options.mostWaiting) {
      const mend = 'Try again in a moment.';
      return Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'too much is asked for at once', { mend }));
    }
    const worker = (this.#worker ??= this.#start());
    this.#putOffRest();
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, method, args } satisfies Question, []);
    });
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#fail(worker, undefined);
    if (worker === undefined) return;
    const over = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage(OVER, []);
    await over;
  }

  #start(): Worker {
    const { file, base, settings, name } = this.#options;
    const { url, execArgv } = workerUrl(file, base);
    const worker = new Worker(url, { execArgv, workerData: settings, name });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#take(answer));
    worker.on('error', (cause) => this.#fail(worker, cause));
    worker.on('exit', () => this.#fail(worker, undefined));
    return worker;
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'value') return waiting?.resolve(answer.value);
    const { code, message, mend } = answer;
    return waiting?.reject(new GatewayError(code, message, mend === undefined ? {} : { mend }));
  }

  #fail(worker: Worker | undefined, cause: Error | undefined): void {
    if (worker === undefined || this.#worker !== worker) return;
    this.#worker = undefined;
    const error = new GatewayError('STORE_UNAVAILABLE', `the thread of ${this.#options.name} has ended`, {
      mend: 'Try again.',
      cause,
    });
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #putOffRest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#rest(), this.#options.idleMs).unref();
  }

  #rest(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    if (this.#waiting.size > 0) return this.#putOffRest();
    this.#worker = undefined;
    worker.postMessage(OVER, []);
  }
}

const OVER: Question = { id: 0, method: '', args: [] };

/** The other end, in the thread itself. Each question is answered when its answer is there, whatever came before it. */
export function answerCalls(port: MessagePort, methods: object, close: () => Promise<void> | void): void {
  const callable = methods as Callable;
  port.on('message', (question: Question) => void answer(question));

  async function answer({ id, method, args }: Question): Promise<void> {
    if (method === '') {
      await close();
      port.close();
      return;
    }
    port.postMessage(await answerTo(callable, { id, method, args }), []);
  }
}

async function answerTo(methods: Callable, { id, method, args }: Question): Promise<Answer> {
  try {
    const value = await methods[method]?.(...(args as never[]));
    return { id, kind: 'value', value };
  } catch (thrown) {
    const known = thrown instanceof GatewayError ? thrown : undefined;
    const code = known?.code ?? 'STORE_UNAVAILABLE';
    return { id, kind: 'failed', code, message: messageOf(thrown), mend: known?.mend };
  }
}
