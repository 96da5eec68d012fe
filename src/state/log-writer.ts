import { randomUUID } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { isRefusal, type Made, type Refusal } from '../core/change.ts';
import type { Seal } from '../core/record.ts';
import { createSealer, GENESIS, hexOf, sameBytes, type Head, type LogRow, type Place, type Sealer } from './chain.ts';
import type { ChainKey } from './chain-key.ts';
import { makeChanges, type RowChanges } from './changes.ts';
import type { StoreConnection } from './connection.ts';
import type { Database, SqlRow, SqlValue } from './driver.ts';

/**
 * Appends groups of rows to the chain, each group in one transaction, on the thread that calls it. The connection belongs
 * to whoever opened it, and may serve others.
 */
export class LogWriter {
  readonly #connection: StoreConnection;
  readonly #key: ChainKey;
  readonly #sealer: Sealer;
  /** Where the chain ended when this writer last wrote or opened it; a store that ends earlier is not the same one. */
  #known: Head | undefined;

  constructor(connection: StoreConnection, key: ChainKey) {
    this.#key = key;
    this.#sealer = createSealer(key);
    this.#connection = connection;
  }

  /** Opens the store, so that what is wrong with it is said before the first call. Answers where the chain ends. */
  open(): Head {
    const head = this.#connection.use((database) => this.#meet(database));
    this.#connection.watch((database) => this.#meet(database));
    return head;
  }

  /**
   * Durable on return. Where it throws, none of the rows may be relied on. A row of which a change is refused is not
   * written; the others are.
   */
  commit(rows: readonly LogRow[], changes: readonly RowChanges[] = []): readonly Written[] {
    const { head, written } = this.#connection.use((database) =>
      database.transaction(() => {
        const appending = { sealer: this.#sealer, keyId: this.#key.id, known: this.#known };
        if (changes.length > 0) return appendChanging(database, { rows, changes }, appending);
        const appended = appendRows(database, rows, appending);
        return { head: appended.head, written: appended.seals };
      }),
    );
    this.#known = head;
    return written;
  }

  #meet(database: Database): Head {
    const head = readHead(database) ?? this.#begin(database);
    if (head.key !== this.#key.id) {
      throw new GatewayError('CHAIN_KEY', `the store ${this.#connection.path} was written with another chain key`, {
        mend: 'Restore the `chain.key` that belongs to this store, or name another file under `decisions.store.path`.',
      });
    }
    if (this.#known !== undefined && !continues(database, this.#known)) {
      throw new GatewayError(
        'STORE_UNAVAILABLE',
        `the store ${this.#connection.path} was replaced while the gateway ran: what it had committed is not in there`,
        { mend: 'Restore the file that was there, or restart the gateway to accept this one.' },
      );
    }
    this.#known ??= head;
    return head;
  }

  /** The first gateway on a new store gives the chain its name. */
  #begin(database: Database): StoredHead {
    return database.transaction(() => {
      const head = readHead(database);
      if (head !== undefined) return head;
      const first = { chain: randomUUID(), seq: 0, hash: GENESIS };
      database
        .prepare('insert into heads (chain, seq, hash, key, mac) values (?, 0, ?, ?, ?)')
        .run(first.chain, GENESIS, this.#key.id, this.#sealer.sealHead(first));
      return { ...first, key: this.#key.id };
    });
  }
}

/** What became of a row: its place in the chain, with what its changes have left over, or no place at all. */
export type Written = (Seal & Partial<Made>) | Refusal;

interface StoredHead extends Head {
  readonly key: string;
}

/** The end of the store's chain; undefined where no chain has begun. */
export function readHead(database: Database): StoredHead | undefined {
  const row = database.prepare('select chain, seq, hash, key from heads limit 1').get();
  if (row === undefined) return undefined;
  return { chain: String(row['chain']), seq: Number(row['seq']), hash: bytesOf(row['hash']), key: String(row['key']) };
}

export function bytesOf(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function continues(database: Database, known: Head): boolean {
  if (readHead(database)?.chain !== known.chain) return false;
  if (known.seq === 0) return true;
  const row: SqlRow | undefined = database.prepare('select hash from log where seq = ?').get(known.seq);
  return row !== undefined && sameBytes(bytesOf(row['hash']), known.hash);
}

const INSERT_ROW = `insert into log (seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent,
  user, session, us, prev, hash, body) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const MOVE_HEAD = 'update heads set seq = ?, hash = ?, mac = ? where chain = ? and seq = ?';

interface Appending {
  readonly sealer: Sealer;
  readonly keyId: string;
  readonly known: Head | undefined;
}

interface Appended {
  readonly head: Head;
  readonly seals: readonly Seal[];
}

/**
 * Runs inside the transaction that holds the write lock. Most often nobody else has written since, so the chain goes on
 * where this writer left it; moving the head from there says whether it does.
 */
function appendRows(database: Database, rows: readonly LogRow[], { sealer, keyId, known }: Appending): Appended {
  if (known !== undefined) {
    const sealed = sealRows(rows, known, sealer);
    if (moveHead(database, known, sealed)) return insertRows(database, sealed, keyId);
  }
  const head = laterHead(database, known);
  const sealed = sealRows(rows, head, sealer);
  moveHead(database, head, sealed);
  return insertRows(database, sealed, keyId);
}

interface Changing {
  readonly rows: readonly LogRow[];
  readonly changes: readonly RowChanges[];
}

/** Rows that are refused leave no gap: the chain is made of those that are left. */
function appendChanging(
  database: Database,
  { rows, changes }: Changing,
  appending: Appending,
): { readonly head: Head | undefined; readonly written: readonly Written[] } {
  const answers = makeChanges(database, rows, changes);
  const left = rows.filter((_, row) => !isRefused(answers.get(row)));
  const { head, seals } =
    left.length > 0 ? appendRows(database, left, appending) : { head: appending.known, seals: [] };
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

interface SealedRows {
  readonly rows: readonly { readonly row: LogRow; readonly place: Place; readonly hash: Buffer }[];
  readonly head: Head;
  /** Of the new head. */
  readonly mac: Uint8Array;
}

function sealRows(rows: readonly LogRow[], after: Head, sealer: Sealer): SealedRows {
  let head = after;
  const sealed = rows.map((row) => {
    const place: Place = { chain: head.chain, seq: head.seq + 1, prev: head.hash };
    const hash = sealer.sealRow(row, place);
    head = { chain: place.chain, seq: place.seq, hash };
    return { row, place, hash };
  });
  return { rows: sealed, head, mac: sealer.sealHead(head) };
}

/** False where the chain does not end at `from`; then nothing is changed. */
function moveHead(database: Database, from: Head, { head, mac }: SealedRows): boolean {
  return database.prepare(MOVE_HEAD).run(head.seq, head.hash, mac, from.chain, from.seq) === 1;
}

function insertRows(database: Database, { rows, head }: SealedRows, keyId: string): Appended {
  const insertRow = database.prepare(INSERT_ROW);
  const seals: Seal[] = [];
  for (const { row, place, hash } of rows) {
    insertRow.run(
      place.seq,
      row.kind,
      place.chain,
      keyId,
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
    );
    seals.push({ seq: place.seq, chain: place.chain, instance: row.instance, hash: hexOf(hash) });
  }
  return { head, seals };
}

/** Where the chain ends now that others have written to it. */
function laterHead(database: Database, known: Head | undefined): Head {
  const head = readHead(database);
  if (head === undefined || (known !== undefined && head.seq < known.seq)) {
    throw new GatewayError('STORE_UNAVAILABLE', 'the store has lost the end of its chain', {
      mend: 'Somebody has changed it while the gateway ran; `mcp-gateway decision verify` says what.',
    });
  }
  return head;
}
