import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { MCP_METHODS } from '../core/mcp-methods.ts';
import { OWN_META_PREFIX } from '../core/names.ts';
import { ENVELOPE, type Era } from '../core/protocol.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcId, RpcRequest } from '../core/rpc.ts';
import type { ClientRequest, InputAnswers, ListRequest, TaskRequest } from '../gateway/port.ts';

export type ReadRequest =
  | {
      readonly kind: 'ok';
      readonly request: ClientRequest;
      /** Undefined where the client wants no progress. */
      readonly progressToken: RpcId | undefined;
      /** JSON pointers of parameters that the protocol has in another era only. */
      readonly dropped: readonly string[];
    }
  | Invalid;

export interface Invalid {
  readonly kind: 'invalid';
  readonly message: string;
}

export type ReadMeta =
  | { readonly kind: 'ok'; readonly meta: JsonObject; readonly progressToken: RpcId | undefined }
  | Invalid;

/**
 * What a request asks of the gateway; everything that a door answers itself is none of these. A method that its era does
 * not have is `other`, which the gateway refuses and records.
 */
export function readClientRequest({ method, params }: RpcRequest, era: Era): ReadRequest {
  const meta = readMeta(params);
  if (meta.kind === 'invalid') return meta;
  const known = MCP_METHODS.get(method);
  const isOfEra = known !== undefined && (known.only ?? era) === era;
  const reader = isOfEra ? READERS.get(method) : undefined;
  const request = (reader ?? readOther)({ method, params, meta: meta.meta, era });
  if (typeof request === 'string') return invalid(request);
  const dropped = foreignMembers(params, era);
  return { kind: 'ok', request, progressToken: meta.progressToken, dropped };
}

/** What `resources/subscribe` asks. */
export function readSubscription(
  params: JsonObject,
): (ReadMeta & { readonly kind: 'ok'; readonly uri: string }) | Invalid {
  const { uri } = params;
  if (typeof uri !== 'string') return invalid('The uri must be a text.');
  const meta = readMeta(params);
  return meta.kind === 'invalid' ? meta : { ...meta, uri };
}

/** A request's `_meta` less the progress token, the baggage and the envelope, which belong to this hop, and our own keys. */
export function readMeta({ _meta: meta = NOTHING }: JsonObject): ReadMeta {
  if (!isJsonObject(meta)) return invalid('The member _meta must be an object.');
  const progressToken = meta['progressToken'];
  if (progressToken !== undefined && !isRpcId(progressToken)) {
    return invalid('The progress token must be a text or a whole number.');
  }
  return { kind: 'ok', meta: withoutHop(meta), progressToken };
}

const NOTHING: JsonObject = {};
const NOTHING_DROPPED: readonly string[] = [];

interface Given {
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  readonly era: Era;
}

/** A text says what is wrong. */
type Reader = (given: Given) => ClientRequest | string;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['tools/list', readList('tools/list')],
  ['prompts/list', readList('prompts/list')],
  ['resources/list', readList('resources/list')],
  ['resources/templates/list', readList('resources/templates/list')],
  ['tools/call', readToolCall],
  ['prompts/get', readPromptGet],
  ['resources/read', readResourceRead],
  ['completion/complete', readCompletion],
  ['tasks/get', readTask('tasks/get')],
  ['tasks/list', readTask('tasks/list')],
  ['tasks/result', readTask('tasks/result')],
  ['tasks/update', readTask('tasks/update')],
  ['tasks/cancel', readTask('tasks/cancel')],
]);

function readList(method: ListRequest['method']): Reader {
  return ({ params, meta }) => {
    const { cursor } = params;
    if (cursor !== undefined && typeof cursor !== 'string') return 'The cursor must be a text.';
    return { method, cursor, meta };
  };
}

function readToolCall({ method, params, meta, era }: Given): ClientRequest | string {
  const { name, arguments: args = NOTHING, task } = params;
  const answers = readAnswers(params, era);
  if (typeof name !== 'string') return 'The name of the tool must be a text.';
  if (!isJsonObject(args)) return 'The arguments must be an object.';
  if (typeof answers === 'string') return answers;
  const asked = era === 'session' ? task : undefined;
  if (asked !== undefined && !isJsonObject(asked)) return 'The member task must be an object.';
  return { method: 'tools/call', name, args, meta, answers, task: asked, extra: extraOf(method, params) };
}

function readPromptGet({ method, params, meta, era }: Given): ClientRequest | string {
  const { name, arguments: args = NOTHING } = params;
  const answers = readAnswers(params, era);
  if (typeof name !== 'string') return 'The name of the prompt must be a text.';
  if (!isJsonObject(args)) return 'The arguments must be an object.';
  if (typeof answers === 'string') return answers;
  return { method: 'prompts/get', name, args, meta, answers, extra: extraOf(method, params) };
}

function readResourceRead({ method, params, meta, era }: Given): ClientRequest | string {
  const { uri } = params;
  const answers = readAnswers(params, era);
  if (typeof uri !== 'string') return 'The uri must be a text.';
  if (typeof answers === 'string') return answers;
  return { method: 'resources/read', uri, meta, answers, extra: extraOf(method, params) };
}

function readCompletion({ method, params, meta }: Given): ClientRequest | string {
  const { ref, argument, context } = params;
  if (!isJsonObject(ref)) return 'The ref must be an object.';
  if (!isJsonObject(argument)) return 'The argument must be an object.';
  if (context !== undefined && !isJsonObject(context)) return 'The context must be an object.';
  return { method: 'completion/complete', ref, argument, context, meta, extra: extraOf(method, params) };
}

function readTask(method: TaskRequest['method']): Reader {
  return ({ params, meta }) => {
    if (method !== 'tasks/list' && typeof params['taskId'] !== 'string') return 'The taskId must be a text.';
    return { method, params: withoutMeta(params), meta };
  };
}

function readOther({ method, params, meta }: Given): ClientRequest {
  return { method: 'other', asked: method, params: withoutMeta(params), meta };
}

/** Undefined for a first request, and for clients that are asked on the way. */
function readAnswers(params: JsonObject, era: Era): InputAnswers | undefined | string {
  const { inputResponses: responses, requestState: state } = params;
  if (era === 'session' || (responses === undefined && state === undefined)) return undefined;
  if (responses !== undefined && !isJsonObject(responses)) return 'The inputResponses must be an object.';
  if (state !== undefined && typeof state !== 'string') return 'The requestState must be a text.';
  return { responses: responses ?? NOTHING, state };
}

/** What the configuration let pass beyond the protocol. */
function extraOf(method: string, params: JsonObject): JsonObject | undefined {
  const known = MCP_METHODS.get(method)?.params ?? [];
  const isExtra = (key: string): boolean => key !== '_meta' && !known.includes(key);
  if (!Object.keys(params).some(isExtra)) return undefined;
  return Object.fromEntries(Object.entries(params).filter(([key]) => isExtra(key)));
}

/** Members of `params` that mean something in one era only. */
const ONLY_SESSION = ['task'] as const;
const ONLY_STATELESS = ['inputResponses', 'requestState'] as const;

function foreignMembers(params: JsonObject, era: Era): readonly string[] {
  const foreign = era === 'session' ? ONLY_STATELESS : ONLY_SESSION;
  const members = foreign.filter((member) => params[member] !== undefined);
  return members.length === 0 ? NOTHING_DROPPED : members.map((member) => `/params/${member}`);
}

function withoutMeta(params: JsonObject): JsonObject {
  const { _meta: _, ...others } = params;
  return others;
}

/** What is said to whoever is asked, and to nobody behind: `baggage` may hold what is nobody else's business. */
const OF_HOP: ReadonlySet<string> = new Set(['progressToken', 'baggage']);

const ENVELOPE_KEYS: ReadonlySet<string> = new Set(Object.values(ENVELOPE));

function withoutHop(meta: JsonObject): JsonObject {
  const isOfHop = ([key]: [string, Json]): boolean =>
    OF_HOP.has(key) || ENVELOPE_KEYS.has(key) || key.startsWith(OWN_META_PREFIX);
  const entries = Object.entries(meta);
  return entries.some(isOfHop) ? Object.fromEntries(entries.filter((entry) => !isOfHop(entry))) : meta;
}

function invalid(message: string): Invalid {
  return { kind: 'invalid', message };
}
