import type { Clock } from '../core/clock.ts';

/** A call that was denied: who made it, which one it was, and why not. */
export interface DeniedCall {
  readonly agent: string;
  readonly hash: string;
  readonly reasons: readonly string[];
}

/** From the third time within a minute on a denial is a repetition. */
const TIMES = 3;
const WITHIN_MS = 60_000;
/** Calls that are remembered at one time; more than that push out the one that was denied longest ago. */
const MOST_CALLS = 1_000;

/** Tells whether an agent makes a call again and again that was denied for the same reason. */
export class RepeatedDenials {
  readonly #clock: Clock;
  /** When each was denied, as far as it matters still; on the clock that only grows. */
  readonly #denials = new Map<string, readonly number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#denials.size;
  }

  /** Notes a denial; true where the same call was denied so often within a minute, this time included. */
  note({ agent, hash, reasons }: DeniedCall): boolean {
    const now = this.#clock.monotonic();
    const key = JSON.stringify([agent, hash, reasons]);
    const before = (this.#denials.get(key) ?? []).filter((deniedMs) => now - deniedMs < WITHIN_MS);
    const denied = [...before, now].slice(-TIMES);
    this.#denials.delete(key);
    this.#denials.set(key, denied);
    const [oldest] = this.#denials.keys();
    if (this.#denials.size > MOST_CALLS && oldest !== undefined) this.#denials.delete(oldest);
    return denied.length === TIMES;
  }
}
