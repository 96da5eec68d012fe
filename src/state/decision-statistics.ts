import type { Database, SqlRow } from './driver.ts';

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

export function readStatistics(database: Database, since: number): DecisionStatistics {
  const from = new Date(since).toISOString();
  const count = (name: string, condition: string): readonly Count[] =>
    database
      .prepare(`select ${name} as name, count(*) as count from log where time >= ? and ${condition} group by 1`)
      .all(from)
      .map(countOf);
  const effects = count('effect', DECISIONS);
  return {
    total: effects.reduce((sum, effect) => sum + effect.count, 0),
    effects: mostFirst(effects),
    reasons: mostFirst(eachReason(count('reasons', `${DECISIONS} and reasons <> ''`))),
    servers: mostFirst(count('server', `${DECISIONS} and server <> ''`)),
    tools: mostFirst(count(`server || '/' || tool`, `${DECISIONS} and tool <> ''`)),
    outcomes: mostFirst(count('status', OUTCOMES)),
    decideUs: percentiles(database, DECISIONS, from),
    recordUs: percentiles(database, `${OUTCOMES} and us > 0`, from),
  };
}

const DECISIONS = `kind = 'decision'`;
const OUTCOMES = `kind = 'outcome'`;

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
function percentiles(database: Database, condition: string, from: string): Percentiles {
  const total = Number(
    database.prepare(`select count(*) as count from log where time >= ? and ${condition}`).get(from)?.['count'] ?? 0,
  );
  const at = (part: number): number => {
    const row = database
      .prepare(`select us from log where time >= ? and ${condition} order by us limit 1 offset ?`)
      .get(from, Math.max(0, Math.ceil(total * part) - 1));
    return Number(row?.['us'] ?? 0);
  };
  return { p50: at(0.5), p99: at(0.99) };
}
