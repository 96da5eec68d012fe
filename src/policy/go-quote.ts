/** Texts as Go's `strconv.Quote` and its relatives write them. */

export function quote(text: string): string {
  return quoteWith(text, { mark: '"', asciiOnly: false });
}

export function quoteToAscii(text: string): string {
  return quoteWith(text, { mark: '"', asciiOnly: true });
}

/** One code point in single quotes; what is none is U+FFFD. */
export function quoteRune(codePoint: number, asciiOnly: boolean): string {
  return quoteWith(runeOf(codePoint), { mark: "'", asciiOnly });
}

/** The character of a code point, U+FFFD where there is none. */
export function runeOf(codePoint: number): string {
  const isRune = codePoint >= 0 && codePoint <= 0x10ffff && !(codePoint >= 0xd800 && codePoint <= 0xdfff);
  return isRune ? String.fromCodePoint(codePoint) : '\uFFFD';
}

/** Letters, marks, numbers, punctuation, symbols and the space (`strconv.IsPrint`). */
export function isPrintable(character: string): boolean {
  return PRINTABLE.test(character);
}

/** Whether a text can stand between back quotes as it is (`strconv.CanBackquote`). */
export function canBackquote(text: string): boolean {
  return Array.from(text).every((character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return (codePoint >= 0x20 || character === '\t') && !NOT_IN_BACKQUOTES.has(character);
  });
}

const NOT_IN_BACKQUOTES: ReadonlySet<string> = new Set(['`', '\u007F', '\uFEFF']);
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

interface QuoteStyle {
  readonly mark: string;
  readonly asciiOnly: boolean;
}

function quoteWith(text: string, style: QuoteStyle): string {
  return style.mark + Array.from(text, (character) => escape(character, style)).join('') + style.mark;
}

function escape(character: string, { mark, asciiOnly }: QuoteStyle): string {
  if (character === mark || character === '\\') return `\\${character}`;
  const codePoint = character.codePointAt(0) ?? 0;
  if (isPrintable(character) && (!asciiOnly || codePoint < 0x80)) return character;
  return ESCAPES.get(character) ?? escapeCode(codePoint);
}

function escapeCode(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return codePoint < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
