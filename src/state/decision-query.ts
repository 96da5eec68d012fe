import type { Effect } from '../core/decision.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import type { DecisionRecord, Outcome, SealedRecord } from '../core/record.ts';
import { hexOf } from './chain.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import { bytesOf } from './chain-row.ts';
import { withOutcomes } from './outcomes.ts';
import { all, places, type Work } from './work.ts';

/** What must hold of a decision to be listed; what is not said holds of all. */
export interface DecisionFilter {
  readonly limit: number;
  /** Milliseconds since the epoch; the first moment that counts. */
  readonly since?: number | undefined;
  /** Milliseconds since the epoch; the first moment that no longer counts. */
  readonly until?: number | undefined;
  readonly effect?: Effect | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  /** One of its reasons. */
  readonly reason?: string | undefined;
  readonly agent?: string | undefined;
  readonly user?: string | undefined;
  /** Only those committed before this seq. */
  readonly before?: number | undefined;
  /** Only those committed from this seq on. */
  readonly from?: number | undefined;
}

export interface Tail {
  readonly records: readonly SealedRecord[];
  readonly lastSeq: number;
}

export interface PageSince {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly afterSeq: number;
}

const MOST_IN_A_TAIL = 200;

const COLUMNS = 'log.seq, log.chain, log.instance, log.id, log.time, log.hash, log.body';
const SELECT = `select ${COLUMNS} from log where log.kind = 'decision'`;
const FOLLOW = `select ${COLUMNS} from settled_log as log where log.kind = 'decision' and log.seq > ? order by log.seq limit ?`;

export function* listDecisions(filter: DecisionFilter): Work<readonly SealedRecord[]> {
  const { sql, values } = whereOf(filter);
  return yield* records(`${SELECT}${sql} order by log.seq desc limit ?`, ...values, filter.limit);
}

/** Those whose id begins so, at most `limit`. */
export function* findById(prefix: string, limit: number): Work<readonly SealedRecord[]> {
  const from = prefix.toLowerCase();
  return yield* records(`${SELECT} and log.id >= ? and log.id < ? order by log.id limit ?`, from, `${from}~`, limit);
}

/** Those in certain rows, newest first. */
export function* decisionsAt(seqs: readonly number[]): Work<readonly SealedRecord[]> {
  return yield* records(`${SELECT} and log.seq in (${places(seqs)}) order by log.seq desc`, ...seqs);
}

/** Nothing is skipped, whatever is committed behind these later. */
export function* tailDecisions(afterSeq: number): Work<Tail> {
  return tailOf(yield* records(FOLLOW, afterSeq, MOST_IN_A_TAIL), afterSeq);
}

function tailOf(found: readonly SealedRecord[], afterSeq: number): Tail {
  return { records: found, lastSeq: found.at(-1)?.seq ?? afterSeq };
}

function* records(text: string, ...values: readonly SqlValue[]): Work<readonly SealedRecord[]> {
  return (yield* withOutcomes(yield* all(text, ...values))).map(recordOf);
}

/*
 * The three that follow are read page by page by somebody who begins anew each time. They read the log itself: whatever was
 * committed before the first page is in one of them, though another transaction may still be open; `settled_log` would leave
 * the newest out. What is committed meanwhile may be missed, as if it had come later.
 */

/**
 * Decisions behind `afterSeq` for which an override bundle said a permit, oldest first. No column tells them apart, so
 * every body since then is searched; a request that has such a member in its arguments may be among them.
 */
export function* permittedDecisions({ since, afterSeq }: PageSince): Work<Tail> {
  const found = yield* records(
    `${SELECT} and log.seq > ? and log.time >= ? and instr(log.body, ?) > 0 order by log.seq limit ?`,
    afterSeq,
    timeText(since) ?? '',
    '"permit":[{',
    MOST_IN_A_TAIL,
  );
  return tailOf(found, afterSeq);
}

/** Decisions since a time behind `afterSeq`, oldest first. */
export function* decisionsSince({ since, afterSeq }: PageSince): Work<Tail> {
  const found = yield* records(
    `${SELECT} and log.seq > ? and log.time >= ? order by log.seq limit ?`,
    afterSeq,
    timeText(since) ?? '',
    MOST_IN_A_TAIL,
  );
  return tailOf(found, afterSeq);
}

/**
 * Decisions behind `afterSeq` in which something was shadowed, oldest first, listings with what would have been hidden
 * among them. Every body since then is searched; a request that has such a member in its arguments may be among them.
 */
export function* shadowedDecisions({ since, afterSeq }: PageSince): Work<Tail> {
  const marks = `(instr(log.body, '"shadow":{') > 0 or (log.action like '%!_list' escape '!' and instr(log.body, '"shadowed":[') > 0))`;
  const found = yield* records(
    `${SELECT} and log.seq > ? and log.time >= ? and ${marks} order by log.seq limit ?`,
    afterSeq,
    timeText(since) ?? '',
    MOST_IN_A_TAIL,
  );
  return tailOf(found, afterSeq);
}

type Condition = readonly [sql: string, value: SqlValue];

/** What a filter asks of the rows, as SQL that goes on after another condition, with the values for its places. */
export function whereOf(filter: DecisionFilter): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const conditions = conditionsOf(filter);
  const sql = conditions.map(([condition]) => ` and ${condition}`).join('');
  return { sql, values: conditions.map(([, value]) => value) };
}

function conditionsOf(filter: Omit<DecisionFilter, 'limit'>): readonly Condition[] {
  const conditions: readonly (readonly [sql: string, value: SqlValue | undefined])[] = [
    ['log.seq < ?', filter.before],
    ['log.seq >= ?', filter.from],
    ['log.time >= ?', timeText(filter.since)],
    ['log.time < ?', timeText(filter.until)],
    ['log.effect = ?', filter.effect],
    ['log.server = ?', filter.server],
    ['log.tool = ?', filter.tool],
    [`instr(' ' || log.reasons || ' ', ' ' || ? || ' ') > 0`, filter.reason],
    ['log.agent = ?', filter.agent],
    ['log."user" = ?', filter.user],
  ];
  return conditions.filter((condition): condition is Condition => condition[1] !== undefined);
}

/** As records have it, so that text compares as time does. */
function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** The decision of a row that has its outcome beside it, in `outcome_seq`, `outcome_hash` and `outcome_body`. */
export function recordOf(row: SqlRow): SealedRecord {
  const seq = Number(row['seq']);
  const record = parseBody(row['body'], seq) as unknown as DecisionRecord;
  // It was made just now and is nobody else's; a copy of its thirty members would cost more than the rest.
  return Object.assign(record, {
    seq,
    chain: String(row['chain']),
    instance: String(row['instance']),
    hash: hexOf(bytesOf(row['hash'])),
    outcome: outcomeOf(row),
  });
}

function outcomeOf(row: SqlRow): SealedRecord['outcome'] {
  if (row['outcome_seq'] === null) return null;
  const seq = Number(row['outcome_seq']);
  const outcome = parseBody(row['outcome_body'], seq) as unknown as Outcome;
  return { ...outcome, seq, hash: hexOf(bytesOf(row['outcome_hash'])) };
}

/** What we wrote ourselves; whether it still is that is the chain's to say. */
export function parseBody(body: SqlValue | undefined, seq: number): object {
  try {
    const value: unknown = JSON.parse(String(body));
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new GatewayError('STORE_UNAVAILABLE', `row ${seq} of the log is not a record any more`, {
    mend: '`mcp-gateway decision verify` says what was changed.',
  });
}
