/**
 * Tells a source that goes back and forth from one that has something new. Several hosts behind one address may have
 * different bundles; each question then meets another one. What was left behind once is taken again only when it is met
 * several times in a row: twice at the first return, twice as often at each further one within a day.
 */
export class Flapping {
  readonly #left = new Map<string, number>();
  #returns: readonly number[] = [];
  #candidate = '';
  #met = 0;

  /** Whether a revision, other than the one in force, may take its place now. */
  mayTake(revision: string, nowMs: number): boolean {
    this.#met = revision === this.#candidate ? this.#met + 1 : 1;
    this.#candidate = revision;
    return this.#met >= this.#needed(revision, nowMs);
  }

  /** One revision takes the place of another. */
  took(revision: string, before: string, nowMs: number): void {
    if (this.#isReturn(revision, nowMs)) this.#returns = [...this.#recentReturns(nowMs), nowMs];
    this.#left.delete(revision);
    if (before !== '') this.#left.set(before, nowMs);
    for (const [old, leftMs] of this.#left) if (nowMs - leftMs >= DAY_MS) this.#left.delete(old);
    this.stayed();
  }

  /** The one in force was met. */
  stayed(): void {
    this.#candidate = '';
    this.#met = 0;
  }

  #needed(revision: string, nowMs: number): number {
    if (!this.#isReturn(revision, nowMs)) return 1;
    return Math.min(2 ** (this.#recentReturns(nowMs).length + 1), MOST_MEETINGS);
  }

  #isReturn(revision: string, nowMs: number): boolean {
    const leftMs = this.#left.get(revision);
    return leftMs !== undefined && nowMs - leftMs < DAY_MS;
  }

  #recentReturns(nowMs: number): readonly number[] {
    return this.#returns.filter((atMs) => nowMs - atMs < DAY_MS);
  }
}

const DAY_MS = 86_400_000;
const MOST_MEETINGS = 16;
