import { isJsonObject } from '../core/json.ts';
import { GENESIS, hexOf, sameBytes, type Sealer, type Sealers, type StoredHead } from './chain.ts';
import type { ChainRow } from './chain-row.ts';
import type { Numbering } from './connection.ts';
import { editedPart } from './edited-part.ts';

/**
 * `edited`: a row is not what was written. `missing`: a row is not there, though later ones are. `truncated`: the last
 * rows are not there. `replaced`: the rows belong to another chain, or to another state of this one. `rekeyed`: rows are
 * sealed with a key that nobody has handed the chain over to.
 */
export type Damage = 'edited' | 'missing' | 'truncated' | 'replaced' | 'rekeyed';

/** The first bad record. `id` is empty where the record is not there. */
export interface Found {
  readonly kind: Damage;
  readonly seq: number;
  readonly id: string;
  readonly why: string;
  /** Where the store has several. */
  readonly chain?: string;
}

export interface WalkOptions {
  readonly chain: string;
  /** Without them only that each row names the one before it is checked. */
  readonly sealers: Sealers | undefined;
  /** Begins behind this row; 0 begins at the beginning. */
  readonly after: number;
  /** The hash of that row. Where it is not known, what the first row says of it is taken as given. */
  readonly prev?: Uint8Array | undefined;
  /** Default: `dense`. */
  readonly numbering?: Numbering;
}

/** The verb of the act that hands a chain over to another key. */
export const HANDOVER = 'log.rotate_key';

/** Goes along a chain, row by row, and says where it does not hold. */
export class ChainWalk {
  readonly #chain: string;
  readonly #sealers: Sealers | undefined;
  readonly #numbering: Numbering;
  #seq: number;
  #prev: Uint8Array | undefined;
  #key: string | undefined;
  #rows = 0;

  constructor({ chain, sealers, after, prev, numbering = 'dense' }: WalkOptions) {
    this.#chain = chain;
    this.#numbering = numbering;
    this.#sealers = sealers;
    this.#seq = after;
    this.#prev = after === 0 ? GENESIS : prev;
  }

  /** Of the last row. */
  get seq(): number {
    return this.#seq;
  }

  get hash(): Uint8Array {
    return this.#prev ?? GENESIS;
  }

  /** How many rows were found to hold. */
  get rows(): number {
    return this.#rows;
  }

  /** Goes on behind a place that is further along the chain, where what lies before it was removed. */
  skipTo(seq: number, hash: Uint8Array): void {
    this.#seq = seq;
    this.#prev = hash;
    this.#key = undefined;
  }

  /** Answers where the row does not hold; after that the walk is over. */
  take(taken: ChainRow): Found | undefined {
    const found = this.#check(taken);
    if (found !== undefined) return found;
    this.#seq = taken.seq;
    this.#prev = taken.hash;
    this.#rows += 1;
    return undefined;
  }

  #check(taken: ChainRow): Found | undefined {
    const { seq, row, key } = taken;
    if (this.#numbering === 'dense' && seq !== this.#seq + 1) return this.#missing(seq);
    const found = (kind: Damage, why: string): Found => ({ kind, seq, id: row.id, why });
    if (taken.chain !== this.#chain) return found('replaced', 'the row belongs to another chain');
    if (this.#key !== undefined && key !== this.#key) {
      return found('rekeyed', `the row is sealed with the key ${key}, which the chain was not handed over to`);
    }
    const prev = this.#prev ?? taken.prev;
    const sealer = this.#sealers?.find(key);
    if (this.#sealers !== undefined && sealer === undefined) {
      return found('rekeyed', `the row is sealed with the key ${key}, which is not known here${this.#whereKeyIs(key)}`);
    }
    if (!sameBytes(taken.prev, prev)) {
      const isAsWritten = sealer !== undefined && this.#sealProblem(taken, sealer) === undefined;
      // Without a gap in the numbers nothing is missing between the two.
      if (isAsWritten && seq > this.#seq + 1) return this.#missing(seq);
      return found('edited', 'the row does not follow the one before it');
    }
    if (sealer !== undefined) {
      const problem = this.#sealProblem(taken, sealer);
      if (problem !== undefined) return found('edited', problem);
    }
    return this.#followKey(taken);
  }

  #missing(seq: number): Found {
    const why = `after row ${this.#seq} comes row ${seq}`;
    if (this.#numbering === 'dense') return { kind: 'missing', seq: this.#seq + 1, id: '', why };
    return { kind: 'missing', seq: this.#seq + 1, id: '', why: `${why}, which follows another one that is not there` };
  }

  #whereKeyIs(key: string): string {
    if (this.#numbering === 'dense') return '';
    return `: it is chain.key, or chain-${key}.key, in the home folder of the host that wrote it; copy it here as chain-${key}.key`;
  }

  #sealProblem({ row, seq, chain, prev, hash }: ChainRow, sealer: Sealer): string | undefined {
    const place = { chain, seq, prev };
    if (sameBytes(hash, sealer.sealRow(row, place))) return undefined;
    const part = editedPart(row, (other) => sameBytes(hash, sealer.sealRow(other, place)));
    return `the row is not what was written: ${part}`;
  }

  /** The row after a handover is sealed with the key that has taken over. */
  #followKey({ row, seq, chain, key, prev }: ChainRow): Found | undefined {
    this.#key = key;
    if (row.kind !== 'act' || row.action !== HANDOVER) return undefined;
    const { to, proof } = handoverIn(row.body);
    this.#key = to;
    const sealer = this.#sealers?.find(to);
    if (sealer === undefined || hexOf(sealer.sealHandover({ chain, seq, prev }, key)) === proof) return undefined;
    return { kind: 'rekeyed', seq, id: row.id, why: `the key ${to} has not taken the chain over` };
  }

  /** What is wrong with the end that the store names. */
  endProblem(head: StoredHead): Found | undefined {
    const seq = this.#seq;
    const found = (kind: Damage, where: number, why: string): Found => ({ kind, seq: where, id: '', why });
    const sealer = this.#sealers?.find(head.key);
    if (sealer === undefined || (this.#key !== undefined && head.key !== this.#key)) {
      return found('rekeyed', head.seq, 'the end of the chain is sealed with another key');
    }
    if (seq < head.seq) {
      const rows = this.#numbering === 'dense' ? `rows ${seq + 1} to ${head.seq} are` : this.#rowsBehind(head);
      return found('truncated', seq + 1, `${rows} not there`);
    }
    const isSealed = sameBytes(head.mac, sealer.sealHead(head));
    if (isSealed && seq === head.seq && sameBytes(head.hash, this.hash)) return undefined;
    return found('edited', head.seq, 'the end of the chain is not what was written');
  }

  #rowsBehind({ seq }: StoredHead): string {
    return this.#rows === 0 ? `its rows up to ${seq} are` : `what came after row ${this.#seq}, up to row ${seq}, is`;
  }
}

function handoverIn(body: string): { readonly to: string; readonly proof: string } {
  const act: unknown = JSON.parse(body);
  const after = isJsonObject(act) ? act['after'] : undefined;
  if (!isJsonObject(after)) return { to: '', proof: '' };
  const { to, proof } = after;
  return { to: typeof to === 'string' ? to : '', proof: typeof proof === 'string' ? proof : '' };
}
