import type { ServerResponse } from 'node:http';

import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import { answerText, invalidRequest, tooLarge } from './answer.ts';
import type { ReadBody } from './bodies.ts';
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

/** The body of a request that could not be read whole. */
export function refuseBody(
  response: ServerResponse,
  body: Exclude<ReadBody, { readonly kind: 'whole' }>,
  maxBytes: number,
): void {
  if (body.kind === 'too_large') return sendRefusal(response, 413, tooLarge(body.byteLength, maxBytes));
  return refuse(response, 503, 'This gateway is reading as many bytes of requests as it may. Send this one again.');
}

export function refuseMethod(response: ServerResponse, allow: string): void {
  response.setHeader('Allow', allow);
  refuse(response, 405, `This address takes ${allow}.`);
}

/** One request that finds a bug must not take the others of this process with it. */
export function failUnforeseen(response: ServerResponse, thrown: unknown, logger: Logger): void {
  logger.error('A request failed for a reason that nobody foresaw.', { error: messageOf(thrown) });
  if (response.headersSent) response.destroy();
  else refuse(response, 500, 'The gateway failed on this request.');
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
