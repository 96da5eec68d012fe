import type { Json } from '../core/json.ts';
import { RateGate } from './rate-gate.ts';

const RATE = { burst: 100, perSecond: 100 };

/**
 * Lets so much progress of one request through that a flood of it can fill nobody's memory, and none that does not go
 * forward (MCP 2025-11-25, basic/utilities/progress).
 */
export class ProgressGate {
  readonly #rate: RateGate;
  #last = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#rate = new RateGate(RATE, nowMs);
  }

  admits(progress: Json | undefined, nowMs: number): boolean {
    if (typeof progress === 'number' && progress <= this.#last) return false;
    if (!this.#rate.admits(nowMs)) return false;
    if (typeof progress === 'number') this.#last = progress;
    return true;
  }
}
