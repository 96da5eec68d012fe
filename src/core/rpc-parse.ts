import { isJsonObject, type JsonObject } from './json.ts';
import { MCP_METHODS } from './mcp-methods.ts';
import { FORBIDDEN_NAMES } from './names.ts';
import { RPC, type RpcError, type RpcId, type RpcMessage } from './rpc.ts';

export type ParsedMessage = { readonly kind: 'ok'; readonly message: RpcMessage } | RpcRefusal;

export type ParsedClientMessage =
  | {
      readonly kind: 'ok';
      readonly message: RpcMessage;
      /** JSON pointers of members that the protocol does not know; they are no longer in the message. */
      readonly dropped: readonly string[];
    }
  | RpcRefusal;

/** Whether the configuration lets a member of a method's `params` pass that the protocol does not know. */
export type Passes = (method: string, member: string) => boolean;

export interface RpcRefusal {
  readonly kind: 'refused';
  /** The id to answer under; null where the message has none that can be used. */
  readonly id: RpcId | null;
  /** The method that was asked for, or empty. */
  readonly method: string;
  readonly error: RpcError;
}

/**
 * What a value means as a message of JSON-RPC 2.0 as MCP uses it: ids are texts or whole numbers, `params` is an object.
 * Nothing is dropped. Throws nothing.
 */
export function parseRpcMessage(value: JsonObject): ParsedMessage {
  const { id, method, params = NO_PARAMS } = value;
  if (value['jsonrpc'] !== '2.0') return refuse(value, 'The member jsonrpc must be "2.0".');
  if (id !== undefined && !isRpcId(id)) return refuse(value, 'The id must be a text or a whole number.');
  if (method === undefined) return parseAnswer(value, id);
  if (typeof method !== 'string') return refuse(value, 'The method must be a text.');
  if (value['result'] !== undefined || value['error'] !== undefined) {
    return refuse(value, 'A message with a method has neither result nor error.');
  }
  if (!isJsonObject(params)) return refuse(value, 'The params must be an object.');
  if (id === undefined) return { kind: 'ok', message: { kind: 'notification', method, params } };
  return { kind: 'ok', message: { kind: 'request', id, method, params } };
}

/**
 * As `parseRpcMessage`, for what a client sends: a request that lost its id is refused instead of being taken for a
 * notification, and members that neither the protocol nor the configuration knows are dropped and named, because no policy
 * reads them.
 */
export function parseClientMessage(value: JsonObject, passes: Passes = passesNothing): ParsedClientMessage {
  const parsed = parseRpcMessage(value);
  if (parsed.kind === 'refused') return parsed;
  const { message } = parsed;
  if (message.kind === 'result' || message.kind === 'failure') return { ...parsed, dropped: NOTHING_DROPPED };
  const known = MCP_METHODS.get(message.method);
  if (message.kind === 'notification' && known?.kind === 'request') {
    return refuse(value, `A request for ${message.method} must have an id.`);
  }
  const { method } = message;
  const { name } = message.params;
  if (typeof name === 'string' && FORBIDDEN_NAMES.has(name)) {
    return refuse(value, 'A name cannot be __proto__, constructor or prototype.', RPC.invalidParams);
  }
  const isKnown = (key: string): boolean => {
    return key === '_meta' || (known !== undefined && known.params.includes(key)) || passes(method, key);
  };
  const dropped = unknownMembers(value, message.params, isKnown);
  if (dropped.length === 0) return { kind: 'ok', message, dropped };
  const params = Object.fromEntries(Object.entries(message.params).filter(([key]) => isKnown(key)));
  return { kind: 'ok', message: { ...message, params }, dropped };
}

/** Whether this can be the id of a message. */
export function isRpcId(value: unknown): value is RpcId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value));
}

/**
 * The id of a message that could not be read, from its first and last bytes: so that whoever sent it is told at once
 * instead of waiting. Null where it does not stand at either end, as the SDKs put it.
 */
export function findIdAtEdges(head: Buffer, tail: Buffer): RpcId | null {
  const found = ID_AT_HEAD.exec(head.toString('latin1')) ?? ID_AT_TAIL.exec(tail.toString('latin1'));
  if (found?.[1] === undefined) return null;
  const id: unknown = JSON.parse(found[1]);
  return isRpcId(id) ? id : null;
}

const NO_PARAMS: JsonObject = {};
const passesNothing: Passes = () => false;
const NOTHING_DROPPED: readonly string[] = [];
const ID = String.raw`"id"\s*:\s*(\d{1,15}|"[\w.:-]{1,128}")`;
const ID_AT_HEAD = new RegExp(String.raw`^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?${ID}\s*,`);
const ID_AT_TAIL = new RegExp(String.raw`,\s*${ID}\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$`);
const CALL_MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);

function unknownMembers(value: JsonObject, params: JsonObject, isKnown: (key: string) => boolean): readonly string[] {
  const dropped: string[] = [];
  for (const key of Object.keys(value)) if (!CALL_MEMBERS.has(key)) dropped.push(`/${escape(key)}`);
  for (const key of Object.keys(params)) if (!isKnown(key)) dropped.push(`/params/${escape(key)}`);
  return dropped.length === 0 ? NOTHING_DROPPED : dropped;
}

/** RFC 6901 §3. */
function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function parseAnswer(value: JsonObject, id: RpcId | undefined): ParsedMessage {
  const { result, error } = value;
  if ((result === undefined) === (error === undefined)) {
    return refuse(value, 'A message has a method, a result or an error, and only one of them.');
  }
  if (id === undefined) return refuse(value, 'An answer must have an id.');
  if (isJsonObject(result)) return { kind: 'ok', message: { kind: 'result', id, result } };
  if (isJsonObject(error)) return { kind: 'ok', message: { kind: 'failure', id, error: parseError(error) } };
  return refuse(value, 'The result or error of an answer must be an object.');
}

/** A peer's error counts as one even where it is not well formed: what matters is that the request has failed. */
function parseError(error: JsonObject): RpcError {
  const { code, message, data } = error;
  const parsed = {
    code: typeof code === 'number' && Number.isSafeInteger(code) ? code : RPC.internalError,
    message: typeof message === 'string' ? message : '',
  };
  return data === undefined ? parsed : { ...parsed, data };
}

function refuse(value: JsonObject, message: string, code: number = RPC.invalidRequest): RpcRefusal {
  const { id, method } = value;
  return {
    kind: 'refused',
    id: isRpcId(id) ? id : null,
    method: typeof method === 'string' ? method : '',
    error: { code, message },
  };
}
