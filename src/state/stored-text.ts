import type { SqlRow, SqlValue, Statement } from './driver.ts';

/**
 * U+0000 is written as two times U+0001, and U+0001 as itself and U+0002: PostgreSQL's text cannot hold the first, and
 * `node:sqlite` reads a text no further than to it. So every text comes back as it was, and stands among others where it
 * did before.
 */
export function toStored(value: SqlValue): SqlValue {
  if (typeof value !== 'string' || !(value.includes(NUL) || value.includes(ESCAPE))) return value;
  return value.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(NUL, ESCAPED_NUL);
}

export function fromStored(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPED_NUL, NUL).replaceAll(ESCAPED_ESCAPE, ESCAPE);
}

/** The same statement of SQLite, whatever is in the texts that it writes and reads. */
export function storingText(native: Statement): Statement {
  return {
    run: (...values) => native.run(...values.map(toStored)),
    get: (...values) => {
      const row = native.get(...values.map(toStored));
      return row === undefined ? undefined : asWritten(row);
    },
    all: (...values) => native.all(...values.map(toStored)).map(asWritten),
    iterate: (...values) => iterating(native.iterate(...values.map(toStored))),
  };
}

function* iterating(rows: IterableIterator<SqlRow>): Generator<SqlRow, undefined> {
  for (const row of rows) yield asWritten(row);
  return undefined;
}

/** Most often that is the same row. */
function asWritten(row: SqlRow): SqlRow {
  if (!Object.values(row).some(isEscaped)) return row;
  const entries = Object.entries(row).map(([name, value]): readonly [string, SqlValue] => [
    name,
    typeof value === 'string' ? fromStored(value) : value,
  ]);
  return Object.fromEntries(entries);
}

const NUL = '\u0000';
const ESCAPE = '\u0001';
const ESCAPED_NUL = '\u0001\u0001';
const ESCAPED_ESCAPE = '\u0001\u0002';

function isEscaped(value: SqlValue): boolean {
  return typeof value === 'string' && value.includes(ESCAPE);
}
