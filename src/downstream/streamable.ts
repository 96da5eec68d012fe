import type { IncomingMessage, ServerResponse } from 'node:http';

import type { JsonObject } from '../core/json.ts';
import { SESSION_VERSIONS, isSessionVersion, STATELESS_VERSIONS } from '../core/protocol.ts';
import { answerText, failureOf, headerMismatch, invalidRequest, unsupportedVersion } from './answer.ts';
import { Bodies } from './bodies.ts';
import { type EventStream, EventStreams } from './event-stream.ts';
import type { Visitor } from './gate.ts';
import { refuse, refuseBody, refuseMethod, sendEmpty, sendJson, sendRefusal } from './http-answer.ts';
import { isJsonContent, readAccept } from './http-guard.ts';
import { type Channel, type HeldSession, HttpSessions, type SessionsOptions } from './http-sessions.ts';
import type { Outlet } from './outlet.ts';
import { holderOf } from './peers.ts';
import { type Post, roadOf } from './post.ts';
import type { Manners, PostExchange } from './post-exchange.ts';
import { PostExchanges } from './post-exchanges.ts';
import { type ReceivedMessage, receiveMessage } from './receive.ts';
import { eraOfPost, saysStateless } from './request-era.ts';
import { Stateless } from './stateless.ts';
import { StatelessHttp } from './stateless-http.ts';
import type { Turns } from './turns.ts';

/**
 * Streamable HTTP at one address for both eras: POST, GET and DELETE with sessions (2025-03-26 to 2025-11-25,
 * Transports), and POST alone without them (2026-07-28).
 */
export class Streamable {
  readonly sessions: HttpSessions<StreamableChannel>;
  readonly stateless: Stateless;
  readonly #options: SessionsOptions;
  readonly #bodies: Bodies;
  readonly #exchanges: PostExchanges;
  readonly #statelessHttp: StatelessHttp;

  constructor(options: SessionsOptions, turns: Turns) {
    const { limits, clock, gateway, logger, road } = options;
    this.#options = options;
    this.#bodies = new Bodies(limits.maxBytes, logger);
    this.sessions = new HttpSessions(options, turns);
    this.stateless = new Stateless({ ...options, ...limits, turns, maxClients: limits.maxSessions });
    this.#exchanges = new PostExchanges(clock, limits.streamAfterMs);
    this.#statelessHttp = new StatelessHttp(this.stateless, { gateway, exchanges: this.#exchanges, road });
  }

  handle(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void {
    if (request.method === 'POST') return this.#post(request, response, visitor);
    if (saysStateless(request.headers)) return refuseMethod(response, 'POST');
    if (request.method === 'GET') return this.#listen(request, response, visitor);
    if (request.method === 'DELETE') return this.#delete(request, response, visitor);
    return refuseMethod(response, 'GET, POST, DELETE');
  }

  /** Keeps what is open alive, and ends what nobody uses. */
  sweep(): void {
    this.#exchanges.beat();
    this.#statelessHttp.beat();
    this.sessions.sweep();
    this.stateless.callers.sweep();
  }

  async drained(): Promise<void> {
    await Promise.all([this.sessions.drained(), this.stateless.drained()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.sessions.endAll(), this.stateless.close()]);
  }

  #post(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void {
    const accepted = readAccept(request.headers);
    if (!isJsonContent(request.headers)) return refuse(response, 415, 'The Content-Type must be application/json.');
    if (!accepted.json && !accepted.events) {
      return refuse(response, 406, 'The client must accept application/json or text/event-stream.');
    }
    const { limits, logger, passes } = this.#options;
    return this.#bodies.read({ request, response }, (body) => {
      if (body.kind !== 'whole') return refuseBody(response, body, limits.maxBytes);
      const received = receiveMessage(body.bytes, limits, passes);
      if (received.kind === 'ok') return this.#take(received, { request, response, visitor, accepted });
      logger.warn('A message was refused.', { reason: received.reason });
      return sendJson(response, 400, answerText(received.id, failureOf(received.error)));
    });
  }

  #take(received: ReceivedMessage, post: Post): void {
    const { message } = received;
    const { headers } = post.request;
    if (eraOfPost(message, headers) === 'stateless') return this.#statelessHttp.take(received, post);
    const isOpening = message.kind === 'request' && message.method === 'initialize';
    if (saysStateless(headers)) return refuseStateless(post.response, received);
    if (isOpening && headers['mcp-session-id'] === undefined) return this.#open(received, post);
    const held = this.#find(post, received.value);
    if (held === undefined) return undefined;
    if (message.kind === 'request') return held.session.receive(received, this.#startExchange(held, post));
    held.session.receive(received, NO_OUTLET);
    return sendEmpty(post.response, 202);
  }

  #open(received: ReceivedMessage, post: Post): void {
    const held = this.sessions.open(post.visitor.identity, new StreamableChannel(this.#exchanges));
    if (held === undefined) return refuse(post.response, 503, 'This gateway has as many sessions as it may have.');
    post.response.setHeader('Mcp-Session-Id', held.wireId);
    held.session.receive(received, this.#startExchange(held, post));
    held.channel.streams.takesEmptyEvents = held.session.protocol >= FIRST_WITH_EMPTY_EVENTS;
    if (held.session.protocol === '') void this.sessions.end(held);
    return undefined;
  }

  #startExchange({ channel }: Held, { request, response, accepted, visitor }: Post): PostExchange {
    const { streams } = channel;
    const openStream = (): EventStream => {
      const stream = streams.open();
      stream.connect(response);
      return stream;
    };
    const { stepUp } = visitor;
    // Once a stream has begun no status can say any more which scopes are missing.
    const isResumable = streams.takesEmptyEvents && stepUp === undefined;
    const manners = IN_SESSIONS;
    const road = roadOf(request);
    return this.#exchanges.start({
      response,
      road,
      accepted,
      owner: channel,
      isResumable,
      openStream,
      stepUp,
      manners,
    });
  }

  #listen(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void {
    if (!readAccept(request.headers).events) return refuse(response, 406, 'The client must accept text/event-stream.');
    const held = this.#find({ request, response, visitor });
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

  #delete(request: IncomingMessage, response: ServerResponse, visitor: Visitor): void {
    const held = this.#find({ request, response, visitor });
    if (held === undefined) return;
    void this.sessions.end(held).then(() => sendEmpty(response, 204));
  }

  /** The session that a request names; where it is not here the request is answered, or handed over to where it is. */
  #find({ request, response, visitor }: Omit<Post, 'accepted'>, message?: JsonObject): Held | undefined {
    const { 'mcp-session-id': id, 'mcp-protocol-version': version } = request.headers;
    if (typeof version === 'string' && !isSessionVersion(version)) {
      sendRefusal(response, 400, unsupportedVersion(version, [...STATELESS_VERSIONS, ...SESSION_VERSIONS]));
      return undefined;
    }
    if (typeof id !== 'string') {
      refuse(response, 400, 'The header Mcp-Session-Id is missing: send initialize first.');
      return undefined;
    }
    const held = this.sessions.find(id, visitor.identity);
    if (held !== undefined) return held;
    const gone = (): void => refuse(response, 404, 'There is no such session, or it has ended: send initialize again.');
    const { road } = this.#options;
    const holder = holderOf(id);
    if (road === undefined || !road.leadsTo(holder, request)) gone();
    else road.handOver({ holder, request, response, message, otherwise: gone });
    return undefined;
  }
}

type Held = HeldSession<StreamableChannel>;

/** From this version on a client takes an event without data, which tells it from where to resume. */
const FIRST_WITH_EMPTY_EVENTS = '2025-11-25';

const NO_OUTLET: Outlet = { notify: () => undefined, send: () => false, end: () => undefined };

/** In sessions an error is an answer like any other, and a cancelled request has none. */
const IN_SESSIONS: Manners = {
  statusOf: () => 200,
  leaveUnanswered: (response) => sendEmpty(response, 202),
};

/** What opens or answers in a session cannot at the same time be of a revision that has none. */
function refuseStateless(response: ServerResponse, { message }: ReceivedMessage): void {
  const id = message.kind === 'notification' ? null : message.id;
  const refusal =
    message.kind === 'request'
      ? headerMismatch('The header MCP-Protocol-Version names a revision without initialize.')
      : invalidRequest('In this revision clients answer no requests.');
  sendJson(response, 400, answerText(id, refusal));
}

class StreamableChannel implements Channel {
  readonly streams = new EventStreams();
  /** What belongs to no request. */
  readonly standing = this.streams.open();
  readonly #exchanges: PostExchanges;

  constructor(exchanges: PostExchanges) {
    this.#exchanges = exchanges;
  }

  announce(text: string): void {
    this.standing.send(text);
  }

  isListening(): boolean {
    return this.standing.isConnected;
  }

  beat(now: number): void {
    this.streams.beat(now);
  }

  close(): void {
    this.#exchanges.endOf(this);
    this.streams.closeAll();
  }
}
