import { readMaterial } from './audit-material.ts';
import { ChainCheck } from './chain-check.ts';
import { Sealers, type StoredHead } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import { bytesOf, type ChainRow, chainRowOf } from './chain-row.ts';
import { ChainWalk, type Found } from './chain-walk.ts';
import type { CheckpointReader } from './checkpoint-key.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Numbering } from './connection.ts';
import type { SqlRow } from './driver.ts';
import type { KnownCheckpoints } from './known-checkpoints.ts';
import { type KnownPlace, lastRemoved, readHead, readHeads } from './log-tail.ts';
import { isProvenRemoval } from './removal-seal.ts';
import { type ExpectedPlace, type RemovedUpTo, removedIn, Witness } from './witness.ts';
import { all, one, run, type Work } from './work.ts';

/** What was checked another time. */
export interface CheckedPart {
  /** All rows up to here, and of each chain those up to its place. */
  readonly seq: number;
  readonly chains: readonly KnownPlace[];
}

export interface Checking {
  readonly numbering: Numbering;
  readonly keys: ChainKeys;
  readonly known: KnownCheckpoints | undefined;
  readonly reader: CheckpointReader | undefined;
  /** Begins behind this row, or behind what was checked; 0 checks everything. */
  readonly after: number | CheckedPart;
  /** A place that is known from elsewhere. */
  readonly expected: ExpectedPlace | undefined;
}

/** Few: a record may be large. */
const ROWS_AT_ONCE = 100;

/** Goes along a log once, with each row to its chain, in the order of their numbers. */
export class LogCheck {
  readonly #checking: Checking;
  readonly #sealers: Sealers;
  readonly #expected: Witness;
  readonly #chains = new Map<string, ChainCheck>();
  #seq: number;
  /** Up to here rows are not asked for, or may have been removed. */
  #removed = 0;
  /** Up to here no row comes any more. */
  #settled: number;
  /** How many seals of the store have been looked at. */
  #seals: number | undefined;

  constructor(checking: Checking) {
    const { keys, after, expected } = checking;
    this.#checking = checking;
    this.#sealers = new Sealers(keys);
    this.#expected = new Witness(expected === undefined ? [] : [expected]);
    this.#seq = afterSeq(after) || Number.MIN_SAFE_INTEGER;
    this.#settled = afterSeq(after);
  }

  /** In the order of their names. */
  get chains(): readonly ChainCheck[] {
    return [...this.#chains.values()];
  }

  /** What is checked once nothing was found. */
  get checked(): CheckedPart {
    return { seq: this.#settled, chains: this.chains.map(({ end }) => end) };
  }

  /** Checks the next rows; answers when something is wrong or the end is reached. */
  *step(): Work<Found | 'whole' | undefined> {
    const { numbering } = this.#checking;
    // A month that goes meanwhile is there, with its rows, until the step has ended; or not from its beginning on.
    if (numbering === 'rising') yield* run('lock table log in access share mode');
    const heads = yield* headsOf(numbering);
    if (heads.length === 0) return noEnd();
    for (const head of heads) {
      const problem = this.#chains.has(head.chain) ? undefined : yield* this.#begin(head);
      if (problem !== undefined) return this.#named(problem, head.chain);
    }
    if (numbering === 'rising') yield* this.#passOver(heads);
    const rows = yield* all(SETTLED_ROWS, this.#seq, ROWS_AT_ONCE);
    const found = yield* this.#takeAll(rows);
    this.#settled = Math.max(this.#settled, this.#seq);
    if (found !== undefined || rows.length === ROWS_AT_ONCE) return found;
    return (yield* this.#takeUnsettled()) ?? this.#endProblem(heads) ?? 'whole';
  }

  /** What was committed with numbers among which others may come yet: of one moment it is whole, too. */
  *#takeUnsettled(): Work<Found | undefined> {
    for (;;) {
      const rows = yield* all(ROWS, this.#seq, ROWS_AT_ONCE);
      const found = yield* this.#takeAll(rows);
      if (found !== undefined || rows.length < ROWS_AT_ONCE) return found;
    }
  }

  *#takeAll(rows: readonly SqlRow[]): Work<Found | undefined> {
    for (const row of rows) {
      const taken = chainRowOf(row);
      const found = this.#isKnown(taken) ? undefined : (this.#take(taken) ?? (yield* materialProblem(taken)));
      if (found !== undefined) return this.#named(found, taken.chain);
      this.#seq = taken.seq;
    }
    if (this.#checking.numbering === 'dense' || rows.length < ROWS_AT_ONCE) return undefined;
    const same = yield* one('select count(*) as count from log where seq = ?', this.#seq);
    return Number(same?.['count']) === 1 ? undefined : twice(this.#seq);
  }

  /** Checked another time, or removed. */
  #isKnown(taken: ChainRow): boolean {
    const { numbering, after } = this.#checking;
    if (numbering === 'dense' && typeof after !== 'object') return false;
    return taken.seq !== this.#seq && this.#chains.get(taken.chain)?.isKnown(taken) === true;
  }

  #take(taken: ChainRow): Found | undefined {
    const { numbering } = this.#checking;
    if (taken.seq === this.#seq) return twice(taken.seq);
    const chain = numbering === 'dense' ? this.chains[0] : this.#chains.get(taken.chain);
    if (chain === undefined) {
      const why = `the row belongs to the chain ${taken.chain}, which the store does not have`;
      return { kind: 'replaced', seq: taken.seq, id: taken.row.id, why };
    }
    return chain.take(taken) ?? this.#expected.see(taken, Math.max(this.#seq, this.#removed));
  }

  #endProblem(heads: readonly StoredHead[]): Found | undefined {
    for (const head of heads) {
      const found = this.#chains.get(head.chain)?.endProblem(head);
      if (found !== undefined) return this.#named(found, head.chain);
    }
    return this.#expected.endProblem(Math.max(...this.chains.map(({ end }) => end.seq)), { isWhole: true });
  }

  #named(found: Found, chain: string): Found {
    return this.#checking.numbering === 'dense' ? found : { ...found, chain };
  }

  *#begin(head: StoredHead): Work<Found | undefined> {
    const { chain } = head;
    const witness = new Witness([]);
    const walk = yield* this.#checking.numbering === 'dense'
      ? this.#walkOfOne(head, witness)
      : this.#walkOfSeveral(head);
    if (!(walk instanceof ChainWalk)) return walk;
    const places = this.#checking.known?.checkpoints.get(chain) ?? [];
    witness.add(places.filter(({ seq }) => seq > walk.seq || afterSeq(this.#checking.after) === 0));
    this.#removed = Math.max(this.#removed, walk.seq);
    this.#chains.set(chain, new ChainCheck({ chain, walk, witness }));
    return undefined;
  }

  /** At the first row, or behind what was checked of the chain. */
  *#walkOfSeveral({ chain, seq: end, hash }: StoredHead): Work<ChainWalk | Found> {
    const { after } = this.#checking;
    const common = { chain, sealers: this.#sealers, numbering: 'rising' } as const;
    if (typeof after === 'object') {
      const { seq, hash: prev } = after.chains.find((place) => place.chain === chain) ?? { seq: 0, hash: undefined };
      return new ChainWalk({ ...common, after: seq, prev });
    }
    if (after < end) return new ChainWalk({ ...common, after });
    const last = yield* one('select hash from log where seq = ? and chain = ?', end, chain);
    if (end === 0 || last !== undefined || (yield* lastRemoved(chain)) >= end) {
      return new ChainWalk({ ...common, after: end, prev: last === undefined ? hash : bytesOf(last['hash']) });
    }
    return { kind: 'truncated', seq: end, id: '', why: `row ${end} is not there` };
  }

  /** What seals say to be removed of each chain, also what they say since the last step. */
  *#passOver(heads: readonly StoredHead[]): Work<void> {
    const seals = Number((yield* one('select count(*) as count from log_seals'))?.['count']);
    if (seals === this.#seals) return;
    this.#seals = seals;
    for (const head of heads) {
      const last = (yield* this.#removals(head)).filter((removed) => removed.last <= head.seq).at(-1);
      if (last === undefined) continue;
      this.#chains.get(head.chain)?.skip(last);
      this.#removed = Math.max(this.#removed, last.last);
    }
  }

  /** At the first row, or behind what was removed under a seal, or behind the row that the question names. */
  *#walkOfOne(head: StoredHead, witness: Witness): Work<ChainWalk | Found> {
    const common = { chain: head.chain, sealers: this.#sealers };
    const after = afterSeq(this.#checking.after);
    if (after > 0) {
      const row = yield* one('select hash from log where seq = ?', after);
      if (row === undefined) return { kind: 'missing', seq: after, id: '', why: 'the row is not there' };
      return new ChainWalk({ ...common, after, prev: row['hash'] instanceof Uint8Array ? row['hash'] : undefined });
    }
    const first = (yield* one('select seq from log order by seq limit 1'))?.['seq'];
    const before = first === undefined ? head.seq : Number(first) - 1;
    if (before === 0) return new ChainWalk({ ...common, after: 0 });
    const seals = yield* this.#removals(head);
    const seal = seals.find(({ last }) => last === before);
    if (seal !== undefined) {
      const prev = Buffer.from(seal.hash, 'hex');
      return new ChainWalk({ ...common, after: before, prev });
    }
    const later = seals.filter(({ last }) => last > before);
    if (first !== undefined && later.length > 0) {
      // Half of a segment is removed; the rest of it leads to the end that its seal names.
      witness.add(later.map(({ last, hash }) => ({ seq: last, hash })));
      return new ChainWalk({ ...common, after: before });
    }
    if (first === undefined) return { kind: 'truncated', seq: 1, id: '', why: `rows 1 to ${head.seq} are not there` };
    return { kind: 'missing', seq: 1, id: '', why: `rows 1 to ${before} are not there, and no signed seal says so` };
  }

  /** From the store and from the checkpoints: either suffices, because each is signed or sealed. In their order. */
  *#removals({ chain }: StoredHead): Work<readonly RemovedUpTo[]> {
    const { known, reader } = this.#checking;
    const lines = yield* all('select line from log_seals order by last');
    const inStore = lines.flatMap(({ line }) => {
      const read = parseCheckpoint(String(line));
      const isOurs = read?.checkpoint.chain === chain && isProvenRemoval(read, reader, this.#sealers);
      return isOurs ? [read.checkpoint] : [];
    });
    const removals = removedIn([...inStore, ...(known?.checkpoints.get(chain) ?? [])]);
    return removals.toSorted((one, other) => one.last - other.last);
  }
}

const SETTLED_ROWS = 'select * from settled_log where seq > ? order by seq limit ?';
const ROWS = 'select * from log where seq > ? order by seq limit ?';

function afterSeq(after: number | CheckedPart): number {
  return typeof after === 'number' ? after : after.seq;
}

/** Where the chains of a store end that has several, or the one. */
export function* headsOf(numbering: Numbering): Work<readonly StoredHead[]> {
  if (numbering === 'rising') return yield* readHeads();
  const head = yield* readHead();
  return head === undefined ? [] : [head];
}

export function noEnd(): Found {
  return { kind: 'truncated', seq: 0, id: '', why: 'the end of the chain is not there' };
}

function twice(seq: number): Found {
  return { kind: 'edited', seq, id: '', why: 'more than one row has this number' };
}

const MENTIONS_MATERIAL = '"audit_hash"';

/** What a record or an outcome says to be kept beside it must lie there as it was kept. */
function* materialProblem({ row: { kind, id, body }, seq }: ChainRow): Work<Found | undefined> {
  if (!body.includes(MENTIONS_MATERIAL)) return undefined;
  const { audit_hash: hash } = JSON.parse(body) as { readonly audit_hash?: unknown };
  if (typeof hash !== 'string') return undefined;
  const part = kind === 'outcome' ? 'result' : 'input';
  const kept = (yield* readMaterial(id)).find((material) => material.part === part);
  if (kept?.hash === hash) return undefined;
  return kept === undefined
    ? { kind: 'missing', seq, id, why: `what the audit keeps of its ${part} is not there` }
    : { kind: 'edited', seq, id, why: `what the audit keeps of its ${part} is not what was kept` };
}
