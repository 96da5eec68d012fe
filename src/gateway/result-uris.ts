import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** The URI under which clients know what a server calls so. */
export type Expose = (uri: string) => string;

/**
 * A result with the URIs of its resources as clients know them: of links and embedded resources in the content of a tool
 * or the messages of a prompt, and of what was read. A result in which nothing changes stays the same object.
 */
export function exposeUris(result: JsonObject, expose: Expose): JsonObject {
  const inBlock = (block: Json): Json => blockExposed(block, expose);
  const inMessage = (message: Json): Json =>
    isJsonObject(message) ? withMember(message, 'content', (content) => mapItems(content, inBlock)) : message;
  const inContents = (contents: Json): Json => withUri(contents, expose);
  let exposed = withMember(result, 'content', (content) => mapItems(content, inBlock));
  exposed = withMember(exposed, 'messages', (messages) => mapItems(messages, inMessage));
  return withMember(exposed, 'contents', (contents) => mapItems(contents, inContents));
}

function blockExposed(block: Json, expose: Expose): Json {
  if (!isJsonObject(block)) return block;
  if (block['type'] === 'resource_link') return withUri(block, expose);
  if (block['type'] !== 'resource') return block;
  return withMember(block, 'resource', (resource) => withUri(resource, expose));
}

function withUri(value: Json, expose: Expose): Json {
  if (!isJsonObject(value)) return value;
  return withMember(value, 'uri', (uri) => (typeof uri === 'string' ? expose(uri) : uri));
}

/** `change` gives the very same value back where nothing changes. */
function withMember(object: JsonObject, key: string, change: (member: Json) => Json): JsonObject {
  const member = object[key];
  if (member === undefined) return object;
  const changed = change(member);
  return changed === member ? object : { ...object, [key]: changed };
}

/** Of a list its items, else the value itself: the content of a prompt's message is one block or several. */
function mapItems(value: Json, change: (item: Json) => Json): Json {
  if (!Array.isArray(value)) return change(value);
  const items: readonly Json[] = value;
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? value : changed;
}
