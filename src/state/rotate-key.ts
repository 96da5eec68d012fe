import type { Act } from '../core/act.ts';
import { GatewayError } from '../core/errors.ts';
import { createSealer, hexOf, Sealers } from './chain.ts';
import { type ChainKey, ChainKeys, makeNextKey, useFromNowOn } from './chain-key.ts';
import { HANDOVER } from './chain-walk.ts';
import type { StoreConnection } from './connection.ts';
import { actRow } from './log-rows.ts';
import { isSealed, readHead } from './log-tail.ts';
import { insertRows } from './append.ts';
import { run, type Work } from './work.ts';

export interface Rotation {
  readonly connection: StoreConnection;
  readonly home: string;
  /** Who does it, when and why; it is the last record under the key that is replaced. */
  readonly act: Omit<Act, 'verb' | 'subject' | 'before' | 'after'>;
}

/**
 * From now on the log is sealed with another key. The act that says so is sealed with the old one and holds a proof by
 * the new one; gateways that run go on with the new one by themselves. The old key stays in the home folder, because the
 * records before need it. Ended halfway, nothing has changed for any store. Throws CHAIN_KEY, STORE_UNAVAILABLE.
 */
export async function rotateKey(rotation: Rotation): Promise<{ readonly from: string; readonly to: string }> {
  const { connection, home } = rotation;
  const next = makeNextKey(home);
  const from = await connection.change(() => handOver(rotation, next));
  useFromNowOn(home, next);
  return { from, to: next.id };
}

function* handOver({ connection, home, act }: Rotation, next: ChainKey): Work<string> {
  const { name } = connection;
  const head = yield* readHead();
  if (head === undefined) throw new GatewayError('STORE_UNAVAILABLE', `no log has begun in ${name}`);
  const present = new Sealers(new ChainKeys(home)).of(head.key, name);
  if (!isSealed(head, present)) throw badEnd(name);
  const place = { chain: head.chain, seq: head.seq + 1, prev: head.hash };
  const sealer = createSealer(next);
  const after = { to: next.id, proof: hexOf(sealer.sealHandover(place, head.key)) };
  const row = actRow({ ...act, verb: HANDOVER, subject: head.chain, before: { key: head.key }, after }, '');
  const hash = present.sealRow(row, place);
  yield* insertRows({ rows: [{ row, place, hash }], head: { ...head, seq: place.seq, hash } });
  const end = { chain: head.chain, seq: place.seq, hash };
  const move = 'update heads set seq = ?, hash = ?, mac = ?, key = ? where chain = ?';
  yield* run(move, end.seq, hash, sealer.sealHead(end), next.id, end.chain);
  return head.key;
}

function badEnd(name: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${name} is not what was written`, {
    mend: '`mcp-gateway decision verify` says more.',
  });
}
