import { randomUUID } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { appendGroup, lostEnd, type Written } from './append.ts';
import { GENESIS, type LogRow, type Sealer, Sealers, type StoredHead } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import type { RowChanges } from './changes.ts';
import type { Database } from './driver.ts';
import { type KnownPlace, lacks, readHead, refuseBadTail } from './log-tail.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { inSnapshot } from './transaction.ts';
import { carryOut, run, type Work } from './work.ts';

/**
 * Appends groups of rows to the chain, each group in one transaction, on the thread that calls it. The connection belongs
 * to whoever opened it, and may serve others.
 */
export class LogWriter {
  readonly #connection: SqliteConnection;
  readonly #keys: ChainKeys;
  readonly #sealers: Sealers;
  readonly #sealerOf = (keyId: string): Sealer => this.#sealers.of(keyId, this.#connection.name);
  /** Where the chain ended when this writer last wrote or opened it; a store that ends earlier is not the same one. */
  #known: StoredHead | undefined;
  /** What is known of the chain from outside the database. */
  #checkpoint: KnownPlace | undefined;

  constructor(connection: SqliteConnection, keys: ChainKeys) {
    this.#keys = keys;
    this.#sealers = new Sealers(keys);
    this.#connection = connection;
  }

  /**
   * Opens the store, so that what is wrong with it is said before the first call. Answers where the chain ends, and
   * whether it lacks what the last checkpoint has seen.
   */
  async open(lastCheckpoint?: KnownPlace): Promise<OpenedLog> {
    const opened = this.#connection.use((database) => {
      const isBehind = lastCheckpoint !== undefined && carryOut(database, lacks(lastCheckpoint));
      this.#checkpoint = isBehind ? undefined : lastCheckpoint;
      return { head: this.#meet(database), isBehind };
    });
    this.#connection.watch((database) => this.#meet(database));
    return opened;
  }

  /** From now on a store without this place is another one. */
  noteCheckpoint(checkpoint: KnownPlace): void {
    this.#checkpoint = checkpoint;
  }

  /**
   * Durable when it resolves. Where it rejects, none of the rows may be relied on. A row of which a change is refused is
   * not written; the others are.
   */
  async commit(rows: readonly LogRow[], changes: readonly RowChanges[] = []): Promise<readonly Written[]> {
    const end = { sealerOf: this.#sealerOf, known: this.#known };
    const { head, written } = await appendGroup(this.#connection, { rows, changes }, end);
    this.#known = head;
    return written;
  }

  /** A handle on the store is used only when what stands in it goes on from what is known of it. */
  #meet(database: Database): StoredHead {
    if (carryOut(database, readHead()) === undefined) database.transaction(() => carryOut(database, this.#begin()));
    return inSnapshot(database, () => carryOut(database, this.#meetBegun()));
  }

  *#meetBegun(): Work<StoredHead> {
    const { name } = this.#connection;
    const head = yield* readHead();
    if (head === undefined) throw lostEnd();
    this.#sealerOf(head.key);
    for (const place of [this.#known, this.#checkpoint]) {
      if (place === undefined || (place.chain === head.chain && !(yield* lacks(place)))) continue;
      throw new GatewayError(
        'STORE_UNAVAILABLE',
        `the store ${name} was replaced while the gateway ran: what it had committed is not in there`,
        { mend: 'Restore the file that was there, or restart the gateway to accept this one.' },
      );
    }
    yield* refuseBadTail({ head, sealers: this.#sealers, after: this.#checkpoint, name, numbering: 'dense' });
    this.#known ??= head;
    return head;
  }

  /** The first gateway on a new store gives the chain its name. */
  *#begin(): Work<void> {
    // What must be there still if this store was written before.
    if (this.#known !== undefined) {
      throw new GatewayError('STORE_UNAVAILABLE', `the store ${this.#connection.name} has lost its chain`);
    }
    if ((yield* readHead()) !== undefined) return;
    const first = { chain: randomUUID(), seq: 0, hash: GENESIS };
    const { id } = this.#keys.newest();
    const mac = this.#sealerOf(id).sealHead(first);
    const insert = 'insert into heads (chain, seq, hash, key, mac, first_key) values (?, 0, ?, ?, ?, ?)';
    yield* run(insert, first.chain, GENESIS, id, mac, id);
  }
}

export interface OpenedLog {
  readonly head: StoredHead;
  readonly isBehind: boolean;
}
