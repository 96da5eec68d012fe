import type { IncomingMessage, ServerResponse } from 'node:http';

import { answerText, failureOf, tooLarge, unsupportedVersion } from './answer.ts';
import { EventStreams } from './event-stream.ts';
import { readBody, refuse, refuseMethod, sendEmpty, sendJson, sendRefusal } from './http-answer.ts';
import { type Accepted, isJsonContent, readAccept } from './http-guard.ts';
import { type Channel, type HeldSession, HttpSessions, type SessionsOptions } from './http-sessions.ts';
import type { Identity } from './identity.ts';
import { PostExchange } from './post-exchange.ts';
import { type ReceivedMessage, receiveMessage } from './receive.ts';
import type { Outlet } from './session.ts';
import { isSessionVersion, SESSION_VERSIONS, takesEmptyEvents } from './versions.ts';

/** Streamable HTTP with sessions (2025-03-26 to 2025-11-25, Transports): one address for POST, GET and DELETE. */
export class Streamable {
  readonly sessions: HttpSessions<StreamableChannel>;
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.sessions = new HttpSessions(options);
  }

  handle(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    if (request.method === 'POST') return this.#post(request, response, identity);
    if (request.method === 'GET') return this.#listen(request, response, identity);
    if (request.method === 'DELETE') return this.#delete(request, response, identity);
    return refuseMethod(response, 'GET, POST, DELETE');
  }

  #post(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    const accepted = readAccept(request.headers);
    if (!isJsonContent(request.headers)) return refuse(response, 415, 'The Content-Type must be application/json.');
    if (!accepted.json && !accepted.events) {
      return refuse(response, 406, 'The client must accept application/json or text/event-stream.');
    }
    const { limits, logger } = this.#options;
    return readBody(request, limits.maxBytes, (body) => {
      if (body.kind === 'too_large') return sendRefusal(response, 413, tooLarge(body.byteLength, limits.maxBytes));
      const received = receiveMessage(body.bytes, limits);
      if (received.kind === 'ok') return this.#take(received, { request, response, identity, accepted });
      logger.warn('A message was refused.', { reason: received.reason });
      return sendJson(response, 400, answerText(received.id, failureOf(received.error)));
    });
  }

  #take(received: ReceivedMessage, post: Post): void {
    const { message } = received;
    const isOpening = message.kind === 'request' && message.method === 'initialize';
    if (isOpening && post.request.headers['mcp-session-id'] === undefined) return this.#open(received, post);
    const held = this.#find(post.request, post.response, post.identity);
    if (held === undefined) return undefined;
    if (message.kind === 'request')
      return held.session.receive(received, held.channel.startExchange(post, this.#now()));
    held.session.receive(received, NO_OUTLET);
    return sendEmpty(post.response, 202);
  }

  #open(received: ReceivedMessage, post: Post): void {
    const held = this.sessions.open(post.identity, new StreamableChannel());
    if (held === undefined) return refuse(post.response, 503, 'This gateway has as many sessions as it may have.');
    post.response.setHeader('Mcp-Session-Id', held.session.id);
    held.session.receive(received, held.channel.startExchange(post, this.#now()));
    held.channel.streams.takesEmptyEvents = takesEmptyEvents(held.session.protocol);
    if (held.session.protocol === '') void this.sessions.end(held);
    return undefined;
  }

  #listen(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    if (!readAccept(request.headers).events) return refuse(response, 406, 'The client must accept text/event-stream.');
    const held = this.#find(request, response, identity);
    if (held === undefined) return undefined;
    const { channel } = held;
    const lastEventId = request.headers['last-event-id'];
    if (typeof lastEventId !== 'string') {
      if (channel.standing.isConnected) return refuse(response, 409, 'This session has a stream already.');
      return channel.standing.connect(response);
    }
    const place = channel.streams.find(lastEventId);
    if (place === undefined) return refuse(response, 400, 'The Last-Event-ID is not known here any more.');
    return place.stream.connect(response, place.after);
  }

  #delete(request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    const held = this.#find(request, response, identity);
    if (held === undefined) return;
    void this.sessions.end(held).then(() => sendEmpty(response, 204));
  }

  /** The session that a request names; where there is none the request is answered. */
  #find(request: IncomingMessage, response: ServerResponse, identity: Identity): Held | undefined {
    const { 'mcp-session-id': id, 'mcp-protocol-version': version } = request.headers;
    if (typeof version === 'string' && !isSessionVersion(version)) {
      sendRefusal(response, 400, unsupportedVersion(version, SESSION_VERSIONS));
      return undefined;
    }
    if (typeof id !== 'string') {
      refuse(response, 400, 'The header Mcp-Session-Id is missing: send initialize first.');
      return undefined;
    }
    const held = this.sessions.find(id, identity);
    if (held === undefined) refuse(response, 404, 'There is no such session, or it has ended: send initialize again.');
    return held;
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}

type Held = HeldSession<StreamableChannel>;

interface Post {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly identity: Identity;
  readonly accepted: Accepted;
}

const NO_OUTLET: Outlet = { notify: () => undefined, end: () => undefined };

class StreamableChannel implements Channel {
  readonly streams = new EventStreams();
  /** What belongs to no request. */
  readonly standing = this.streams.open();
  readonly #exchanges = new Set<PostExchange>();

  startExchange(post: Post, startedAt: number): PostExchange {
    const { response, accepted } = post;
    const onEnd = (ended: PostExchange): void => void this.#exchanges.delete(ended);
    const exchange = new PostExchange({ response, accepted, streams: this.streams, startedAt, onEnd });
    this.#exchanges.add(exchange);
    return exchange;
  }

  announce(text: string): void {
    this.standing.send(text);
  }

  isListening(): boolean {
    return this.standing.isConnected;
  }

  beat(now: number): void {
    for (const exchange of this.#exchanges) exchange.beat(now);
    this.streams.beat();
  }

  close(): void {
    for (const exchange of this.#exchanges) exchange.end(undefined);
    this.streams.closeAll();
  }
}
