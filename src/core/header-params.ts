import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** An argument of a tool that HTTP headers repeat (MCP 2026-07-28, Transports, custom headers from tool parameters). */
export interface HeaderParam {
  /** What follows `Mcp-Param-`, as the schema writes it. */
  readonly name: string;
  /** Names of properties, from the arguments inwards. */
  readonly path: readonly string[];
}

export const HEADER_PARAM_PREFIX = 'Mcp-Param-';

/** Depth up to which schemas are looked through; what stands deeper is in no tool that works anywhere. */
const MAX_DEPTH = 16;

/** What an input schema declares as `x-mcp-header`, where it does so as the specification wants it. */
export function headerParamsOf(inputSchema: JsonObject): readonly HeaderParam[] {
  const found: HeaderParam[] = [];
  collect(inputSchema, [], found);
  return found.length === 0 ? NONE : found;
}

/** The text that a header carries for an argument; undefined for what no header can carry. */
export function headerText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}

/** The value of a member inside the arguments. */
export function valueAt(args: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = args;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** Writes a text so that it survives in a header: as it is where it is plain ASCII, else as `=?base64?…?=`. */
export function encodeHeaderText(text: string): string {
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !WRAPPED.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Reads what `encodeHeaderText` or another client wrote; undefined for base64 that is none, or no UTF-8. */
export function decodeHeaderText(value: string): string | undefined {
  const encoded = WRAPPED.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

const NONE: readonly HeaderParam[] = [];
const WRAPPED = /^=\?base64\?(.*)\?=$/s;
/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<Json | undefined> = new Set(['string', 'integer', 'boolean', 'number']);

function collect(schema: JsonObject, path: readonly string[], found: HeaderParam[]): void {
  const name = schema['x-mcp-header'];
  const isNamed = typeof name === 'string' && TOKEN.test(name) && TYPES.has(schema['type']);
  if (isNamed && path.length > 0) found.push({ name, path });
  const { properties } = schema;
  if (!isJsonObject(properties) || path.length >= MAX_DEPTH) return;
  for (const [key, inner] of Object.entries(properties)) if (isJsonObject(inner)) collect(inner, [...path, key], found);
}
