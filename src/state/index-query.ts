import type { Database, SqlValue } from './driver.ts';
import type { DecisionFilter } from './decision-query.ts';
import { matchesText, matchesTool } from './decision-match.ts';
import { STEPS } from './index-schema.ts';

/** Kinds of names that decisions are counted by. */
export type NameKind =
  | 'effect'
  | 'server'
  | 'tool'
  | 'agent'
  | 'user'
  | 'client'
  | 'reason'
  | 'rule'
  | 'lifted'
  | 'permit'
  | 'outcome'
  | 'agent_denied';

/** Times are milliseconds since the epoch. */
export interface SeenName {
  readonly kind: NameKind;
  /** A tool as `<server>/<tool>`, a rule as `<bundle>/<id>`. */
  readonly name: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of the last decision that named it. */
  readonly lastSeq: number;
  readonly total: number;
}

/** The seqs of decisions that a filter lets through, newest first. */
export function findSeqs(index: Database, filter: DecisionFilter): readonly number[] {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const hold = (condition: string, ...given: readonly SqlValue[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  for (const [column, pattern, fits] of namedIn(filter)) {
    const ids = idsOf(index, column, (name) => fits(name, pattern));
    const [only] = ids;
    if (only === undefined) return [];
    if (ids.length === 1) hold(`${column} = ?`, only);
    else hold(`${column} in (select value from json_each(?))`, JSON.stringify(ids));
  }
  const { since, until, before, limit } = filter;
  if (before !== undefined) hold('seq < ?', before);
  if (since !== undefined) hold('at >= ? and seq >= ?', since, firstSeqSince(index, since));
  if (until !== undefined) hold('at < ? and seq <= ?', until, lastSeqUntil(index, until));
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const rows = index.prepare(`select seq from found ${where} order by seq desc limit ?`).all(...values, limit);
  return rows.map(({ seq }) => Number(seq));
}

/** How many decisions it has; each has one effect. */
export function decisionsIn(index: Database): number {
  return Number(index.prepare(`select sum(total) as total from names where kind = 'effect'`).get()?.['total'] ?? 0);
}

type Fits = (name: string, pattern: string) => boolean;

function namedIn(filter: DecisionFilter): readonly (readonly [column: string, pattern: string, fits: Fits])[] {
  const { effect, server, tool, reason, agent, user } = filter;
  const equals: Fits = (name, pattern) => name === pattern;
  const hasReason: Fits = (names, pattern) => names.split(' ').some((name) => matchesText(name, pattern));
  const all: readonly (readonly [column: string, pattern: string | undefined, fits: Fits])[] = [
    ['effect', effect, equals],
    ['server', server, equals],
    ['tool', tool, matchesTool],
    ['reasons', reason, hasReason],
    ['agent', agent, equals],
    ['user', user, equals],
  ];
  return all.flatMap(([column, pattern, fits]) => (pattern === undefined ? [] : [[column, pattern, fits] as const]));
}

/** Whoever means more than that by one pattern can look closer. */
const MOST_IDS = 10_000;

function idsOf(index: Database, kind: string, fits: (name: string) => boolean): readonly number[] {
  const ids: number[] = [];
  for (const { id, name } of index.prepare('select id, name from names where kind = ?').iterate(kind)) {
    if (fits(String(name))) ids.push(Number(id));
    if (ids.length === MOST_IDS) break;
  }
  return ids;
}

/** Times may be a little out of order, seqs of a minute are not. */
function firstSeqSince(index: Database, since: number): number {
  const row = index.prepare('select min(first_seq) as seq from minutes where start >= ?').get(minuteOf(since));
  return Number(row?.['seq'] ?? Number.MAX_SAFE_INTEGER);
}

function lastSeqUntil(index: Database, until: number): number {
  return Number(index.prepare('select max(last_seq) as seq from minutes where start <= ?').get(until)?.['seq'] ?? 0);
}

function minuteOf(ms: number): number {
  return ms - (ms % STEPS[0]);
}

/** Names of some kinds that were seen since then, the most frequent first. */
export function seenNames(
  index: Database,
  { kinds, since, most }: { readonly kinds: readonly NameKind[]; readonly since: number; readonly most: number },
): readonly SeenName[] {
  const select = 'select * from names where kind = ? and last >= ? order by total desc, id limit ?';
  return kinds.flatMap((kind) =>
    index
      .prepare(select)
      .all(kind, since, most)
      .map((row) => ({
        kind,
        name: String(row['name']),
        firstMs: Number(row['first']),
        lastMs: Number(row['last']),
        lastSeq: Number(row['last_seq']),
        total: Number(row['total']),
      })),
  );
}
