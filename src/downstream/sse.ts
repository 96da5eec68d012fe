import type { IncomingMessage, ServerResponse } from 'node:http';

import { answerText, failureOf } from './answer.ts';
import { Bodies } from './bodies.ts';
import { refuse, refuseBody, refuseMethod, sendEmpty, sendJson, startEvents } from './http-answer.ts';
import { isJsonContent, readAccept } from './http-guard.ts';
import { type Channel, type HeldSession, HttpSessions, type SessionsOptions } from './http-sessions.ts';
import type { Identity } from './identity.ts';
import type { Outlet } from './outlet.ts';
import { holderOf } from './peers.ts';
import { HTTP } from './post.ts';
import { receiveMessage } from './receive.ts';
import type { Turns } from './turns.ts';

/**
 * Bytes that may wait for a client that does not read. There is no way to resume, so its session ends instead of the next
 * event. One event alone may be larger.
 */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/**
 * The old transport, HTTP with SSE (2024-11-05, Transports): one stream of events carries all answers, messages are posted
 * to an address that its first event names. The session lives as long as the stream.
 */
export class LegacySse {
  readonly sessions: HttpSessions<SseChannel>;
  readonly #options: SessionsOptions;
  readonly #messagesPath: string;
  readonly #bodies: Bodies;

  /** `messagesPath`: where its clients post. */
  constructor(options: SessionsOptions, messagesPath: string, turns: Turns) {
    this.#options = options;
    this.#messagesPath = messagesPath;
    this.#bodies = new Bodies(options.limits.maxBytes, options.logger);
    this.sessions = new HttpSessions(options, turns);
  }

  /** `GET /sse` */
  open(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    if (request.method !== 'GET') return refuseMethod(response, 'GET');
    if (!readAccept(request.headers).events) return refuse(response, 406, 'The client must accept text/event-stream.');
    const held = this.sessions.open(identity, new SseChannel(response));
    if (held === undefined) return refuse(response, 503, 'This gateway has as many sessions as it may have.');
    response.on('close', () => void this.sessions.end(held));
    startEvents(response);
    response.write(`event: endpoint\ndata: ${this.#messagesPath}?sessionId=${held.wireId}\n\n`);
    return undefined;
  }

  /** `POST /messages?sessionId=…` */
  post(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    if (request.method !== 'POST') return refuseMethod(response, 'POST');
    if (!isJsonContent(request.headers)) return refuse(response, 415, 'The Content-Type must be application/json.');
    const id = new URLSearchParams(request.url?.split('?', 2)[1]).get('sessionId');
    if (id === null) return refuse(response, 400, 'The sessionId is missing: open the event stream first.');
    const held = this.sessions.find(id, identity);
    if (held === undefined) return this.#postElsewhere(id, request, response);
    const { maxBytes } = this.#options.limits;
    return this.#bodies.read({ request, response }, (body) => {
      if (body.kind !== 'whole') return refuseBody(response, body, maxBytes);
      return this.#take(body.bytes, held, response);
    });
  }

  /** The stream of a session is where it was opened; its messages may come anywhere. */
  #postElsewhere(id: string, request: IncomingMessage, response: ServerResponse): void {
    const { road, limits, passes, logger } = this.#options;
    const gone = (): void => refuse(response, 404, 'There is no such session: open the event stream again.');
    const holder = holderOf(id);
    if (road === undefined || !road.leadsTo(holder, request)) return gone();
    return this.#bodies.read({ request, response }, (body) => {
      if (body.kind !== 'whole') return refuseBody(response, body, limits.maxBytes);
      const received = receiveMessage(body.bytes, limits, passes);
      if (received.kind === 'ok') {
        const { value: message } = received;
        return road.handOver({ holder, request, response, query: `?sessionId=${id}`, message, otherwise: gone });
      }
      logger.warn('A message was refused.', { reason: received.reason });
      return sendJson(response, 400, answerText(received.id, failureOf(received.error)));
    });
  }

  #take(bytes: Buffer, held: HeldSession<SseChannel>, response: ServerResponse): void {
    const received = receiveMessage(bytes, this.#options.limits, this.#options.passes);
    if (received.kind === 'refused') {
      const text = answerText(received.id, failureOf(received.error));
      this.#options.logger.warn('A message was refused.', { reason: received.reason });
      // The client waits on the stream; the status alone would not tell it which request failed.
      if (received.id !== null) held.channel.announce(text);
      return sendJson(response, 400, text);
    }
    sendEmpty(response, 202);
    return held.session.receive(received, held.channel);
  }
}

class SseChannel implements Channel, Outlet {
  readonly road = HTTP;
  readonly #stream: ServerResponse;

  constructor(stream: ServerResponse) {
    this.#stream = stream;
  }

  announce(text: string): void {
    if (this.#stream.writableLength > MAX_WAITING_BYTES) this.#stream.destroy();
    else this.#stream.write(`event: message\ndata: ${text}\n\n`);
  }

  notify(text: string): void {
    this.announce(text);
  }

  send(text: string): boolean {
    if (this.#stream.closed) return false;
    this.announce(text);
    return true;
  }

  end(text: string | undefined): void {
    if (text !== undefined) this.announce(text);
  }

  isListening(): boolean {
    return !this.#stream.closed;
  }

  beat(): void {
    if (this.#stream.writableLength === 0) this.#stream.write(': \n\n');
  }

  close(): void {
    this.#stream.end();
  }
}
