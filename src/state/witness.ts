import { hexOf } from './chain.ts';
import type { ChainRow } from './chain-row.ts';
import type { Found } from './chain-walk.ts';
import type { Checkpoint } from './checkpoint.ts';

/** A place of the chain that is known from outside, such as a checkpoint. */
export interface ExpectedPlace {
  readonly seq: number;
  readonly hash: string;
  /** When it was so, where that is known. */
  readonly time?: string;
}

/** Holds a walk along the chain to what is known of it from outside. */
export class Witness {
  readonly #places = new Map<number, readonly ExpectedPlace[]>();
  #inOrder: readonly ExpectedPlace[] = [];
  /** Which of those in order comes next. */
  #next = 0;
  #last: ExpectedPlace | undefined;
  #seen = 0;

  constructor(places: Iterable<ExpectedPlace>) {
    this.add(places);
  }

  add(places: Iterable<ExpectedPlace>): void {
    for (const place of places) {
      this.#places.set(place.seq, [...(this.#places.get(place.seq) ?? []), place]);
      if (place.seq >= (this.#last?.seq ?? 0)) this.#last = place;
    }
    this.#inOrder = [...this.#places.values()].flat().toSorted((one, other) => one.seq - other.seq);
    this.#next = 0;
  }

  /** How many places the chain was held to. */
  get seen(): number {
    return this.#seen;
  }

  /** The place that is furthest along the chain. */
  get last(): ExpectedPlace | undefined {
    return this.#last;
  }

  /** After a row was found to be in its place, next to that at `before`; in the order of the chain. */
  see({ seq, hash, row: { id } }: Pick<ChainRow, 'seq' | 'hash' | 'row'>, before: number): Found | undefined {
    const passed = this.#passed(before, seq);
    if (passed !== undefined) {
      const why = `the log once reached row ${passed.seq}${at(passed)}, which is not there: it went on from an older state`;
      return { kind: 'replaced', seq: passed.seq, id: '', why };
    }
    const places = this.#places.get(seq);
    if (places === undefined) return undefined;
    const other = places.find((place) => place.hash !== hexOf(hash));
    this.#seen += places.length;
    return other && { kind: 'replaced', seq, id, why: `the row is not the one that was here${at(other)}` };
  }

  /** A place between the two: where numbers have gaps, what was written behind an older state has other ones. */
  #passed(before: number, seq: number): ExpectedPlace | undefined {
    while ((this.#inOrder[this.#next]?.seq ?? Infinity) <= before) this.#next += 1;
    const next = this.#inOrder[this.#next];
    return next !== undefined && next.seq < seq ? next : undefined;
  }

  /** Where the chain ends at `seq`. An end that a gateway has set was once the end: the file is an older one. */
  endProblem(seq: number, { isWhole }: { readonly isWhole: boolean }): Found | undefined {
    const last = this.#last;
    if (last === undefined || last.seq <= seq) return undefined;
    const why = `the log once reached row ${last.seq}${at(last)}`;
    if (!isWhole) return { kind: 'truncated', seq: seq + 1, id: '', why };
    const older = 'this is an older state of it, or the end of its write-ahead log was taken away';
    return { kind: 'replaced', seq: seq + 1, id: '', why: `${why}; ${older}` };
  }
}

function at({ time }: ExpectedPlace): string {
  return time === undefined ? '' : `, as a checkpoint of ${time} says`;
}

/** The end of what retention has removed, as a signed seal says it. */
export interface RemovedUpTo {
  readonly last: number;
  readonly hash: string;
  /** When it was sealed: RFC 3339 in UTC. */
  readonly time: string;
}

/** What was removed up to where, by seals that are signed. */
export function removedIn(checkpoints: readonly Checkpoint[]): readonly RemovedUpTo[] {
  return checkpoints.flatMap(({ kind, seq, hash, time }) => (kind === 'removed' ? [{ last: seq, hash, time }] : []));
}
