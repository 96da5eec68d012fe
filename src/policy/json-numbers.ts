import { BuiltinFailure } from './builtin.ts';
import { objectTerm, type Term } from './term.ts';
import { parseTerm } from './term-text.ts';

/** Decimal digits of 2^100000, beyond which OPA calculates with no number. */
const MOST_DIGITS = 30_103;

/** `json.unmarshal`: numbers keep all their digits; of a member that stands twice the last counts. */
export function unmarshal(text: string): Term {
  try {
    JSON.parse(text);
  } catch {
    throw new BuiltinFailure('the text is not JSON');
  }
  return checked(parseTerm(text.trim()));
}

function checked(term: Term): Term {
  if (typeof term !== 'object' || term === null) return term;
  if (term.kind === 'number') {
    if (isTooLarge(term.text)) throw new BuiltinFailure('a number is too large');
    return term;
  }
  if (term.kind !== 'object') return { ...term, items: term.items.map(checked) };
  const last = new Map(term.entries.map(([key, value]) => [typeof key === 'string' ? key : '', value]));
  return objectTerm([...last].map(([key, value]) => [key, checked(value)]));
}

function isTooLarge(text: string): boolean {
  const found = /^-?(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(text);
  if (found === null) return false;
  const [, whole = '', fraction = '', exponent = ''] = found;
  const digits = whole + fraction;
  const leadingZeros = digits.length - digits.replace(/^0+/, '').length;
  if (leadingZeros === digits.length) return false;
  return Math.abs(whole.length - leadingZeros + Number(exponent)) > MOST_DIGITS;
}

/** `format_int`: a fraction is cut off. */
export function formatWhole(number: Term, base: Term): string {
  const radix = BASES.get(typeof base === 'object' && base?.kind === 'number' ? base.text : '');
  if (radix === undefined) throw new BuiltinFailure('operand 2 must be one of {2, 8, 10, 16}');
  if (typeof number !== 'object' || number?.kind !== 'number') throw new BuiltinFailure('operand 1 must be number');
  return wholeOf(number.text).toString(radix);
}

const BASES: ReadonlyMap<string, number> = new Map([
  ['2', 2],
  ['8', 8],
  ['10', 10],
  ['16', 16],
]);

function wholeOf(text: string): bigint {
  const found = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found ?? [];
  const shift = Number(exponent);
  if (Math.abs(shift) > MOST_DIGITS) throw new BuiltinFailure('a number is too large');
  const digits = whole + fraction + '0'.repeat(Math.max(0, shift - fraction.length));
  const value = BigInt(digits.slice(0, Math.max(0, whole.length + shift)) || '0');
  return sign === '-' ? -value : value;
}
