import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RpcAnswer } from '../core/rpc.ts';
import { answerText, invalidRequest } from './answer.ts';
import type { Rejection } from './gate.ts';

type Headers = Readonly<Record<string, string>>;

/** Writes a whole answer of JSON at once. */
export function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(text))]);
  // As a text it leaves in one piece with the head.
  response.end(text);
}

/** Writes a refusal as a JSON-RPC error, which clients show, under an HTTP status, which proxies understand. */
export function sendRefusal(response: ServerResponse, status: number, refusal: RpcAnswer): void {
  sendJson(response, status, answerText(null, refusal));
}

/** As `sendRefusal`, in words alone. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  sendRefusal(response, status, invalidRequest(message));
}

/** Says at the gate why somebody is not let in. */
export function reject(response: ServerResponse, { status, message, headers }: Rejection): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  refuse(response, status, message);
}

export function sendEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  response.writeHead(status, { 'Content-Length': 0, ...headers });
  response.end();
}

export function refuseMethod(response: ServerResponse, allow: string): void {
  response.setHeader('Allow', allow);
  refuse(response, 405, `This address takes ${allow}.`);
}

/** Begins a stream of events. */
export function startEvents(response: ServerResponse): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
}

/** A body that is this many times too large is not read to its end any more. */
const PATIENCE = 4;

export type ReadBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too_large'; readonly byteLength: number };

/** Reads a body up to a limit. What is over it is thrown away but read, so that the client gets to read the refusal. */
export function readBody(request: IncomingMessage, maxBytes: number, done: (body: ReadBody) => void): void {
  const chunks: Buffer[] = [];
  let byteLength = 0;
  request.on('data', (chunk: Buffer) => {
    byteLength += chunk.length;
    if (byteLength <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (byteLength > maxBytes * PATIENCE) request.destroy();
  });
  request.on('end', () => {
    if (byteLength > maxBytes) return done({ kind: 'too_large', byteLength });
    const [first = NOTHING] = chunks;
    return done({ kind: 'whole', bytes: chunks.length === 1 ? first : Buffer.concat(chunks, byteLength) });
  });
}

const NOTHING = Buffer.alloc(0);
