import { setTimeout } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import { hexOf } from './chain.ts';
import { bytesOf } from './chain-row.ts';
import { isSignedBy } from './checkpoint.ts';
import { lastCheckpoint } from './checkpoint-file.ts';
import { lastRemoved, readHead } from './log-tail.ts';
import { type Retention, sealRemoval, type Segment } from './removal-seal.ts';
import { all, one, run, type Work } from './work.ts';

/** Few, so that nobody waits long for the write lock, and with a pause in which whoever waits for it gets it. */
const ROWS_AT_ONCE = 200;
const PAUSE_MS = 25;
const MOST_AT_ONCE = 50_000;

/**
 * Removes what is older than it is kept, whole segments from one checkpoint to another: first a seal says what goes,
 * signed and outside the database, then an act on record does, then the rows go. Ended halfway, the next time finishes.
 * Answers how many records are gone. Only one process at a time may do it. Of a store with several chains whole months go.
 */
export async function removeOld(retention: Retention): Promise<number> {
  if (retention.connection.numbering === 'rising') {
    const { removeOldMonths } = await import('./month-retention.ts');
    return removeOldMonths(retention);
  }
  const segment = await retention.connection.ask(() => findSegment(retention));
  if (segment !== undefined) {
    await refuseUnsigned(retention, segment);
    await sealRemoval(retention, segment);
  }
  return deleteSealed(retention);
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
  const [first, last] = [removed + 1, Number(row['seq'])];
  const { chain, key } = head;
  return { chain, key, first, last, hash: hexOf(bytesOf(row['hash'])), count: last - first + 1 };
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
