import type { IncomingHttpHeaders } from 'node:http';

import { decodeHeaderText, HEADER_PARAM_PREFIX, type HeaderParam, headerText, valueAt } from '../core/header-params.ts';
import type { JsonObject } from '../core/json.ts';
import type { RpcRequest } from '../core/rpc.ts';

/** Members of `params` that the header `Mcp-Name` repeats (MCP 2026-07-28, Transports, Standard Request Headers). */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** What the headers say otherwise than the body, as far as they speak at all. */
export function contradiction(headers: IncomingHttpHeaders, request: RpcRequest, protocol: string): string | undefined {
  const { 'mcp-protocol-version': version, 'mcp-method': method } = headers;
  if (version !== undefined && version !== protocol) return differs('MCP-Protocol-Version', 'the envelope');
  return method !== undefined && method !== request.method ? differs('Mcp-Method', 'the body') : undefined;
}

/** What the headers of a request leave out that they must say, and whether they name what the body names. */
export function omission(headers: IncomingHttpHeaders, { method, params }: RpcRequest): string | undefined {
  if (headers['mcp-protocol-version'] === undefined) return missing('MCP-Protocol-Version');
  if (headers['mcp-method'] === undefined) return missing('Mcp-Method');
  const member = NAMED_BY.get(method);
  const named = member === undefined ? undefined : params[member];
  return typeof named === 'string' ? otherwise(headers, 'Mcp-Name', [named]) : undefined;
}

/** Whether the headers repeat those arguments that the tool's schema wants in them. */
export function paramContradiction(
  headers: IncomingHttpHeaders,
  args: JsonObject,
  params: readonly HeaderParam[],
): string | undefined {
  for (const { name, path } of params) {
    const value = valueAt(args, path);
    const text = headerText(value);
    // What is not among the arguments need not be in a header, and if it is, that means nothing.
    if (text === undefined) continue;
    const isNumber = typeof value === 'number';
    const fault = otherwise(headers, `${HEADER_PARAM_PREFIX}${name}`, isNumber ? [text, value] : [text]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const DECIMAL = /^-?\d+(?:\.\d+)?$/;

function otherwise(
  headers: IncomingHttpHeaders,
  name: string,
  [text, number]: readonly [string, number?],
): string | undefined {
  const header = headers[name.toLowerCase()];
  if (typeof header !== 'string') return missing(name);
  const said = decodeHeaderText(header);
  if (said === undefined) return `The header ${name} is not base64 of UTF-8.`;
  const isSame = said === text || (number !== undefined && DECIMAL.test(said) && Number(said) === number);
  return isSame ? undefined : differs(name, 'the body');
}

function missing(name: string): string {
  return `The header ${name} is missing.`;
}

function differs(name: string, from: string): string {
  return `The header ${name} and ${from} say different things.`;
}
