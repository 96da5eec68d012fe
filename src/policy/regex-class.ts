import { BuiltinFailure } from './builtin.ts';

/** Whether a character, as text, belongs to a class. Every test looks at one character only, so none can run away. */
export type CharacterTest = (character: string) => boolean;

/** Of what a class in brackets is made: everything between two characters, or a named class. */
export type ClassItem =
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  | { readonly kind: 'named'; readonly source: string; readonly isNegated: boolean };

export interface ClassStyle {
  readonly isNegated: boolean;
  readonly ignoresCase: boolean;
}

/** One pattern for all that it has, and one for each named class of which it has what that lacks: a class may have thousands of parts. */
export function classTest(items: readonly ClassItem[], { isNegated, ignoresCase }: ClassStyle): CharacterTest {
  const flags = ignoresCase ? 'iu' : 'u';
  const patternOf = (source: string): RegExp => new RegExp(`^[${source}]$`, flags);
  const inside = patternOf(sourcesOf(items.filter((item) => !isOutside(item))).join(''));
  const outside = sourcesOf(items.filter(isOutside)).map(patternOf);
  return (character) => (inside.test(character) || outside.some((pattern) => !pattern.test(character))) !== isNegated;
}

function isOutside(item: ClassItem): boolean {
  return item.kind === 'named' && item.isNegated;
}

function sourcesOf(items: readonly ClassItem[]): readonly string[] {
  return [...new Set(items.map(sourceOf))];
}

function sourceOf(item: ClassItem): string {
  return item.kind === 'range' ? `${escaped(item.from)}-${escaped(item.to)}` : item.source;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** `\d`, `\s` and `\w` mean ASCII in Go. */
const PERL: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['s', '\\t\\n\\f\\r '],
  ['w', '0-9A-Za-z_'],
]);

export function perlClass(letter: string): ClassItem | undefined {
  const source = PERL.get(letter.toLowerCase());
  return source === undefined ? undefined : { kind: 'named', source, isNegated: letter !== letter.toLowerCase() };
}

const POSIX: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\0-\\u{7f}'],
  ['blank', '\\t '],
  ['cntrl', '\\0-\\u{1f}\\u{7f}'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\u{5b}-`\\u{7b}-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);

/** The inside of `[:alpha:]` or `[:^alpha:]`. */
export function posixClass(name: string): ClassItem {
  const isNegated = name.startsWith('^');
  const source = POSIX.get(isNegated ? name.slice(1) : name);
  if (source === undefined) throw new BuiltinFailure('the expression names a class that does not exist');
  return { kind: 'named', source, isNegated };
}

/** The name in `\pL` or `\p{Greek}`: a general category or a script. */
export function unicodeClass(name: string, isNegated: boolean): ClassItem {
  const isInverted = name.startsWith('^');
  const bare = isInverted ? name.slice(1) : name;
  const source = bare === 'Any' ? '\\0-\\u{10ffff}' : propertyOf(bare);
  return { kind: 'named', source, isNegated: isNegated !== isInverted };
}

function propertyOf(name: string): string {
  for (const source of [`\\p{gc=${name}}`, `\\p{Script=${name}}`]) if (isPattern(source)) return source;
  throw new BuiltinFailure('the expression names a class that does not exist');
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(`[${source}]`, 'u').unicode;
  } catch {
    return false;
  }
}
