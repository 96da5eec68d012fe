import type { SealedAct } from '../core/act.ts';
import { hexOf } from './chain.ts';
import type { DecisionFilter } from './decision-query.ts';
import type { SqlRow } from './driver.ts';
import { bytesOf } from './chain-row.ts';
import { parseBody } from './decision-query.ts';
import { all, type Work } from './work.ts';

/** Which acts are listed; what is not said holds of all. */
export type ActFilter = Pick<DecisionFilter, 'limit' | 'since' | 'until'>;

const SELECT = `select seq, instance, hash, body from log
  where kind = 'act' and time >= ? and time < ? order by seq desc limit ?`;

/** Newest first. */
export function* listActs({ limit, since = 0, until = LAST_MS }: ActFilter): Work<readonly SealedAct[]> {
  return (yield* all(SELECT, timeText(since), timeText(until), limit)).map(actOf);
}

/** The year 9999, whose text is still in order with all others. */
const LAST_MS = Date.UTC(9999, 11, 31);

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function actOf(row: SqlRow): SealedAct {
  const seq = Number(row['seq']);
  const act = parseBody(row['body'], seq) as unknown as SealedAct;
  return { ...act, seq, instance: String(row['instance']), hash: hexOf(bytesOf(row['hash'])) };
}
