import type { Act } from '../core/act.ts';
import { GatewayError } from '../core/errors.ts';
import { createSealer, hexOf, type Sealer, Sealers, type StoredHead } from './chain.ts';
import { type ChainKey, ChainKeys, makeNextKey, useFromNowOn } from './chain-key.ts';
import { HANDOVER } from './chain-walk.ts';
import type { StoreConnection } from './connection.ts';
import { actRow } from './log-rows.ts';
import { headsOf } from './log-check.ts';
import { isSealed } from './log-tail.ts';
import { insertRows } from './append.ts';
import { forgetPreparedKey, readPreparedKey } from './prepared-key.ts';
import { one, run, type Work } from './work.ts';

export interface Rotation {
  readonly connection: StoreConnection;
  readonly home: string;
  /** Who does it, when and why; in each chain it is the last record under the key that is replaced. */
  readonly act: Omit<Act, 'verb' | 'subject' | 'before' | 'after'>;
}

/**
 * From now on all chains of the log are sealed with another key. The act that says so is sealed with the old one and holds
 * a proof by the new one; gateways that run go on with the new one by themselves, on other hosts as soon as they have it.
 * The old key stays in the home folder, because the records before need it. It is the key that was prepared here, where one
 * was. Ended halfway, nothing has changed for any store. Throws CHAIN_KEY, STORE_UNAVAILABLE.
 */
export async function rotateKey(rotation: Rotation): Promise<Rotated> {
  const { connection, home } = rotation;
  const heads = await connection.ask(() => headsOf(connection.numbering));
  const prepared = readPreparedKey(
    home,
    heads.map(({ key }) => key),
  );
  const next = prepared ?? makeNextKey(home);
  const from = await connection.change(() => handOver(rotation, next));
  useFromNowOn(home, next);
  forgetPreparedKey(home);
  return { from, to: next.id, wasPrepared: prepared !== undefined };
}

export interface Rotated {
  /** Ids of the keys. */
  readonly from: string;
  readonly to: string;
  /** Whether other hosts may have it already. */
  readonly wasPrepared: boolean;
}

/** Answers the key that was replaced; where chains have several, that of the first. */
function* handOver(rotation: Rotation, next: ChainKey): Work<string> {
  const { name, numbering } = rotation.connection;
  // Nobody writes to any chain, or begins one, until all are handed over; reading goes on.
  if (numbering === 'rising') yield* run('lock table heads in share row exclusive mode');
  const heads = yield* headsOf(numbering);
  const [first] = heads;
  if (first === undefined) throw new GatewayError('STORE_UNAVAILABLE', `no log has begun in ${name}`);
  const last = Math.max(...heads.map(({ seq }) => seq));
  const seqs = numbering === 'rising' ? yield* seqAfter(last) : last + 1;
  const presents = new Sealers(new ChainKeys(rotation.home));
  for (const [index, head] of heads.entries()) {
    yield* handOverOne(rotation, { head, seq: seqs + index, present: presents.of(head.key, name), next });
  }
  return first.key;
}

/** In a store of several chains a transaction numbers what it writes. */
function* seqAfter(last: number): Work<number> {
  return Number((yield* one('select seq_after(?) as seq', last))?.['seq']);
}

interface Handover {
  readonly head: StoredHead;
  /** Of the act. */
  readonly seq: number;
  readonly present: Sealer;
  readonly next: ChainKey;
}

function* handOverOne({ connection, act }: Rotation, { head, seq, present, next }: Handover): Work<void> {
  if (!isSealed(head, present)) throw badEnd(connection.name);
  const place = { chain: head.chain, seq, prev: head.hash };
  const sealer = createSealer(next);
  const after = { to: next.id, proof: hexOf(sealer.sealHandover(place, head.key)) };
  const row = actRow({ ...act, verb: HANDOVER, subject: head.chain, before: { key: head.key }, after }, '');
  const hash = present.sealRow(row, place);
  yield* insertRows({ rows: [{ row, place, hash }], head: { ...head, seq, hash } });
  const end = { chain: head.chain, seq, hash };
  const move = 'update heads set seq = ?, hash = ?, mac = ?, key = ? where chain = ?';
  yield* run(move, seq, hash, sealer.sealHead(end), next.id, head.chain);
}

function badEnd(name: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${name} is not what was written`, {
    mend: '`mcp-gateway decision verify` says more.',
  });
}
