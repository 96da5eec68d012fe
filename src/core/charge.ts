/** What an allowed call takes from a limit. Of several charges of one call either all are taken or none. */
export interface Charge {
  /** How the record and the agent call the limit: `<bundle>/<name>` of a counter, the text of a rate limit's key. */
  readonly counter: string;
  /** Which count it is: whose limit, its text, and the values of its key. */
  readonly bucket: string;
  /** At least 0, with at most three decimals. */
  readonly cost: number;
  /** Sum of all costs that one window has room for. */
  readonly limit: number;
  readonly window: Window;
  /** Of a counter. */
  readonly terms?: Terms | undefined;
}

/** The time whose charges count together. Milliseconds since the epoch; the end is the first that no longer belongs to it. */
export interface Window {
  readonly startsMs: number;
  readonly endsMs: number;
  /**
   * Absent: at its end everything begins anew. `sliding`: it ends now, and what was used drains evenly over its length.
   * `lasting`: nothing ever begins anew; at its end the count may be forgotten.
   */
  readonly kind?: 'sliding' | 'lasting';
  /** `endsMs` as `resetsAt` says it, where that is known already. */
  readonly endsAt?: string;
}

/** What becomes of the cost once the call is over. */
export interface Terms {
  /** What is counted, for people. */
  readonly unit: string;
  /** Where a result says what the call really cost; empty where what is held is the cost. */
  readonly settleFrom: string;
  /** What is settled where the result does not say. */
  readonly unknownCost: number;
  readonly onUpstreamError: 'refund' | 'keep';
  readonly onExpire: 'settle' | 'refund';
  /** Milliseconds for which the hold of a process that died stays as it is. */
  readonly ttlMs: number;
}

/** How one count stands. */
export interface Count {
  readonly used: number;
  /** Held by calls that are not over. */
  readonly reserved: number;
  /** Until when what is used has drained, in milliseconds since the epoch; matters to sliding windows only. */
  readonly asOfMs: number;
}

/** What a window has room for is counted in whole thousandths, so that sums are exact. */
export const PARTS = 1000;
/** The most that a cost or a limit can be: all thousandths up to it are exact in a double. */
export const MOST = Math.floor(Number.MAX_SAFE_INTEGER / PARTS);

/** RFC 3339; empty where nothing begins anew at a time that the window itself knows. */
export function resetsAt({ kind, endsMs, endsAt }: Window): string {
  if (endsAt !== undefined) return endsAt;
  return kind === undefined ? new Date(endsMs).toISOString() : '';
}

/** What is still used of what was used, now that so much drains in a millisecond. A clock that goes back drains nothing. */
export function drained(used: number, perMs: number, elapsedMs: number): number {
  return Math.max(0, used - Math.max(0, elapsedMs) * perMs);
}

/** So much drains in a millisecond: a full window within its length. */
export function drainPerMs(limit: number, { kind, startsMs, endsMs }: Window): number {
  return kind === 'sliding' ? limit / (endsMs - startsMs) : 0;
}
