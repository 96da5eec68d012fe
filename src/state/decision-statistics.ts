import type { SqlRow } from './driver.ts';
import { all, one, type Work } from './work.ts';

export interface DecisionStatistics {
  readonly total: number;
  /** Each list with the most frequent first. */
  readonly effects: readonly Count[];
  /** A decision with two reasons counts for both. */
  readonly reasons: readonly Count[];
  readonly servers: readonly Count[];
  /** `<server>/<tool>` */
  readonly tools: readonly Count[];
  readonly outcomes: readonly Count[];
  /** Microseconds. */
  readonly decideUs: Percentiles;
  /** Microseconds from handing a record over to its commit. */
  readonly recordUs: Percentiles;
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

/** 0 where there is nothing to take them of. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

export function* readStatistics(since: number): Work<DecisionStatistics> {
  const from = new Date(since).toISOString();
  const effects = yield* counts('effect', DECISIONS, from);
  return {
    total: effects.reduce((sum, effect) => sum + effect.count, 0),
    effects: mostFirst(effects),
    reasons: mostFirst(eachReason(yield* counts('reasons', `${DECISIONS} and reasons <> ''`, from))),
    servers: mostFirst(yield* counts('server', `${DECISIONS} and server <> ''`, from)),
    tools: mostFirst(yield* counts(`server || '/' || tool`, `${DECISIONS} and tool <> ''`, from)),
    outcomes: mostFirst(yield* counts('status', OUTCOMES, from)),
    decideUs: yield* percentiles(DECISIONS, from),
    recordUs: yield* percentiles(`${OUTCOMES} and us > 0`, from),
  };
}

const DECISIONS = `kind = 'decision'`;
const OUTCOMES = `kind = 'outcome'`;

function* counts(name: string, condition: string, from: string): Work<readonly Count[]> {
  const text = `select ${name} as name, count(*) as count from log where time >= ? and ${condition} group by 1`;
  return (yield* all(text, from)).map(countOf);
}

function countOf(row: SqlRow): Count {
  return { name: String(row['name']), count: Number(row['count']) };
}

function eachReason(lists: readonly Count[]): readonly Count[] {
  const sums = new Map<string, number>();
  for (const { name, count } of lists) {
    for (const reason of name.split(' ')) sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return [...sums].map(([name, count]) => ({ name, count }));
}

function mostFirst(counts: readonly Count[]): readonly Count[] {
  return counts.toSorted((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1));
}

/** The nearest rank: the smallest value that at least this part of all values does not exceed. */
function* percentiles(condition: string, from: string): Work<Percentiles> {
  const total = Number(
    (yield* one(`select count(*) as count from log where time >= ? and ${condition}`, from))?.['count'] ?? 0,
  );
  const text = `select us from log where time >= ? and ${condition} order by us limit 1 offset ?`;
  const [p50, p99] = [0.5, 0.99].map((part) => Math.max(0, Math.ceil(total * part) - 1));
  return {
    p50: Number((yield* one(text, from, p50 ?? 0))?.['us'] ?? 0),
    p99: Number((yield* one(text, from, p99 ?? 0))?.['us'] ?? 0),
  };
}
