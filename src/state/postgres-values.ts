import type { SqlValue } from './driver.ts';
import { fromStored } from './stored-text.ts';

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
    return PARSERS[type] ?? fromStored;
  },
};

/** A number that JavaScript would round is an error rather than another number. */
function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError('the store holds a whole number beyond 2^53');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text.slice('\\x'.length), 'hex');
}
