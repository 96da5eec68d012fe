import type { Json } from '../core/json.ts';

const BURST = 100;
const PER_SECOND = 100;

/**
 * Lets so much progress of one request through that a flood of it can fill nobody's memory, and none that does not go
 * forward (MCP 2025-11-25, basic/utilities/progress).
 */
export class ProgressGate {
  #tokens = BURST;
  #filledAtMs: number;
  #last = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  admits(progress: Json | undefined, nowMs: number): boolean {
    if (typeof progress === 'number' && progress <= this.#last) return false;
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledAtMs) * PER_SECOND) / 1000);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    if (typeof progress === 'number') this.#last = progress;
    return true;
  }
}
