import { randomUUID } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { isRefusal, type Made, type Refusal } from '../core/change.ts';
import type { Seal } from '../core/record.ts';
import { GENESIS, hexOf, type LogRow, type Place, type Sealer, Sealers, type StoredHead } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import { makeChanges, type RowChanges } from './changes.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Database } from './driver.ts';
import { isSealed, type KnownPlace, lacks, readHead, refuseBadTail } from './log-tail.ts';
import { inSnapshot } from './transaction.ts';
import { carryOut, insert, run, type Work } from './work.ts';

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
    const appending = { sealerOf: this.#sealerOf, known: this.#known };
    const { head, written } = await this.#connection.change(() => appendChanging({ rows, changes }, appending));
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
    yield* refuseBadTail({ head, sealers: this.#sealers, after: this.#checkpoint, name });
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

/** What became of a row: its place in the chain, with what its changes have left over, or no place at all. */
export type Written = (Seal & Partial<Made>) | Refusal;

const LOG = `log (seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, "user",
  session, us, prev, hash, body)`;

const MOVE_HEAD = 'update heads set seq = ?, hash = ?, mac = ? where chain = ? and seq = ? and key = ?';

interface Appending {
  readonly sealerOf: (keyId: string) => Sealer;
  readonly known: StoredHead | undefined;
}

interface Appended {
  readonly head: StoredHead;
  readonly seals: readonly Seal[];
}

/**
 * Runs inside the transaction that holds the write lock. Most often nobody else has written since, so the chain goes on
 * where this writer left it; moving the head from there says whether it does.
 */
function* appendRows(rows: readonly LogRow[], { sealerOf, known }: Appending): Work<Appended> {
  if (known !== undefined) {
    const sealed = sealRows(rows, known, sealerOf(known.key));
    if (yield* moveHead(known, sealed)) return yield* insertRows(sealed);
  }
  const head = yield* laterHead(known);
  const sealer = sealerOf(head.key);
  if (!isSealed(head, sealer)) throw lostEnd();
  const sealed = sealRows(rows, head, sealer);
  yield* moveHead(head, sealed);
  return yield* insertRows(sealed);
}

interface Changing {
  readonly rows: readonly LogRow[];
  readonly changes: readonly RowChanges[];
}

/** Rows that are refused leave no gap: the chain is made of those that are left. */
function* appendChanging(
  { rows, changes }: Changing,
  appending: Appending,
): Work<{ readonly head: StoredHead | undefined; readonly written: readonly Written[] }> {
  if (changes.length === 0) {
    const { head, seals } = yield* appendRows(rows, appending);
    return { head, written: seals };
  }
  const answers = yield* makeChanges(rows, changes);
  const left = rows.filter((_, row) => !isRefused(answers.get(row)));
  const { head, seals } = left.length > 0 ? yield* appendRows(left, appending) : { head: appending.known, seals: [] };
  let next = 0;
  const written = rows.map((_, row): Written => {
    const answer = answers.get(row);
    if (answer !== undefined && isRefusal(answer)) return answer;
    const seal = seals[next];
    next += 1;
    if (seal === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'the writer left out a seal');
    return answer === undefined ? seal : { ...seal, ...answer };
  });
  return { head, written };
}

function isRefused(answer: Made | Refusal | undefined): boolean {
  return answer !== undefined && isRefusal(answer);
}

export interface SealedRows {
  readonly rows: readonly { readonly row: LogRow; readonly place: Place; readonly hash: Buffer }[];
  readonly head: StoredHead;
}

function sealRows(rows: readonly LogRow[], after: StoredHead, sealer: Sealer): SealedRows {
  const { chain, key } = after;
  let head: Omit<StoredHead, 'mac'> = after;
  const sealed = rows.map((row) => {
    const place: Place = { chain, seq: head.seq + 1, prev: head.hash };
    const hash = sealer.sealRow(row, place);
    head = { chain, seq: place.seq, hash, key };
    return { row, place, hash };
  });
  return { rows: sealed, head: { ...head, mac: sealer.sealHead(head) } };
}

/** False where the chain does not end at `from`, or goes on under another key; then nothing is changed. */
function* moveHead(from: StoredHead, { head }: SealedRows): Work<boolean> {
  return (yield* run(MOVE_HEAD, head.seq, head.hash, head.mac, from.chain, from.seq, from.key)) === 1;
}

/** Runs inside the transaction that moves the head. */
export function* insertRows({ rows, head }: SealedRows): Work<Appended> {
  yield* insert(
    LOG,
    rows.map(({ row, place, hash }) => [
      place.seq,
      row.kind,
      place.chain,
      head.key,
      row.id,
      row.time,
      row.instance,
      row.effect,
      row.status,
      row.server,
      row.tool,
      row.reasons,
      row.action,
      row.agent,
      row.user,
      row.session,
      row.us,
      place.prev,
      hash,
      row.body,
    ]),
  );
  const seals = rows.map(({ row, place, hash }) => ({
    seq: place.seq,
    chain: place.chain,
    instance: row.instance,
    hash: hexOf(hash),
  }));
  return { head, seals };
}

/** Where the chain ends now that others have written to it. */
function* laterHead(known: StoredHead | undefined): Work<StoredHead> {
  const head = yield* readHead();
  if (head === undefined || (known !== undefined && head.seq < known.seq)) throw lostEnd();
  return head;
}

function lostEnd(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the store has lost the end of its chain', {
    mend: 'Somebody has changed it while the gateway ran; `mcp-gateway decision verify` says what.',
  });
}
