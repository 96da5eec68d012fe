import type { GatewayError } from '../core/errors.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { ProgressGate } from './progress-gate.ts';
import type { SentOptions } from './request-options.ts';

/** One request that waits for its answer. It listens to its own signal, so that a call costs no closure for that. */
export class Pending {
  readonly id: number;
  readonly method: string;
  readonly options: SentOptions;
  readonly progress: ProgressGate | undefined;
  /** Monotonic milliseconds. */
  lastSignMs: number;
  /** Questions of the server that belong to this request and wait for their answer; while there are any it is alive. */
  openQuestions = 0;
  readonly #settlers: Settlers;

  constructor(request: Pick<Pending, 'id' | 'method' | 'options'>, nowMs: number, settlers: Settlers) {
    this.id = request.id;
    this.method = request.method;
    this.options = request.options;
    this.progress = request.options.onProgress === undefined ? undefined : new ProgressGate(nowMs);
    this.lastSignMs = nowMs;
    this.#settlers = settlers;
    request.options.signal?.addEventListener('abort', this, ONCE);
  }

  handleEvent(): void {
    this.#settlers.abort(this.id);
  }

  resolve(answer: RpcAnswer): void {
    this.#end();
    this.#settlers.resolve(answer);
  }

  reject(error: GatewayError): void {
    this.#end();
    this.#settlers.reject(error);
  }

  #end(): void {
    this.options.signal?.removeEventListener('abort', this);
  }
}

interface Settlers {
  readonly resolve: (answer: RpcAnswer) => void;
  readonly reject: (error: GatewayError) => void;
  readonly abort: (id: number) => void;
}

const ONCE = { once: true };
