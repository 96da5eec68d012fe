import { matchesText, matchesTool } from './decision-match.ts';
import type { DecisionFilter } from './decision-query.ts';
import type { Database, SqlValue } from './driver.ts';
import { STEPS } from './index-schema.ts';

export interface FoundSeqs {
  /** Newest first. */
  readonly seqs: readonly number[];
  /** Looking ended here, before as many were found as were wanted; absent where all has been looked at. */
  readonly lookedTo?: number;
}

/**
 * The seqs of decisions that a filter lets through, newest first. Hours in which one of its names does not occur are left
 * out; `goesOn` is asked after each of the others.
 */
export function findSeqs(index: Database, filter: DecisionFilter, goesOn: () => boolean): FoundSeqs {
  const named = namedIn(index, filter);
  if (named.some(({ ids }) => ids.length === 0)) return { seqs: [] };
  const search: Search = { index, filter, named };
  if (named.length === 0) return { seqs: seqsBetween(search, spanOf(index, filter), filter.limit) };
  const seqs: number[] = [];
  let below = filter.before ?? BEYOND;
  for (const { first, last } of hoursOf(search)) {
    if (first >= below) continue;
    // Times may be a little out of order, so that hours overlap in their seqs.
    seqs.push(...seqsBetween(search, { first, last: Math.min(last, below - 1) }, filter.limit - seqs.length));
    below = first;
    if (seqs.length >= filter.limit) break;
    if (!goesOn()) return { seqs, lookedTo: below };
  }
  return { seqs };
}

const BEYOND = Number.MAX_SAFE_INTEGER;

/** The rows of a time. Times may be a little out of order, seqs of a minute are not. */
function spanOf(index: Database, { before = BEYOND, since, until }: DecisionFilter): Range {
  const from = since === undefined ? { seq: 0 } : index.prepare(FROM).get(since - (since % MINUTE_MS));
  const to = until === undefined ? { seq: BEYOND } : index.prepare(TO).get(until);
  return { first: Number(from?.['seq'] ?? BEYOND), last: Math.min(before - 1, Number(to?.['seq'] ?? 0)) };
}

const FROM = 'select min(first_seq) as seq from minutes where start >= ?';
const TO = 'select max(last_seq) as seq from minutes where start <= ?';

interface Search {
  readonly index: Database;
  readonly filter: DecisionFilter;
  readonly named: readonly Named[];
}

/** What a column has to have: one of the names with these ids. */
interface Named {
  readonly column: string;
  readonly ids: readonly number[];
}

type Fits = (name: string, pattern: string) => boolean;

function namedIn(index: Database, filter: DecisionFilter): readonly Named[] {
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
  return all.flatMap(([column, pattern, fits]) =>
    pattern === undefined ? [] : [{ column, ids: idsOf(index, column, (name) => fits(name, pattern)) }],
  );
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

interface Range {
  readonly first: number;
  readonly last: number;
}

const [MINUTE_MS, HOUR_MS, DAY_MS] = STEPS;
const RANGE = 'select min(first_seq) as first, max(last_seq) as last from minutes where start >= ? and start < ?';

/** The rows of hours in which all names occur, the newest first. */
function* hoursOf(search: Search): Generator<Range> {
  const { index, filter } = search;
  const { since = 0, until = BEYOND } = filter;
  const range = index.prepare(RANGE);
  const day = { step: DAY_MS, from: since - (since % DAY_MS), until: newestBefore(search) };
  for (const dayStart of startsOf(search, day)) {
    const hour = { step: HOUR_MS, from: Math.max(dayStart, since - (since % HOUR_MS)), until: dayStart + DAY_MS };
    for (const start of startsOf(search, hour)) {
      if (start >= until) continue;
      const found = range.get(start, start + HOUR_MS);
      if (found?.['first'] == null) continue;
      yield { first: Number(found['first']), last: Number(found['last']) };
    }
  }
}

/** Behind it nothing has a time that lies before what is wanted; no clock of a host is a day ahead of another one's. */
function newestBefore({ index, filter: { before, until = BEYOND } }: Search): number {
  if (before === undefined) return until;
  const row = index.prepare('select at from found where seq < ? order by seq desc limit 1').get(before);
  return Math.min(until, Number(row?.['at'] ?? 0) + DAY_MS);
}

interface Steps {
  readonly step: number;
  readonly from: number;
  readonly until: number;
}

/** The steps of counting in which each of the names occurs, the newest first. */
function startsOf({ index, named }: Search, { step, from, until }: Steps): readonly number[] {
  const telling = named.filter(({ ids }) => ids.length <= MOST_TELLING);
  if (telling.length === 0) return allStarts(index, { step, from, until });
  const values: SqlValue[] = [];
  const each = telling.map(({ ids }) => {
    values.push(step, ...ids, from, until);
    return `select start from counts where step = ? and name in (${ids.map(() => '?').join(', ')}) and start >= ? and start < ?`;
  });
  const rows = index.prepare(`${each.join(' intersect ')} order by start desc`).all(...values);
  return [...new Set(rows.map(({ start }) => Number(start)))];
}

/** Many names together occur nearly always. */
const MOST_TELLING = 20;

function allStarts(index: Database, { step, from, until }: Steps): readonly number[] {
  const some =
    "select start from counts where step = ? and start >= ? and start < ? and name in (select id from names where kind = 'effect') order by start desc";
  return [
    ...new Set(
      index
        .prepare(some)
        .all(step, from, until)
        .map(({ start }) => Number(start)),
    ),
  ];
}

function seqsBetween({ index, filter, named }: Search, { first, last }: Range, limit: number): readonly number[] {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const hold = (condition: string, ...given: readonly SqlValue[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  hold('seq >= ? and seq <= ?', first, last);
  for (const { column, ids } of named) {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) hold(`${column} = ?`, only);
    else hold(`${column} in (select value from json_each(?))`, JSON.stringify(ids));
  }
  const { since, until } = filter;
  if (since !== undefined) hold('at >= ?', since);
  if (until !== undefined) hold('at < ?', until);
  const text = `select seq from found where ${conditions.join(' and ')} order by seq desc limit ?`;
  return index
    .prepare(text)
    .all(...values, limit)
    .map(({ seq }) => Number(seq));
}
