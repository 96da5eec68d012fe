import type { HostBuiltin } from './builtin.ts';
import { sprintf } from './go-format.ts';
import type { FormatArgument } from './go-format-values.ts';
import { arrayOf, int64Of, textOf, textsOf } from './operands.ts';
import { replaceAll } from './regex-replace.ts';
import { numberTerm, type Term } from './term.ts';
import { regoText } from './term-text.ts';
import { Work } from './work.ts';

export const STRING_BUILTINS: readonly (readonly [string, HostBuiltin])[] = [
  ['regex.replace', (args) => replaceAll(textOf(args, 0), textOf(args, 1), textOf(args, 2))],
  ['sprintf', (args) => sprintf(textOf(args, 0), arrayOf(args, 1).items.map(formatArgumentOf))],
  ['strings.any_prefix_match', (args) => anyMatch(args, (text, base) => text.startsWith(base))],
  ['strings.any_suffix_match', (args) => anyMatch(args, (text, base) => text.endsWith(base))],
  ['strings.count', (args) => numberTerm(countOf(textOf(args, 0), textOf(args, 1)))],
];

/** What OPA hands to Go's `fmt`: numbers by what they are, texts, and of anything else its Rego text. */
function formatArgumentOf(term: Term): FormatArgument {
  if (typeof term === 'string') return { kind: 'text', value: term };
  if (typeof term !== 'object' || term?.kind !== 'number') return { kind: 'text', value: regoText(term) };
  if (/[.eE]/.test(term.text)) {
    const value = Number(term.text);
    return Number.isFinite(value) ? { kind: 'float', value } : { kind: 'text', value: term.text };
  }
  const value = int64Of(term.text);
  return value === undefined ? { kind: 'bigInt', value: BigInt(term.text) } : { kind: 'int', value };
}

/** Characters that are compared in one step. */
const COMPARED_AT_ONCE = 16;

function anyMatch(args: readonly Term[], matches: (text: string, base: string) => boolean): boolean {
  const texts = textsOf(args, 0);
  const bases = textsOf(args, 1);
  const work = new Work('the comparison of all texts');
  const isMatch = (text: string, base: string): boolean => {
    work.spend(1 + Math.min(text.length, base.length) / COMPARED_AT_ONCE);
    return matches(text, base);
  };
  return texts.some((text) => bases.some((base) => isMatch(text, base)));
}

/** An empty text is found before, between and after all characters. */
function countOf(text: string, part: string): number {
  return part === '' ? Array.from(text).length + 1 : text.split(part).length - 1;
}
