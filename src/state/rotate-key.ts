import type { Act } from '../core/act.ts';
import { GatewayError } from '../core/errors.ts';
import { createSealer, hexOf, Sealers } from './chain.ts';
import { ChainKeys, makeNextKey, useFromNowOn } from './chain-key.ts';
import { HANDOVER } from './chain-walk.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { actRow } from './log-rows.ts';
import { isSealed, readHead } from './log-tail.ts';
import { insertRows } from './log-writer.ts';

export interface Rotation {
  readonly connection: SqliteConnection;
  readonly home: string;
  /** Who does it, when and why; it is the last record under the key that is replaced. */
  readonly act: Omit<Act, 'verb' | 'subject' | 'before' | 'after'>;
}

/**
 * From now on the log is sealed with another key. The act that says so is sealed with the old one and holds a proof by
 * the new one; gateways that run go on with the new one by themselves. The old key stays in the home folder, because the
 * records before need it. Ended halfway, nothing has changed for any store. Throws CHAIN_KEY, STORE_UNAVAILABLE.
 */
export function rotateKey({ connection, home, act }: Rotation): { readonly from: string; readonly to: string } {
  const next = makeNextKey(home);
  const sealers = new Sealers(new ChainKeys(home));
  const from = connection.use((database) =>
    database.transaction(() => {
      const head = readHead(database);
      if (head === undefined) throw new GatewayError('STORE_UNAVAILABLE', `no log has begun in ${connection.path}`);
      const present = sealers.of(head.key, connection.path);
      if (!isSealed(head, present)) throw badEnd(connection.path);
      const place = { chain: head.chain, seq: head.seq + 1, prev: head.hash };
      const sealer = createSealer(next);
      const after = { to: next.id, proof: hexOf(sealer.sealHandover(place, head.key)) };
      const row = actRow({ ...act, verb: HANDOVER, subject: head.chain, before: { key: head.key }, after }, '');
      const hash = present.sealRow(row, place);
      insertRows(database, { rows: [{ row, place, hash }], head: { ...head, seq: place.seq, hash } });
      const end = { chain: head.chain, seq: place.seq, hash };
      database
        .prepare('update heads set seq = ?, hash = ?, mac = ?, key = ? where chain = ?')
        .run(end.seq, hash, sealer.sealHead(end), next.id, end.chain);
      return head.key;
    }),
  );
  useFromNowOn(home, next);
  return { from, to: next.id };
}

function badEnd(path: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `the end of the log in ${path} is not what was written`, {
    mend: '`mcp-gateway decision verify` says more.',
  });
}
