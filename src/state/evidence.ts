import { setImmediate } from 'node:timers/promises';
import { sameBytes, Sealers } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import { type ChainRow, chainRowOf } from './chain-row.ts';
import type { StoreConnection } from './connection.ts';
import { conditionsOf, type DecisionFilter } from './decision-query.ts';
import type { Database, SqlRow, SqlValue } from './driver.ts';
import { refuseForeign } from './sealed-decisions.ts';

/** A record for an export, held to its seal. */
export type Evidence =
  | { readonly kind: 'decision'; readonly decision: ChainRow; readonly outcome: ChainRow | undefined }
  /** An act, or an outcome whose decision is not exported with it. */
  | { readonly kind: 'row'; readonly row: ChainRow }
  | { readonly kind: 'changed'; readonly seq: number; readonly id: string; readonly why: string };

export interface EvidenceRequest {
  readonly filter: DecisionFilter;
  readonly keys: ChainKeys;
}

const ROWS_AT_ONCE = 25;

/**
 * Decisions with their outcomes, in the order of the chain. Where nothing but time narrows them, acts and all other rows
 * are among them, so that no row of the chain is missing in between. Throws CHAIN_KEY.
 */
export async function* readEvidence(
  connection: StoreConnection,
  { filter, keys }: EvidenceRequest,
): AsyncGenerator<readonly Evidence[]> {
  connection.use((database) => refuseForeign(database, keys, connection.path));
  const sealers = new Sealers(keys);
  let afterSeq = connection.use((database) => seqBeforeNewest(database, filter));
  for (;;) {
    const rows = connection.use((database) => readPage(database, filter, afterSeq));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield connection.use((database) => rows.flatMap((row) => evidenceOf(database, row, { filter, sealers })));
    afterSeq = Number(last['seq']);
    if (rows.length < ROWS_AT_ONCE) return;
    await setImmediate();
  }
}

/** Behind which row the newest begin that a limit lets through; 0 where it lets all through. */
function seqBeforeNewest(database: Database, filter: DecisionFilter): number {
  if (filter.limit === Number.MAX_SAFE_INTEGER) return 0;
  const { sql, values } = whereOf(filter);
  const oldest = `select log.seq from log where log.kind = 'decision'${sql} order by log.seq desc limit 1 offset ?`;
  const row = database.prepare(oldest).get(...values, filter.limit - 1);
  return row === undefined ? 0 : Number(row['seq']) - 1;
}

function readPage(database: Database, filter: DecisionFilter, afterSeq: number): readonly SqlRow[] {
  const { sql, values } = whereOf(filter);
  const kind = isOfTimeOnly(filter) ? '' : ` and log.kind = 'decision'`;
  const page = `select * from log where log.seq > ?${kind}${sql} order by log.seq limit ${ROWS_AT_ONCE}`;
  return database.prepare(page).all(afterSeq, ...values);
}

function whereOf(filter: DecisionFilter): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const conditions = conditionsOf(filter);
  const sql = conditions.map(([condition]) => ` and ${condition}`).join('');
  return { sql, values: conditions.map(([, value]) => value) };
}

function isOfTimeOnly({ limit, effect, server, tool, reason, agent, user }: DecisionFilter): boolean {
  return limit === Number.MAX_SAFE_INTEGER && (effect ?? server ?? tool ?? reason ?? agent ?? user) === undefined;
}

interface Reading {
  readonly filter: DecisionFilter;
  readonly sealers: Sealers;
}

const LAST_OUTCOME = `select * from log where id = ? and kind = 'outcome' order by seq desc limit 1`;

function evidenceOf(database: Database, found: SqlRow, { filter, sealers }: Reading): readonly Evidence[] {
  const row = chainRowOf(found);
  const changed = problemOf(row, sealers);
  if (changed !== undefined) return [changed];
  if (row.row.kind === 'act') return [{ kind: 'row', row }];
  if (row.row.kind === 'outcome') return isWithin(database, row, filter) ? [] : [{ kind: 'row', row }];
  const last = database.prepare(LAST_OUTCOME).get(row.row.id);
  const outcome = last && chainRowOf(last);
  const problem = outcome && problemOf(outcome, sealers);
  return problem === undefined ? [{ kind: 'decision', decision: row, outcome }] : [problem];
}

/** Whether an outcome is exported within its decision. */
function isWithin(database: Database, { row: { id }, seq }: ChainRow, filter: DecisionFilter): boolean {
  const { sql, values } = whereOf(filter);
  const isLast = Number(database.prepare(LAST_OUTCOME).get(id)?.['seq']) === seq;
  const decision = `select 1 from log where log.id = ? and log.kind = 'decision'${sql}`;
  return isLast && database.prepare(decision).get(id, ...values) !== undefined;
}

function problemOf({ row, seq, chain, prev, key, hash }: ChainRow, sealers: Sealers): Evidence | undefined {
  const sealed = sealers.find(key)?.sealRow(row, { chain, seq, prev });
  if (sealed !== undefined && sameBytes(hash, sealed)) return undefined;
  return { kind: 'changed', seq, id: row.id, why: 'the row is not what was written' };
}
