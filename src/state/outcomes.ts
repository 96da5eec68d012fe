import type { SqlRow } from './driver.ts';
import { all, places, type Work } from './work.ts';

/**
 * Rows of decisions, each with its outcome beside it in `outcome_seq`, `outcome_hash` and `outcome_body`; `null` where there
 * is none. A sweeper that took a living gateway for dead may have said `unknown` first; what was said last holds.
 *
 * They are asked for by themselves: a log in many partitions, joined with itself, is searched through as many times as it
 * has partitions for every row.
 */
export function* withOutcomes(decisions: readonly SqlRow[]): Work<readonly SqlRow[]> {
  if (decisions.length === 0) return [];
  const ids = decisions.map(({ id }) => String(id));
  const last = new Map<string, SqlRow>();
  for (const row of yield* all(`${OUTCOMES} and id in (${places(ids)}) order by seq`, ...ids)) {
    last.set(String(row['id']), row);
  }
  return decisions.map((row) => {
    const { seq = null, hash = null, body = null } = last.get(String(row['id'])) ?? {};
    return { ...row, outcome_seq: seq, outcome_hash: hash, outcome_body: body };
  });
}

const OUTCOMES = `select id, seq, hash, body from log where kind = 'outcome'`;
