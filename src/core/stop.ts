import type { GatewayError } from './errors.ts';

/**
 * As much of an `AbortSignal` as a request needs that waits for something. A real one fits too; but to make it and listen
 * to it takes longer than all else that correlating a call does.
 */
export interface StopSignal {
  readonly aborted: boolean;
  /** Why; undefined before. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: StopListener, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: StopListener): void;
}

export type StopListener = (() => void) | { handleEvent(): void };

/** Stops once, and tells its listeners then. */
export class Stop implements StopSignal {
  #hasStopped = false;
  #reason: unknown = undefined;
  #listeners: readonly StopListener[] = NOBODY;

  get aborted(): boolean {
    return this.#hasStopped;
  }

  get reason(): unknown {
    return this.#reason;
  }

  addEventListener(_type: 'abort', listener: StopListener): void {
    this.#listeners = [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: StopListener): void {
    const [only] = this.#listeners;
    const isOnly = this.#listeners.length === 1 && only === listener;
    this.#listeners = isOnly ? NOBODY : this.#listeners.filter((one) => one !== listener);
  }

  stop(reason: GatewayError): void {
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = NOBODY;
    for (const listener of listeners) {
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
    }
  }
}

/** For what wants a real one; it lives as long as the request. */
export function abortSignalOf(signal: StopSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
  return controller.signal;
}

const NOBODY: readonly StopListener[] = [];
