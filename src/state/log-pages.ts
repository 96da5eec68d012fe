import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { ChainKeys } from './chain-key.ts';
import type { StoreConnection } from './connection.ts';
import { type DecisionFilter, whereOf } from './decision-query.ts';
import type { SqlRow } from './driver.ts';
import { readHeads } from './log-tail.ts';
import { one, type Work } from './work.ts';

export interface PageRequest {
  /** `limit`: so many of the newest decisions. */
  readonly filter: DecisionFilter;
  /** Those that the rows are sealed with. */
  readonly keys: ChainKeys;
}

export interface PageRange {
  /** Behind this row. */
  readonly afterSeq: number;
  /** Up to this one, behind which none came when reading began. */
  readonly upToSeq: number;
  readonly most: number;
}

export interface Page {
  readonly rows: readonly SqlRow[];
  /** What is behind this row came after reading began. */
  readonly upToSeq: number;
}

/** The rows that are wanted, in the order of their numbers. */
type ReadPage = (range: PageRange) => Work<readonly SqlRow[]>;

/** Few: what has been read lies in the processor's caches still when it is used. */
const ROWS_AT_ONCE = 25;

/**
 * Reads a log from its beginning on while gateways write to it, as it was at first, with memory for one page. Throws CHAIN_KEY where none of
 * the keys has sealed the log.
 */
export async function* pagesOf(
  connection: StoreConnection,
  { filter, keys }: PageRequest,
  readPage: ReadPage,
): AsyncGenerator<Page> {
  await connection.ask(() => refuseForeign(keys, connection.name));
  const upToSeq = await connection.ask(lastSettled);
  let afterSeq = await connection.ask(() => seqBeforeNewest(filter));
  for (;;) {
    const rows = await connection.ask(() => readPage({ afterSeq, upToSeq, most: ROWS_AT_ONCE }));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield { rows, upToSeq };
    afterSeq = Number(last['seq']);
    if (rows.length < ROWS_AT_ONCE) return;
    await setImmediate();
  }
}

function* refuseForeign(keys: ChainKeys, name: string): Work<void> {
  const heads = yield* readHeads();
  if (heads.length === 0 || heads.some(({ key }) => keys.find(key) !== undefined)) return;
  throw new GatewayError('CHAIN_KEY', `the log ${name} was sealed with another key than that of this home folder`, {
    mend: 'Set MCP_GATEWAY_HOME to the home of the gateway that wrote it, or export it there: `decision export`.',
  });
}

/** What is committed later comes behind it. */
function* lastSettled(): Work<number> {
  return Number((yield* one('select seq from settled_log order by seq desc limit 1'))?.['seq'] ?? 0);
}

/** Behind which row the newest begin that a limit lets through; 0 where it lets all through. */
function* seqBeforeNewest(filter: DecisionFilter): Work<number> {
  if (filter.limit === Number.MAX_SAFE_INTEGER) return 0;
  const { sql, values } = whereOf(filter);
  const oldest = `select log.seq from log where log.kind = 'decision'${sql} order by log.seq desc limit 1 offset ?`;
  const row = yield* one(oldest, ...values, filter.limit - 1);
  return row === undefined ? 0 : Number(row['seq']) - 1;
}
