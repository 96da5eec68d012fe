import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { toPolicyJson } from '../core/lossless-json.ts';
import { traceContextIn } from '../core/trace-context.ts';
import { readHeaderAnnotations, type HeaderAnnotation } from './header-annotations.ts';
import type { HeaderList } from './wire.ts';

export interface HeadedRequest {
  readonly protocolVersion: string;
  readonly method: string;
  readonly params: JsonObject;
}

/** What `_meta` says of the trace that a request belongs to stands in its headers, too, for what is on the way (SEP-414). */
export function withTraceHeaders(headers: HeaderList | undefined, { _meta: meta }: JsonObject): HeaderList | undefined {
  if (meta === undefined || !isJsonObject(meta)) return headers;
  const context = traceContextIn(meta);
  if (context === undefined) return headers;
  const { traceparent, tracestate } = context;
  const added = tracestate === undefined ? [] : ['tracestate', tracestate];
  return [...(headers ?? []), 'traceparent', traceparent, ...added];
}

/**
 * The headers that repeat what the body of a request says (MCP 2026-07-28, basic/transports/streamable-http, standard and
 * custom headers). They are built from what is sent: a client's own headers never go further than the gateway.
 */
export function requestHeaders(
  { protocolVersion, method, params }: HeadedRequest,
  known: ParameterHeaders,
): HeaderList {
  const headers = ['mcp-protocol-version', protocolVersion, 'mcp-method', encodeHeader(method)];
  const source = NAMED_BY.get(method);
  const name = source === undefined ? undefined : params[source];
  if (typeof name !== 'string') return headers;
  headers.push('mcp-name', encodeHeader(name));
  const annotations = method === 'tools/call' ? known.of(name) : undefined;
  if (annotations === undefined) return headers;
  const args = params['arguments'] ?? null;
  for (const { path, header } of annotations) {
    const text = textOf(path.reduce<Json>(memberOf, args));
    if (text !== undefined) headers.push(`mcp-param-${header}`, encodeHeader(text));
  }
  return headers;
}

/** A text as the value of a header: as it is where HTTP keeps it so, else `=?base64?…?=` around its UTF-8. */
export function encodeHeader(text: string): string {
  const isPlain = PLAIN.test(text) && !(text.startsWith('=?base64?') && text.endsWith('?='));
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Which arguments of a server's tools go into headers, as its tools said when they were last read. */
export class ParameterHeaders {
  #byTool: ReadonlyMap<string, readonly HeaderAnnotation[]> = new Map();

  /** The annotations of a tool that has any. */
  of(tool: string): readonly HeaderAnnotation[] | undefined {
    return this.#byTool.get(tool);
  }

  /** Gives the tools whose annotations are valid; the others must not be used (server/tools, `x-mcp-header`). */
  learn(tools: readonly JsonObject[], onInvalid: (tool: string, why: string) => void): readonly JsonObject[] {
    const byTool = new Map<string, readonly HeaderAnnotation[]>();
    const valid = tools.filter(({ name: given, inputSchema = null }) => {
      const name = typeof given === 'string' ? given : '';
      const read = readHeaderAnnotations(inputSchema);
      if (read.kind === 'invalid') onInvalid(name, read.why);
      else if (read.annotations.length > 0) byTool.set(name, read.annotations);
      return read.kind === 'valid';
    });
    this.#byTool = byTool;
    return valid;
  }
}

/** The parameter that `Mcp-Name` repeats; for tasks by the extension `io.modelcontextprotocol/tasks`. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** Visible ASCII, with spaces and tabs only within. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/u;

function memberOf(value: Json, key: string): Json {
  return isJsonObject(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

/** What cannot stand in a header has none: a server then expects none either. */
function textOf(value: Json): string | undefined {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : undefined;
  // A number that a double would change is a marked text in here, and too large for a header.
  return typeof value === 'string' && toPolicyJson(value) === value ? value : undefined;
}
