import { GatewayError } from '../core/errors.ts';
import { ProcessLink, type RequestLimit } from './process-link.ts';
import type { ToolchainWorkerData } from './toolchain-worker.ts';

/** Room for one process of the toolchain: started by the first request, ended by a failed one and when idle. */
export class ProcessSlot {
  readonly #program: ToolchainWorkerData;
  readonly #idleMs: number;
  #link: ProcessLink | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(program: ToolchainWorkerData, { idleMs }: { readonly idleMs: number }) {
    this.#program = program;
    this.#idleMs = idleMs;
  }

  /** One at a time: the process has one memory. Throws TOOLCHAIN_FAILED. */
  async request(text: string, limit: RequestLimit): Promise<string> {
    if (this.#isClosed) throw new GatewayError('TOOLCHAIN_FAILED', 'the Rego toolchain is closed');
    clearTimeout(this.#idle);
    this.#link ??= new ProcessLink(this.#program);
    this.#link.ref();
    try {
      return await this.#link.request(text, limit);
    } catch (thrown) {
      await this.#end();
      throw thrown;
    } finally {
      this.#rest();
    }
  }

  /** Ends the process; a request in flight fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  /** An idle process keeps ours not alive and goes after a while. */
  #rest(): void {
    this.#link?.unref();
    this.#idle = setTimeout(() => void this.#end(), this.#idleMs);
    this.#idle.unref();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const link = this.#link;
    this.#link = undefined;
    await link?.end();
  }
}
