import type { Adjustment } from '../core/change.ts';
import { type Charge, type Count, drained, drainPerMs, PARTS } from '../core/charge.ts';
import { isHeld } from '../core/settlement.ts';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, one, run, type Work } from './work.ts';

const DRAINED = 'max(0, budgets.used - max(0, excluded.as_of - budgets.as_of) * excluded.rate)';

/** One statement takes a charge if there is room for it; else it changes nothing. */
const TAKE = `insert into budgets (bucket, starts, ends, used, reserved, ceiling, rate, as_of)
  select cast(? as text), cast(? as bigint), cast(? as bigint), cast(? as double precision), cast(? as double precision),
    cast(? as double precision), cast(? as double precision), cast(? as bigint)
  where cast(? as double precision) <= cast(? as double precision)
  on conflict (bucket, starts) do update set
    used = ${DRAINED} + excluded.used, reserved = budgets.reserved + excluded.reserved,
    ceiling = excluded.ceiling, rate = excluded.rate, as_of = max(budgets.as_of, excluded.as_of)
  where ${DRAINED} + budgets.reserved + excluded.used + excluded.reserved <= excluded.ceiling + 1e-6`;

const GIVE_BACK = 'update budgets set used = max(0, used - ?) where bucket = ? and starts = ?';

const ADJUST = 'update budgets set used = ?, as_of = max(as_of, ?) where bucket = ? and starts = ? and used = ?';

const READ = 'select used, reserved, as_of from budgets where bucket = ? and starts = ?';
const READ_PLACE =
  'select cast(? as bigint) as place, used, reserved, as_of from budgets where bucket = ? and starts = ?';
/** By the number of places, as far as calls usually have. */
const READ_PLACES = Array.from({ length: 16 }, (_, count) => readPlaces(count));

/** Windows are kept for an hour after their end: a clock that was put back finds them as they were. */
const KEPT_MS = 60 * 60 * 1000;
/** Few enough that nobody waits long for the write lock. */
export const MOST_IN_A_SWEEP = 10_000;
/** Of what never begins anew a row is needed while some has not drained, or for a month after its last charge. */
const LASTING_MS = 30 * 24 * KEPT_MS;
const IS_OVER = `ends <= ? and reserved = 0
   and (starts > 0 or (rate = 0 and as_of <= ?) or (rate > 0 and used <= (? - as_of) * rate))`;
/**
 * The end of a row stands in an index and is never changed, so that a charge writes no index. The condition stands there
 * twice: what was chosen may have been charged again before it is removed.
 */
const SWEEP = `delete from budgets where (bucket, starts) in
  (select bucket, starts from budgets where ${IS_OVER} order by ends limit ${MOST_IN_A_SWEEP}) and ${IS_OVER}`;

/** The row whose commit changes a count. */
export interface Occasion {
  /** Id of the decision. */
  readonly id: string;
  readonly instance: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface NoRoom {
  /** When a sliding window will have room, as far as can be said now; in milliseconds since the epoch. */
  readonly fitsAtMs: number | undefined;
}

/** Where the charge does not fit, nothing is taken. */
export function* take(charge: Charge, occasion: Occasion): Work<NoRoom | undefined> {
  const { bucket, window } = charge;
  const [cost, limit] = [inParts(charge.cost), inParts(charge.limit)];
  const [used, reserved] = isHeld(charge) ? [0, cost] : [cost, 0];
  const { starts, ends, asOf } = placeOf(window, occasion.now);
  const rate = drainPerMs(limit, window);
  const taken = yield* run(TAKE, bucket, starts, ends, used, reserved, limit, rate, asOf, cost, limit);
  return taken === 0 ? yield* noRoom({ charge, starts, now: asOf }) : undefined;
}

/** What is left of each limit once the charges are taken. That they answer it themselves would cost twice as much. */
export function* remainingAfter(charges: readonly Charge[]): Work<readonly number[]> {
  const rows = yield* rowsAt(charges);
  return charges.map(({ limit }, place) => {
    const row = rows[place];
    return (inParts(limit) - Number(row?.['used'] ?? 0) - Number(row?.['reserved'] ?? 0)) / PARTS;
  });
}

export function* giveBack({ bucket, cost, window }: Charge): Work<void> {
  yield* run(GIVE_BACK, inParts(cost), bucket, startsOf(window));
}

/** False where somebody has used or drained some meanwhile; then nothing is changed. */
export function* adjust({ bucket, startsMs, fromParts, to }: Adjustment, now: number): Work<boolean> {
  return (yield* run(ADJUST, inParts(to), now, bucket, startsMs, fromParts)) === 1;
}

/** Where a count is kept. */
export type CountPlace = Pick<Charge, 'bucket' | 'window'>;

/** How counts stand, each in its place; undefined where nothing was ever charged. */
export async function readCounts(
  connection: StoreConnection,
  places: readonly CountPlace[],
): Promise<readonly (Count | undefined)[]> {
  return (await connection.peek(() => rowsAt(places))).map(countOf);
}

/** All in one statement, which reads them as of one moment. */
function* rowsAt(places: readonly CountPlace[]): Work<readonly (SqlRow | undefined)[]> {
  const sql = READ_PLACES[places.length] ?? readPlaces(places.length);
  const values = places.flatMap(({ bucket, window }, place) => [place, bucket, startsOf(window)]);
  const rows = yield* all(sql, ...values);
  return places.map((_, place) => rows.find((row) => row['place'] === place));
}

function readPlaces(count: number): string {
  return Array.from({ length: count }, () => READ_PLACE).join(' union all ');
}

/** Removes counts whose window is over. Answers how many; there may be more. */
export async function sweepBudgets(connection: StoreConnection, now: number): Promise<number> {
  const times = [now - KEPT_MS, now - LASTING_MS, now];
  return await connection.ask(() => run(SWEEP, ...times, ...times));
}

/** The first millisecond of the row in which a window is counted. */
export function startsOf({ kind, startsMs }: Charge['window']): number {
  return kind === 'sliding' ? 0 : startsMs;
}

/** A sliding window has one row, which is kept as long as something of it can be left. */
function placeOf(
  { kind, startsMs, endsMs }: Charge['window'],
  now: number,
): { readonly starts: number; readonly ends: number; readonly asOf: number } {
  if (kind !== 'sliding') return { starts: startsMs, ends: endsMs, asOf: now };
  return { starts: 0, ends: endsMs + (endsMs - startsMs), asOf: endsMs };
}

interface Refused {
  readonly charge: Charge;
  readonly starts: number;
  readonly now: number;
}

function* noRoom({ charge, starts, now }: Refused): Work<NoRoom> {
  const { window, limit, cost, bucket } = charge;
  const count = window.kind === 'sliding' ? countOf(yield* one(READ, bucket, starts)) : undefined;
  if (count === undefined) return { fitsAtMs: undefined };
  const perMs = drainPerMs(limit, window);
  const used = drained(count.used, perMs, now - count.asOfMs);
  const excess = used + count.reserved + cost - limit;
  return {
    fitsAtMs: excess > used || perMs === 0 ? undefined : Math.ceil(Math.max(now, count.asOfMs) + excess / perMs),
  };
}

function countOf(row: SqlRow | undefined): Count | undefined {
  if (row === undefined) return undefined;
  return { used: Number(row['used']) / PARTS, reserved: Number(row['reserved']) / PARTS, asOfMs: Number(row['as_of']) };
}

function inParts(amount: number): number {
  return Math.round(amount * PARTS);
}
