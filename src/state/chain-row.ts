import type { LogRow, RowKind } from './chain.ts';
import type { SqlRow, SqlValue } from './driver.ts';

/** A row of the log with the place that it claims to have. */
export interface ChainRow {
  readonly row: LogRow;
  readonly seq: number;
  readonly chain: string;
  /** Id of the key that it is sealed with. */
  readonly key: string;
  readonly prev: Uint8Array;
  readonly hash: Uint8Array;
}

/** From all columns of the table `log`. */
export function chainRowOf(row: SqlRow): ChainRow {
  return {
    row: rowOf(row),
    seq: Number(row['seq']),
    chain: String(row['chain']),
    key: String(row['key']),
    prev: bytesOf(row['prev']),
    hash: bytesOf(row['hash']),
  };
}

/** The columns as they were hashed; a column of another type than was written becomes text that does not fit. */
function rowOf(row: SqlRow): LogRow {
  return {
    kind: String(row['kind']) as RowKind,
    id: String(row['id']),
    time: String(row['time']),
    instance: String(row['instance']),
    effect: String(row['effect']),
    status: String(row['status']),
    server: String(row['server']),
    tool: String(row['tool']),
    reasons: String(row['reasons']),
    action: String(row['action']),
    agent: String(row['agent']),
    user: String(row['user']),
    session: String(row['session']),
    us: Number(row['us']),
    body: String(row['body']),
  };
}

export function bytesOf(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}
