import { GatewayError } from '../core/errors.ts';
import { sameBytes, type Sealer, type Sealers, type StoredHead } from './chain.ts';
import { bytesOf, chainRowOf } from './chain-row.ts';
import { ChainWalk } from './chain-walk.ts';
import type { Numbering } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, one, type Work } from './work.ts';

/** A row of a chain that is known from elsewhere than the database. */
export interface KnownPlace {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

const HEADS = 'select chain, seq, hash, key, mac from heads';

/** Where the chains of the store end, in the order of their names; none where none has begun. */
export function* readHeads(): Work<readonly StoredHead[]> {
  return (yield* all(`${HEADS} order by chain`)).map(headOf);
}

/** Where a chain ends, or, in a store that has one, the chain; undefined where it has not begun. */
export function* readHead(chain?: string): Work<StoredHead | undefined> {
  const row = yield* chain === undefined ? one(`${HEADS} limit 1`) : one(`${HEADS} where chain = ?`, chain);
  return row === undefined ? undefined : headOf(row);
}

export function headOf(row: SqlRow): StoredHead {
  return {
    chain: String(row['chain']),
    seq: Number(row['seq']),
    hash: bytesOf(row['hash']),
    key: String(row['key']),
    mac: bytesOf(row['mac']),
  };
}

/** Whether the end of the chain is one that a gateway has set. */
export function isSealed(head: StoredHead, sealer: Sealer): boolean {
  return sameBytes(head.mac, sealer.sealHead(head));
}

/** Whether the store has not, or not any more, what is known of it. What retention removed is sealed and not lacking. */
export function* lacks({ chain, seq, hash }: KnownPlace): Work<boolean> {
  if (seq === 0) return false;
  const row = yield* one('select hash from log where seq = ?', seq);
  if (row !== undefined) return !sameBytes(bytesOf(row['hash']), hash);
  return (yield* one(`select 1 from log_seals where last >= ? and ${OF_CHAIN}`, seq, mentionOf(chain))) === undefined;
}

/** Few: a record may be large. */
const ROWS_AT_ONCE = 100;
const ROWS = 'select * from log where chain = ? and seq > ? order by seq limit ?';

/** As many as can lie behind a checkpoint where writing checkpoints has failed for long. */
const MOST_CHECKED = 10_000;

interface Tail {
  readonly head: StoredHead;
  readonly sealers: Sealers;
  /** What lies before it was found whole earlier. */
  readonly after: KnownPlace | undefined;
  readonly name: string;
  readonly numbering: Numbering;
}

/** Throws STORE_UNAVAILABLE where the last rows of the log, or its end, are not what was written. */
export function* refuseBadTail({ head, sealers, after, name, numbering }: Tail): Work<void> {
  const from = Math.max(after?.seq ?? 0, yield* beforeNewest(head, numbering), yield* lastRemoved(head.chain));
  const prev = from === after?.seq ? after.hash : undefined;
  const walk = new ChainWalk({ chain: head.chain, sealers, after: from, prev, numbering });
  for (;;) {
    const rows = yield* all(ROWS, head.chain, walk.seq, ROWS_AT_ONCE);
    for (const row of rows) {
      const found = walk.take(chainRowOf(row));
      if (found !== undefined) throw badTail(name, `row ${found.seq}: ${found.why}`);
    }
    if (rows.length < ROWS_AT_ONCE) break;
  }
  const problem = walk.endProblem(head);
  if (problem !== undefined) throw badTail(name, problem.why);
}

/** Behind which row of the chain the newest lie that are checked; 0 where that is all of them. */
function* beforeNewest({ chain, seq }: StoredHead, numbering: Numbering): Work<number> {
  if (numbering === 'dense') return Math.max(0, seq - MOST_CHECKED);
  const text = 'select seq from log where chain = ? order by seq desc limit 1 offset ?';
  return Number((yield* one(text, chain, MOST_CHECKED))?.['seq'] ?? 0);
}

/** The last row of a chain, or of any, that retention has removed or is removing; 0 where it has removed none. */
export function* lastRemoved(chain?: string): Work<number> {
  const last = 'select max(last) as last from log_seals';
  const row = yield* chain === undefined ? one(last) : one(`${last} where ${OF_CHAIN}`, mentionOf(chain));
  return Number(row?.['last'] ?? 0);
}

/** Seals are canonical JSON. */
const OF_CHAIN = 'instr(line, ?) > 0';

function mentionOf(chain: string): string {
  return `"chain":"${chain}"`;
}

/** Up to here no row is there any more, of whatever chain; 0 where retention has removed none. */
export function* removedUpTo(): Work<number> {
  const last = yield* lastRemoved();
  if (last === 0) return 0;
  const first = yield* one('select seq from log order by seq limit 1');
  return first === undefined ? last : Math.min(last, Number(first['seq']) - 1);
}

function badTail(name: string, why: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${name} is not what was written: ${why}`, {
    mend: '`mcp-gateway decision verify` says more. Keep the file as evidence; restore a copy, or move it aside to start anew.',
  });
}
