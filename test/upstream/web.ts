import { randomUUID } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, InMemoryServerEventBus, type ServerEvent } from '@modelcontextprotocol/server';
import { CreateMessageResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { bothErasServer } from '../../fixtures/upstreams/both-eras-server.mjs';

/** One request as a server of the tests saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface WebServer {
  readonly url: URL;
  readonly seen: Seen[];
  /** Ends all connections and forgets nothing else. */
  drop(): void;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

/** An HTTP server that ends with the test and keeps what it was asked. */
export async function aWebServer(handler: Handler, path = '/mcp'): Promise<WebServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${portOf(server)}${path}`), seen, drop: () => server.closeAllConnections() };
}

/** A Streamable HTTP server on the SDK 1.x, with a session for each client. `forget()` loses all of them. */
export async function anSdkServer(
  options: { enableJsonResponse?: boolean } = {},
): Promise<WebServer & { forget(): void; announce(): Promise<void> }> {
  let sessions = new Map<string, { readonly transport: StreamableHTTPServerTransport; readonly server: McpServer }>();
  const web = await aWebServer(async (request, response, body) => {
    const held = sessions.get(String(request.headers['mcp-session-id']));
    if (held !== undefined)
      return held.transport.handleRequest(request, response, body === '' ? undefined : JSON.parse(body));
    if (request.headers['mcp-session-id'] !== undefined) return response.writeHead(404).end();
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      ...options,
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, { transport, server }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const server = sdkServer();
    await server.connect(transport);
    return transport.handleRequest(request, response, JSON.parse(body));
  });
  return {
    ...web,
    forget: () => {
      sessions = new Map();
    },
    announce: async () => {
      for (const { server } of sessions.values()) await server.server.sendToolListChanged();
    },
  };
}

/** A server on the SDK 2.x that speaks 2026-07-28 and, unless `reject` is said, older revisions too, each request by itself. */
export async function aBothErasServer({ legacy }: { legacy: 'stateless' | 'reject' }): Promise<BothErasServer> {
  const bus = new InMemoryServerEventBus();
  const tell = (what: string): void => bus.publish(CHANGES[what] ?? { kind: 'tools_list_changed' });
  const { fetch } = createMcpHandler(() => bothErasServer(tell), { legacy, bus });
  let older: WebServer | undefined;
  const web = await aWebServer(async (request, response, body) => {
    if (older !== undefined) return relay(older.url, { request, response, body });
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { method = '' } = request;
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const asked = new Request(web.url, { method, headers, signal: gone.signal, ...(body === '' ? {} : { body }) });
    await answerWith(await fetch(asked), response);
  });
  return {
    ...web,
    tell,
    becomeSession: async () => {
      older = await anSdkServer();
    },
  };
}

export interface BothErasServer extends WebServer {
  tell(what: 'tools' | 'prompts' | 'resources' | 'note'): void;
  /** From now on it is a server on the SDK 1.x. */
  becomeSession(): Promise<void>;
}

const CHANGES: Readonly<Record<string, ServerEvent>> = {
  tools: { kind: 'tools_list_changed' },
  prompts: { kind: 'prompts_list_changed' },
  resources: { kind: 'resources_list_changed' },
  note: { kind: 'resource_updated', uri: 'note://one' },
};

interface Exchanged {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

function relay(to: URL, { request, response, body }: Exchanged): void {
  const { method, headers } = request;
  const relayed = httpRequest(to, { method, headers: { ...headers, host: to.host } }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  relayed.on('error', () => response.destroy());
  relayed.end(body);
}

async function answerWith(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.flushHeaders();
  for await (const chunk of answer.body ?? []) response.write(chunk);
  response.end();
}

/** An HTTP+SSE server on the SDK 1.x. */
export async function anSseServer(): Promise<WebServer> {
  const sessions = new Map<string, SSEServerTransport>();
  return aWebServer(async (request, response, body) => {
    if (request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      return sdkServer().connect(transport);
    }
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId') ?? '';
    return sessions.get(id)?.handlePostMessage(request, response, JSON.parse(body));
  }, '/sse');
}

function sdkServer(): McpServer {
  const server = new McpServer(
    { name: 'web', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, logging: {} } },
  );
  server.registerTool('echo', { inputSchema: { text: z.string() } }, async ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('steps', { inputSchema: {} }, async (_args, { sendNotification, _meta }) => {
    const progressToken = _meta?.progressToken ?? '';
    for (let progress = 1; progress <= 3; progress++) {
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
    }
    return { content: [{ type: 'text', text: 'done' }] };
  });
  server.registerTool('ask', { inputSchema: {} }, async (_args, { sendRequest }) => {
    const params = {
      messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Who?' } }],
      maxTokens: 9,
    };
    const { content } = await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return { content: [{ type: 'text', text: JSON.stringify(content) }] };
  });
  server.registerTool('log', { inputSchema: {} }, async (_args, { sendNotification }) => {
    await sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'on its stream' } });
    await server.sendLoggingMessage({ level: 'info', data: 'on no stream' });
    return { content: [{ type: 'text', text: 'logged' }] };
  });
  server.registerTool('never', { inputSchema: {} }, async (_args, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { content: [] };
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
