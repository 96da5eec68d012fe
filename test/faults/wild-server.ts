import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http';
import type { AtEnd } from '../e2e/program.ts';

export interface Exchange {
  readonly id: number;
  readonly args: { readonly text?: string };
  readonly meta: { readonly progressToken?: number };
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What becomes of a request whose head and body have come. */
export type Way = (exchange: Exchange) => unknown;

const GREETING = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'wild', version: '1' },
};

/** How it sends the list of its tools. */
export type Listing = (response: ServerResponse, list: object) => void;

/** Greets as it should; a call of a tool goes the way of that name. */
export function wildly(ways: Readonly<Record<string, Way>>, listing: Listing = sendJson): RequestListener {
  const tools = Object.keys(ways).map((name) => ({ name, inputSchema: { type: 'object' } }));
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as Message;
      if (id === undefined) return void response.writeHead(202).end();
      if (method === 'initialize') return sendJson(response, { jsonrpc: '2.0', id, result: GREETING });
      if (method === 'tools/list') return listing(response, { jsonrpc: '2.0', id, result: { tools } });
      const way = method === 'tools/call' ? ways[params?.name ?? ''] : undefined;
      if (way !== undefined)
        return void way({ id, args: params?.arguments ?? {}, meta: params?._meta ?? {}, request, response });
      return sendJson(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } });
    });
  };
}

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Exchange['args'];
    readonly _meta?: Exchange['meta'];
  };
}

/** The address at which it listens until the end. */
export async function listening(server: Server, atEnd: AtEnd): Promise<URL> {
  await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return new URL(`http://127.0.0.1:${String(address.port)}/mcp`);
}

export function aWildServer(listener: RequestListener, atEnd: AtEnd): Promise<URL> {
  return listening(createServer(listener), atEnd);
}

export interface Sending {
  readonly type?: string;
  readonly status?: number;
}

export function sendJson(response: ServerResponse, message: unknown, sending: Sending = {}): void {
  const { type = 'application/json', status = 200 } = sending;
  response.writeHead(status, { 'content-type': type });
  response.end(typeof message === 'string' ? message : JSON.stringify(message));
}

export function sendEvent(response: ServerResponse, message: unknown, type = 'text/event-stream'): void {
  response.writeHead(200, { 'content-type': type }).end(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
}

export function resultOf(id: number, text: string): object {
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } };
}

export const says =
  (text: string): Way =>
  ({ id, response }) =>
    sendJson(response, resultOf(id, text));
