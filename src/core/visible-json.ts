/** What moves a cursor, turns the direction of text or is not seen at all. Below U+0020 JSON has its own escapes. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** A JSON text of the same value in which what a terminal would obey, or a person would not see, is an escape. */
export function visibleJson(text: string): string {
  return text.replaceAll(UNSAFE, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at))}`).join('');
}

function hex(unit: number): string {
  return unit.toString(16).padStart(4, '0');
}
