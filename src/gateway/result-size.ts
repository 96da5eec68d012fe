import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/**
 * About how many bytes of a tool's result a model reads: the lengths of its texts and names. Pictures and sound are no
 * text, and what stands in `structuredContent` stands in `content` once more, so it counts where there is no other.
 */
export function textSizeOf({ content, structuredContent }: JsonObject): number {
  const blocks = Array.isArray(content) ? content : [];
  return blocks.length > 0 ? sizeOf(blocks.map(withoutMedia)) : sizeOf(structuredContent ?? '');
}

function withoutMedia(block: Json): Json {
  if (!isJsonObject(block)) return block;
  const { type, resource } = block;
  if (type === 'image' || type === 'audio') return {};
  if (type !== 'resource' || !isJsonObject(resource)) return block;
  const { blob: _, ...text } = resource;
  return { ...block, resource: text };
}

/** Recursive, because nothing is deeper than what may come in. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 0);
  if (!isJsonObject(value)) return 1;
  let size = 0;
  for (const name of Object.keys(value)) size += name.length + sizeOf(value[name] ?? '');
  return size;
}
