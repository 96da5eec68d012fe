import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { OWN_META_PREFIX } from '../core/names.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcId } from '../core/rpc.ts';
import type { ToolCallRequest } from '../gateway/port.ts';

export type CallParams =
  | {
      readonly kind: 'ok';
      readonly call: ToolCallRequest;
      /** Undefined where the client wants no progress. */
      readonly progressToken: RpcId | undefined;
      /** JSON pointers of parameters that the protocol knows and this gateway does not carry on. */
      readonly dropped: readonly string[];
    }
  | { readonly kind: 'invalid'; readonly message: string };

/** Known to the protocol, but promised by no capability of ours: MCP 2025-11-25, Tasks, says to ignore them then. */
const NOT_CARRIED = ['task', 'inputResponses', 'requestState'] as const;

const NOTHING: JsonObject = {};

/** The params of `tools/call`. */
export function readCallParams(params: JsonObject): CallParams {
  const { name, arguments: args = NOTHING, _meta: meta = NOTHING } = params;
  if (typeof name !== 'string') return invalid('The name of the tool must be a text.');
  if (!isJsonObject(args)) return invalid('The arguments must be an object.');
  if (!isJsonObject(meta)) return invalid('The member _meta must be an object.');
  const token = meta['progressToken'];
  if (token !== undefined && !isRpcId(token)) return invalid('The progress token must be a text or a whole number.');
  const dropped = NOT_CARRIED.filter((member) => params[member] !== undefined).map((member) => `/params/${member}`);
  return { kind: 'ok', call: { name, args, meta: withoutOwn(meta) }, progressToken: token, dropped };
}

/** The token belongs to this hop, and our own keys are ours to set. */
function withoutOwn(meta: JsonObject): JsonObject {
  const isOwn = ([key]: [string, Json]): boolean => key === 'progressToken' || key.startsWith(OWN_META_PREFIX);
  const entries = Object.entries(meta);
  return entries.some(isOwn) ? Object.fromEntries(entries.filter((entry) => !isOwn(entry))) : meta;
}

function invalid(message: string): CallParams {
  return { kind: 'invalid', message };
}
