import { sameBytes, Sealers } from './chain.ts';
import { type ChainRow, chainRowOf } from './chain-row.ts';
import type { StoreConnection } from './connection.ts';
import { type DecisionFilter, whereOf } from './decision-query.ts';
import type { SqlRow } from './driver.ts';
import { type PageRange, type PageRequest, pagesOf } from './log-pages.ts';
import { all, one, type Work } from './work.ts';

/** A record for an export, held to its seal. */
export type Evidence =
  | { readonly kind: 'decision'; readonly decision: ChainRow; readonly outcome: ChainRow | undefined }
  /** An act, or an outcome whose decision is not exported with it. */
  | { readonly kind: 'row'; readonly row: ChainRow }
  | { readonly kind: 'changed'; readonly seq: number; readonly id: string; readonly why: string };

/**
 * Decisions with their outcomes, in the order of the chain. Where nothing but time narrows them, acts and all other rows
 * are among them, so that no row of the chain is missing in between. Throws CHAIN_KEY.
 */
export async function* readEvidence(
  connection: StoreConnection,
  { filter, keys }: PageRequest,
): AsyncGenerator<readonly Evidence[]> {
  const sealers = new Sealers(keys);
  const pages = pagesOf(connection, { filter, keys }, (range) => readPage(filter, range));
  for await (const { rows, upToSeq } of pages) {
    yield await connection.ask(() => evidenceOfAll(rows, { filter, sealers, upToSeq }));
  }
}

function* readPage(filter: DecisionFilter, { afterSeq, upToSeq, most }: PageRange): Work<readonly SqlRow[]> {
  const { sql, values } = whereOf(filter);
  const kind = isOfTimeOnly(filter) ? '' : ` and log.kind = 'decision'`;
  const page = `select * from log where log.seq > ? and log.seq <= ?${kind}${sql} order by log.seq limit ${most}`;
  return yield* all(page, afterSeq, upToSeq, ...values);
}

function isOfTimeOnly({ limit, effect, server, tool, reason, agent, user }: DecisionFilter): boolean {
  return limit === Number.MAX_SAFE_INTEGER && (effect ?? server ?? tool ?? reason ?? agent ?? user) === undefined;
}

interface Reading {
  readonly filter: DecisionFilter;
  readonly sealers: Sealers;
  /** Outcomes behind this row are not in the export. */
  readonly upToSeq: number;
}

function* evidenceOfAll(rows: readonly SqlRow[], reading: Reading): Work<readonly Evidence[]> {
  const found: Evidence[] = [];
  for (const row of rows) found.push(...(yield* evidenceOf(row, reading)));
  return found;
}

const LAST_OUTCOME = `select * from log where id = ? and kind = 'outcome' and seq <= ? order by seq desc limit 1`;

function* evidenceOf(found: SqlRow, reading: Reading): Work<readonly Evidence[]> {
  const { sealers, upToSeq } = reading;
  const row = chainRowOf(found);
  const changed = problemOf(row, sealers);
  if (changed !== undefined) return [changed];
  if (row.row.kind === 'act') return [{ kind: 'row', row }];
  if (row.row.kind === 'outcome') return (yield* isWithin(row, reading)) ? [] : [{ kind: 'row', row }];
  const last = yield* one(LAST_OUTCOME, row.row.id, upToSeq);
  const outcome = last && chainRowOf(last);
  const problem = outcome && problemOf(outcome, sealers);
  return problem === undefined ? [{ kind: 'decision', decision: row, outcome }] : [problem];
}

/** Whether an outcome is exported within its decision. */
function* isWithin({ row: { id }, seq }: ChainRow, { filter, upToSeq }: Reading): Work<boolean> {
  const { sql, values } = whereOf(filter);
  const isLast = Number((yield* one(LAST_OUTCOME, id, upToSeq))?.['seq']) === seq;
  const decision = `select 1 from log where log.id = ? and log.kind = 'decision'${sql}`;
  return isLast && (yield* one(decision, id, ...values)) !== undefined;
}

function problemOf({ row, seq, chain, prev, key, hash }: ChainRow, sealers: Sealers): Evidence | undefined {
  const sealed = sealers.find(key)?.sealRow(row, { chain, seq, prev });
  if (sealed !== undefined && sameBytes(hash, sealed)) return undefined;
  return { kind: 'changed', seq, id: row.id, why: 'the row is not what was written' };
}
