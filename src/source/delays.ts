/** What the last question to a source came to. */
export type LastAnswer = 'nothing' | 'same' | 'new' | 'failed';

export interface Situation {
  readonly last: LastAnswer;
  /** Questions in a row that came to nothing, the last one among them. */
  readonly failures: number;
  /** Whether the source holds a question until there is something newer. */
  readonly canWait: boolean;
  /** How long the last question took, milliseconds. */
  readonly tookMs: number;
  readonly refreshMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

const FIRST_RETRY_MS = 1_000;
/** A source that says it waits, and does not, is not asked more often than this. */
const BETWEEN_WAITS_MS = 1_000;

/**
 * Milliseconds until a source is asked again: between half of `refresh` and all of it, spread so that many gateways do not
 * come at once. After a failure sooner, twice as late at each further one. Where the source holds questions, the next one is
 * asked at once; but never after something new, so that one that always has something new changes nothing more often.
 */
export function delayBefore({ last, failures, canWait, tookMs, refreshMs, random }: Situation): number {
  const spread = (most: number): number => most / 2 + (most / 2) * random;
  if (last === 'nothing') return 0;
  if (last === 'failed') return spread(Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30), refreshMs));
  if (last === 'same' && canWait) return Math.max(0, BETWEEN_WAITS_MS - tookMs);
  return spread(refreshMs);
}
