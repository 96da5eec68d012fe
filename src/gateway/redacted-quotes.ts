import { isJsonObject, type Json } from '../core/json.ts';

/** What stands for a text that says what was taken out elsewhere. */
export const QUOTING = '[redacted: this text repeats what policy has taken out of the result]';

/** From this length on a value is looked for inside of words. */
const SHORTEST_PART = 4;
/** Characters of text times values that are compared; what takes more is not passed on. */
const MOST_WORK = 50_000_000;

/** Makes a function that gives back a text, or a notice in its place where it holds one of the values. */
export function withoutQuotes(values: readonly Json[]): (text: string) => string {
  const leaves = new Set<string>();
  for (const value of values) collect(value, leaves);
  const texts = [...leaves].filter((text) => text.trim() !== '');
  return (text) => {
    if (texts.length * text.length > MOST_WORK) return QUOTING;
    return texts.some((value) => holds(text, value)) ? QUOTING : text;
  };
}

function collect(value: Json, into: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number') into.add(String(value));
  if (typeof value !== 'object' || value === null) return;
  const members: readonly Json[] = isJsonObject(value) ? Object.values(value) : value;
  for (const member of members) collect(member, into);
}

function holds(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (value.length >= SHORTEST_PART) return true;
    if (!isWordPart(text[at - 1]) && !isWordPart(text[at + value.length])) return true;
  }
  // JSON in a text writes some characters another way.
  return value.length >= SHORTEST_PART && text.includes(JSON.stringify(value).slice(1, -1));
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
