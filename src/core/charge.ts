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

/** Some limit had no room, so nothing was taken. */
export interface Refusal {
  /** The charges that did not fit, by their place in the list; at least one. */
  readonly refused: readonly number[];
}

/** What is left of each limit, in the order of the charges. */
export interface Remaining {
  readonly remaining: readonly number[];
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
