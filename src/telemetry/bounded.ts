/** What stands for a value that is none of the known ones (OpenTelemetry's word for it). */
export const OTHER = '_OTHER';

/** Lets so many different values through and no more, so that whoever chooses them cannot make series without end. */
export class Bounded {
  readonly #known: Set<string>;
  readonly #most: number;
  readonly #instead: string;

  constructor(most: number, instead: string, known: Iterable<string> = []) {
    this.#known = new Set(known);
    this.#most = most;
    this.#instead = instead;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most || value.length > LONGEST) return this.#instead;
    this.#known.add(value);
    return value;
  }
}

const LONGEST = 100;
