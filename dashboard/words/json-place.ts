/** Where a text stops being JSON, and what was expected there. Rows and columns count from 1. */
export interface JsonProblem {
  readonly row: number;
  readonly column: number;
  readonly words: string;
}

const SPACE = /[ \t\n\r]*/y;
const TEXT = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** As `problemInJson`, for what has to be an object. */
export function problemInObject(text: string): JsonProblem | undefined {
  const isOther = !text.trimStart().startsWith('{') && problemInJson(text) === undefined;
  return isOther ? { row: 1, column: 1, words: 'an object: { … }' } : problemInJson(text);
}

/** The first place at which a text is no JSON; undefined where it is. Engines say it in words of their own, or not at all. */
export function problemInJson(text: string): JsonProblem | undefined {
  let at = 0;

  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return false;
    at = pattern.lastIndex;
    return true;
  };
  const takeMark = (mark: string): boolean => {
    take(SPACE);
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  };
  const value = (): string => {
    take(SPACE);
    if (takeMark('{')) return members('}', member);
    if (takeMark('[')) return members(']', value);
    if (take(TEXT) || take(PLAIN)) return '';
    if (text[at] === '"') return 'a text that ends with " on the same line, with \\ before any " in it';
    return text[at] === "'" ? 'double quotes: "' : 'a value: text in "quotes", a number, true, false, null, { or [';
  };
  const member = (): string => {
    take(SPACE);
    if (!take(TEXT)) return 'a name in "double quotes"';
    return takeMark(':') ? value() : 'a colon after the name';
  };
  const members = (end: string, one: () => string): string => {
    if (takeMark(end)) return '';
    for (;;) {
      const words = one();
      if (words !== '') return words;
      if (takeMark(end)) return '';
      if (!takeMark(',')) return `a comma or ${end}`;
    }
  };

  const words = value();
  if (words === '') take(SPACE);
  if (words === '' && at === text.length) return undefined;
  return { ...placeOf(text, at), words: words === '' ? 'nothing more' : words };
}

function placeOf(text: string, at: number): { row: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { row: before.length, column: (before.at(-1) ?? '').length + 1 };
}
