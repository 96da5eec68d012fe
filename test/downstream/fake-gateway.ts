import type { JsonObject } from '../../src/core/json.ts';
import type { Logger } from '../../src/core/logger.ts';
import { parseResultBytes } from '../../src/core/lossless-json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Identity } from '../../src/downstream/identity.ts';
import type { Caller, Exchange, GatewayPort, ToolCallRequest } from '../../src/gateway/port.ts';

export interface SeenCall {
  readonly call: ToolCallRequest;
  readonly caller: Caller;
  readonly exchange: Exchange;
}

export interface FakeGateway extends GatewayPort {
  readonly calls: SeenCall[];
  readonly refused: string[];
  readonly ended: string[];
  /** Lets every `wait` that is open return. */
  release(): void;
  changeTools(): void;
}

export const BIG = '9223372036854775807';

/** A result with everything that a careless relay would change. */
const STRANGE_RESULT = `{"content":[{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png","x-vendor":{"b":1}},{"type":"x-hologram","big":${BIG}}],"structuredContent":{"constructor":{"__proto__":1},"text":"line\\n\\ndata: {}\\u2028"},"_meta":{"v/1":[1.10,null]},"x-unknown":true}`;

/** Stands behind a door: says what it was asked and answers at once, but for `wait`. */
export function aFakeGateway(): FakeGateway {
  const waiting = new Set<() => void>();
  const listeners = new Set<() => void>();
  const gateway: FakeGateway = {
    calls: [],
    refused: [],
    ended: [],
    release: () => {
      for (const go of waiting) go();
      waiting.clear();
    },
    changeTools: () => {
      for (const listener of listeners) listener();
    },
    instructions: () => 'Ask before you write.',
    listTools: async () => ['echo', 'progress', 'strange', 'wait'].map(aTool),
    callTool: async (call, caller, exchange) => {
      gateway.calls.push({ call, caller, exchange });
      if (call.name === 'strange') return { kind: 'result', result: parsed(STRANGE_RESULT) };
      if (call.name === 'broken') throw new Error('secret of the inside');
      if (call.name === 'wait') await waitFor(exchange.signal, waiting);
      if (call.name === 'progress') reportProgress(exchange);
      return textResult(JSON.stringify(call.args));
    },
    refuseMethod: async (method) => {
      gateway.refused.push(method);
      return { code: -32601, message: `${method} is not offered.` };
    },
    onToolsChanged: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    endSession: async (session) => void gateway.ended.push(session),
  };
  return gateway;
}

export const QUIET: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const SERVER_INFO = { name: 'mcp-gateway', version: '0.0.0-test' };

export function anIdentity(user = 'ada'): Identity {
  return {
    agent: { id: '', scope: '', owner_team: '', model: '', delegated_by: [] },
    user: { id: user, groups: [], data_classifications_authorized: [] },
  };
}

export const LIMITS = {
  maxBytes: 4 * 1024 * 1024,
  maxDepth: 64,
  maxKeys: 10_000,
  maxInFlight: 8,
  maxSessions: 4,
  idleMs: 60_000,
  drainMs: 1000,
};

function aTool(name: string): JsonObject {
  return { name, description: `Does ${name}.`, inputSchema: { type: 'object' }, 'x-vendor': [1] };
}

function textResult(text: string): RpcAnswer {
  return { kind: 'result', result: { content: [{ type: 'text', text }] } };
}

function reportProgress(exchange: Exchange): void {
  for (const progress of [1, 2, 3]) exchange.onProgress?.({ progress, total: 3, message: `step ${String(progress)}` });
}

function waitFor(signal: AbortSignal, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.add(resolve);
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

function parsed(text: string): JsonObject {
  const result = parseResultBytes(Buffer.from(text));
  if (result.kind === 'refused') throw new Error(result.message);
  return result.value;
}
