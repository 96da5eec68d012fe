import { isRefusal, type Made, type Refusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { Seal } from '../core/record.ts';
import { hexOf, type LogRow, type Place, type Sealer, type StoredHead } from './chain.ts';
import type { ChainRow } from './chain-row.ts';
import { makeChanges, type RowChanges } from './changes.ts';
import type { Numbering, StoreConnection } from './connection.ts';
import { isSealed, readHead } from './log-tail.ts';
import { all, type Work, insert, one, run } from './work.ts';

/** What became of a row: its place in the chain, with what its changes have left over, or no place at all. */
export type Written = (Seal & Partial<Made>) | Refusal;

/** What commits a group of rows: on this thread, or on another one. */
export interface Writer {
  /** `changes`: what the rows change beside the log, in the same transaction. Answers one for each row. */
  commit(rows: readonly LogRow[], changes: readonly RowChanges[]): readonly Written[] | Promise<readonly Written[]>;
  /**
   * The rows of this process that commits have written although they failed, because their answer was lost; none of them may
   * still come. Absent where a commit that fails has written nothing.
   */
  findLost?(): Promise<readonly LostRow[]>;
  /** Absent where nothing has to be given back. */
  close?(): Promise<void>;
}

const LOG = `log (seq, kind, chain, key, id, time, instance, effect, status, server, tool, reasons, action, agent, "user",
  session, us, prev, hash, body)`;

const MOVE_HEAD = 'update heads set seq = ?, hash = ?, mac = ? where chain = ? and seq = ? and key = ?';

export interface Appending {
  readonly sealerOf: (keyId: string) => Sealer;
  /** Where the chain ended when it was last written to by this process. */
  readonly known: StoredHead;
  readonly numbering: Numbering;
}

interface Appended {
  readonly head: StoredHead;
  readonly seals: readonly Seal[];
}

/** As often as others may come first, one after the other, before it looks as if something were wrong. */
const TRIES = 5;

/**
 * Most often nobody else has written since, so the chain goes on where this writer left it; moving the head from there says
 * whether it does.
 */
function* appendRows(rows: readonly LogRow[], { sealerOf, known, numbering }: Appending): Work<Appended> {
  let head = known;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const sealed = sealRows(rows, head, { sealer: sealerOf(head.key), first: yield* firstSeq(head, numbering) });
    if (yield* moveHead(head, sealed)) return yield* insertRows(sealed);
    head = yield* laterHead(known);
    if (!isSealed(head, sealerOf(head.key))) break;
  }
  throw lostEnd();
}

/** The rows that follow it have the next ones. */
function* firstSeq({ seq }: StoredHead, numbering: Numbering): Work<number> {
  if (numbering === 'dense') return seq + 1;
  // Behind the end of the chain, and behind all that was committed before: readers follow the log in this order.
  return Number((yield* one('select seq_after(?) as seq', seq))?.['seq']);
}

export interface Ending {
  readonly sealerOf: Appending['sealerOf'];
  /** Undefined before the log was opened. */
  readonly known: StoredHead | undefined;
}

/**
 * Durable when it resolves, with where the chain ends then. Where it rejects, none of the rows may be relied on. Throws
 * STORE_UNAVAILABLE.
 */
export function appendGroup(
  connection: StoreConnection,
  changing: Changing,
  { sealerOf, known }: Ending,
): Promise<AppendedGroup> {
  if (known === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'the log has not been opened');
  const { numbering } = connection;
  return connection.change(() => appendChanging(changing, { sealerOf, known, numbering }));
}

interface AppendedGroup {
  readonly head: StoredHead;
  /** One for each row. */
  readonly written: readonly Written[];
}

interface Changing {
  readonly rows: readonly LogRow[];
  readonly changes: readonly RowChanges[];
}

/**
 * Runs inside a transaction. A row of which a change is refused is not written: the chain is made of those that are left.
 */
export function* appendChanging({ rows, changes }: Changing, appending: Appending): Work<AppendedGroup> {
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

interface Sealing {
  readonly sealer: Sealer;
  readonly first: number;
}

function sealRows(rows: readonly LogRow[], after: StoredHead, { sealer, first }: Sealing): SealedRows {
  const { chain, key } = after;
  let head: Omit<StoredHead, 'mac'> = after;
  const sealed = rows.map((row, index) => {
    const place: Place = { chain, seq: first + index, prev: head.hash };
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
  const { key } = head;
  yield* insertSealed(rows.map(({ row, place, hash }) => ({ row, ...place, key, hash })));
  const seals = rows.map(({ row, place, hash }) => ({
    seq: place.seq,
    chain: place.chain,
    instance: row.instance,
    hash: hexOf(hash),
  }));
  return { head, seals };
}

/** Rows as they stand, or are to stand, in the log. */
export function* insertSealed(rows: readonly ChainRow[]): Work<void> {
  yield* insert(
    LOG,
    rows.map(({ row, seq, chain, key, prev, hash }) => [
      seq,
      row.kind,
      chain,
      key,
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
      prev,
      hash,
      row.body,
    ]),
  );
}

export interface LostRow {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
}

/** Runs inside a transaction: where the chain ends by now, and what an instance has written behind a known end. */
export function* writtenSince(
  known: StoredHead,
  instance: string,
): Work<{ readonly head: StoredHead; readonly rows: readonly LostRow[] }> {
  // Waits for a commit that is still under way, and none can begin before.
  yield* run('update heads set seq = seq where chain = ?', known.chain);
  const head = yield* laterHead(known);
  const text = 'select seq, kind, id from log where chain = ? and seq > ? and instance = ? order by seq';
  const rows = yield* all(text, known.chain, known.seq, instance);
  return {
    head,
    rows: rows.map((row) => ({ seq: Number(row['seq']), kind: String(row['kind']), id: String(row['id']) })),
  };
}

/** Where the chain ends now that others have written to it. */
function* laterHead(known: StoredHead): Work<StoredHead> {
  const head = yield* readHead(known.chain);
  if (head === undefined || head.seq < known.seq) throw lostEnd();
  return head;
}

export function lostEnd(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the store has lost the end of its chain', {
    mend: 'Somebody has changed it while the gateway ran; `mcp-gateway decision verify` says what.',
  });
}
