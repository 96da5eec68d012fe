import type { WholeChain } from './chain-check.ts';
import { GENESIS, hexOf, sameBytes, Sealers } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import type { ChainRow } from './chain-row.ts';
import { ChainWalk, type Found } from './chain-walk.ts';
import type { KnownCheckpoints } from './known-checkpoints.ts';
import { removedIn, Witness } from './witness.ts';

export interface ExportKnown {
  readonly keys: ChainKeys | undefined;
  readonly known: KnownCheckpoints | undefined;
}

/**
 * The rows of one chain in an export. How its store numbers them, the export does not say: rows of which each names the one
 * before it follow one another, whatever their numbers are.
 */
export class ExportedChain {
  /** Whether the key of the chain lies here. */
  readonly hasKey: boolean;
  readonly known: KnownCheckpoints | undefined;
  /** Whether nothing of the chain came before. */
  readonly isFromBeginning: boolean;
  readonly #chain: string;
  readonly #sealers: Sealers | undefined;
  readonly #witness: Witness;
  readonly #first: number;
  #walk: ChainWalk;
  #rows = 0;
  #behind = 0;
  #isRising: boolean;
  #gap: number | undefined;
  #missing = 0;

  constructor({ chain, seq, prev }: ChainRow, { keys, known }: ExportKnown) {
    this.hasKey = keys !== undefined;
    this.known = known;
    this.isFromBeginning = sameBytes(prev, GENESIS);
    this.#chain = chain;
    this.#sealers = keys && new Sealers(keys);
    this.#witness = new Witness(known?.checkpoints.get(chain) ?? []);
    this.#first = seq;
    this.#isRising = this.isFromBeginning && seq !== 1;
    this.#walk = this.#beginAt(seq);
  }

  /** Whether its numbers have gaps although nothing is missing, as where several chains share a store. */
  get isRising(): boolean {
    return this.#isRising;
  }

  /** Where rows are missing first, and how many numbers are. */
  get gap(): { readonly seq: number; readonly missing: number } | undefined {
    return this.#gap === undefined ? undefined : { seq: this.#gap, missing: this.#missing };
  }

  /** How many of its records came after the last checkpoint. */
  get behind(): number {
    return this.#behind;
  }

  /** The name of the store by the checkpoints. */
  get store(): string | undefined {
    return this.known?.checkpoints.get(this.#chain)?.at(-1)?.store;
  }

  /** Whether a checkpoint has a record behind that place that should come before the first one here. */
  isWitnessedFrom(from: number): boolean {
    const checkpoints = this.known?.checkpoints.get(this.#chain) ?? [];
    // What retention had removed was not there to be exported.
    const removed = Math.max(0, ...removedIn(checkpoints).map(({ last }) => last));
    return checkpoints.some(({ seq }) => seq >= from && seq > removed && seq < this.#first);
  }

  take(row: ChainRow): Found | undefined {
    this.#cross(row);
    this.#rows += 1;
    if (row.seq > (this.#witness.last?.seq ?? 0)) this.#behind += 1;
    const before = this.#walk.seq;
    return this.#walk.take(row) ?? this.#witness.see(row, before);
  }

  whole(): WholeChain {
    const { last, seen } = this.#witness;
    return {
      rows: this.#rows,
      chain: this.#chain,
      first: this.#first,
      seq: this.#walk.seq,
      hash: hexOf(this.#walk.hash),
      checkpoints: seen,
      last_checkpoint: last === undefined ? null : { seq: last.seq, time: last.time ?? '' },
    };
  }

  /** A row behind a gap in the numbers may follow the last one all the same. */
  #cross({ seq, prev }: ChainRow): void {
    const next = this.#walk.seq + 1;
    if (seq === next) return;
    if (sameBytes(prev, this.#walk.hash)) {
      this.#isRising = true;
      return;
    }
    this.#gap ??= next;
    this.#missing += seq - next;
    this.#walk = this.#beginAt(seq);
  }

  #beginAt(seq: number): ChainWalk {
    return new ChainWalk({ chain: this.#chain, sealers: this.#sealers, after: seq - 1, numbering: 'rising' });
  }
}
