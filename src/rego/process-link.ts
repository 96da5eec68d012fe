import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { GatewayError, messageOf } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { ToolchainReply, ToolchainWork, ToolchainWorkerData } from './toolchain-worker.ts';

/** How much one request may take once the process is ready. */
export interface RequestLimit {
  /** Of CPU. How long that lasts depends on what else the machine does; six times as long is the most. */
  readonly limitMs: number;
}

/** A process that gets less of the machine than one part in so many is given up. */
const PATIENCE = 6;

/**
 * A running process that answers one request at a time. It has a life of its
 * own: whoever gets an error from `request` must end it and start another.
 *
 * It has an empty environment and none of our streams, and ends with us even
 * when we are killed.
 */
export class ProcessLink {
  readonly #process: ChildProcess;
  readonly #ready: Promise<string>;

  constructor(data: ToolchainWorkerData) {
    const { url, execArgv } = workerUrl('process-worker', import.meta.url);
    this.#process = fork(url, [JSON.stringify(data)], {
      env: {},
      execArgv,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#ready = this.#next();
    // Whoever asks first hears of a failed start; nobody may ever ask.
    this.#ready.catch(() => undefined);
  }

  /** The program's answer as text. Throws `TOOLCHAIN_FAILED`. */
  async request(text: string, limit: RequestLimit): Promise<string> {
    await this.#ready;
    const work = new BoundedWork(limit);
    const reply = this.#next((cpuMs) => work.note(cpuMs));
    this.#process.send(text);
    try {
      return await Promise.race([reply, work.exceeded]);
    } finally {
      work.end();
      reply.catch(() => undefined);
    }
  }

  /** At once, whatever it does. */
  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    // Whoever waits for the end has nothing else to live for.
    this.ref();
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }

  /** Keeps our process from staying alive only for an idle one. */
  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
  }

  ref(): void {
    this.#process.ref();
    this.#process.channel?.ref();
  }

  /** `onWork` is told now and then how much CPU the request has taken, in milliseconds. */
  #next(onWork: (cpuMs: number) => void = () => undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#process.off('message', onMessage).off('error', onError).off('exit', onExit);
        act();
      };
      // The process is ours, and what it says is in process-worker.ts and toolchain-worker.ts.
      const onMessage = (value: unknown): void => {
        const reply = value as ToolchainReply | ToolchainWork;
        if (reply.kind === 'working') return onWork(reply.cpuMs);
        return settle(() => (reply.kind === 'answer' ? resolve(reply.text) : reject(failed(reply.reason))));
      };
      const onError = (error: unknown): void => {
        settle(() => reject(failed(messageOf(error), error)));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        settle(() => reject(failed(`its process ended with ${signal ?? `code ${code}`}`)));
      };
      this.#process.on('message', onMessage).on('error', onError).on('exit', onExit);
    });
  }
}

/** Work that has a limit, from its beginning to its end. */
class BoundedWork {
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  #exceed: () => void = () => undefined;
  /** Rejects with TOOLCHAIN_FAILED. */
  readonly exceeded: Promise<never>;

  constructor({ limitMs }: RequestLimit) {
    this.#limitMs = limitMs;
    this.exceeded = new Promise((_, reject) => (this.#exceed = () => reject(tooMuch(limitMs))));
    this.#timer = setTimeout(() => this.#exceed(), limitMs * PATIENCE);
  }

  note(cpuMs: number): void {
    if (cpuMs > this.#limitMs) this.#exceed();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function tooMuch(limitMs: number): GatewayError {
  return new GatewayError(
    'TOOLCHAIN_FAILED',
    `the Rego toolchain was ended after ${limitMs} ms of work without an answer`,
    {
      mend: 'Look for a rule or a test that never ends, or make the bundle smaller.',
    },
  );
}

function failed(reason: string, cause?: unknown): GatewayError {
  return new GatewayError('TOOLCHAIN_FAILED', `the Rego toolchain failed: ${reason}`, { cause });
}
