import { BuiltinFailure } from './builtin.ts';
import { type FloatVerb, formatFloat } from './go-float.ts';
import { canBackquote, isPrintable, quote, quoteRune, quoteToAscii, runeOf } from './go-quote.ts';

/** The types of values that OPA hands to Go's `fmt`; of `int` those that fit 64 bits. */
export type FormatArgument =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'bigInt'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

/** Flags, width and precision of one verb. `%v` moves `#` and `+` to flags of their own. */
export interface FormatState {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  sharpV: boolean;
  plusV: boolean;
  width?: number;
  precision?: number;
}

/** The argument as the verb says it, or nothing where the verb is not for its type. */
export function formatArgument(argument: FormatArgument, verb: string, state: FormatState): string | undefined {
  if (verb === 'T') return padText(truncate(typeName(argument), state), state);
  if (verb === 'p' && argument.kind !== 'bigInt') return undefined;
  if (argument.kind === 'text') return formatText(argument.value, verb, state);
  if (argument.kind === 'int') return formatInt(argument.value, verb, state);
  if (argument.kind === 'float') return formatNumber(argument.value, verb, state);
  return formatBigInt(argument.value, verb, state);
}

export function formatBadVerb(argument: FormatArgument, verb: string, state: FormatState): string {
  return `%!${verb}(${typeName(argument)}=${formatArgument(argument, 'v', state) ?? ''})`;
}

export function typeName({ kind }: FormatArgument): string {
  return { text: 'string', int: 'int64', float: 'float64', bigInt: '*big.Int' }[kind];
}

function padText(text: string, state: FormatState): string {
  const missing = (state.width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  return state.minus ? text + padding(missing, state) : padding(missing, state) + text;
}

function padding(count: number, { zero, minus }: FormatState): string {
  return (zero && !minus ? '0' : ' ').repeat(Math.max(0, count));
}

function truncate(text: string, { precision }: FormatState): string {
  return precision === undefined ? text : Array.from(text).slice(0, precision).join('');
}

function formatText(value: string, verb: string, state: FormatState): string | undefined {
  switch (verb) {
    case 'v':
      return state.sharpV ? quoted(value, state) : padText(truncate(value, state), state);
    case 's':
      return padText(truncate(value, state), state);
    case 'q':
      return quoted(value, state);
    case 'x':
      return hexOfText(value, state);
    case 'X':
      return hexOfText(value, state, true);
    default:
      return undefined;
  }
}

function quoted(value: string, state: FormatState): string {
  const text = truncate(value, state);
  if (state.sharp && canBackquote(text)) return padText(`\`${text}\``, state);
  return padText(state.plus ? quoteToAscii(text) : quote(text), state);
}

function hexOfText(value: string, state: FormatState, isUpper = false): string {
  const bytes = Buffer.from(value).subarray(0, state.precision);
  if (bytes.length === 0) return padding(state.width ?? 0, state);
  const prefix = isUpper ? '0X' : '0x';
  const digits = Array.from(bytes, (byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    return isUpper ? hex.toUpperCase() : hex;
  });
  const text = state.space
    ? digits.map((digit) => (state.sharp ? prefix + digit : digit)).join(' ')
    : (state.sharp ? prefix : '') + digits.join('');
  return padText(text, state);
}

function formatInt(value: bigint, verb: string, state: FormatState): string | undefined {
  switch (verb) {
    case 'v':
    case 'd':
      return integer(value, { base: 10 }, state);
    case 'b':
      return integer(value, { base: 2 }, state);
    case 'o':
      return integer(value, { base: 8 }, state);
    case 'O':
      return integer(value, { base: 8, prefix: '0o' }, state);
    case 'x':
      return integer(value, { base: 16 }, state);
    case 'X':
      return integer(value, { base: 16 }, state).toUpperCase();
    case 'c':
      return padText(runeOf(codePointOf(value)), state);
    case 'q':
      return padText(quoteRune(codePointOf(value), state.plus), state);
    case 'U':
      return unicode(BigInt.asUintN(64, value), state);
    default:
      return undefined;
  }
}

function codePointOf(value: bigint): number {
  const unsigned = BigInt.asUintN(64, value);
  return unsigned > 0x10ffffn ? 0xfffd : Number(unsigned);
}

interface IntegerForm {
  readonly base: 2 | 8 | 10 | 16;
  readonly prefix?: string;
}

function integer(value: bigint, { base, prefix = '' }: IntegerForm, state: FormatState): string {
  if (state.precision === 0 && value === 0n) return ' '.repeat(state.width ?? 0);
  const isNegative = value < 0n;
  const sign = signOf(isNegative, state);
  const size = (isNegative ? -value : value).toString(base).padStart(leastDigits(sign, state), '0');
  const marked = prefix + (state.sharp ? basePrefix(base, size) : '') + size;
  return padText(sign + marked, { ...state, zero: false });
}

function signOf(isNegative: boolean, { plus, space }: FormatState): string {
  if (isNegative) return '-';
  if (plus) return '+';
  return space ? ' ' : '';
}

/** `%.3d`, or `%03d` less its sign; with both, the precision counts. */
function leastDigits(sign: string, { precision, zero, minus, width }: FormatState): number {
  if (precision !== undefined) return precision;
  return zero && !minus && width !== undefined ? width - sign.length : 0;
}

function basePrefix(base: 2 | 8 | 10 | 16, digits: string): string {
  if (base === 8) return digits.startsWith('0') ? '' : '0';
  return { 2: '0b', 10: '', 16: '0x' }[base];
}

function unicode(value: bigint, state: FormatState): string {
  const digits = value
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, state.precision ?? 4), '0');
  const character = value <= 0x10ffffn ? runeOf(Number(value)) : '';
  const shown = state.sharp && isPrintable(character) && runeIs(character, value) ? ` '${character}'` : '';
  return padText(`U+${digits}${shown}`, { ...state, zero: false });
}

/** Surrogates are no characters, so they are not shown as one. */
function runeIs(character: string, value: bigint): boolean {
  return BigInt(character.codePointAt(0) ?? -1) === value;
}

function formatNumber(value: number, verb: string, state: FormatState): string | undefined {
  switch (verb) {
    case 'v':
      return float(value, { verb: 'g', precision: -1 }, state);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      return float(value, { verb, precision: -1 }, state);
    case 'f':
    case 'e':
    case 'E':
      return float(value, { verb, precision: 6 }, state);
    case 'F':
      return float(value, { verb: 'f', precision: 6 }, state);
    default:
      return undefined;
  }
}

interface FloatForm {
  readonly verb: FloatVerb;
  /** Where the format names none. */
  readonly precision: number;
}

function float(value: number, form: FloatForm, state: FormatState): string {
  const { verb } = form;
  const precision = state.precision ?? form.precision;
  const text = formatFloat(value, verb, precision);
  const isNegative = text.startsWith('-');
  const unsigned = isNegative ? text.slice(1) : text;
  const digits = state.sharp && verb !== 'b' ? withPoint(unsigned, verb, precision) : unsigned;
  const sign = signOf(isNegative, state);
  const length = digits.length + 1;
  if (sign !== '' && state.zero && !state.minus && (state.width ?? 0) > length) {
    return sign + '0'.repeat((state.width ?? 0) - length) + digits;
  }
  return padText(sign + digits, state);
}

/** `#` keeps the decimal point and, where digits are counted, the zeros at the end. */
function withPoint(text: string, verb: FloatVerb, precision: number): string {
  const tailAt = text.search(verb === 'x' || verb === 'X' ? /[pP]/ : /[eEpP]/);
  const number = tailAt === -1 ? text : text.slice(0, tailAt);
  const tail = tailAt === -1 ? '' : text.slice(tailAt);
  const isCounted = verb === 'g' || verb === 'G' || verb === 'x';
  const wanted = isCounted ? (precision === -1 ? 6 : precision) : 0;
  const significant = number.replace('.', '').replace(/^0+/, '').length;
  const hasPoint = number.includes('.');
  const zeros = Math.max(0, wanted - significant - (!hasPoint && number === '0' ? 1 : 0));
  return number + (hasPoint ? '' : '.') + '0'.repeat(zeros) + tail;
}

function formatBigInt(value: bigint, verb: string, state: FormatState): string {
  if (verb === 'p' || verb === 'w') throw new BuiltinFailure(`%${verb} of a large number is not the same twice`);
  const base = BIG_BASES.get(verb);
  if (base === undefined) return `%!${verb}(big.Int=${value})`;
  const isNegative = value < 0n;
  const size = (isNegative ? -value : value).toString(base);
  const digits = verb === 'X' ? size.toUpperCase() : size;
  const sign = signOf(isNegative, { ...state, plus: state.plus || state.plusV });
  const prefix = verb === 'O' ? '0o' : state.sharp || state.sharpV ? (BIG_PREFIXES.get(verb) ?? '') : '';
  const byPrecision = digits.padStart(state.precision ?? 0, '0');
  const missing = (state.width ?? 0) - sign.length - prefix.length - byPrecision.length;
  if (missing <= 0) return sign + prefix + byPrecision;
  if (state.minus) return sign + prefix + byPrecision + ' '.repeat(missing);
  if (state.zero && state.precision === undefined) return sign + prefix + '0'.repeat(missing) + byPrecision;
  return ' '.repeat(missing) + sign + prefix + byPrecision;
}

const BIG_BASES: ReadonlyMap<string, number> = new Map([
  ['b', 2],
  ['o', 8],
  ['O', 8],
  ['d', 10],
  ['s', 10],
  ['v', 10],
  ['x', 16],
  ['X', 16],
]);

const BIG_PREFIXES: ReadonlyMap<string, string> = new Map([
  ['b', '0b'],
  ['o', '0'],
  ['x', '0x'],
  ['X', '0X'],
]);
