import { Worker } from 'node:worker_threads';
import { GatewayError, type ErrorCode } from '../core/errors.ts';
import { workerUrl } from '../core/worker-entry.ts';
import type { Head, LogRow } from './chain.ts';
import type { RowChanges } from './changes.ts';
import type { ChainKey } from './chain-key.ts';
import type { Durability } from './connection.ts';
import type { Driver } from './driver.ts';
import type { Written } from './log-writer.ts';

export interface WriterThreadOptions {
  readonly driver: Driver;
  readonly path: string;
  readonly durability: Durability;
  readonly key: ChainKey;
}

/** What the writer's thread is started with. */
export interface WriterSettings {
  readonly driver: string;
  readonly path: string;
  readonly durability: Durability;
  readonly keyId: string;
  readonly secret: Uint8Array;
}

export type WriterQuestion =
  | { readonly kind: 'open' }
  | { readonly kind: 'commit'; readonly rows: readonly LogRow[]; readonly changes: readonly RowChanges[] }
  | { readonly kind: 'close' };

export type WriterAnswer =
  | { readonly kind: 'opened'; readonly head: Head }
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
      keyId: options.key.id,
      secret: options.key.secret.export(),
    };
    this.#worker = new Worker(url, { execArgv, workerData: settings, name: 'mcp-gateway log' });
    this.#worker.on('message', (answer: WriterAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  async open(): Promise<Head> {
    const answer = await this.#ask({ kind: 'open' });
    if (answer.kind !== 'opened') throw unexpected(answer);
    return answer.head;
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
