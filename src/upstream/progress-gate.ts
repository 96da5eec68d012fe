const BURST = 100;
const PER_SECOND = 100;

/** Lets so much progress of one request through that a flood of it can fill nobody's memory. */
export class ProgressGate {
  #tokens = BURST;
  #filledAtMs: number;

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs;
  }

  admits(nowMs: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledAtMs) * PER_SECOND) / 1000);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
