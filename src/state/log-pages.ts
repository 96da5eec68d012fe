import { setImmediate } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { ChainKeys } from './chain-key.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { type DecisionFilter, whereOf } from './decision-query.ts';
import type { Database, SqlRow } from './driver.ts';
import { readHead } from './log-tail.ts';

export interface PageRequest {
  /** `limit`: so many of the newest decisions. */
  readonly filter: DecisionFilter;
  /** Those that the rows are sealed with. */
  readonly keys: ChainKeys;
}

export interface PageRange {
  /** Behind this row. */
  readonly afterSeq: number;
  readonly most: number;
}

/** The rows that are wanted, in the order of the chain. */
type ReadPage = (database: Database, range: PageRange) => readonly SqlRow[];

/** Few: what has been read lies in the processor's caches still when it is used. */
const ROWS_AT_ONCE = 25;

/**
 * Reads a log from its beginning on while gateways write to it, with memory for one page. Throws CHAIN_KEY where none of
 * the keys has sealed the log.
 */
export async function* pagesOf(
  connection: SqliteConnection,
  { filter, keys }: PageRequest,
  readPage: ReadPage,
): AsyncGenerator<readonly SqlRow[]> {
  connection.use((database) => refuseForeign(database, keys, connection.path));
  let afterSeq = connection.use((database) => seqBeforeNewest(database, filter));
  for (;;) {
    const rows = connection.use((database) => readPage(database, { afterSeq, most: ROWS_AT_ONCE }));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    afterSeq = Number(last['seq']);
    if (rows.length < ROWS_AT_ONCE) return;
    await setImmediate();
  }
}

function refuseForeign(database: Database, keys: ChainKeys, path: string): void {
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
