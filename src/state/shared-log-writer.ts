import { randomUUID } from 'node:crypto';
import { appendGroup, lostEnd, type LostRow, type Written, writtenSince } from './append.ts';
import { GENESIS, type LogRow, type Sealer, Sealers, type StoredHead } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import type { RowChanges } from './changes.ts';
import type { OpenedLog } from './log-writer.ts';
import { headOf, isSealed, type KnownPlace, lacks, readHead, refuseBadTail } from './log-tail.ts';
import type { PostgresConnection } from './postgres-connection.ts';
import { one, run, type Work } from './work.ts';

export interface SharedLog {
  readonly connection: PostgresConnection;
  readonly keys: ChainKeys;
  /** Id of this process, which is among the instances of the store already. */
  readonly instance: string;
  /** What is known of a chain from outside the database. */
  readonly checkpointOf: (chain: string) => Promise<KnownPlace | undefined>;
}

/**
 * Appends groups of rows to a chain that no other living process writes, each group in one transaction: so hosts that
 * share a store never wait for one another's chains. Should two processes write to one all the same, because one of them
 * was taken for dead, the chain holds: its end is moved only from where it was.
 */
export class SharedLogWriter {
  readonly #log: SharedLog;
  readonly #sealers: Sealers;
  readonly #sealerOf = (keyId: string): Sealer => this.#sealers.of(keyId, this.#log.connection.name);
  #known: StoredHead | undefined;
  #checkpoint: KnownPlace | undefined;

  constructor(log: SharedLog) {
    this.#log = log;
    this.#sealers = new Sealers(log.keys);
  }

  /** Takes a chain whose process is gone, or begins one, and looks whether it is as it was written. */
  async open(): Promise<OpenedLog & { readonly last: KnownPlace | undefined }> {
    const { connection, instance, checkpointOf } = this.#log;
    const taken = await connection.change(() => this.#take(instance));
    const last = await checkpointOf(taken.chain);
    const isBehind = last !== undefined && (await connection.ask(() => lacks(last)));
    this.#checkpoint = isBehind ? undefined : last;
    const head = await connection.snapshot(() => this.#meet(taken.chain));
    this.#known = head;
    connection.watch(() => this.#meetAgain(head.chain));
    return { head, isBehind, last };
  }

  /** From now on a store without this place is another one. */
  noteCheckpoint(checkpoint: KnownPlace): void {
    if (checkpoint.chain === this.#known?.chain) this.#checkpoint = checkpoint;
  }

  /**
   * Durable when it resolves. Where it rejects, none of the rows may be relied on. A row of which a change is refused is
   * not written; the others are.
   */
  async commit(rows: readonly LogRow[], changes: readonly RowChanges[] = []): Promise<readonly Written[]> {
    const end = { sealerOf: this.#sealerOf, known: this.#known };
    const { head, written } = await appendGroup(this.#log.connection, { rows, changes }, end);
    this.#known = head;
    return written;
  }

  async findLost(): Promise<readonly LostRow[]> {
    const { connection, instance } = this.#log;
    const known = this.#known;
    if (known === undefined) return [];
    const { head, rows } = await connection.change(() => writtenSince(known, instance));
    if (!isSealed(head, this.#sealerOf(head.key))) throw lostEnd();
    this.#known = head;
    return rows;
  }

  /** Whoever comes next may go on with the chain. */
  async close(): Promise<void> {
    const { connection, instance } = this.#log;
    await connection.ask(() => run(`update heads set holder = '' where holder = ?`, instance));
  }

  *#take(instance: string): Work<StoredHead> {
    const free = yield* one(TAKE, instance);
    if (free !== undefined) return headOf(free);
    const first = { chain: randomUUID(), seq: 0, hash: GENESIS };
    const id = yield* keyInForce();
    const mac = this.#sealerOf(id).sealHead(first);
    const insert = 'insert into heads (chain, seq, hash, key, mac, first_key, holder) values (?, 0, ?, ?, ?, ?, ?)';
    yield* run(insert, first.chain, GENESIS, id, mac, id, instance);
    return { ...first, key: id, mac };
  }

  *#meet(chain: string): Work<StoredHead> {
    const { connection } = this.#log;
    const head = yield* readHead(chain);
    if (head === undefined) throw lostEnd();
    this.#sealerOf(head.key);
    const { name, numbering } = connection;
    yield* refuseBadTail({ head, sealers: this.#sealers, after: this.#checkpoint, name, numbering });
    return head;
  }

  /** On every new connection: a server that has taken over from another one may lack what that one had committed. */
  *#meetAgain(chain: string): Work<void> {
    const head = yield* readHead(chain);
    const known = this.#known;
    if (head === undefined || known === undefined || head.seq < known.seq || (yield* lacks(known))) throw lostEnd();
  }
}

/**
 * The key that the chains there are were handed over to, whatever lies in this home as its newest: a host that was not
 * rotated on has an older one, which nothing new may be sealed with. Having looked for a free chain keeps it in force until
 * this one has begun: whoever hands over locks the table.
 */
function* keyInForce(): Work<string> {
  const newest = yield* one('select key from heads order by seq desc limit 1');
  return String((newest ?? (yield* one('select first_key as key from store')))?.['key'] ?? '');
}

const TAKE = `update heads set holder = ? where chain = (
    select chain from heads where holder = '' or holder not in (select id from instances)
    order by chain limit 1 for update skip locked)
  returning chain, seq, hash, key, mac`;
