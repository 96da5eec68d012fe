/** What an allowed call takes from a limit. Of several charges of one call either all are taken or none. */
export interface Charge {
  /** How the record and the agent call the limit: the text of a rate limit's key. */
  readonly counter: string;
  /** Which count it is: whose limit, its text, and the values of its key. */
  readonly bucket: string;
  /** At least 0, with at most three decimals. */
  readonly cost: number;
  /** Sum of all costs that one window has room for. */
  readonly limit: number;
  readonly window: Window;
}

/** Milliseconds since the epoch; the end is the first one that no longer belongs to it. */
export interface Window {
  readonly startsMs: number;
  readonly endsMs: number;
}
