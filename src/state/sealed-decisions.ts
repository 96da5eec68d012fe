import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { SealedRecord } from '../core/record.ts';
import { sameBytes, Sealers } from './chain.ts';
import type { ChainKeys } from './chain-key.ts';
import { chainRowOf } from './chain-row.ts';
import type { StoreConnection } from './connection.ts';
import { conditionsOf, type DecisionFilter, recordOf } from './decision-query.ts';
import type { Database, SqlRow, SqlValue } from './driver.ts';
import { readHead } from './log-tail.ts';

/** A decision as it is read back; `changed` is a row that is not what was written. */
export type ReadDecision =
  | { readonly kind: 'whole'; readonly record: SealedRecord }
  | { readonly kind: 'changed'; readonly seq: number; readonly id: string; readonly why: string };

export interface SealedRequest {
  /** `limit`: so many of the newest. */
  readonly filter: DecisionFilter;
  /** Those that the rows are sealed with. */
  readonly keys: ChainKeys;
  /** Whether the outcomes are wanted, too; else every record has `null` in their place. */
  readonly withOutcomes: boolean;
}

/** Few: what has been read lies in the processor's caches still when it is used. */
const ROWS_AT_ONCE = 25;

/**
 * Reads a log from its beginning on while gateways write to it, with memory for one page. Every decision is held to the
 * seal of its own row; that no row is missing between two is for `verifyLog` to say. Throws CHAIN_KEY where another key
 * than this one has sealed the log.
 */
export async function* readSealed(
  connection: StoreConnection,
  request: SealedRequest,
): AsyncGenerator<readonly ReadDecision[]> {
  const { keys, filter } = request;
  connection.use((database) => refuseForeign(database, keys, connection.path));
  const sealers = new Sealers(keys);
  let afterSeq = connection.use((database) => seqBeforeNewest(database, filter));
  for (;;) {
    const rows = connection.use((database) => readPage(database, request, afterSeq));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => check(row, sealers));
    afterSeq = Number(last['seq']);
    if (rows.length < ROWS_AT_ONCE) return;
    await setImmediate();
  }
}

export function refuseForeign(database: Database, keys: ChainKeys, path: string): void {
  const head = readHead(database);
  if (head === undefined || keys.find(head.key) !== undefined) return;
  throw new GatewayError('CHAIN_KEY', `the log ${path} was sealed with another key than that of this home folder`, {
    mend: 'Set MCP_GATEWAY_HOME to the home of the gateway that wrote it, or export it there: `decision export`.',
  });
}

/** Behind which row the newest begin that a limit lets through; 0 where it lets all through. */
function seqBeforeNewest(database: Database, filter: DecisionFilter): number {
  if (filter.limit === Number.MAX_SAFE_INTEGER) return 0;
  const { sql, values } = whereOf(filter);
  const oldest = `select log.seq from log where log.kind = 'decision'${sql} order by log.seq desc limit 1 offset ?`;
  const row = database.prepare(oldest).get(...values, filter.limit - 1);
  return row === undefined ? 0 : Number(row['seq']) - 1;
}

const OUTCOMES = `select log.*, last.seq as outcome_seq, last.hash as outcome_hash, last.body as outcome_body from log
  left join log as last
    on last.seq = (select max(seq) from log as other where other.id = log.id and other.kind = 'outcome')`;
const DECISIONS = 'select log.*, null as outcome_seq from log';

function readPage(database: Database, { filter, withOutcomes }: SealedRequest, afterSeq: number): readonly SqlRow[] {
  const { sql, values } = whereOf(filter);
  const select = withOutcomes ? OUTCOMES : DECISIONS;
  const page = `${select} where log.kind = 'decision'${sql} and log.seq > ? order by log.seq limit ${ROWS_AT_ONCE}`;
  return database.prepare(page).all(...values, afterSeq);
}

function whereOf(filter: DecisionFilter): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const conditions = conditionsOf(filter);
  const sql = conditions.map(([condition]) => ` and ${condition}`).join('');
  return { sql, values: conditions.map(([, value]) => value) };
}

function check(row: SqlRow, sealers: Sealers): ReadDecision {
  const { row: columns, seq, chain, prev, key, hash } = chainRowOf(row);
  const sealed = sealers.find(key)?.sealRow(columns, { chain, seq, prev });
  if (sealed === undefined || !sameBytes(hash, sealed))
    return { kind: 'changed', seq, id: columns.id, why: 'the row is not what was written' };
  return { kind: 'whole', record: recordOf(row) };
}
