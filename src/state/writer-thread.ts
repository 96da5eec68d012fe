import { Worker } from 'node:worker_threads';
import { GatewayError, type ErrorCode } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { LogRow } from './chain.ts';
import type { RowChanges } from './changes.ts';
import type { Durability } from './connection.ts';
import type { Driver } from './driver.ts';
import type { KnownPlace } from './log-tail.ts';
import type { Written } from './append.ts';
import type { OpenedLog } from './log-writer.ts';

export interface WriterThreadOptions {
  readonly driver: Driver;
  readonly path: string;
  readonly durability: Durability;
  /** Where the keys of the chain lie. */
  readonly home: string;
}

/** What the writer's thread is started with. */
export interface WriterSettings {
  readonly driver: string;
  readonly path: string;
  readonly durability: Durability;
  readonly home: string;
}

export type WriterQuestion =
  | { readonly kind: 'open'; readonly checkpoint: KnownPlace | undefined }
  | { readonly kind: 'checkpoint'; readonly checkpoint: KnownPlace }
  | { readonly kind: 'commit'; readonly rows: readonly LogRow[]; readonly changes: readonly RowChanges[] }
  | { readonly kind: 'close' };

export type WriterAnswer =
  | { readonly kind: 'opened'; readonly opened: OpenedLog }
  | { readonly kind: 'noted' }
  | { readonly kind: 'committed'; readonly written: readonly Written[] }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly mend: string | undefined };

interface Waiting {
  resolve(answer: WriterAnswer): void;
  reject(error: GatewayError): void;
}

/** A `LogWriter` on a thread and a connection of its own. Questions are answered in the order in which they were asked. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #end: GatewayError | undefined;

  constructor(options: WriterThreadOptions) {
    const { url, execArgv } = workerUrl('writer-worker', import.meta.url);
    const settings: WriterSettings = {
      driver: options.driver.name,
      path: options.path,
      durability: options.durability,
      home: options.home,
    };
    this.#worker = new Worker(url, { execArgv, workerData: settings, name: 'mcp-gateway log' });
    this.#worker.on('message', (answer: WriterAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  async open(checkpoint?: KnownPlace): Promise<OpenedLog> {
    const answer = await this.#ask({ kind: 'open', checkpoint });
    if (answer.kind !== 'opened') throw unexpected(answer);
    return answer.opened;
  }

  noteCheckpoint(checkpoint: KnownPlace): void {
    // A thread that has ended needs to know nothing any more.
    void this.#ask({ kind: 'checkpoint', checkpoint }).catch(() => undefined);
  }

  async commit(rows: readonly LogRow[], changes: readonly RowChanges[]): Promise<readonly Written[]> {
    const answer = await this.#ask({ kind: 'commit', rows, changes });
    if (answer.kind !== 'committed') throw unexpected(answer);
    return answer.written;
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    const answer = await this.#ask({ kind: 'close' });
    await this.#worker.terminate();
    if (answer.kind !== 'closed') throw unexpected(answer);
  }

  #ask(question: WriterQuestion): Promise<WriterAnswer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(question, []);
    });
  }

  #fail(cause: Error | undefined): void {
    this.#end ??= new GatewayError('STORE_UNAVAILABLE', 'the thread that writes the decision log has ended', {
      mend: 'Restart the gateway.',
      cause,
    });
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#end);
  }
}

function unexpected(answer: WriterAnswer): GatewayError {
  if (answer.kind !== 'failed') return new GatewayError('STORE_UNAVAILABLE', `the log's writer said ${answer.kind}`);
  return new GatewayError(answer.code, answer.message, answer.mend === undefined ? {} : { mend: answer.mend });
}
