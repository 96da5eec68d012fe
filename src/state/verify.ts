import { setImmediate } from 'node:timers/promises';
import { readMaterial } from './audit-material.ts';
import { hexOf, Sealers, type StoredHead } from './chain.ts';
import { ChainKeys } from './chain-key.ts';
import { type ChainRow, chainRowOf } from './chain-row.ts';
import { ChainWalk, type Found } from './chain-walk.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { type CheckpointReader, publicKeyPath, readPublicKey } from './checkpoint-key.ts';
import { isSignedBy, parseCheckpoint } from './checkpoint.ts';
import type { Driver, SqlRow } from './driver.ts';
import { type KnownCheckpoints, readCheckpoints } from './known-checkpoints.ts';
import { readHead } from './log-tail.ts';
import { openConnection, type StorePlace } from './open-connection.ts';
import { fileIdentity } from './private-file.ts';
import { type ExpectedPlace, type RemovedUpTo, removedIn, Witness } from './witness.ts';
import { all, one, type Work } from './work.ts';

/** What the chain says of the log. */
export type ChainVerdict = WholeLog | Found;

/** Nothing is wrong with it, as far as this could be looked into. */
export interface WholeLog {
  readonly kind: 'ok';
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
  /** What is to be known beside, in words. */
  readonly notes: readonly string[];
}

export type VerifyOptions = StorePlace & {
  /** Where the keys of the chain lie. */
  readonly home: string;
  readonly driver?: Driver;
  /** Begins behind this row and takes its hash as given; 0 checks everything. */
  readonly after?: number;
  /** A place in the chain that is known from elsewhere, such as the log of another machine. */
  readonly expected?: ExpectedPlace;
  /** The file of checkpoints. Default: that of the home folder, where there is one. */
  readonly checkpoints?: string | undefined;
  /** Who signs checkpoints, as PEM. Default: the home folder's own key. */
  readonly publicKey?: string | undefined;
};

/** Few: a record may be large. */
const ROWS_AT_ONCE = 100;

/**
 * Walks the chain on a handle that only reads, while gateways may write, with memory for some records at a time, and holds
 * it to the checkpoints. Throws CHAIN_KEY where the home folder has no key, STORE_UNAVAILABLE where the log cannot be read.
 */
export async function verifyLog(options: VerifyOptions): Promise<ChainVerdict> {
  const keys = new ChainKeys(options.home);
  const connection = openConnection(options, { access: 'read', driver: options.driver });
  try {
    const head = await connection.ask(readHead);
    keys.find(head?.key ?? '');
    if (head === undefined) return noEnd();
    const reader = readerOf(options);
    const known = await checkpointsOf(options, { chain: head.chain, store: connection.name, reader });
    if (known?.problem !== undefined) return known.problem;
    if (known !== undefined && known.lastChain !== '' && known.lastChain !== head.chain) return otherChain(known);
    const log = new LogCheck({ keys, known, reader, options, head });
    for (;;) {
      const verdict = await connection.snapshot(() => log.step());
      if (verdict?.kind === 'ok') return fileProblem(await connection.damage()) ?? verdict;
      if (verdict !== undefined) return verdict;
      // A long log must not stop the sessions of a gateway that checks itself.
      await setImmediate();
    }
  } finally {
    await connection.close();
  }
}

/** What a chain of rows cannot tell: an index that leads to none of them. */
function fileProblem(damage: string | undefined): Found | undefined {
  if (damage === undefined) return undefined;
  return { kind: 'edited', seq: 0, id: '', why: `all rows are there, but the database is damaged: ${damage}` };
}

function noEnd(): Found {
  return { kind: 'truncated', seq: 0, id: '', why: 'the end of the chain is not there' };
}

function otherChain({ lastChain }: KnownCheckpoints): Found {
  return { kind: 'replaced', seq: 0, id: '', why: `by its checkpoints this store has the chain ${lastChain}` };
}

function readerOf({ home, publicKey }: VerifyOptions): CheckpointReader | undefined {
  const path = publicKey ?? publicKeyPath(home);
  return publicKey === undefined && fileIdentity(path) === undefined ? undefined : readPublicKey(path);
}

interface Whose {
  readonly chain: string;
  readonly store: string;
  readonly reader: CheckpointReader | undefined;
}

async function checkpointsOf(
  { home, checkpoints }: VerifyOptions,
  { chain, store, reader }: Whose,
): Promise<KnownCheckpoints | undefined> {
  const file = checkpoints ?? checkpointPath(home);
  if (reader === undefined || (checkpoints === undefined && fileIdentity(file) === undefined)) return undefined;
  return readCheckpoints({ file, chain, store, reader });
}

interface Checking {
  readonly keys: ChainKeys;
  readonly known: KnownCheckpoints | undefined;
  readonly reader: CheckpointReader | undefined;
  readonly options: VerifyOptions;
  readonly head: StoredHead;
}

class LogCheck {
  readonly #checking: Checking;
  readonly #witness: Witness;
  #walk: ChainWalk | undefined;
  #first = 0;

  constructor(checking: Checking) {
    this.#checking = checking;
    const { known, options } = checking;
    const after = options.after ?? 0;
    const places = (known?.checkpoints ?? []).filter(({ seq }) => seq > after);
    this.#witness = new Witness(options.expected === undefined ? places : [...places, options.expected]);
  }

  /** Checks the next rows; answers when something is wrong or the end is reached. */
  *step(): Work<ChainVerdict | undefined> {
    const head = yield* readHead();
    if (head === undefined) return noEnd();
    const walk = this.#walk ?? (yield* this.#begin());
    if (!(walk instanceof ChainWalk)) return walk;
    this.#walk = walk;
    const rows = yield* all(SELECT_ROWS, walk.seq, ROWS_AT_ONCE);
    for (const row of rows) {
      const taken = chainRowOf(row);
      const found = walk.take(taken) ?? this.#witness.see(taken) ?? (yield* materialProblem(taken));
      if (found !== undefined) return found;
      if (this.#first === 0) this.#first = taken.seq;
    }
    return rows.length < ROWS_AT_ONCE ? this.#conclude(head, walk) : undefined;
  }

  /** At the first row, or behind what was removed under a seal, or behind the row that the question names. */
  *#begin(): Work<ChainWalk | Found> {
    const { keys, options, head } = this.#checking;
    const common = { chain: head.chain, sealers: new Sealers(keys) };
    const after = options.after ?? 0;
    if (after > 0) {
      const row = yield* one('select hash from log where seq = ?', after);
      if (row === undefined) return { kind: 'missing', seq: after, id: '', why: 'the row is not there' };
      return new ChainWalk({ ...common, after, prev: row['hash'] instanceof Uint8Array ? row['hash'] : undefined });
    }
    const first = yield* firstRow();
    const before = first === undefined ? head.seq : first.seq - 1;
    if (before === 0) return new ChainWalk({ ...common, after: 0 });
    const seals = yield* this.#seals();
    const seal = seals.find(({ last }) => last === before);
    if (seal !== undefined) {
      const prev = Buffer.from(seal.hash, 'hex');
      return new ChainWalk({ ...common, after: before, prev });
    }
    const later = seals.filter(({ last }) => last > before);
    if (first !== undefined && later.length > 0) {
      // Half of a segment is removed; the rest of it leads to the end that its seal names.
      this.#witness.add(later.map(({ last, hash }) => ({ seq: last, hash })));
      return new ChainWalk({ ...common, after: before });
    }
    if (first === undefined) return { kind: 'truncated', seq: 1, id: '', why: `rows 1 to ${head.seq} are not there` };
    return { kind: 'missing', seq: 1, id: '', why: `rows 1 to ${before} are not there, and no signed seal says so` };
  }

  /** From the store and from the checkpoints: either suffices, because each is signed. */
  *#seals(): Work<readonly RemovedUpTo[]> {
    const { known, reader, head } = this.#checking;
    const lines = yield* all('select line from log_seals order by last');
    const inStore = lines.flatMap(({ line }) => {
      const read = parseCheckpoint(String(line));
      const isGood = read !== undefined && reader !== undefined && isSignedBy(read, reader);
      return isGood && read.checkpoint.chain === head.chain ? [read.checkpoint] : [];
    });
    return removedIn([...inStore, ...(known?.checkpoints ?? [])]);
  }

  #conclude(head: StoredHead, walk: ChainWalk): ChainVerdict {
    const end = walk.endProblem(head);
    const isBehind = this.#witness.endProblem(walk.seq, { isWhole: end === undefined });
    if (isBehind !== undefined && end?.kind !== 'rekeyed') return isBehind;
    return end ?? this.#whole(walk);
  }

  #whole(walk: ChainWalk): WholeLog {
    const { known, head } = this.#checking;
    const { last, seen } = this.#witness;
    const { seq } = walk;
    return {
      kind: 'ok',
      rows: walk.rows,
      chain: head.chain,
      first: this.#first,
      seq,
      hash: hexOf(walk.hash),
      checkpoints: seen,
      last_checkpoint: last === undefined ? null : { seq: last.seq, time: last.time ?? '' },
      notes: [
        ...(this.#first > 1 && (this.#checking.options.after ?? 0) === 0
          ? [`records 1 to ${this.#first - 1} were removed because of their age, under a signed seal`]
          : []),
        ...checkpointNotes(known, { seq, last: last?.seq ?? 0 }),
      ],
    };
  }
}

/** What checkpoints leave open. */
export function checkpointNotes(
  known: Pick<KnownCheckpoints, 'unreadable' | 'others'> | undefined,
  { seq, last }: { readonly seq: number; readonly last: number },
): readonly string[] {
  if (known === undefined) return ['no checkpoints were at hand: that the last records are there is not proven'];
  const behind = seq - last;
  const notes = known.unreadable.map((line) => `line ${line} of the checkpoints is none, as if it was half written`);
  for (const [chain, furthest] of known.others)
    notes.push(`the store also had the chain ${chain}, up to record ${furthest}, which is not in this log`);
  if (behind > 0) notes.push(`${behind} records came after the last checkpoint: were they cut off, nothing would tell`);
  return notes;
}

const SELECT_ROWS = 'select * from log where seq > ? order by seq limit ?';

function* firstRow(): Work<ChainRow | undefined> {
  const row: SqlRow | undefined = yield* one('select * from log order by seq limit 1');
  return row === undefined ? undefined : chainRowOf(row);
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
