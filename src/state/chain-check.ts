import { hexOf, type StoredHead } from './chain.ts';
import type { ChainRow } from './chain-row.ts';
import type { ChainWalk, Found } from './chain-walk.ts';
import type { KnownPlace } from './log-tail.ts';
import type { RemovedUpTo, Witness } from './witness.ts';

/** A chain in which nothing is wrong, as far as this could be looked into. */
export interface WholeChain {
  /** How many records were checked. */
  readonly rows: number;
  readonly chain: string;
  /** Of the first and last record; the same and 0 where there is none. */
  readonly first: number;
  readonly seq: number;
  /** Of the last record, hex. */
  readonly hash: string;
  /** How many signed checkpoints it was held to, and the furthest of them. */
  readonly checkpoints: number;
  readonly last_checkpoint: { readonly seq: number; readonly time: string } | null;
}

export interface CheckedChain {
  readonly chain: string;
  readonly walk: ChainWalk;
  /** Of what checkpoints say of the chain. */
  readonly witness: Witness;
}

/** One of the chains of a log, row by row. */
export class ChainCheck {
  readonly #checked: CheckedChain;
  #after: number;
  #removed: RemovedUpTo | undefined;
  #first = 0;
  #behind = 0;

  constructor(checked: CheckedChain) {
    this.#checked = checked;
    this.#after = checked.walk.seq;
  }

  /** How many of its records came after the last checkpoint. */
  get behind(): number {
    return this.#behind;
  }

  get end(): KnownPlace {
    const { chain, walk } = this.#checked;
    return { chain, seq: walk.seq, hash: walk.hash };
  }

  /** What was removed of it, where that is known. */
  get removed(): RemovedUpTo | undefined {
    return this.#removed;
  }

  /** What a seal says to be removed is passed over from now on, whether it is still there or not. */
  skip(removed: RemovedUpTo): void {
    const { walk } = this.#checked;
    this.#removed = removed;
    this.#after = Math.max(this.#after, removed.last);
    if (removed.last > walk.seq) walk.skipTo(removed.last, Buffer.from(removed.hash, 'hex'));
  }

  /** A row that was checked another time, or removed, is passed over. */
  isKnown({ seq }: ChainRow): boolean {
    return seq <= this.#after;
  }

  take(row: ChainRow): Found | undefined {
    const { walk, witness } = this.#checked;
    const before = walk.seq;
    const found = walk.take(row) ?? witness.see(row, before);
    if (found !== undefined) return found;
    if (this.#first === 0) this.#first = row.seq;
    if (row.seq > (witness.last?.seq ?? 0)) this.#behind += 1;
    return undefined;
  }

  /** After the last row: what is wrong with the end that the store names. */
  endProblem(head: StoredHead): Found | undefined {
    const { walk, witness } = this.#checked;
    const end = walk.endProblem(head);
    const isBehind = witness.endProblem(walk.seq, { isWhole: end === undefined });
    return isBehind !== undefined && end?.kind !== 'rekeyed' ? isBehind : end;
  }

  whole(): WholeChain {
    const { chain, walk, witness } = this.#checked;
    const { last, seen } = witness;
    return {
      rows: walk.rows,
      chain,
      first: this.#first,
      seq: walk.seq,
      hash: hexOf(walk.hash),
      checkpoints: seen,
      last_checkpoint: last === undefined ? null : { seq: last.seq, time: last.time ?? '' },
    };
  }
}
