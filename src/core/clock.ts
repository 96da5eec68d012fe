/** Where time comes from, so that a test can stop it. */
export interface Clock {
  /** Milliseconds since the epoch, as a person's clock says. */
  now(): number;
  /** Milliseconds that only ever grow; for durations and deadlines. */
  monotonic(): number;
}
