import { formatArgument, formatBadVerb, type FormatArgument, type FormatState, typeName } from './go-format-values.ts';
import { boundedText, Work } from './work.ts';

/**
 * Formats as Go's `fmt.Sprintf` does, character by character, its complaints about verbs and arguments included.
 * Source: `fmt/print.go`, `doPrintf`, Go 1.26. Arguments are what OPA hands to it: text, int64, *big.Int, float64.
 */
export function sprintf(format: string, args: readonly FormatArgument[]): string {
  return new Printer(format, args).print();
}

/** Widths and precisions beyond it are taken for nonsense. */
const TOO_LARGE = 1_000_000;
/** Characters that are looked through in one step. */
const SCANNED_AT_ONCE = 16;
/** Steps for one digit of a number beyond 64 bits. */
const STEPS_A_DIGIT = 20;

interface ParsedNumber {
  readonly value: number;
  readonly isPresent: boolean;
}

const FLAGS: ReadonlyMap<string, 'sharp' | 'zero' | 'plus' | 'minus' | 'space'> = new Map([
  ['#', 'sharp'],
  ['0', 'zero'],
  ['+', 'plus'],
  ['-', 'minus'],
  [' ', 'space'],
]);

class Printer {
  readonly #format: string;
  readonly #args: readonly FormatArgument[];
  readonly #work = new Work('the format');
  #output = '';
  #position = 0;
  #argument = 0;
  #isReordered = false;
  #isGoodIndex = true;
  /** The last thing read was an index such as `[3]`. */
  #isAfterIndex = false;

  constructor(format: string, args: readonly FormatArgument[]) {
    this.#format = format;
    this.#args = args;
  }

  print(): string {
    while (this.#position < this.#format.length) {
      this.#text();
      if (this.#position >= this.#format.length) break;
      this.#position += 1;
      this.#verb();
      boundedText(this.#output.length);
    }
    if (!this.#isReordered && this.#argument < this.#args.length) this.#extra();
    return this.#output;
  }

  #text(): void {
    const next = this.#format.indexOf('%', this.#position);
    const end = next === -1 ? this.#format.length : next;
    this.#output += this.#format.slice(this.#position, end);
    this.#position = end;
  }

  #verb(): void {
    const state = newState();
    this.#isGoodIndex = true;
    this.#isAfterIndex = false;
    this.#flags(state);
    // Go takes a simple verb at once; only what is left of the format decides, so the long way comes to the same.
    this.#isAfterIndex = this.#index();
    this.#width(state);
    this.#precision(state);
    if (!this.#isAfterIndex) this.#isAfterIndex = this.#index();
    // The one place where a character beyond the first plane is not mere text.
    const code = this.#format.codePointAt(this.#position);
    if (code === undefined) {
      this.#output += '%!(NOVERB)';
      return;
    }
    const verb = String.fromCodePoint(code);
    this.#position += verb.length;
    this.#argumentFor(verb, state);
  }

  #flags(state: FormatState): void {
    for (; ; this.#position += 1) {
      const flag = FLAGS.get(this.#format[this.#position] ?? '');
      if (flag === undefined) return;
      state[flag] = true;
    }
  }

  #width(state: FormatState): void {
    if (this.#format[this.#position] === '*') {
      const { value, isPresent } = this.#star();
      if (!isPresent) this.#output += '%!(BADWIDTH)';
      if (isPresent) state.width = Math.abs(value);
      if (value < 0) {
        state.minus = true;
        state.zero = false;
      }
      return;
    }
    const { value, isPresent } = this.#number();
    if (isPresent) state.width = value;
    if (this.#isAfterIndex && isPresent) this.#isGoodIndex = false;
  }

  #precision(state: FormatState): void {
    if (this.#format[this.#position] !== '.' || this.#position + 1 >= this.#format.length) return;
    this.#position += 1;
    if (this.#isAfterIndex) this.#isGoodIndex = false;
    this.#isAfterIndex = this.#index();
    if (this.#format[this.#position] !== '*') {
      const { value, isPresent } = this.#number();
      state.precision = isPresent ? value : 0;
      return;
    }
    const { value, isPresent } = this.#star();
    if (isPresent && value >= 0) state.precision = value;
    else this.#output += '%!(BADPREC)';
  }

  /** A width or precision that is the next argument. */
  #star(): ParsedNumber {
    this.#position += 1;
    this.#isAfterIndex = false;
    const argument = this.#args[this.#argument];
    if (argument === undefined) return { value: 0, isPresent: false };
    this.#argument += 1;
    if (argument.kind !== 'int' || argument.value > TOO_LARGE || argument.value < -TOO_LARGE) {
      return { value: 0, isPresent: false };
    }
    return { value: Number(argument.value), isPresent: true };
  }

  #number(): ParsedNumber {
    const { value, isPresent, end } = parseNumber(this.#format, this.#position, this.#format.length);
    this.#position = end;
    return { value, isPresent };
  }

  /** Reads an index such as `[3]` where one stands, and says whether one did. */
  #index(): boolean {
    if (this.#format[this.#position] !== '[') return false;
    this.#isReordered = true;
    this.#work.spend((this.#format.length - this.#position) / SCANNED_AT_ONCE);
    const { index, length, isIndex } = parseIndex(this.#format.slice(this.#position));
    this.#position += length;
    if (isIndex && index >= 0 && index < this.#args.length) {
      this.#argument = index;
      return true;
    }
    this.#isGoodIndex = false;
    return isIndex;
  }

  #argumentFor(verb: string, state: FormatState): void {
    if (verb === '%') {
      this.#output += '%';
      return;
    }
    const argument = this.#args[this.#argument];
    if (!this.#isGoodIndex) {
      this.#output += `%!${verb}(BADINDEX)`;
    } else if (argument === undefined) {
      this.#output += `%!${verb}(MISSING)`;
    } else {
      this.#argument += 1;
      this.#output += this.#formatted(argument, verb, state);
    }
  }

  #formatted(argument: FormatArgument, verb: string, state: FormatState): string {
    this.#work.spend(costOf(argument));
    if (verb === 'v' || verb === 'w') {
      state.sharpV = state.sharp;
      state.sharp = false;
      state.plusV = state.plus;
      state.plus = false;
    }
    return formatArgument(argument, verb, state) ?? formatBadVerb(argument, verb, state);
  }

  #extra(): void {
    const rest = this.#args.slice(this.#argument);
    const texts = rest.map((argument) => `${typeName(argument)}=${formatArgument(argument, 'v', newState()) ?? ''}`);
    this.#output += `%!(EXTRA ${texts.join(', ')})`;
  }
}

/** An argument is read anew by every verb that names it; a number of many digits is also turned into another base. */
function costOf({ kind, value }: FormatArgument): number {
  if (kind === 'text') return 1 + value.length;
  return kind === 'bigInt' ? STEPS_A_DIGIT * value.toString(16).length : 1;
}

function newState(): FormatState {
  return { minus: false, plus: false, sharp: false, space: false, zero: false, sharpV: false, plusV: false };
}

function parseNumber(format: string, start: number, end: number): ParsedNumber & { readonly end: number } {
  let value = 0;
  let position = start;
  for (; position < end; position += 1) {
    const character = format[position] ?? '';
    if (!/^[0-9]$/.test(character)) break;
    if (value > TOO_LARGE) return { value: 0, isPresent: false, end };
    value = value * 10 + Number(character);
  }
  return { value, isPresent: position > start, end: position };
}

interface ParsedIndex {
  /** From 0. */
  readonly index: number;
  readonly length: number;
  readonly isIndex: boolean;
}

function parseIndex(format: string): ParsedIndex {
  const close = format.indexOf(']', 1);
  if (format.length < 3 || close === -1) return { index: 0, length: 1, isIndex: false };
  const { value, isPresent, end } = parseNumber(format, 1, close);
  if (!isPresent || end !== close) return { index: 0, length: close + 1, isIndex: false };
  return { index: value - 1, length: close + 1, isIndex: true };
}
