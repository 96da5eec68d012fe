import { headerParamsOf } from '../../src/core/header-params.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { Logger } from '../../src/core/logger.ts';
import { parseResultBytes } from '../../src/core/lossless-json.ts';
import type { ListName } from '../../src/core/protocol.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { StopSignal } from '../../src/core/stop.ts';
import type { Identity } from '../../src/downstream/identity.ts';
import type {
  Audience,
  Caller,
  ClientNews,
  ClientRequest,
  Exchange,
  GatewayPort,
  ServerQuestion,
  ToolCallRequest,
} from '../../src/gateway/port.ts';

export interface SeenCall {
  readonly call: ToolCallRequest;
  readonly caller: Caller;
  readonly exchange: Exchange;
}

export interface FakeGateway extends GatewayPort {
  readonly calls: SeenCall[];
  /** Every request but calls of tools. */
  readonly requests: Exclude<ClientRequest, ToolCallRequest>[];
  /** Methods that were asked for and that nobody knows. */
  readonly refused: string[];
  readonly ended: string[];
  readonly news: ClientNews[];
  readonly audiences: Set<Audience>;
  /** By URI, what is told of its changes. */
  readonly watched: Map<string, (params: JsonObject) => void>;
  /** By the id of a task, what is told of its states. */
  readonly followed: Map<string, (params: JsonObject) => void>;
  /** Answers of clients to what `ask` asked. */
  readonly answers: RpcAnswer[];
  /** What questions came to that had no answer. */
  readonly unanswered: unknown[];
  /** Lets every `wait` that is open return. */
  release(): void;
  change(...lists: ListName[]): void;
}

export const BIG = '9223372036854775807';

/** A result with everything that a careless relay would change. */
const STRANGE_RESULT = `{"content":[{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png","x-vendor":{"b":1}},{"type":"x-hologram","big":${BIG}}],"structuredContent":{"constructor":{"__proto__":1},"text":"line\\n\\ndata: {}\\u2028"},"_meta":{"v/1":[1.10,null]},"x-unknown":true}`;

/** Names in the order in which they are listed. */
export const TOOL_NAMES = ['echo', 'progress', 'strange', 'wait', 'headed'];

export const CAPABILITIES = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
  logging: {},
};

/** Stands behind a door: says what it was asked and answers at once, but for `wait`. */
export function aFakeGateway(): FakeGateway {
  const waiting = new Set<() => void>();
  const gateway: FakeGateway = {
    calls: [],
    requests: [],
    refused: [],
    ended: [],
    news: [],
    audiences: new Set(),
    watched: new Map(),
    followed: new Map(),
    answers: [],
    unanswered: [],
    release: () => {
      for (const go of waiting) go();
      waiting.clear();
    },
    change: (...lists) => {
      for (const audience of gateway.audiences) for (const list of lists) audience.listChanged(list);
    },
    introduce: async () => ({ capabilities: CAPABILITIES, instructions: 'Ask before you write.' }),
    answer: async (request, caller, exchange) => {
      if (request.method !== 'tools/call') return answerOther(request, gateway);
      gateway.calls.push({ call: request, caller, exchange });
      return callTool(request, exchange, { gateway, waiting });
    },
    watch: async ({ uri, onUpdated }) => {
      if (uri === 'note://broken') throw new Error('secret of the inside');
      if (uri === 'note://secret') return { kind: 'refused', error: { code: 4030, message: 'No.' } };
      gateway.watched.set(uri, onUpdated);
      const stop = async (): Promise<void> => {
        if (gateway.watched.get(uri) === onUpdated) gateway.watched.delete(uri);
      };
      return { kind: 'watching', stop };
    },
    followTasks: async ({ taskIds, onChanged }, { capabilities }) => {
      if (capabilities['extensions'] === undefined) {
        return { kind: 'refused', error: { code: -32021, message: 'The client does not declare tasks.' } };
      }
      const own = taskIds.filter((taskId) => taskId.startsWith('own'));
      for (const taskId of own) gateway.followed.set(taskId, onChanged);
      return { kind: 'following', taskIds: own, stop: () => own.forEach((taskId) => gateway.followed.delete(taskId)) };
    },
    attend: (_caller, audience) => {
      gateway.audiences.add(audience);
      return () => void gateway.audiences.delete(audience);
    },
    headerParams: (tool) => (tool === 'headed' ? headerParamsOf(HEADED_SCHEMA) : []),
    tell: (news) => void gateway.news.push(news),
    placeOf: () => undefined,
    endSession: async (session) => void gateway.ended.push(session),
  };
  return gateway;
}

const HEADED_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    deep: { type: 'object', properties: { count: { type: 'integer', 'x-mcp-header': 'Count' } } },
  },
};

/** What the tool `ask` asks, by its argument `what`. */
const QUESTIONS: Readonly<Record<string, ServerQuestion>> = {
  sampling: {
    method: 'sampling/createMessage',
    params: { messages: [], maxTokens: 9, _meta: { progressToken: 1, 'x/y': 2 } },
  },
  tools: { method: 'sampling/createMessage', params: { messages: [], maxTokens: 9, tools: [] } },
  form: {
    method: 'elicitation/create',
    params: { message: 'Who?', requestedSchema: { type: 'object', properties: {} } },
  },
  url: {
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Go', url: 'https://a.example', elicitationId: 'e' },
  },
  roots: { method: 'roots/list', params: {} },
};

export function aQuestion(what: string): ServerQuestion {
  return QUESTIONS[what] ?? { method: 'roots/list', params: {} };
}

interface Inside {
  readonly gateway: FakeGateway;
  readonly waiting: Set<() => void>;
}

async function callTool(call: ToolCallRequest, exchange: Exchange, { gateway, waiting }: Inside): Promise<RpcAnswer> {
  if (call.name === 'strange') return { kind: 'result', result: parsed(STRANGE_RESULT) };
  if (call.name === 'broken') throw new Error('secret of the inside');
  if (call.name === 'list') return { kind: 'result', result: { content: [], structuredContent: [1, 2] } };
  if (call.name === 'unsigned') return failure(-32042);
  if (call.name === 'unable') return failure(-32021);
  if (call.name === 'wait') await waitFor(exchange.signal, waiting);
  if (call.name === 'progress') reportProgress(exchange);
  if (call.name === 'log') report(exchange);
  if (call.name === 'news') for (const method of NEWS) exchange.notify(method, { taskId: 't', elicitationId: 'e' });
  if (call.name === 'ask') await ask(call.args['what'], exchange, gateway);
  return textResult(JSON.stringify(call.args));
}

/** What servers tell in a session beside their answers. */
const NEWS = ['notifications/elicitation/complete', 'notifications/tasks/status', 'notifications/tasks'];

async function ask(what: Json | undefined, exchange: Exchange, gateway: FakeGateway): Promise<void> {
  try {
    const answer = await exchange.ask?.(aQuestion(typeof what === 'string' ? what : ''), exchange.signal);
    if (answer !== undefined) gateway.answers.push(answer);
  } catch (error) {
    gateway.unanswered.push(error);
  }
}

function answerOther(request: Exclude<ClientRequest, ToolCallRequest>, gateway: FakeGateway): RpcAnswer {
  gateway.requests.push(request);
  if (request.method === 'tools/list') return { kind: 'result', result: { tools: TOOL_NAMES.map(aTool) } };
  if (request.method === 'resources/read') {
    if (request.uri === 'note://none') return failure(-32002);
    const freshness: JsonObject = request.uri === 'note://public' ? { ttlMs: 7, cacheScope: 'public' } : {};
    return { kind: 'result', result: { contents: [{ uri: request.uri, text: 'x' }], ...freshness } };
  }
  if (request.method !== 'other') return { kind: 'result', result: { asked: request.method } };
  gateway.refused.push(request.asked);
  return failure(-32601);
}

function failure(code: number): RpcAnswer {
  return { kind: 'failure', error: { code, message: 'No.', data: { why: 1 } } };
}

export const QUIET: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const SERVER_INFO = { name: 'mcp-gateway', version: '0.0.0-test' };

export function anIdentity(user = 'ada'): Identity {
  return {
    agent: { id: '', scope: '', owner_team: '', model: '', delegated_by: [] },
    user: { id: user, groups: [], data_classifications_authorized: [] },
  };
}

/** Answers become streams when something comes before them, and not by the pace of the machine. */
export const LIMITS = {
  maxBytes: 4 * 1024 * 1024,
  maxDepth: 64,
  maxKeys: 10_000,
  maxStringBytes: 4 * 1024 * 1024,
  maxInFlight: 8,
  maxWaiting: 0,
  maxHeldBytes: 64 * 1024 * 1024,
  maxSessions: 4,
  maxConnections: 1000,
  maxHeaderBytes: 16 * 1024,
  sendMs: 60_000,
  idleMs: 60_000,
  drainMs: 1000,
  streamAfterMs: 10_000,
};

/** The envelope of a stateless client, to stand in `_meta`. */
export function anEnvelope(capabilities: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    ...more,
  };
}

function aTool(name: string): JsonObject {
  const inputSchema: Json = name === 'headed' ? HEADED_SCHEMA : { type: 'object' };
  return { name, description: `Does ${name}.`, inputSchema, 'x-vendor': [1] };
}

function textResult(text: string): RpcAnswer {
  return { kind: 'result', result: { content: [{ type: 'text', text }] } };
}

function reportProgress(exchange: Exchange): void {
  for (const progress of [1, 2, 3]) exchange.onProgress?.({ progress, total: 3, message: `step ${String(progress)}` });
}

function report(exchange: Exchange): void {
  for (const level of ['debug', 'info', 'error']) exchange.notify('notifications/message', { level, data: level });
}

function waitFor(signal: StopSignal, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.add(resolve);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function parsed(text: string): JsonObject {
  const result = parseResultBytes(Buffer.from(text));
  if (result.kind === 'refused') throw new Error(result.message);
  return result.value;
}
