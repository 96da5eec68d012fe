import { Worker } from 'node:worker_threads';
import { GatewayError, messageOf } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { ToolchainReply, ToolchainWorkerData } from './toolchain-worker.ts';

/** How long one request may take once the worker is ready. */
export interface RequestLimit {
  readonly limitMs: number;
}

/**
 * A running worker that answers one request at a time. It has a life of its
 * own: whoever gets an error from `request` must end it and start another.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #ready: Promise<unknown>;

  constructor(data: ToolchainWorkerData) {
    const { url, execArgv } = workerUrl('toolchain-worker', import.meta.url);
    this.#worker = new Worker(url, { execArgv, workerData: data, stdout: true, stderr: true });
    this.#ready = this.#next();
    // Whoever asks first hears of a failed start; nobody may ever ask.
    this.#ready.catch(() => undefined);
  }

  /** The program's answer as text. Throws `TOOLCHAIN_FAILED`. */
  async request(text: string, limit: RequestLimit): Promise<string> {
    await this.#ready;
    const timer = new AbortController();
    const reply = this.#next();
    this.#worker.postMessage(text, []);
    try {
      const first = await Promise.race([reply, after(limit.limitMs, timer.signal)]);
      return readReply(first, limit);
    } finally {
      timer.abort();
      reply.catch(() => undefined);
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Keeps the process from staying alive only for an idle worker. */
  unref(): void {
    this.#worker.unref();
  }

  ref(): void {
    this.#worker.ref();
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        act();
      };
      const onMessage = (value: unknown): void => {
        settle(() => {
          resolve(value);
        });
      };
      const onError = (error: unknown): void => {
        settle(() => {
          reject(failed(messageOf(error), error));
        });
      };
      const onExit = (code: number): void => {
        settle(() => {
          reject(failed(`the worker ended with code ${code}`));
        });
      };
      this.#worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    });
  }
}

type TimedOut = 'timed out';

async function after(limitMs: number, signal: AbortSignal): Promise<TimedOut> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs, 'timed out');
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
    });
  });
}

function readReply(reply: unknown, limit: RequestLimit): string {
  if (reply === 'timed out') {
    throw new GatewayError(
      'TOOLCHAIN_FAILED',
      `the Rego toolchain was ended after ${limit.limitMs} ms without an answer`,
      {
        mend: 'Look for a rule or a test that never ends, or make the bundle smaller.',
      },
    );
  }
  // The worker is ours, and its two answers are in toolchain-worker.ts.
  const answer = reply as ToolchainReply;
  if (answer.kind === 'failure') throw failed(answer.reason);
  return answer.text;
}

function failed(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('TOOLCHAIN_FAILED', `the Rego toolchain failed: ${reason}`, { cause });
}
