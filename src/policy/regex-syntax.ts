import { BuiltinFailure } from './builtin.ts';
import { type ClassItem, classTest, perlClass, posixClass, unicodeClass } from './regex-class.ts';
import { type Assertion, type Regex, repeatsOf } from './regex-tree.ts';

export interface ParsedRegex {
  readonly regex: Regex;
  /** Names of the groups by their index; index 0 is the whole match. */
  readonly groups: readonly string[];
}

/** Throws BuiltinFailure for what Go would not compile. */
export function parseRegex(pattern: string): ParsedRegex {
  const characters = Array.from(pattern);
  if (characters.length > LONGEST_PATTERN) throw new BuiltinFailure('the regular expression is too large');
  const parser = new RegexParser(characters);
  return { regex: parser.parse(), groups: parser.groups };
}

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

const LONGEST_PATTERN = 20_000;
const MOST_REPEATS = 1000;
/** `{`, two numbers of nine digits, the comma and `}`. */
const LONGEST_BOUNDS = 21;
const DEEPEST = 200;
const ASSERTIONS: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'textStart'],
  ['z', 'textEnd'],
  ['b', 'wordEdge'],
  ['B', 'noWordEdge'],
]);
const CONTROL: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

function invalid(): BuiltinFailure {
  return new BuiltinFailure('the regular expression is not valid');
}

class RegexParser {
  readonly groups: string[] = [''];
  readonly #pattern: readonly string[];
  #position = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };
  #depth = 0;

  constructor(pattern: readonly string[]) {
    this.#pattern = pattern;
  }

  parse(): Regex {
    const regex = this.#choice();
    if (this.#position < this.#pattern.length) throw invalid();
    return regex;
  }

  #choice(): Regex {
    const before = this.#flags;
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw invalid();
    const options = [this.#sequence()];
    while (this.#eat('|')) options.push(this.#sequence());
    this.#depth -= 1;
    this.#flags = before;
    return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
  }

  #sequence(): Regex {
    const parts: Regex[] = [];
    for (;;) {
      const next = this.#peek();
      if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', parts };
      if (this.#eatText('\\Q')) {
        parts.push(...this.#quoted());
        continue;
      }
      // After flags alone, a repetition is one of what stands before them.
      const atom = this.#atom() ?? parts.pop();
      if (atom !== undefined) parts.push(this.#repeated(atom));
    }
  }

  #quoted(): readonly Regex[] {
    const parts: Regex[] = [];
    while (this.#peek() !== undefined && !this.#eatText('\\E')) parts.push(this.#literal(this.#next()));
    const last = parts.pop();
    return last === undefined ? [] : [...parts, this.#repeated(last)];
  }

  /** Nothing where flags were set. */
  #atom(): Regex | undefined {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#bracket();
      case '.':
        return { kind: 'character', test: this.#flags.s ? () => true : (one) => one !== '\n' };
      case '^':
        return { kind: 'assertion', holds: this.#flags.m ? 'lineStart' : 'textStart' };
      case '$':
        return { kind: 'assertion', holds: this.#flags.m ? 'lineEnd' : 'textEnd' };
      case '*':
      case '+':
      case '?':
        throw invalid();
      case '{':
        return this.#brace();
      case '\\':
        return this.#escape();
      default:
        return this.#literal(character);
    }
  }

  /** Stands for itself where it is no repetition. */
  #brace(): Regex {
    this.#position -= 1;
    if (this.#bounds() !== undefined) throw invalid();
    return this.#literal(this.#next());
  }

  #literal(character: string): Regex {
    const style = { isNegated: false, ignoresCase: this.#flags.i };
    if (!style.ignoresCase) return { kind: 'character', test: (one) => one === character };
    return { kind: 'character', test: classTest([{ kind: 'range', from: character, to: character }], style) };
  }

  #escape(): Regex {
    const letter = this.#peek();
    const holds = ASSERTIONS.get(letter ?? '');
    if (holds !== undefined) {
      this.#position += 1;
      return { kind: 'assertion', holds };
    }
    const item = this.#namedClass();
    if (item === undefined) return this.#literal(this.#escapedCharacter());
    return { kind: 'character', test: classTest([item], { isNegated: false, ignoresCase: this.#flags.i }) };
  }

  /** `\d`, `\pL`, `\p{Greek}` and the like; the backslash has been read. */
  #namedClass(): ClassItem | undefined {
    const letter = this.#peek() ?? '';
    const perl = perlClass(letter);
    if (perl !== undefined) {
      this.#position += 1;
      return perl;
    }
    if (letter !== 'p' && letter !== 'P') return undefined;
    this.#position += 1;
    const name = this.#eat('{') ? this.#until('}') : this.#next();
    return unicodeClass(name, letter === 'P');
  }

  #escapedCharacter(): string {
    const letter = this.#next();
    const control = CONTROL.get(letter);
    if (control !== undefined) return control;
    if (letter === 'x') return this.#hexadecimal();
    if (/^[0-7]$/.test(letter)) return this.#octal(letter);
    if (/^[\u0020-\u007e]$/.test(letter) && !/^[0-9A-Za-z]$/.test(letter)) return letter;
    throw invalid();
  }

  #hexadecimal(): string {
    const digits = this.#eat('{') ? this.#until('}') : this.#next() + this.#next();
    const codePoint = /^[0-9a-fA-F]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Infinity;
    if (codePoint > 0x10ffff) throw invalid();
    return String.fromCodePoint(codePoint);
  }

  /** One digit other than 0 would be a reference to a group. */
  #octal(first: string): string {
    let digits = first;
    while (digits.length < 3 && /^[0-7]$/.test(this.#peek() ?? '')) digits += this.#next();
    if (digits.length === 1 && first !== '0') throw invalid();
    return String.fromCodePoint(Number.parseInt(digits, 8));
  }

  #bracket(): Regex {
    const isNegated = this.#eat('^');
    const items: ClassItem[] = [];
    let isFirst = true;
    while (isFirst || this.#peek() !== ']') {
      isFirst = false;
      items.push(this.#classItem());
    }
    this.#position += 1;
    return { kind: 'character', test: classTest(items, { isNegated, ignoresCase: this.#flags.i }) };
  }

  #classItem(): ClassItem {
    if (this.#eatText('[:')) {
      const name = this.#until(':');
      if (!this.#eat(']')) throw invalid();
      return posixClass(name);
    }
    if (this.#peek() === '\\') {
      this.#position += 1;
      const named = this.#namedClass();
      if (named !== undefined) return named;
      this.#position -= 1;
    }
    const from = this.#classCharacter();
    const isRange = this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== undefined;
    if (!isRange) return { kind: 'range', from, to: from };
    this.#position += 1;
    const to = this.#classCharacter();
    if ((to.codePointAt(0) ?? 0) < (from.codePointAt(0) ?? 0)) throw invalid();
    return { kind: 'range', from, to };
  }

  #classCharacter(): string {
    const character = this.#next();
    return character === '\\' ? this.#escapedCharacter() : character;
  }

  #group(): Regex | undefined {
    const index = this.groups.length;
    if (!this.#eat('?')) {
      this.groups.push('');
      return this.#closed(index);
    }
    if (this.#eatText('P<') || this.#eat('<')) {
      const name = this.#until('>');
      if (!/^\w+$/.test(name)) throw invalid();
      this.groups.push(name);
      return this.#closed(index);
    }
    const before = this.#flags;
    this.#readFlags();
    if (this.#eat(')')) return undefined;
    if (!this.#eat(':')) throw invalid();
    const inner = this.#choice();
    if (!this.#eat(')')) throw invalid();
    this.#flags = before;
    return inner;
  }

  #closed(index: number): Regex {
    const inner = this.#choice();
    if (!this.#eat(')')) throw invalid();
    return { kind: 'group', index, inner };
  }

  #readFlags(): void {
    let isOn = true;
    for (;;) {
      const flag = this.#peek();
      if (flag === ')' || flag === ':') return;
      this.#position += 1;
      if (flag === '-' && isOn) {
        isOn = false;
        const next = this.#peek();
        if (next === ')' || next === ':') throw invalid();
      } else if (flag === 'i' || flag === 'm' || flag === 's' || flag === 'U') {
        this.#flags = { ...this.#flags, [flag]: isOn };
      } else throw invalid();
    }
  }

  #repeated(inner: Regex): Regex {
    const bounds = this.#bounds();
    if (bounds === undefined) return inner;
    const isLazy = this.#eat('?');
    const repeat: Regex = { kind: 'repeat', inner, ...bounds, isGreedy: isLazy === this.#flags.U };
    if (repeatsOf(repeat) > MOST_REPEATS || this.#bounds() !== undefined) throw invalid();
    return repeat;
  }

  #bounds(): { least: number; most: number } | undefined {
    if (this.#eat('*')) return { least: 0, most: Infinity };
    if (this.#eat('+')) return { least: 1, most: Infinity };
    if (this.#eat('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return undefined;
    const ahead = this.#pattern.slice(this.#position, this.#position + LONGEST_BOUNDS).join('');
    const found = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(ahead);
    if (found === null) return undefined;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : Number(found[3] ?? Infinity);
    if (least > MOST_REPEATS || (most !== Infinity && (most > MOST_REPEATS || least > most))) throw invalid();
    this.#position += found[0].length;
    return { least, most };
  }

  #peek(ahead = 0): string | undefined {
    return this.#pattern[this.#position + ahead];
  }

  #next(): string {
    const character = this.#pattern[this.#position];
    if (character === undefined) throw invalid();
    this.#position += 1;
    return character;
  }

  #eat(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#position += 1;
    return true;
  }

  #eatText(two: string): boolean {
    if (this.#peek() !== two[0] || this.#peek(1) !== two[1]) return false;
    this.#position += 2;
    return true;
  }

  #until(end: string): string {
    const close = this.#pattern.indexOf(end, this.#position);
    if (close === -1) throw invalid();
    const text = this.#pattern.slice(this.#position, close).join('');
    this.#position = close + 1;
    return text;
  }
}
