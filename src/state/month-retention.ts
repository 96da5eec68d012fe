import { setTimeout } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import { hexOf, type Sealers, sameBytes, type StoredHead } from './chain.ts';
import { type ChainRow, chainRowOf } from './chain-row.ts';
import { isSignedBy } from './checkpoint.ts';
import { lastCheckpoint } from './checkpoint-file.ts';
import { lacks, lastRemoved, readHeads } from './log-tail.ts';
import { type Retention, sealRemoval, type Segment } from './removal-seal.ts';
import { all, one, run, type Work } from './work.ts';

/** Of what lies in no month of its own, or beside the log. */
const ROWS_AT_ONCE = 200;
const PAUSE_MS = 25;
const COUNTED_AT_ONCE = 50_000;

/**
 * Removes months that are over for as long as records are kept: first a seal for each chain says up to where it goes, signed
 * and outside the database, and an act on record does; then the months go whole. A call that is not over, or something that
 * is still needed, keeps its month and all later ones. Ended halfway, the next time finishes. Answers how many records are
 * gone. Only one process at a time may do it.
 */
export async function removeOldMonths(retention: Retention): Promise<number> {
  const { connection } = retention;
  const heads = await connection.ask(readHeads);
  const month = await connection.ask(() => firstKept(retention, heads));
  const isOld = await connection.ask(() => isAnyBefore(month, heads));
  if (isOld && (await sealAll(retention, month, heads)) !== 'sealed') return 0;
  const gone = isOld ? await connection.ask(countSealed) : 0;
  if (!(await dropMonths(retention, month))) return 0;
  await removeRest(retention, heads);
  await removeBeside(retention, month);
  return gone;
}

/** The first month that is kept, as `2026-11`: a record of an earlier one is old, and nothing needs it. */
function* firstKept({ before, now }: Retention, heads: readonly StoredHead[]): Work<string> {
  let month = new Date(before).toISOString().slice(0, MONTH_LENGTH);
  const needed = (yield* one(NEEDED, month, month, now))?.['time'] ?? null;
  if (needed !== null) month = monthOf(needed);
  for (const { chain } of heads) {
    const open = (yield* one(OPEN, chain, chain, month))?.['time'];
    if (open !== undefined) month = monthOf(open);
  }
  return month;
}

const MONTH_LENGTH = 'YYYY-MM'.length;

function monthOf(time: unknown): string {
  return String(time).slice(0, MONTH_LENGTH);
}

/** What is held for calls, and approvals that are still good for something. */
const NEEDED = `select min(time) as time from (
  select time from log where time < ? and kind = 'decision' and id in (select decision from reservations)
  union all select time from log where time < ? and kind = 'decision' and id in (
    select id from approvals where status in ('pending', 'approved') and expires > ?)) as needed`;

/** The first that may be a call which is not over, of the process that writes to the chain, or of one that had to leave its own. */
const OPEN = `select time from log where chain = ? and seq >= (
    select min(open_from) from instances where id = (select holder from heads where chain = ?)
      or id not in (select holder from heads))
  and time < ? order by seq limit 1`;

function* isAnyBefore(month: string, heads: readonly StoredHead[]): Work<boolean> {
  for (const { chain } of heads) {
    const first = yield* one('select time from log where chain = ? order by seq limit 1', chain);
    if (first !== undefined && String(first['time']) < month) return true;
  }
  return false;
}

/** `waits`: for a checkpoint that covers what would go. */
async function sealAll(retention: Retention, month: string, heads: readonly StoredHead[]): Promise<'sealed' | 'waits'> {
  const { connection, sealers } = retention;
  const segments: Segment[] = [];
  for (const head of heads) {
    const last = await connection.ask(() => lastBefore(month, head));
    if (last === undefined) continue;
    refuseForged(last, sealers, connection.name);
    if (!(await isCovered(retention, last))) return 'waits';
    if (!(await countInto(segments, { retention, head, last }))) return 'waits';
  }
  for (const segment of segments) await sealRemoval(retention, segment);
  return 'sealed';
}

/** The last row of a chain before its first of that month, where that is not removed yet. */
function* lastBefore(month: string, { chain }: StoredHead): Work<ChainRow | undefined> {
  const next = yield* one('select seq from log where chain = ? and time >= ? order by seq limit 1', chain, month);
  const end = Number(next?.['seq'] ?? Number.MAX_SAFE_INTEGER);
  const row = yield* one('select * from log where chain = ? and seq < ? order by seq desc limit 1', chain, end);
  if (row === undefined) return undefined;
  return Number(row['seq']) > (yield* lastRemoved(chain)) ? chainRowOf(row) : undefined;
}

/** Whoever can write to the database could say there that young records are old. */
function refuseForged({ row, seq, chain, key, prev, hash }: ChainRow, sealers: Sealers, name: string): void {
  if (sameBytes(hash, sealers.of(key, name).sealRow(row, { chain, seq, prev }))) return;
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    `record ${seq} in ${name} is not what was written, so nothing is removed`,
    {
      mend: '`mcp-gateway decision verify` says more.',
    },
  );
}

/** Whether a checkpoint of this home has the chain as far, and the chain has the checkpoint. */
async function isCovered({ connection, file, key }: Retention, { chain, seq }: ChainRow): Promise<boolean> {
  const line = await lastCheckpoint(file, chain);
  if (line === undefined || line.checkpoint.seq < seq) return false;
  const hash = Buffer.from(line.checkpoint.hash, 'hex');
  const place = { chain, seq: line.checkpoint.seq, hash };
  if (isSignedBy(line, key) && !(await connection.ask(() => lacks(place)))) return true;
  throw new GatewayError(
    'STORE_UNAVAILABLE',
    `the last checkpoint of the chain ${chain} in ${file} does not hold, so nothing is removed`,
    { mend: '`mcp-gateway decision verify` says more.' },
  );
}

interface Counting {
  readonly retention: Retention;
  readonly head: StoredHead;
  readonly last: ChainRow;
}

/** A month may have many. False where there is no time to count them all. */
async function countInto(segments: Segment[], { retention, head, last }: Counting): Promise<boolean> {
  const { connection, goesOn } = retention;
  const { chain, key } = head;
  let after = await connection.ask(() => lastRemoved(chain));
  let first: number | undefined;
  let count = 0;
  while (after < last.seq) {
    if (!goesOn()) return false;
    const from = after;
    const some = await connection.ask(() => one(COUNT, chain, from, last.seq));
    first ??= Number(some?.['first']);
    after = Number(some?.['last']);
    count += Number(some?.['count']);
  }
  segments.push({ chain, key, first: first ?? last.seq, last: last.seq, hash: hexOf(last.hash), count });
  return true;
}

const COUNT = `select min(seq) as first, max(seq) as last, count(*) as count from (
  select seq from log where chain = ? and seq > ? and seq <= ? order by seq limit ${COUNTED_AT_ONCE}) as counted`;

/** How many records are sealed and still there, by what the seals say. */
function* countSealed(): Work<number> {
  const row = yield* one(`select sum(cast(substring(line from '"count":([0-9]+)') as bigint)) as count from log_seals
    where exists (select 1 from log where log.chain = log_seals.chain and log.seq = log_seals.last)`);
  return Number(row?.['count'] ?? 0);
}

/** False where somebody holds the log: then another time. */
async function dropMonths({ connection, goesOn }: Retention, month: string): Promise<boolean> {
  const months = await connection.ask(() => all('select old_log_partitions(?) as name', month));
  for (const { name } of months) {
    if (!goesOn()) return false;
    const dropped = await connection.ask(() => one('select drop_log_partition(?) as dropped', String(name)));
    if (Number(dropped?.['dropped']) !== 1) return false;
  }
  return true;
}

/** What lay in no month of its own. */
async function removeRest({ connection, goesOn }: Retention, heads: readonly StoredHead[]): Promise<void> {
  for (const { chain } of heads) {
    const last = await connection.ask(() => lastRemoved(chain));
    await inSteps(() => connection.changeBriefly(() => run(REMOVE_REST, chain, last, chain, last)), goesOn);
  }
}

const REMOVE_REST = `delete from log_rest where chain = ? and seq <= ? and seq in (
  select seq from log_rest where chain = ? and seq <= ? order by seq limit ${ROWS_AT_ONCE})`;

/** What was kept of decisions that are gone, and where checkpoints were made that long ago. */
async function removeBeside({ connection, goesOn }: Retention, month: string): Promise<void> {
  const time = Date.parse(`${month}-01T00:00:00.000Z`);
  const id = firstIdAt(time);
  await inSteps(() => connection.changeBriefly(() => run(REMOVE_AUDIT, id)), goesOn);
  await connection.changeBriefly(() => run('delete from log_checkpoints where at < ?', time));
}

/** Ids begin with their time. */
function firstIdAt(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

const REMOVE_AUDIT = `delete from audit where (id, part) in (
  select id, part from audit where id < ? and not exists (
    select 1 from log where log.id = audit.id and log.kind = case audit.part when 'input' then 'decision' else 'outcome' end)
  order by id limit ${ROWS_AT_ONCE})`;

async function inSteps(step: () => Promise<number>, goesOn: () => boolean): Promise<void> {
  while ((await step()) === ROWS_AT_ONCE && goesOn()) await setTimeout(PAUSE_MS);
}
