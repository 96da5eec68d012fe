import type { JsonObject } from '../../src/core/json.ts';
import { isJsonObject } from '../../src/core/json.ts';
import { parseRpcMessage } from '../../src/core/rpc-parse.ts';
import type { RpcAnswer, RpcMessage } from '../../src/core/rpc.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import type { Wire, WireListener } from '../../src/upstream/wire.ts';
import { anUpstream, type AnUpstream, fixture } from '../upstream/parts.ts';

/** What a server offers and how it answers, in this process. */
export interface Script {
  readonly capabilities?: JsonObject;
  readonly tools?: readonly JsonObject[];
  readonly prompts?: readonly JsonObject[];
  readonly resources?: readonly JsonObject[];
  readonly templates?: readonly JsonObject[];
  /** By method; what is not here is answered with `{ done: <method> }`. */
  readonly answers?: Readonly<Record<string, (params: JsonObject) => RpcAnswer>>;
}

export interface ScriptedServer {
  readonly upstream: Upstream;
  /** What was sent to it after the handshake, in this order. */
  readonly heard: { readonly method: string; readonly params: JsonObject }[];
  /** The server says something by itself. */
  say(method: string, params: JsonObject): void;
}

const ALL = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} };

/** A real upstream whose other end is a script, ended with the test. */
export function aScriptedServer(script: Script = {}, more: AnUpstream = {}): ScriptedServer {
  const heard: { readonly method: string; readonly params: JsonObject }[] = [];
  let listener: WireListener | undefined;
  const deliver = (message: RpcMessage): void => queueMicrotask(() => listener?.onMessage(message));
  const hear = (message: RpcMessage): void => {
    if (message.kind !== 'request' && message.kind !== 'notification') return;
    const { method, params } = message;
    const isOfHandshake = method === 'initialize' || method === 'notifications/initialized';
    if (!isOfHandshake) heard.push({ method, params });
    if (message.kind === 'request') deliver({ ...answerTo(method, params, script), id: message.id });
  };
  const wire: Wire = {
    hasStreams: false,
    open: async (opened) => void (listener = opened),
    send: (text) => {
      const value: unknown = JSON.parse(text);
      const parsed = isJsonObject(value) ? parseRpcMessage(value) : undefined;
      if (parsed?.kind === 'ok') hear(parsed.message);
      return undefined;
    },
    abandon: () => undefined,
    agree: () => undefined,
    listen: () => undefined,
    lastErrors: () => [],
    close: async () => undefined,
  };
  // The program is never started: the script stands in for the road to it.
  const upstream = anUpstream(fixture('none'), { openWire: () => wire, ...more });
  return { upstream, heard, say: (method, params) => deliver({ kind: 'notification', method, params }) };
}

function answerTo(method: string, params: JsonObject, script: Script): RpcAnswer {
  const { capabilities = ALL, tools = [], prompts = [], resources = [], templates = [], answers = {} } = script;
  const scripted = Object.hasOwn(answers, method) ? answers[method] : undefined;
  if (scripted !== undefined) return scripted(params);
  const lists: Readonly<Record<string, JsonObject>> = {
    initialize: { protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'scripted', version: '1' } },
    'tools/list': { tools },
    'prompts/list': { prompts },
    'resources/list': { resources },
    'resources/templates/list': { resourceTemplates: templates },
  };
  return { kind: 'result', result: lists[method] ?? { done: method } };
}
