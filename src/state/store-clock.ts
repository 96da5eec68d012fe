import type { Clock } from '../core/clock.ts';

/** The time of a store that several hosts share: it decides what expires, whatever their own clocks say. */
export class StoreClock implements Clock {
  readonly #own: Clock;
  #aheadMs = 0;

  constructor(own: Clock) {
    this.#own = own;
  }

  now(): number {
    return Math.round(this.#own.now() + this.#aheadMs);
  }

  monotonic(): number {
    return this.#own.monotonic();
  }

  /** By how much the store is ahead of this machine. */
  set(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }
}
