import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

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

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

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
  const server = new McpServer({ name: 'web', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
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
