import type { Database } from './driver.ts';
import type { Count, Percentiles } from './decision-statistics.ts';
import { type NameKind } from './index-query.ts';
import { MINUTES_KEPT_MS, STEPS } from './index-schema.ts';
import { percentileIn } from './index-times.ts';

/** Times are milliseconds since the epoch. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** What decisions of a span come to. Counts are exact for whole steps; times are told from buckets of at most 9 %. */
export interface SpanCounts extends Span {
  /** By kind, the most frequent first. */
  readonly names: Readonly<Partial<Record<NameKind, readonly Count[]>>>;
  readonly decideUs: Percentiles;
  readonly recordUs: Percentiles;
  /** Oldest first, each as long as the others. */
  readonly series: readonly SpanStep[];
}

export interface SpanStep {
  readonly startMs: number;
  readonly allow: number;
  readonly deny: number;
  readonly pending: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface CountRequest extends Span {
  readonly kinds: readonly NameKind[];
  /** Names of a kind; rarer ones are left out. */
  readonly most: number;
  /** Steps of the series; 0 for none. */
  readonly steps: number;
}

/** The span is widened to whole steps of counting: minutes, for longer ones hours or days. */
export function countSpan(index: Database, request: CountRequest, now: number): SpanCounts {
  const step = stepFor(request, now);
  const since = request.since - (request.since % step);
  const until = request.until - (request.until % step) + (request.until % step === 0 ? 0 : step);
  const counting: Counting = { index, step, since, until };
  const names = request.kinds.map((kind) => [kind, countsOf(counting, kind, request.most)] as const);
  const decided = bucketsOf(counting, 'decide_us');
  return {
    since,
    until,
    names: Object.fromEntries(names),
    decideUs: percentilesOf(totalsOf(decided)),
    recordUs: percentilesOf(totalsOf(bucketsOf(counting, 'record_us'))),
    series: request.steps === 0 ? [] : seriesOf(counting, decided, request.steps),
  };
}

/** Of what is counted in: so fine that the span has enough steps, and no finer. */
function stepFor({ since, until }: Span, now: number): number {
  const lasts = until - since;
  const [minute, hour, day] = STEPS;
  if (lasts <= 30 * hour && since >= now - MINUTES_KEPT_MS + hour) return minute;
  return lasts <= 60 * day ? hour : day;
}

interface Counting extends Span {
  readonly index: Database;
  readonly step: number;
}

const SUM = 'select sum(count) as count from counts where step = ? and name = ? and start >= ? and start < ?';

function countsOf({ index, step, since, until }: Counting, kind: NameKind, most: number): readonly Count[] {
  const seen = index
    .prepare('select id, name from names where kind = ? and last >= ? and first < ? order by total desc limit ?')
    .all(kind, since, until, MOST_NAMES);
  return seen
    .map(({ id, name }) => {
      const sum = index.prepare(SUM).get(step, id ?? 0, since, until);
      return { name: String(name), count: Number(sum?.['count'] ?? 0) };
    })
    .filter(({ name, count }) => name !== '' && count > 0)
    .toSorted((left, right) => right.count - left.count || (left.name < right.name ? -1 : 1))
    .slice(0, most);
}

/** Of one kind; a client can make up as many as it likes. */
const MOST_NAMES = 2_000;

interface BucketCount {
  readonly start: number;
  readonly bucket: number;
  readonly count: number;
}

const EACH = 'select start, count from counts where step = ? and name = ? and start >= ? and start < ?';

function bucketsOf({ index, step, since, until }: Counting, kind: 'decide_us' | 'record_us'): readonly BucketCount[] {
  const buckets = index.prepare('select id, name from names where kind = ?').all(kind);
  return buckets.flatMap(({ id, name }) =>
    index
      .prepare(EACH)
      .all(step, id ?? 0, since, until)
      .map(({ start, count }) => ({ start: Number(start), bucket: Number(name), count: Number(count) })),
  );
}

function totalsOf(counts: readonly BucketCount[]): ReadonlyMap<number, number> {
  const totals = new Map<number, number>();
  for (const { bucket, count } of counts) totals.set(bucket, (totals.get(bucket) ?? 0) + count);
  return totals;
}

function percentilesOf(counts: ReadonlyMap<number, number>): Percentiles {
  return { p50: percentileIn(counts, 0.5), p99: percentileIn(counts, 0.99) };
}

function seriesOf(counting: Counting, decided: readonly BucketCount[], most: number): readonly SpanStep[] {
  const { since, until, step } = counting;
  const width = step * Math.max(1, Math.ceil((until - since) / step / most));
  const length = Math.ceil((until - since) / width);
  const at = (start: number): number => Math.floor((start - since) / width);
  const times = Array.from({ length }, () => new Map<number, number>());
  for (const { start, bucket, count } of decided) {
    const counts = times[at(start)];
    counts?.set(bucket, (counts.get(bucket) ?? 0) + count);
  }
  const effects = effectsBy(counting, at);
  return times.map((counts, index) => {
    const { p50, p99 } = percentilesOf(counts);
    const of = (effect: string): number => effects.get(`${effect} ${String(index)}`) ?? 0;
    const [allow, deny, pending] = [of('allow'), of('deny'), of('pending')];
    return { startMs: since + index * width, allow, deny, pending, p50Us: p50, p99Us: p99 };
  });
}

function effectsBy(
  { index, step, since, until }: Counting,
  at: (start: number) => number,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, name } of index.prepare("select id, name from names where kind = 'effect'").all()) {
    for (const { start, count } of index.prepare(EACH).all(step, id ?? 0, since, until)) {
      const key = `${String(name)} ${String(at(Number(start)))}`;
      counts.set(key, (counts.get(key) ?? 0) + Number(count));
    }
  }
  return counts;
}
