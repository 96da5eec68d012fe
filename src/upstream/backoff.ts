/** When a server that keeps failing may be tried again. All times are monotonic milliseconds. */
export interface Backoff {
  /** Not before this. */
  readonly nextAttemptAtMs: number;
  /** It failed so often that nobody should wait for it. */
  readonly isTripped: boolean;
  /** Failures within the window. */
  readonly failures: number;
}

const WINDOW_MS = 60_000;
const TRIPPED_AT = 5;
const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 30_000;

/** Half a second after the first failure, twice as long after each further one; five in a minute trip it for half a minute. */
export function backoffAfter(failuresAtMs: readonly number[]): Backoff {
  const last = failuresAtMs.at(-1);
  if (last === undefined) return { nextAttemptAtMs: Number.NEGATIVE_INFINITY, isTripped: false, failures: 0 };
  const recent = failuresAtMs.filter((atMs) => last - atMs < WINDOW_MS);
  const isTripped = recent.length >= TRIPPED_AT;
  const delayMs = isTripped ? MOST_DELAY_MS : Math.min(FIRST_DELAY_MS * 2 ** (recent.length - 1), MOST_DELAY_MS);
  return { nextAttemptAtMs: last + delayMs, isTripped, failures: recent.length };
}

/** The failures worth remembering after one more. */
export function withFailure(failuresAtMs: readonly number[], nowMs: number): readonly number[] {
  return [...failuresAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS), nowMs];
}
