/** Longest text of an author that is passed on, in characters. */
export const MAX_TEXT = 300;
/** Longest value that is put in place of a `{name}`, and longest text that has its values in it. */
const MAX_VALUE = 200;
const MAX_FILLED = 600;

/** Characters of format (bidirectional and zero-width marks, tags), private and unassigned ones. */
const UNSEEN = /[\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu;
/** Letters and marks by class that yet show nothing, or carry hidden bytes: fillers and variation selectors. */
const BLANK =
  /\u034F|\u115F|\u1160|\u17B4|\u17B5|[\u180B-\u180D]|\u180F|\u3164|\uFFA0|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]/gu;
/** Words of visible ASCII: nothing to take out. Each step reads one character, so it is linear. */
const CLEAN = /^[!-~]+(?: [!-~]+)*$/;
const BREAKS = /[\p{Cc}\p{Z}\s]+/gu;

/**
 * A text as it may reach an agent or a terminal: one line, what is seen is all
 * there is, and no longer than `max`. An author's text is a way to inject
 * prompts, so nothing may hide in it.
 */
export function cleanText(text: string, max = MAX_TEXT): string {
  if (CLEAN.test(text)) return cutText(text, max);
  return cutText(text.replaceAll(UNSEEN, '').replaceAll(BLANK, '').replaceAll(BREAKS, ' ').trim(), max);
}

/**
 * A text that somebody has to judge, in one line: what would not be seen is written as its code, and a cut says how much
 * is missing.
 */
export function revealText(text: string, max: number): string {
  const code = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  const revealed = text.replaceAll(UNSEEN, code).replaceAll(BLANK, code).replaceAll(CONTROLS, code);
  return revealed.length <= max ? revealed : `${cutText(revealed, max)} (${revealed.length} characters in all)`;
}

/** Controls and every separator but the blank. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** At most `max` characters, never half of one; a cut is seen. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const characters = Array.from(text.slice(0, max * 2));
  return characters.length <= max && text.length <= max * 2 ? text : `${characters.slice(0, max - 1).join('')}…`;
}

/** Puts the parameters of an element in place of their `{name}`; a name without a value stays as it is written. */
export function fill(text: string, params: Readonly<Record<string, string | number>>): string {
  const filled = text.replaceAll(/\{([A-Za-z][A-Za-z0-9_]*)\}/g, (placeholder, name: string) =>
    Object.hasOwn(params, name) ? cleanText(String(params[name]), MAX_VALUE) : placeholder,
  );
  return cutText(filled, MAX_FILLED);
}
