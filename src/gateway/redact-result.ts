import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { segmentsOf } from '../core/json-pointer.ts';
import { parseResultBytes, toPolicyJson, writeJson } from '../core/lossless-json.ts';
import { blocksOf, mendBlocks } from './redacted-blocks.ts';
import { QUOTING, withoutQuotes } from './redacted-quotes.ts';

/** What stands where policy took something out. */
export const REDACTED = '[redacted]';

export type Redaction =
  /** The very same object where nothing was there to redact. */
  | { readonly kind: 'redacted'; readonly result: JsonObject; readonly isStructuredChanged: boolean }
  | { readonly kind: 'nothing_left' };

/**
 * A result less what stands at JSON pointers; `*` is any one segment. A pointer that goes on below a text which is JSON
 * goes on in there. What is redacted in `structuredContent` is redacted in text that repeats it. Everything else stays as
 * it came, and the result stays one that clients can read: a block whose bytes or address are redacted becomes a text.
 */
export function redactResult(result: JsonObject, pointers: readonly string[]): Redaction {
  if (pointers.includes('')) return { kind: 'nothing_left' };
  const hidden = new Hidden();
  let redacted: JsonObject = result;
  const paths = pointers.map(segmentsOf).filter(isRedactable);
  for (const path of paths) redacted = membersRedacted(redacted, path, hidden);
  redacted = withStructure(redacted, result);
  if (redacted === result) return { kind: 'redacted', result, isStructuredChanged: false };
  const isStructuredChanged = redacted['structuredContent'] !== result['structuredContent'];
  const mended = mendBlocks(redacted, result);
  if (!isStructuredChanged) return { kind: 'redacted', result: mended, isStructuredChanged };
  return { kind: 'redacted', result: withoutRepetitions(mended, paths, result), isStructuredChanged };
}

/** What tells a client how to read the result is no data. */
const STRUCTURAL = ['isError', 'resultType', 'ttlMs', 'cacheScope'] as const;

function isRedactable([first = '']: readonly string[]): boolean {
  return !STRUCTURAL.some((name) => name === first);
}

/** `/*` means these, too. */
function withStructure(redacted: JsonObject, result: JsonObject): JsonObject {
  const changed = STRUCTURAL.filter((name) => redacted[name] !== result[name]);
  if (changed.length === 0) return redacted;
  return { ...redacted, ...Object.fromEntries(changed.map((name) => [name, result[name] ?? null])) };
}

/** The values that were taken out. */
class Hidden {
  readonly values: Json[] = [];
}

function membersRedacted(result: JsonObject, path: readonly string[], hidden: Hidden): JsonObject {
  const redacted = redactBelow(result, path, hidden);
  return isJsonObject(redacted) ? redacted : result;
}

/** The very same value where the path leads nowhere. */
function redactBelow(value: Json, path: readonly string[], hidden: { readonly values: Json[] }): Json {
  const [first, ...rest] = path;
  if (first === undefined) {
    if (value === REDACTED) return value;
    hidden.values.push(value);
    return REDACTED;
  }
  if (typeof value === 'string') return redactInText(value, path, hidden);
  if (typeof value !== 'object' || value === null) return value;
  const step = (member: Json): Json => redactBelow(member, rest, hidden);
  if (isJsonObject(value)) return changedMembers(value, first, step);
  return changedItems(value, first, step);
}

function changedMembers(object: JsonObject, name: string, change: (member: Json) => Json): JsonObject {
  const names = name === '*' ? Object.keys(object) : Object.hasOwn(object, name) ? [name] : [];
  const changes = names.flatMap((key) => {
    const before = object[key] ?? null;
    const after = change(before);
    return after === before ? [] : [[key, after] as const];
  });
  // Object.fromEntries defines members, so that `__proto__` stays one; members keep their places.
  return changes.length === 0 ? object : { ...object, ...Object.fromEntries(changes) };
}

function changedItems(items: readonly Json[], name: string, change: (item: Json) => Json): readonly Json[] {
  const changed = items.map((item, index) => (name === '*' || name === String(index) ? change(item) : item));
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

function redactInText(text: string, path: readonly string[], hidden: { readonly values: Json[] }): string {
  const parsed = jsonIn(text);
  if (parsed === undefined) return text;
  const redacted = redactBelow(parsed, path, hidden);
  return redacted === parsed ? text : writeJson(redacted);
}

/** The object or list that a text is the JSON of; undefined where it is none. Numbers keep their lexemes. */
function jsonIn(text: string): JsonObject | readonly Json[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const parsed = parseResultBytes(Buffer.from(`{"json":${text}}`));
  if (parsed.kind !== 'ok') return undefined;
  const { json, ...others } = parsed.value;
  const isWhole = Object.keys(others).length === 0 && typeof json === 'object' && json !== null;
  return isWhole ? json : undefined;
}

/** Text blocks that say once more what was redacted in `structuredContent`. */
function withoutRepetitions(mended: JsonObject, paths: readonly (readonly string[])[], result: JsonObject): JsonObject {
  const structured = result['structuredContent'];
  if (structured === undefined) return mended;
  const below = paths.filter(([first]) => first === 'structuredContent' || first === '*').map(([, ...rest]) => rest);
  const hidden = new Hidden();
  for (const path of below) redactBelow(structured, path, hidden);
  const { structuredContent: left } = mended;
  const shownForm = left === undefined ? undefined : canonicalJson(left);
  const quotes = withoutQuotes(hidden.values.map(toPolicyJson));
  const sayNoMore = (block: JsonObject): JsonObject => {
    const { text, type: _type, data: _data, ...others } = block;
    // Bytes of pictures and sounds are no text; whatever else a block says of itself may repeat a value.
    if (repeats(others, quotes)) return { type: 'text', text: QUOTING };
    if (typeof text !== 'string') return block;
    const parsed = jsonIn(text);
    let said: Json | undefined = parsed;
    if (said !== undefined) for (const path of below) said = redactBelow(said, path, new Hidden());
    const shown = said === parsed || said === undefined ? text : writeJson(said);
    // What says the same as the structured form says no more than that.
    const isSame = said !== undefined && shownForm !== undefined && canonicalJson(said) === shownForm;
    const kept = said === REDACTED ? QUOTING : isSame ? shown : quotes(shown);
    return kept === text ? block : { ...block, text: kept };
  };
  return withoutQuotingMembers(blocksOf(mended, sayNoMore), quotes);
}

/** All that stands beside blocks and structured content, `_meta` member by member. */
function withoutQuotingMembers(result: JsonObject, quotes: (text: string) => string): JsonObject {
  const { structuredContent: _, _meta: meta, ...others } = result;
  const quoting = Object.keys(others).filter((name) => {
    const member = others[name] ?? null;
    const isOfBlocks = name === 'content' && Array.isArray(member);
    return !isOfBlocks && !STRUCTURAL.some((known) => known === name) && repeats(member, quotes);
  });
  const kept = without(result, new Set(quoting));
  if (!isJsonObject(meta)) return kept;
  const quotingMeta = Object.keys(meta).filter((name) => repeats(meta[name] ?? null, quotes));
  return quotingMeta.length === 0 ? kept : { ...kept, _meta: without(meta, new Set(quotingMeta)) };
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return names.size === 0 ? object : Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name)));
}

function repeats(value: Json, quotes: (text: string) => string): boolean {
  if (typeof value === 'string' || typeof value === 'number') return quotes(String(value)) === QUOTING;
  if (typeof value !== 'object' || value === null) return false;
  const members: readonly Json[] = isJsonObject(value) ? Object.values(value) : value;
  return members.some((member) => repeats(member, quotes));
}
