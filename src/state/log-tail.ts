import { GatewayError } from '../core/errors.ts';
import { sameBytes, type Sealer, type Sealers, type StoredHead } from './chain.ts';
import { bytesOf, chainRowOf } from './chain-row.ts';
import { ChainWalk } from './chain-walk.ts';
import type { Database } from './driver.ts';

/** A row of a chain that is known from elsewhere than the database. */
export interface KnownPlace {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** The end of the store's chain; undefined where no chain has begun. */
export function readHead(database: Database): StoredHead | undefined {
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

/** Whether the end of the chain is one that a gateway has set. */
export function isSealed(head: StoredHead, sealer: Sealer): boolean {
  return sameBytes(head.mac, sealer.sealHead(head));
}

/** Whether the store has not, or not any more, what is known of it. What retention removed is sealed and not lacking. */
export function lacks(database: Database, { seq, hash }: KnownPlace): boolean {
  if (seq === 0) return false;
  const row = database.prepare('select hash from log where seq = ?').get(seq);
  if (row !== undefined) return !sameBytes(bytesOf(row['hash']), hash);
  return database.prepare('select 1 from log_seals where last >= ?').get(seq) === undefined;
}

/** As many as can lie behind a checkpoint where writing checkpoints has failed for long. */
const MOST_CHECKED = 10_000;

interface Tail {
  readonly head: StoredHead;
  readonly sealers: Sealers;
  /** What lies before it was found whole earlier. */
  readonly after: KnownPlace | undefined;
  readonly path: string;
}

/** Throws STORE_UNAVAILABLE where the last rows of the log, or its end, are not what was written. */
export function refuseBadTail(database: Database, { head, sealers, after, path }: Tail): void {
  const from = Math.max(after?.seq ?? 0, head.seq - MOST_CHECKED, lastRemoved(database));
  const prev = from === after?.seq ? after.hash : undefined;
  const walk = new ChainWalk({ chain: head.chain, sealers, after: from, prev });
  for (const row of database.prepare('select * from log where seq > ? order by seq').iterate(from)) {
    const found = walk.take(chainRowOf(row));
    if (found !== undefined) throw badTail(path, `row ${found.seq}: ${found.why}`);
  }
  const problem = walk.endProblem(head);
  if (problem !== undefined) throw badTail(path, problem.why);
}

/** The last row that retention has removed; 0 where it has removed none. */
export function lastRemoved(database: Database): number {
  return Number(database.prepare('select max(last) as last from log_seals').get()?.['last'] ?? 0);
}

function badTail(path: string, why: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${path} is not what was written: ${why}`, {
    mend: '`mcp-gateway decision verify` says more. Keep the file as evidence; restore a copy, or move it aside to start anew.',
  });
}
