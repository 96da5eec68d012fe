import { connect } from 'node:net';

import { onTestFinished } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { admitted } from '../../src/downstream/gate.ts';
import { type HttpDoor, type HttpOptions, serveHttp } from '../../src/downstream/http.ts';
import { aFakeGateway, anEnvelope, anIdentity, type FakeGateway, LIMITS, QUIET, SERVER_INFO } from './fake-gateway.ts';

export interface OpenDoor {
  readonly gateway: FakeGateway;
  readonly door: HttpDoor;
  readonly url: string;
  readonly base: string;
}

export const JSON_HEADERS = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
} as const;

/** A door on a free loopback port, closed when the test ends. The user is whoever the Authorization header names. */
export async function anHttpDoor(options: Partial<HttpOptions> = {}): Promise<OpenDoor> {
  const gateway = aFakeGateway();
  const door = await serveHttp({
    gateway,
    serverInfo: SERVER_INFO,
    limits: LIMITS,
    logger: QUIET,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    host: '127.0.0.1',
    port: 0,
    path: '/mcp',
    allowedHosts: [],
    sse: { path: '/sse', messagesPath: '/messages' },
    gate: { admit: ({ headers }) => admitted(headers.authorization === 'bob' ? BOB : ADA), describe: () => undefined },
    readiness: () => ({ ready: true }),
    ...options,
  });
  onTestFinished(() => door.close());
  return { gateway, door, url: door.url, base: door.url.slice(0, -'/mcp'.length) };
}

const ADA = anIdentity('ada');
const BOB = anIdentity('bob');

export function initialize(protocolVersion = '2025-11-25'): JsonObject {
  const clientInfo = { name: 'raw', version: '1' };
  return { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } };
}

export function aCall(id: number, name: string, meta: JsonObject = {}): JsonObject {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {}, _meta: meta } };
}

export interface StatelessCall {
  readonly id?: number;
  readonly method: string;
  readonly params?: JsonObject;
  /** What the client declares. */
  readonly capabilities?: JsonObject;
  /** Beside the envelope. */
  readonly meta?: JsonObject;
  /** Over the headers that belong to the request; an empty text takes one away. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as a stateless client sends it, with its envelope and its headers. */
export function ask(url: string, call: StatelessCall, signal?: AbortSignal): Promise<Response> {
  const { id = 1, method, params = {}, capabilities, meta, headers = {} } = call;
  const named = params['name'] ?? params['uri'] ?? params['taskId'];
  const all = {
    ...JSON_HEADERS,
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': method,
    ...(typeof named === 'string' && { 'Mcp-Name': named }),
    ...headers,
  };
  const body = { jsonrpc: '2.0', id, method, params: { ...params, _meta: anEnvelope(capabilities, meta) } };
  const kept = Object.entries(all).filter(([, value]) => value !== '');
  const init = { method: 'POST', body: JSON.stringify(body), headers: Object.fromEntries(kept) };
  return fetch(url, signal === undefined ? init : { ...init, signal });
}

/** Status and body of the answer to a stateless client. */
export async function answerTo(url: string, call: StatelessCall): Promise<[number, JsonObject]> {
  const response = await ask(url, call);
  return [response.status, (await response.json()) as JsonObject];
}

export function tool(name: string, args: JsonObject = {}): StatelessCall {
  return { method: 'tools/call', params: { name, arguments: args } };
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(url, { method: 'POST', body: text, headers: { ...JSON_HEADERS, ...headers } });
}

/** Posts, and is gone before the answer. */
export async function postAndLeave(url: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_HEADERS, ...headers } };
  const left = fetch(url, { ...init, signal: AbortSignal.timeout(50) });
  return left.catch((error: unknown) => error);
}

/** Opens a session and gives the headers that name it. */
export async function openSession(url: string, headers: Record<string, string> = {}, version?: string) {
  const response = await post(url, initialize(version), headers);
  const session = { ...headers, 'Mcp-Session-Id': response.headers.get('mcp-session-id') ?? '' };
  await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session);
  return session;
}

/** Opens a stream of the old transport and gives the id of its session; the stream ends with the test. */
export async function openOldSession(base: string): Promise<string> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const stream = await fetch(`${base}/sse`, { headers: { Accept: 'text/event-stream' }, signal: controller.signal });
  const first = await stream.body?.pipeThrough(new TextDecoderStream()).getReader().read();
  return /sessionId=([0-9a-f]+)/.exec(first?.value ?? '')?.[1] ?? '';
}

/** Sends bytes as they stand and gives back what came until the other side closed. */
export function sendRaw(base: string, request: string, leaveAfterMs?: number): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.on('data', (chunk) => void (text += chunk.toString()));
    if (leaveAfterMs !== undefined) setTimeout(() => socket.destroy(), leaveAfterMs);
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/** Reads events of a stream until there are as many as asked for. */
export async function readEvents(response: Response, count: number): Promise<readonly SeenEvent[]> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const events = text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => !block.startsWith(':'))
      .map(readEvent);
    if (events.length >= count || reader === undefined) {
      await reader?.cancel();
      return events;
    }
    const { done, value } = await reader.read();
    if (done) return events;
    text += value;
  }
}

export interface SeenEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

function readEvent(block: string): SeenEvent {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
  return { event: field('event'), id: field('id'), data: field('data') };
}
