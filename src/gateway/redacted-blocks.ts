import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

const NOTICE: JsonObject = { type: 'text', text: '[redacted]' };
/** Texts for people; all else in a block tells clients how to read it. */
const FREE_MEMBERS: ReadonlySet<string> = new Set(['text', 'name', 'title', 'description', '_meta']);

/**
 * A redacted result as clients can read it. What is not what the protocol wants there any more, such as an image without
 * its bytes, becomes a text block; of what was read, one without its bytes becomes a text.
 */
export function mendBlocks(redacted: JsonObject, before: JsonObject): JsonObject {
  const content = listMended(redacted['content'], before['content'], mendBlock);
  const contents = listMended(redacted['contents'], before['contents'], mendContents);
  const messages = listMended(redacted['messages'], before['messages'], mendMessage);
  const { structuredContent, _meta: meta } = redacted;
  const isStructuredGone = structuredContent !== before['structuredContent'] && typeof structuredContent === 'string';
  const isMetaGone = meta !== before['_meta'] && !isJsonObject(meta);
  const mended = { ...redacted, ...content('content'), ...contents('contents'), ...messages('messages') };
  const gone = [...(isStructuredGone ? ['structuredContent'] : []), ...(isMetaGone ? ['_meta'] : [])];
  return gone.length === 0
    ? mended
    : Object.fromEntries(Object.entries(mended).filter(([name]) => !gone.includes(name)));
}

/** Changes the content blocks of a tool's result; the very same result where none changes. */
export function blocksOf(result: JsonObject, change: (block: JsonObject) => JsonObject): JsonObject {
  const { content } = result;
  if (!Array.isArray(content)) return result;
  const blocks: readonly Json[] = content;
  const changed = blocks.map((block) => (isJsonObject(block) ? change(block) : block));
  return changed.every((block, index) => block === blocks[index]) ? result : { ...result, content: changed };
}

type Mend = (after: Json, before: Json) => Json;

/** The member to put in place of a list; none where there is nothing to mend. */
function listMended(after: Json | undefined, before: Json | undefined, mend: Mend): (name: string) => JsonObject {
  if (after === undefined || after === before) return () => ({});
  const items: readonly Json[] = Array.isArray(before) ? before : [];
  const mended = Array.isArray(after)
    ? (after as readonly Json[]).map((item, index) => (item === items[index] ? item : mend(item, items[index] ?? null)))
    : items.map((item) => mend('', item));
  return (name) => ({ [name]: mended });
}

function mendBlock(after: Json, before: Json): Json {
  if (!isJsonObject(after) || !isJsonObject(before)) return NOTICE;
  const changed = Object.keys(before).filter((name) => after[name] !== before[name]);
  if (changed.every((name) => FREE_MEMBERS.has(name) && isSameKind(after[name], before[name]))) return after;
  const { resource } = after;
  const isOfResource = changed.every((name) => name === 'resource') && isJsonObject(resource);
  if (!isOfResource || !isJsonObject(before['resource'])) return NOTICE;
  return mendContents(resource, before['resource']) === resource ? after : NOTICE;
}

/** What was read: its text may be another, its address and type may not. */
function mendContents(after: Json, before: Json): Json {
  const uri = isJsonObject(before) && typeof before['uri'] === 'string' ? before['uri'] : '';
  if (!isJsonObject(after) || !isJsonObject(before)) return { uri, text: '[redacted]' };
  const changed = Object.keys(before).filter((name) => after[name] !== before[name]);
  const isReadable = changed.every((name) => name === 'text' || (name === '_meta' && isJsonObject(after['_meta'])));
  return isReadable ? after : { uri: changed.includes('uri') ? 'redacted:' : uri, text: '[redacted]' };
}

function mendMessage(after: Json, before: Json): Json {
  const role = isJsonObject(before) ? (before['role'] ?? 'user') : 'user';
  if (!isJsonObject(after) || !isJsonObject(before)) return { role, content: NOTICE };
  const content = before['content'] ?? null;
  if (after['content'] === content) return { ...after, role };
  const mended: Json = Array.isArray(content)
    ? (content as readonly Json[]).map((block, index) => {
        const shown: Json = Array.isArray(after['content']) ? ((after['content'] as readonly Json[])[index] ?? '') : '';
        return shown === block ? block : mendBlock(shown, block);
      })
    : mendBlock(after['content'] ?? null, content);
  return { ...after, role, content: mended };
}

function isSameKind(after: Json | undefined, before: Json | undefined): boolean {
  return typeof after === typeof before && Array.isArray(after) === Array.isArray(before);
}
