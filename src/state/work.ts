import type { Database, SqlRow, SqlValue } from './driver.ts';

/**
 * One statement, with `?` where values stand. Both SQLite and PostgreSQL read it: so `"user"` is quoted, a list of values is
 * a list of `places`, and what a `select` has of values is cast. SQLite's `max` and `min` of two, and its `instr`, are there
 * in both.
 */
export interface Statement {
  /** `one` needs the first row only, `none` needs none. */
  readonly rows: 'all' | 'one' | 'none';
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Rows for a table, named with its columns: `table (column, …)`. */
export interface Insertion {
  readonly rows: 'new';
  readonly into: string;
  readonly tuples: readonly (readonly SqlValue[])[];
  /** What becomes of a row that is there already. */
  readonly onConflict: 'fail' | 'keep';
}

/** What follows is done by nobody else, as far as it has one of the same names, until the transaction ends. */
export interface Turn {
  readonly rows: 'alone';
  readonly names: () => readonly string[];
}

export type Query = Statement | Insertion | Turn;

export interface Answer {
  readonly rows: readonly SqlRow[];
  /** How many rows a statement has changed; without meaning for one that reads. */
  readonly changed: number;
}

/**
 * What is to be done on a store, told as the statements that it needs one after the other. Who carries it out decides how
 * they are answered: at once by SQLite, by and by by a database that is reached over a network. Called again, it may be
 * carried out again, so it changes nothing but the store.
 */
export type Work<T> = Generator<Query, T, Answer>;

export function* all(text: string, ...values: readonly SqlValue[]): Work<readonly SqlRow[]> {
  return (yield { rows: 'all', text, values }).rows;
}

export function* one(text: string, ...values: readonly SqlValue[]): Work<SqlRow | undefined> {
  return (yield { rows: 'one', text, values }).rows[0];
}

/** Answers how many rows were changed. */
export function* run(text: string, ...values: readonly SqlValue[]): Work<number> {
  return (yield { rows: 'none', text, values }).changed;
}

export function* insert(into: string, tuples: readonly (readonly SqlValue[])[]): Work<void> {
  yield { rows: 'new', into, tuples, onConflict: 'fail' };
}

/** As `insert`; rows that are there already stay as they are. */
export function* insertMissing(into: string, tuples: readonly (readonly SqlValue[])[]): Work<void> {
  yield { rows: 'new', into, tuples, onConflict: 'keep' };
}

/** What stands behind the values of an insertion. */
export function conflictClause({ onConflict }: Insertion): string {
  return onConflict === 'keep' ? ' on conflict do nothing' : '';
}

/**
 * Inside a transaction: waits until nobody else is alone with what has one of these names, and is alone with it until the
 * end. For what is read first and then changed. Said once and before all else, so that no two wait for each other.
 */
export function* alone(names: () => readonly string[]): Work<void> {
  yield { rows: 'alone', names };
}

/** A place for each of some values, for `in (…)`. */
export function places(values: readonly SqlValue[]): string {
  return values.length === 0 ? 'null' : values.map(() => '?').join(', ');
}

/** Carries it out on SQLite, at once. What a statement throws is thrown where the work waits for it. */
export function carryOut<T>(database: Database, work: Work<T>): T {
  let step = work.next();
  while (step.done !== true) {
    let answer: Answer;
    try {
      answer = answerOf(database, step.value);
    } catch (thrown) {
      step = work.throw(thrown);
      continue;
    }
    step = work.next(answer);
  }
  return step.value;
}

function answerOf(database: Database, query: Query): Answer {
  if (query.rows === 'new') return insertInto(database, query);
  // Whoever writes to SQLite is alone with all of it.
  if (query.rows === 'alone') return { rows: NO_ROWS, changed: 0 };
  const { rows, text, values } = query;
  const statement = database.prepare(text);
  if (rows === 'none') return { rows: NO_ROWS, changed: statement.run(...values) };
  if (rows === 'all') return { rows: statement.all(...values), changed: 0 };
  const row = statement.get(...values);
  return { rows: row === undefined ? NO_ROWS : [row], changed: 0 };
}

const NO_ROWS: readonly SqlRow[] = [];

/** One after the other: there is no way to the database that would be saved. */
function insertInto(database: Database, insertion: Insertion): Answer {
  const { into, tuples } = insertion;
  const [first = []] = tuples;
  const row = `(${places(first)})`;
  const statement = database.prepare(`insert into ${into} values ${row}${conflictClause(insertion)}`);
  for (const values of tuples) statement.run(...values);
  return { rows: NO_ROWS, changed: tuples.length };
}
