import { BuiltinFailure } from './builtin.ts';

/** Steps of one call of a built-in function; some 0.1 s. */
export const MOST_STEPS = 2_000_000;
/** Longest text that one call makes, in UTF-16 units. */
const MOST_TEXT = 4 << 20;

/**
 * What one call of a built-in function of ours may do. They run outside of the module, where no fuel is counted, on the
 * thread that serves everybody: each that can do more than read its arguments once counts its steps here.
 */
export class Work {
  readonly #what: string;
  #left: number;

  /** `what` takes too many steps, in the words of the failure. */
  constructor(what: string, most: number = MOST_STEPS) {
    this.#what = what;
    this.#left = most;
  }

  /** Throws BuiltinFailure when more is spent than there is. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new BuiltinFailure(`${this.#what} takes too many steps`);
  }
}

/** Throws BuiltinFailure for a text that is longer than one call may make. */
export function boundedText(length: number): void {
  if (length > MOST_TEXT) throw new BuiltinFailure('the text that it makes is too long');
}
