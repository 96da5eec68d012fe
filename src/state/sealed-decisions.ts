import type { SealedRecord } from '../core/record.ts';
import { sameBytes, Sealers } from './chain.ts';
import { chainRowOf } from './chain-row.ts';
import type { StoreConnection } from './connection.ts';
import { recordOf, whereOf } from './decision-query.ts';
import type { SqlRow } from './driver.ts';
import { type PageRange, type PageRequest, pagesOf } from './log-pages.ts';
import { withOutcomes } from './outcomes.ts';
import { all, type Work } from './work.ts';

/** A decision as it is read back; `changed` is a row that is not what was written. */
export type ReadDecision =
  | { readonly kind: 'whole'; readonly record: SealedRecord }
  | { readonly kind: 'changed'; readonly seq: number; readonly id: string; readonly why: string };

export interface SealedRequest extends PageRequest {
  /** Whether the outcomes are wanted, too; else every record has `null` in their place. */
  readonly withOutcomes: boolean;
}

/** Decisions from the beginning of a log on, each held to the seal of its row. That none is missing is for `verifyLog`. */
export async function* readSealed(
  connection: StoreConnection,
  request: SealedRequest,
): AsyncGenerator<readonly ReadDecision[]> {
  const sealers = new Sealers(request.keys);
  const pages = pagesOf(connection, request, (range) => readPage(request, range));
  for await (const { rows } of pages) yield rows.map((row) => check(row, sealers));
}

function* readPage(
  { filter, withOutcomes: isWanted }: SealedRequest,
  { afterSeq, upToSeq, most }: PageRange,
): Work<readonly SqlRow[]> {
  const { sql, values } = whereOf(filter);
  const page = `select * from log where kind = 'decision'${sql} and seq > ? and seq <= ? order by seq limit ${most}`;
  const rows = yield* all(page, ...values, afterSeq, upToSeq);
  return isWanted ? yield* withOutcomes(rows) : rows.map((row) => ({ ...row, outcome_seq: null }));
}

function check(row: SqlRow, sealers: Sealers): ReadDecision {
  const { row: columns, seq, chain, prev, key, hash } = chainRowOf(row);
  const sealed = sealers.find(key)?.sealRow(columns, { chain, seq, prev });
  if (sealed === undefined || !sameBytes(hash, sealed))
    return { kind: 'changed', seq, id: columns.id, why: 'the row is not what was written' };
  return { kind: 'whole', record: recordOf(row) };
}
