import { setTimeout } from 'node:timers/promises';
import type { Act } from '../core/act.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import { hexOf } from './chain.ts';
import { bytesOf } from './chain-row.ts';
import { isSignedBy, signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, lastCheckpoint } from './checkpoint-file.ts';
import type { CheckpointKey } from './checkpoint-key.ts';
import type { StoreConnection } from './connection.ts';
import type { DecisionLog } from './decision-log.ts';
import { lastRemoved, readHead } from './log-tail.ts';
import { all, one, run, type Work } from './work.ts';

export interface Retention {
  readonly connection: StoreConnection;
  readonly log: DecisionLog;
  readonly key: CheckpointKey;
  /** The file that checkpoints are added to. */
  readonly file: string;
  readonly instance: string;
  /** Id for the act that says what was removed. */
  readonly actId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Segments that had ended by then are removed. Milliseconds since the epoch. */
  readonly before: number;
  /** Asked before each part of the work: the rest can be done another time. */
  readonly goesOn: () => boolean;
}

/** Few, so that nobody waits long for the write lock, and with a pause in which whoever waits for it gets it. */
const ROWS_AT_ONCE = 200;
const PAUSE_MS = 25;
const MOST_AT_ONCE = 50_000;

/**
 * Removes what is older than it is kept, whole segments from one checkpoint to another: first a seal says what goes,
 * signed and outside the database, then an act on record does, then the rows go. Ended halfway, the next time finishes.
 * Answers how many records are gone. Only one process at a time may do it. Of a store with several chains nothing is
 * removed: its segments are not those of one chain.
 */
export async function removeOld(retention: Retention): Promise<number> {
  if (retention.connection.numbering === 'rising') return 0;
  const segment = await retention.connection.ask(() => findSegment(retention));
  if (segment !== undefined) {
    await refuseUnsigned(retention, segment);
    await sealSegment(retention, segment);
  }
  return deleteSealed(retention);
}

interface Segment {
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  readonly hash: string;
}

function* findSegment({ before, now }: Retention): Work<Segment | undefined> {
  const head = yield* readHead();
  if (head === undefined) return undefined;
  const removed = yield* lastRemoved();
  const needed = Math.min(head.seq, yield* firstNeeded(now));
  const row = yield* one(
    `select log.seq, log.hash from log_checkpoints join log on log.seq = log_checkpoints.seq and log.hash = log_checkpoints.hash
       where at < ? and log.seq < ? and log.seq > ? order by log.seq desc limit 1`,
    before,
    needed,
    removed,
  );
  if (row === undefined) return undefined;
  return { chain: head.chain, first: removed + 1, last: Number(row['seq']), hash: hexOf(bytesOf(row['hash'])) };
}

/** Calls that are not over, what is held for them, and approvals that are still good for something. */
const NEEDED = `select min(seq) as seq from (
  select min(open_from) as seq from instances
  union all select min(seq) from log where kind = 'decision' and id in (select decision from reservations)
  union all select min(seq) from log where kind = 'decision' and id in (
    select id from approvals where status in ('pending', 'approved') and expires > ?)) as needed`;

function* firstNeeded(now: number): Work<number> {
  const seq = (yield* one(NEEDED, now))?.['seq'] ?? null;
  return seq === null ? Number.MAX_SAFE_INTEGER : Number(seq);
}

/** Whoever can write to the database could say there that young records are old. */
async function refuseUnsigned({ file, key, before }: Retention, { chain, last, hash }: Segment): Promise<void> {
  const line = await lastCheckpoint(file, chain, hash);
  if (line !== undefined && isSignedBy(line, key)) {
    const { kind, seq, time } = line.checkpoint;
    if (kind === 'removed' || (seq === last && Date.parse(time) < before)) return;
  }
  throw new GatewayError('STORE_UNAVAILABLE', `no checkpoint in ${file} says that record ${last} is so old`);
}

async function sealSegment(retention: Retention, { chain, first, last, hash }: Segment): Promise<void> {
  const { connection, log, key, file, instance, actId, now, before } = retention;
  const time = new Date(now).toISOString();
  const removed = { first, count: last - first + 1, before: new Date(before).toISOString(), by: instance };
  const previous = (await lastCheckpoint(file, chain))?.lineHash ?? '';
  const line = signCheckpoint(
    {
      version: 1,
      kind: 'removed',
      key: key.id,
      store: connection.name,
      chain,
      seq: last,
      hash,
      time,
      previous,
      removed,
    },
    key,
  );
  await appendCheckpoint(file, line);
  const act: Act = {
    id: actId,
    time,
    actor: `gateway:${instance}`,
    via: 'gateway',
    verb: 'log.remove_old',
    subject: chain,
    before: { first, last, hash, count: removed.count },
    after: null,
    reason: `decisions.retain: older than ${removed.before}`,
  };
  const made = await log.act(act, [{ kind: 'seal_log', last, line }]);
  // Nobody else removes while the lease is held.
  if (isRefusal(made)) throw new Error('the segment was sealed by somebody else');
}

async function deleteSealed({ connection, goesOn }: Retention): Promise<number> {
  let gone = 0;
  for (;;) {
    const count = await connection.changeBriefly(deleteSome);
    gone += count;
    if (count < ROWS_AT_ONCE || gone >= MOST_AT_ONCE || !goesOn()) return gone;
    await setTimeout(PAUSE_MS);
  }
}

const SOME = `select seq from log where seq <= ? order by seq limit ${ROWS_AT_ONCE}`;

function* deleteSome(): Work<number> {
  const last = yield* lastRemoved();
  const seqs = yield* all(SOME, last);
  const upTo = Number(seqs.at(-1)?.['seq'] ?? 0);
  if (upTo === 0) return 0;
  for (const [kind, part] of [
    ['decision', 'input'],
    ['outcome', 'result'],
  ] as const) {
    yield* run(
      'delete from audit where part = ? and id in (select id from log where seq <= ? and kind = ?)',
      part,
      upTo,
      kind,
    );
  }
  yield* run('delete from log where seq <= ?', upTo);
  yield* run('delete from log_checkpoints where seq < ?', upTo);
  return seqs.length;
}
