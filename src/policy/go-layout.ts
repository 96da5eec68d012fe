/** A layout of Go's package `time`, taken apart: literal text, then an element such as `2006`, and so on. */
export interface LayoutPart {
  readonly literal: string;
  /** The element as it is written; empty at the end. */
  readonly element: string;
}

/** The elements in the order in which Go tries them at one place (`nextStdChunk` in `time/format.go`). */
const ELEMENT = new RegExp(
  [
    'January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST',
    '0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm',
    '-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07',
    '[.,](?:0+|9+)(?![0-9])',
  ].join('|'),
  'g',
);

export function layoutParts(layout: string): readonly LayoutPart[] {
  const parts: LayoutPart[] = [];
  let end = 0;
  for (const match of layout.matchAll(ELEMENT)) {
    parts.push({ literal: layout.slice(end, match.index), element: match[0] });
    end = match.index + match[0].length;
  }
  parts.push({ literal: layout.slice(end), element: '' });
  return parts;
}

export function isFraction(element: string): boolean {
  return element.startsWith('.') || element.startsWith(',');
}

/** Names that stand for layouts; from the constants of Go's package `time`. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['ANSIC', 'Mon Jan _2 15:04:05 2006'],
  ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006'],
  ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006'],
  ['RFC822', '02 Jan 06 15:04 MST'],
  ['RFC822Z', '02 Jan 06 15:04 -0700'],
  ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST'],
  ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST'],
  ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700'],
  ['RFC3339', '2006-01-02T15:04:05Z07:00'],
  ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00'],
]);

export function layoutOf(nameOrLayout: string): string {
  return NAMED.get(nameOrLayout) ?? nameOrLayout;
}

export const RFC3339 = '2006-01-02T15:04:05Z07:00';
export const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';
