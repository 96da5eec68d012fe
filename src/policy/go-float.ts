import { withoutEndingZeros } from '../core/digits.ts';

/**
 * Floating-point numbers as Go's `strconv.FormatFloat` writes them, for finite numbers of 64 bits.
 *
 * JavaScript's own functions round a tie up and end at 100 digits; Go rounds the exact value half to even.
 */
export type FloatVerb = 'e' | 'E' | 'f' | 'g' | 'G' | 'b' | 'x' | 'X';

/** A precision of -1 is the fewest digits that read back as the same number. */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  const text = unsigned(size, verb, precision);
  return sign + (UPPER_CASE.has(verb) ? text.toUpperCase() : text);
}

const UPPER_CASE: ReadonlySet<FloatVerb> = new Set(['E', 'G', 'X']);

function unsigned(size: number, verb: FloatVerb, precision: number): string {
  if (verb === 'b') return binary(size);
  if (verb === 'x' || verb === 'X') return hexadecimal(size, precision);
  const decimal = digitsFor(size, verb, precision);
  if (verb === 'f') return fixed(decimal, precision);
  return verb === 'g' || verb === 'G' ? general(decimal, precision) : exponential(decimal, precision);
}

/** 0.d1d2d3… × 10^point, without zeros at the end. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

function digitsFor(size: number, verb: 'e' | 'E' | 'f' | 'g' | 'G', precision: number): Decimal {
  if (precision < 0) return shortest(size);
  const exact = exactDecimal(size);
  if (verb === 'f') return roundTo(exact, exact.point + precision);
  return roundTo(exact, verb === 'g' || verb === 'G' ? Math.max(precision, 1) : precision + 1);
}

function shortest(size: number): Decimal {
  if (size === 0) return { digits: '', point: 0 };
  const [mantissa = '', exponent = '0'] = size.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

function exactDecimal(size: number): Decimal {
  const { mantissa, exponent } = partsOf(size);
  if (mantissa === 0n) return { digits: '', point: 0 };
  const scale = Math.max(0, -exponent);
  const digits = (exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(scale)).toString();
  return { digits: withoutEndingZeros(digits), point: digits.length - scale };
}

/** mantissa × 2^exponent, as the bits have it. */
function partsOf(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  if (biased === 0) return { mantissa: fraction, exponent: -1074 };
  return { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

function roundTo({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point };
  if (count < 0) return { digits: '', point: 0 };
  const kept = digits.slice(0, count);
  if (!roundsUp(digits, count))
    return kept === '' ? { digits: '', point: 0 } : { digits: withoutEndingZeros(kept), point };
  const raised = (BigInt(`0${kept}`) + 1n).toString().padStart(count, '0');
  return { digits: withoutEndingZeros(raised), point: point + raised.length - count };
}

/** More than half, or half and the digit before it odd. */
function roundsUp(digits: string, count: number): boolean {
  const next = digits.charAt(count);
  if (next !== '5' || count + 1 < digits.length) return next >= '5';
  return count > 0 && Number(digits.charAt(count - 1)) % 2 === 1;
}

function exponential({ digits, point }: Decimal, precision: number): string {
  const fractionDigits = precision < 0 ? Math.max(digits.length - 1, 0) : precision;
  const fraction = digits.slice(1, fractionDigits + 1).padEnd(fractionDigits, '0');
  const exponent = digits === '' ? 0 : point - 1;
  return `${digits.charAt(0) || '0'}${fraction === '' ? '' : `.${fraction}`}e${signed(exponent)}`;
}

/** At least two digits, always with a sign. */
function signed(exponent: number): string {
  return (exponent < 0 ? '-' : '+') + String(Math.abs(exponent)).padStart(2, '0');
}

function fixed({ digits, point }: Decimal, precision: number): string {
  const fractionDigits = precision < 0 ? Math.max(digits.length - point, 0) : precision;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (fractionDigits === 0) return whole;
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${whole}.${fraction.slice(0, fractionDigits).padEnd(fractionDigits, '0')}`;
}

/** Of the shortest digits more than this many before the point are written with an exponent. */
const SHORTEST_PRECISION = 6;

function general(decimal: Decimal, precision: number): string {
  const { digits, point } = decimal;
  const asked = precision < 0 ? digits.length : Math.max(precision, 1);
  const exponentFrom = precision < 0 ? SHORTEST_PRECISION : exponentLimit(asked, decimal);
  const exponent = point - 1;
  if (exponent < -4 || exponent >= exponentFrom) return exponential(decimal, Math.min(asked, digits.length) - 1);
  const places = asked > point ? digits.length : asked;
  return fixed(decimal, Math.max(places - point, 0));
}

function exponentLimit(precision: number, { digits, point }: Decimal): number {
  return precision > digits.length && digits.length >= point ? digits.length : precision;
}

function binary(size: number): string {
  const { mantissa, exponent } = partsOf(size);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** Bits behind the leading one while a hexadecimal number is made: as many as 15 digits have. */
const HEX_BITS = 60n;

function hexadecimal(size: number, precision: number): string {
  let { mantissa, exponent } = partsOf(size);
  exponent = mantissa === 0n ? 0 : exponent + 52;
  mantissa <<= HEX_BITS - 52n;
  while (mantissa !== 0n && mantissa >> HEX_BITS === 0n) {
    mantissa <<= 1n;
    exponent -= 1;
  }
  if (precision >= 0 && precision < 15) {
    mantissa = roundHex(mantissa, HEX_BITS - BigInt(precision * 4));
    if (mantissa >> (HEX_BITS + 1n) !== 0n) {
      mantissa >>= 1n;
      exponent += 1;
    }
  }
  const all = (mantissa & ((1n << HEX_BITS) - 1n)).toString(16).padStart(15, '0');
  const fraction = precision < 0 ? withoutEndingZeros(all) : all.slice(0, precision).padEnd(precision, '0');
  return `0x${mantissa >> HEX_BITS}${fraction === '' ? '' : `.${fraction}`}p${signed(exponent)}`;
}

/** Half to even at the given bit. */
function roundHex(mantissa: bigint, bit: bigint): bigint {
  const kept = mantissa >> bit;
  const rest = mantissa - (kept << bit);
  const half = bit === 0n ? 0n : 1n << (bit - 1n);
  const isUp = bit > 0n && (rest > half || (rest === half && kept % 2n === 1n));
  return (isUp ? kept + 1n : kept) << bit;
}
