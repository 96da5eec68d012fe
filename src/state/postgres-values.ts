import type { SqlValue } from './driver.ts';

/** Object identifiers of PostgreSQL's own types (`pg_type.dat`), as far as the store has them. */
const PARSERS: Readonly<Record<number, (text: string) => SqlValue>> = {
  // bool
  16: (text) => (text === 't' ? 1 : 0),
  // bytea
  17: bytes,
  // int8, int2, int4, oid
  20: wholeNumber,
  21: Number,
  23: Number,
  26: Number,
  // float4, float8
  700: Number,
  701: Number,
  // numeric, which a sum of whole numbers is
  1700: (text) => (text.includes('.') ? Number(text) : wholeNumber(text)),
};

/**
 * How values of an answer are read, so that they are those that SQLite would give. Everything else is its text. The
 * client takes this in the place of its own table, which makes `Date`s, objects and texts of numbers.
 */
export const POSTGRES_TYPES = {
  getTypeParser(type: number): (text: string) => SqlValue {
    return PARSERS[type] ?? textOf;
  },
};

/**
 * PostgreSQL's text cannot hold U+0000, which SQLite's and JSON's can: it is written as two times U+0001, and U+0001 as
 * itself and U+0002. So every text comes back as it was, and stands among others where it did before.
 */
export function toPostgres(value: SqlValue): SqlValue {
  if (typeof value !== 'string' || !(value.includes(NUL) || value.includes(ESCAPE))) return value;
  return value.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(NUL, ESCAPED_NUL);
}

function textOf(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPED_NUL, NUL).replaceAll(ESCAPED_ESCAPE, ESCAPE);
}

const NUL = '\u0000';
const ESCAPE = '\u0001';
const ESCAPED_NUL = '\u0001\u0001';
const ESCAPED_ESCAPE = '\u0001\u0002';

/** A number that JavaScript would round is an error rather than another number. */
function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError('the store holds a whole number beyond 2^53');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text.slice('\\x'.length), 'hex');
}
