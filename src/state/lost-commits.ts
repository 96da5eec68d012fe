import type { Change } from '../core/change.ts';
import type { LostRow } from './append.ts';
import type { LogRow } from './chain.ts';
import { isForwarded } from './log-rows.ts';

interface Asked {
  /** Absent where a commit that fails has written nothing. */
  findLost?(): Promise<readonly LostRow[]>;
}

interface Refused {
  readonly row: LogRow;
  readonly changes: readonly Change[];
}

/** Commits that failed and may have written their rows all the same, because only the answer was lost. */
export class LostCommits {
  readonly #writer: Asked;
  /** What the decisions among them take that would have been forwarded. */
  readonly #taken = new Map<string, readonly Change[]>();
  #areDoubted = false;

  constructor(writer: Asked) {
    this.#writer = writer;
  }

  get areDoubted(): boolean {
    return this.#areDoubted;
  }

  /** A commit with these decisions has failed. */
  doubt(decisions: readonly Refused[]): void {
    if (this.#writer.findLost === undefined) return;
    this.#areDoubted = true;
    for (const { row, changes } of decisions) if (isForwarded(row)) this.#taken.set(row.id, changes);
  }

  /** Hands over what was written, with what a call took that was refused. Rejects where that cannot be told. */
  async dispel(note: (row: LostRow, taken: readonly Change[] | undefined) => void): Promise<void> {
    for (const row of (await this.#writer.findLost?.()) ?? []) note(row, this.#taken.get(row.id));
    this.#areDoubted = false;
    this.#taken.clear();
  }
}
