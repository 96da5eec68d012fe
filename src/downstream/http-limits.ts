import type { IncomingMessage, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { answerText, invalidRequest } from './answer.ts';

export interface WireLimits {
  readonly maxConnections: number;
  /** Of the request line and all headers. */
  readonly maxHeaderBytes: number;
  /** Milliseconds that a request may take to come whole. */
  readonly sendMs: number;
}

/** Milliseconds in which the head of a request comes, at most. */
const HEAD_MS = 20_000;
/** Milliseconds between two looks for requests that come too slowly. */
const LOOK_MS = 5000;
/** Characters. The longest address that a client of ours has is an eighth of it. */
const MAX_URL = 2048;
/** Connections over the limit that are told so; what comes beyond is closed without a word. */
const TOLD = 64;
/** Milliseconds after which a connection over the limit that asks nothing is closed. */
const TOLD_MS = 5000;

/** How strictly Node reads requests. */
export function wireOptions({ maxHeaderBytes, sendMs }: WireLimits): ServerOptions {
  return {
    insecureHTTPParser: false,
    // A request without Host gets the same answer as one with a wrong Host.
    requireHostHeader: false,
    // Clients keep their connections between calls longer than Node's five seconds.
    keepAliveTimeout: 65_000,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: Math.min(HEAD_MS, sendMs),
    requestTimeout: sendMs,
    connectionsCheckingInterval: Math.min(LOOK_MS, sendMs),
  };
}

/** Counts connections. Those over the limit are told so when they ask something, and closed soon in any case. */
export class Connections {
  readonly #max: number;
  readonly #surplus = new WeakSet<Socket>();
  #open = 0;

  constructor({ maxConnections }: WireLimits) {
    this.#max = maxConnections;
  }

  /** So many are accepted at all. */
  get hardLimit(): number {
    return this.#max + TOLD;
  }

  add(socket: Socket): void {
    this.#open += 1;
    socket.once('close', () => (this.#open -= 1));
    if (this.#open <= this.#max) return;
    this.#surplus.add(socket);
    const timer = setTimeout(() => socket.destroy(), TOLD_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }

  /** Why a request is not taken because of the connection it came over, or undefined. */
  refusal({ socket }: IncomingMessage): string | undefined {
    return this.#surplus.has(socket)
      ? `This gateway has ${String(this.#max)} connections open, which is its limit. Close some, then ask again.`
      : undefined;
  }
}

/** Headers that decide something, and of which two would be read in two ways. */
const SINGLE: ReadonlySet<string> = new Set([
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-length',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'last-event-id',
]);

/** The header that stands twice in a request and must not, or undefined. Node itself takes the first, other programs the last. */
export function repeatedHeader({ rawHeaders }: IncomingMessage): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

export function urlRefusal(url: string): string | undefined {
  return url.length > MAX_URL ? `The address is longer than ${String(MAX_URL)} characters.` : undefined;
}

/** Answers what is no HTTP, too large a head or too slow, and closes. Node's own answers have no words. */
export function refuseBroken(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  { maxHeaderBytes, sendMs }: WireLimits,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const words = `The address and the headers are larger than ${String(maxHeaderBytes)} bytes together.`;
    return endWith(socket, '431 Request Header Fields Too Large', words);
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return endWith(socket, '408 Request Timeout', `The request was not whole within ${String(sendMs)} ms.`);
  }
  return endWith(socket, '400 Bad Request', 'This is no HTTP request that could be read in one way only.');
}

function endWith(socket: Duplex, status: string, words: string): void {
  const text = answerText(null, invalidRequest(words));
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${String(Buffer.byteLength(text))}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}
