import { stripVTControlCharacters } from 'node:util';

/** C0 and C1 controls, delete, line separators, and the marks that turn the direction of text. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A server's words as one line that a terminal and a log can show safely, of at most `maxLength` characters. */
export function plainText(text: string, maxLength: number): string {
  const plain = stripVTControlCharacters(text.slice(0, 4 * maxLength))
    .replaceAll(UNSAFE, ' ')
    .trim();
  return plain.length > maxLength ? `${plain.slice(0, maxLength - 1)}…` : plain;
}
