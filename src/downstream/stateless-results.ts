import { isJsonObject, type JsonObject } from '../core/json.ts';
import { RPC, type RpcAnswer, type RpcError } from '../core/rpc.ts';
import type { ServerInfo } from './session.ts';

/** Key in `_meta` of a result under which a server says what it is (MCP 2026-07-28, Basic, `_meta`). */
const SERVER_INFO_KEY = 'io.modelcontextprotocol/serverInfo';

/** Methods whose results say for how long they hold (MCP 2026-07-28, Caching). */
const CACHEABLE: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** An answer as stateless clients must have it. What a server said itself stays, but for whom it is good. */
export function shapeStateless(method: string, answer: RpcAnswer, serverInfo: ServerInfo): RpcAnswer {
  if (answer.kind === 'failure') return { kind: 'failure', error: shapeError(answer.error) };
  const { result } = answer;
  const { resultType = 'complete', _meta: meta } = result;
  // New members first, here and below: V8 gives what is copied and then extended a hidden class of its own, each time anew.
  const own = { resultType, ...result, _meta: withServerInfo(isJsonObject(meta) ? meta : {}, serverInfo) };
  const isCached = resultType === 'complete' && CACHEABLE.has(method);
  return { kind: 'result', result: isCached ? { ...own, ...freshnessOf(result) } : own };
}

function withServerInfo(meta: JsonObject, { name, version }: ServerInfo): JsonObject {
  return meta[SERVER_INFO_KEY] === undefined ? { [SERVER_INFO_KEY]: { name, version }, ...meta } : meta;
}

/** What one principal may see is nothing for another, so no shared cache may keep it. */
function freshnessOf({ ttlMs }: JsonObject): JsonObject {
  const isTime = typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 0;
  return { ttlMs: isTime ? ttlMs : 0, cacheScope: 'private' };
}

/** Codes that this revision has no more. */
function shapeError(error: RpcError): RpcError {
  if (error.code === RPC.resourceNotFound) return { ...error, code: RPC.invalidParams };
  return error.code === RPC.urlElicitationRequired ? { ...error, code: RPC.internalError } : error;
}
