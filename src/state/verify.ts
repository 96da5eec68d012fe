import { setImmediate } from 'node:timers/promises';
import { readMaterial } from './audit-material.ts';
import { createSealer, GENESIS, hexOf, sameBytes, type Head, type LogRow, type RowKind, type Sealer } from './chain.ts';
import { readChainKey, type ChainKey } from './chain-key.ts';
import { StoreConnection } from './connection.ts';
import type { Database, Driver, SqlRow } from './driver.ts';
import { chooseDriver } from './drivers.ts';
import { bytesOf } from './log-writer.ts';
import { inSnapshot } from './transaction.ts';

/** What the chain says of the log. `seq` and `id` name the first bad record; `id` is empty where it is not there. */
export type ChainVerdict =
  | { readonly kind: 'ok'; readonly rows: number; readonly chain: string; readonly seq: number; readonly hash: string }
  | { readonly kind: Damage; readonly seq: number; readonly id: string; readonly why: string };

/**
 * `edited`: a row is not what was written. `missing`: a row is not there, though later ones are. `truncated`: the last
 * rows are not there. `replaced`: the rows belong to another chain or another key.
 */
export type Damage = 'edited' | 'missing' | 'truncated' | 'replaced';

export interface VerifyOptions {
  readonly path: string;
  /** Where the key of the chain lies. */
  readonly home: string;
  readonly driver?: Driver;
  /** Begins behind this row and takes its hash as given; 0 checks everything. */
  readonly after?: number;
  /** A place in the chain that is known from elsewhere, such as a checkpoint or the log of another machine. */
  readonly expected?: { readonly seq: number; readonly hash: string };
}

const ROWS_AT_ONCE = 1_000;

/**
 * Walks the chain on a handle that only reads, while gateways may write, with memory for one record at a time.
 *
 * The end of the chain is kept beside the rows, sealed with the key. So whoever cuts rows off cannot make up an end
 * that fits; but an end that the store once had, put back together with the rows of that day, is a store that is whole
 * in itself. Only a place known from outside (`expected`) tells yesterday's copy from today's log.
 */
export async function verifyLog(options: VerifyOptions): Promise<ChainVerdict> {
  const driver = options.driver ?? chooseDriver();
  const key = readChainKey(options.home);
  const connection = new StoreConnection({ driver, path: options.path, access: 'read', durability: 'normal' });
  try {
    const walk = new Walk(key, options);
    for (;;) {
      const verdict = connection.use((database) => inSnapshot(database, () => walk.step(database)));
      if (verdict !== undefined) return verdict;
      // A long log must not stop the sessions of a gateway that checks itself.
      await setImmediate();
    }
  } finally {
    connection.close();
  }
}

interface StoredHead extends Head {
  readonly key: string;
  readonly mac: Uint8Array;
}

interface Found {
  readonly kind: Damage;
  readonly seq: number;
  readonly id: string;
  readonly why: string;
}

class Walk {
  readonly #key: ChainKey;
  readonly #sealer: Sealer;
  readonly #expected: VerifyOptions['expected'];
  #seq: number;
  #prev: Uint8Array | undefined;
  #rows = 0;
  #expectedSeen: string | undefined;

  constructor(key: ChainKey, options: VerifyOptions) {
    this.#key = key;
    this.#sealer = createSealer(key);
    this.#expected = options.expected;
    this.#seq = options.after ?? 0;
    if (this.#seq === 0) this.#prev = GENESIS;
  }

  /** Checks the next rows; answers when something is wrong or the end is reached. */
  step(database: Database): ChainVerdict | undefined {
    const head = readSealedHead(database);
    if (head === undefined) return { kind: 'truncated', seq: 0, id: '', why: 'the end of the chain is not there' };
    this.#prev ??= readHash(database, this.#seq);
    if (this.#prev === undefined) return { kind: 'missing', seq: this.#seq, id: '', why: 'the row is not there' };
    let count = 0;
    for (const row of database.prepare(SELECT_ROWS).iterate(this.#seq, ROWS_AT_ONCE)) {
      const found = this.#check(row, head) ?? materialProblem(database, row);
      if (found !== undefined) return found;
      count += 1;
    }
    return count < ROWS_AT_ONCE ? this.#conclude(head) : undefined;
  }

  #check(row: SqlRow, head: StoredHead): Found | undefined {
    const seq = Number(row['seq']);
    const next = this.#seq + 1;
    if (seq !== next) return { kind: 'missing', seq: next, id: '', why: `after row ${this.#seq} comes row ${seq}` };
    const found = (kind: Damage, why: string): Found => ({ kind, seq, id: String(row['id']), why });
    if (row['chain'] !== head.chain) return found('replaced', 'the row belongs to another chain');
    if (row['key'] !== this.#key.id) return found('replaced', 'the row was written with another key');
    const prev = this.#prev ?? GENESIS;
    if (!sameBytes(bytesOf(row['prev']), prev)) return found('edited', 'the row does not follow the one before it');
    const hash = this.#sealer.sealRow(rowOf(row), { chain: head.chain, seq, prev });
    if (!sameBytes(bytesOf(row['hash']), hash)) return found('edited', 'the row is not what was written');
    this.#seq = seq;
    this.#prev = hash;
    this.#rows += 1;
    if (seq === this.#expected?.seq) this.#expectedSeen = hexOf(hash);
    return undefined;
  }

  #conclude(head: StoredHead): ChainVerdict {
    const seq = this.#seq;
    const last = this.#prev ?? GENESIS;
    const found = (kind: Damage, where: number, why: string): Found => ({ kind, seq: where, id: '', why });
    if (head.key !== this.#key.id)
      return found('replaced', head.seq, 'the end of the chain was sealed with another key');
    if (seq < head.seq) return found('truncated', seq + 1, `rows ${seq + 1} to ${head.seq} are not there`);
    const isSealed = sameBytes(head.mac, this.#sealer.sealHead(head));
    if (!isSealed || seq > head.seq || !sameBytes(head.hash, last)) {
      return found('edited', head.seq, 'the end of the chain is not what was written');
    }
    return this.#compare() ?? { kind: 'ok', rows: this.#rows, chain: head.chain, seq, hash: hexOf(last) };
  }

  #compare(): Found | undefined {
    const expected = this.#expected;
    if (expected === undefined || this.#expectedSeen === expected.hash) return undefined;
    const { seq } = expected;
    if (seq > this.#seq)
      return { kind: 'truncated', seq: this.#seq + 1, id: '', why: `the log once reached row ${seq}` };
    return { kind: 'replaced', seq, id: '', why: 'the row is not the one that was known here' };
  }
}

const MENTIONS_MATERIAL = '"audit_hash"';

/** What a record or an outcome says to be kept beside it must lie there as it was kept. */
function materialProblem(database: Database, row: SqlRow): Found | undefined {
  const body = String(row['body']);
  if (!body.includes(MENTIONS_MATERIAL)) return undefined;
  const { audit_hash: hash } = JSON.parse(body) as { readonly audit_hash?: unknown };
  if (typeof hash !== 'string') return undefined;
  const seq = Number(row['seq']);
  const id = String(row['id']);
  const part = row['kind'] === 'outcome' ? 'result' : 'input';
  const kept = readMaterial(database, id).find((material) => material.part === part);
  if (kept?.hash === hash) return undefined;
  return kept === undefined
    ? { kind: 'missing', seq, id, why: `what the audit keeps of its ${part} is not there` }
    : { kind: 'edited', seq, id, why: `what the audit keeps of its ${part} is not what was kept` };
}

const SELECT_ROWS = 'select * from log where seq > ? order by seq limit ?';

function readSealedHead(database: Database): StoredHead | undefined {
  const row = database.prepare('select chain, seq, hash, key, mac from heads limit 1').get();
  if (row === undefined) return undefined;
  return {
    chain: String(row['chain']),
    seq: Number(row['seq']),
    hash: bytesOf(row['hash']),
    key: String(row['key']),
    mac: bytesOf(row['mac']),
  };
}

function readHash(database: Database, seq: number): Uint8Array | undefined {
  const row = database.prepare('select hash from log where seq = ?').get(seq);
  return row === undefined ? undefined : bytesOf(row['hash']);
}

/** The columns as they were hashed; a column of another type than was written becomes text that does not fit. */
export function rowOf(row: SqlRow): LogRow {
  return {
    kind: String(row['kind']) as RowKind,
    id: String(row['id']),
    time: String(row['time']),
    instance: String(row['instance']),
    effect: String(row['effect']),
    status: String(row['status']),
    server: String(row['server']),
    tool: String(row['tool']),
    reasons: String(row['reasons']),
    action: String(row['action']),
    agent: String(row['agent']),
    user: String(row['user']),
    session: String(row['session']),
    us: Number(row['us']),
    body: String(row['body']),
  };
}
