/** What a source has, as it came: an archive whose files are still to be read, or the files themselves. */
export type SourceContent =
  | { readonly kind: 'archive'; readonly bytes: Buffer }
  | { readonly kind: 'files'; readonly files: ReadonlyMap<string, Uint8Array> };

/** What a source answers. */
export type SourceAnswer = {
  /** Whether it holds a question until there is something newer. */
  readonly canWait: boolean;
} & ({ readonly kind: 'same' } | { readonly kind: 'new'; readonly revision: string; readonly content: SourceContent });

export interface Question {
  /** The revision at hand; empty where there is none. */
  readonly known: string;
  /** How long the source may hold the question; 0 where an answer is wanted now. Milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** A place that has a bundle. It remembers nothing of the answers it gave. */
export interface Source {
  /** What is there now. Throws an Error that ends the sentence “the policy bundle X cannot be read: …”. */
  ask(question: Question): Promise<SourceAnswer>;
}

/** What a problem of a source is, and what can be done about it. */
export class SourceProblem extends Error {
  readonly mend: string;

  constructor(message: string, mend: string) {
    super(message);
    this.mend = mend;
  }
}

/** Largest archive, and largest sum of single files, in bytes. */
export const MAX_DOWNLOAD_BYTES = 16 * 1024 * 1024;
/** Longest time from a question to the end of its answer, besides what the source was told to wait. */
export const ANSWER_MS = 60_000;
