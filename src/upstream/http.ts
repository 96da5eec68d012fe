import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Era } from '../core/protocol.ts';
import { AuthorizedEndpoint } from './authorized-endpoint.ts';
import type { Authorizer } from './authorizer.ts';
import { EventReader } from './event-reader.ts';
import {
  brokenOff,
  failureOf,
  HttpEndpoint,
  isSuccess,
  mediaTypeOf,
  readBody,
  refusalOf,
  type Exchange,
  type Headers,
  type HttpDoor,
} from './http-endpoint.ts';
import { EVENTS_TYPE, keepStream, readStream, REOPEN_MS } from './http-stream.ts';
import { readMessage } from './read-message.ts';
import { RequestNotTaken, type HeaderList, type Wire, type WireListener } from './wire.ts';

export interface HttpOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly url: URL;
  /** The configured headers; nothing of a client's is ever among them. */
  readonly headers: Headers;
  /** Who sees to the credentials, where the server wants a sign-in. */
  readonly authorizer?: Authorizer | undefined;
  readonly logger: Logger;
  /** The longest message taken from the server, bytes. */
  readonly maxMessageBytes: number;
}

/** A request whose answer is awaited on one or more streams. */
interface Awaited {
  readonly requestId: number;
  exchange: Exchange;
  isAnswered: boolean;
}

const JSON_TYPE = 'application/json';
const POST_HEADERS: HeaderList = ['content-type', JSON_TYPE, 'accept', `${JSON_TYPE}, ${EVENTS_TYPE}`];
const ERROR_BODY_BYTES = 64 * 1024;
/** What asks for no answer is delivered within this time or not at all. */
const DELIVERY_MS = 15_000;
const FAREWELL_MS = 1_000;
/** How often in a row a stream is taken up again without anything new on it. */
const MOST_RESUMPTIONS = 5;
/** What a server that knows nothing of stateless requests says to one. */
const NOT_STATELESS: readonly (number | undefined)[] = [400, 404, 405];

/** The address of a server, and who sees to its credentials where somebody does. */
export function doorTo({ name, url, headers, authorizer }: HttpOptions): HttpDoor {
  const endpoint = new HttpEndpoint(name, url, headers);
  return authorizer === undefined ? endpoint : new AuthorizedEndpoint(endpoint, authorizer);
}

/** A server at an HTTP address that speaks Streamable HTTP (MCP 2025-11-25 and 2026-07-28, basic/transports). */
export class HttpWire implements Wire {
  readonly hasStreams = true;
  readonly #options: HttpOptions;
  readonly #door: HttpDoor;
  readonly #awaited = new Map<number, Awaited>();
  readonly #closing = new AbortController();
  #listener: WireListener | undefined;
  /** Undefined until the handshake is done. */
  #era: Era | undefined;
  #sessionId: string | undefined;
  /** What stands on every request: the session and its revision. */
  #standing: HeaderList = [];
  #ofPosts: HeaderList = POST_HEADERS;
  #ending: Promise<void> | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#door = doorTo(options);
  }

  async open(listener: WireListener): Promise<void> {
    this.#listener = listener;
  }

  send(text: string, requestId?: number, headers?: HeaderList): Promise<void> {
    return requestId === undefined ? this.#tell(text) : this.#ask(this.#post(text, headers), requestId);
  }

  /** For a stateless server the end of the stream is the cancellation. */
  abandon(requestId: number): void {
    this.#awaited.get(requestId)?.exchange.abort();
    this.#awaited.delete(requestId);
  }

  /** A stateless request says all of itself. */
  agree(protocolVersion: string, era: Era): void {
    this.#era = era;
    if (era === 'stateless') this.#sessionId = undefined;
    const session = this.#sessionId === undefined ? [] : ['mcp-session-id', this.#sessionId];
    this.#standing = era === 'stateless' ? [] : [...session, 'mcp-protocol-version', protocolVersion];
    this.#ofPosts = [...POST_HEADERS, ...this.#standing];
  }

  listen(): void {
    const { name, logger } = this.#options;
    const reader = this.#reader((data) => this.#takeMessage(data, undefined));
    const { signal } = this.#closing;
    void keepStream({ name, logger, reader, signal, open: (lastEventId) => this.#get(lastEventId) });
  }

  lastErrors(): readonly string[] {
    return [];
  }

  close(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #ask(exchange: Exchange, requestId: number): Promise<void> {
    const awaited: Awaited = { requestId, exchange, isAnswered: false };
    this.#awaited.set(requestId, awaited);
    try {
      const answer = await exchange.answer;
      await this.#takeAnswer(answer, awaited);
    } finally {
      this.#awaited.delete(requestId);
    }
  }

  async #tell(text: string): Promise<void> {
    const exchange = this.#post(text);
    const timer = setTimeout(() => exchange.abort(), DELIVERY_MS).unref();
    try {
      const answer = await exchange.answer;
      answer.resume();
      if (!isSuccess(answer)) throw refusalOf(this.#options.name, answer);
    } finally {
      clearTimeout(timer);
    }
  }

  #post(text: string, headers?: HeaderList): Exchange {
    return this.#door.begin('POST', headers === undefined ? this.#ofPosts : [...this.#ofPosts, ...headers], { text });
  }

  async #takeAnswer(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    if (!isSuccess(answer)) return this.#takeRefusal(answer, awaited);
    const sessionId = answer.headers['mcp-session-id'];
    if (this.#era === undefined && typeof sessionId === 'string') this.#sessionId = sessionId;
    const type = mediaTypeOf(answer);
    if (type === JSON_TYPE) return this.#takeJson(answer, awaited);
    if (type === EVENTS_TYPE) return this.#takeStream(answer, awaited);
    answer.destroy();
    throw this.#broke(`answers with the media type ${JSON.stringify(type.slice(0, 80))}`);
  }

  /**
   * Servers put a JSON-RPC error into the body of some refusals; where it answers this request, it is the answer. Not so
   * where whoever guards the server refused it, or where a server that is broken was only asked what it is.
   */
  async #takeRefusal(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    const { name } = this.#options;
    const { statusCode = 0 } = answer;
    if (statusCode === 404 && this.#sessionId !== undefined) {
      answer.resume();
      throw new RequestNotTaken('UPSTREAM_CLOSED', `"${name}" does not know the session any more.`);
    }
    const isGuarded = statusCode === 401 || statusCode === 403 || (statusCode >= 500 && this.#era === undefined);
    const isJson = mediaTypeOf(answer) === JSON_TYPE && !isGuarded;
    const body = isJson ? await readBody(answer, ERROR_BODY_BYTES).catch(() => undefined) : undefined;
    if (!isJson) answer.destroy();
    const read = body === undefined ? undefined : readMessage(body, ERROR_BODY_BYTES);
    if (read?.kind === 'ok' && read.message.kind === 'failure' && read.message.id === awaited.requestId) {
      this.#listener?.onMessage(read.message);
      return;
    }
    if (this.#era === undefined) throw refusalOf(name, answer);
    if (this.#era === 'session' || !NOT_STATELESS.includes(statusCode)) throw failureOf(name, answer);
    throw new RequestNotTaken('UPSTREAM_UNAVAILABLE', refusalOf(name, answer).message);
  }

  async #takeJson(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    const body = await readBody(answer, this.#options.maxMessageBytes).catch((cause: unknown) => {
      throw brokenOff(this.#options.name, cause);
    });
    if (body === undefined) throw this.#broke(`answers with more than ${this.#options.maxMessageBytes} bytes`);
    this.#takeMessage(body, awaited);
    if (!awaited.isAnswered) throw this.#broke('answers with a message that is not the answer');
  }

  /** The stream of a session may end before the answer where the server gave an event id: it goes on where it ended. */
  async #takeStream(first: IncomingMessage, awaited: Awaited): Promise<void> {
    const reader = this.#reader((data) => this.#takeMessage(data, awaited));
    let stream: IncomingMessage | undefined = first;
    for (let attempt = 0; attempt <= MOST_RESUMPTIONS; attempt++) {
      const reached = reader.lastEventId;
      const brokeOff = stream === undefined ? undefined : await readStream(stream, reader, () => awaited.isAnswered);
      if (awaited.isAnswered) return;
      if (brokeOff instanceof GatewayError) throw brokeOff;
      if (reader.lastEventId !== reached) attempt = 0;
      if (reader.lastEventId === '' || this.#era === 'stateless' || !this.#isAwaited(awaited)) break;
      await wait(reader.retryMs ?? REOPEN_MS, undefined, { signal: this.#closing.signal, ref: false });
      if (!this.#isAwaited(awaited)) break;
      stream = await this.#resume(reader.lastEventId, awaited);
    }
    throw brokenOff(this.#options.name, new Error('the stream ended before the answer'));
  }

  #isAwaited(awaited: Awaited): boolean {
    return this.#awaited.get(awaited.requestId) === awaited;
  }

  async #resume(lastEventId: string, awaited: Awaited): Promise<IncomingMessage | undefined> {
    awaited.exchange = this.#get(lastEventId);
    const answer = await awaited.exchange.answer.catch(() => undefined);
    if (answer !== undefined && isSuccess(answer) && mediaTypeOf(answer) === EVENTS_TYPE) return answer;
    answer?.destroy();
    return undefined;
  }

  #get(lastEventId: string): Exchange {
    const resumption = lastEventId === '' ? [] : ['last-event-id', lastEventId];
    return this.#door.begin('GET', ['accept', EVENTS_TYPE, ...this.#standing, ...resumption]);
  }

  #reader(onData: (data: Buffer) => void): EventReader {
    return new EventReader({
      name: this.#options.name,
      maxBytes: this.#options.maxMessageBytes,
      onEvent: ({ event, data }) => {
        if (event === 'message') onData(data);
      },
    });
  }

  #takeMessage(bytes: Buffer, awaited: Awaited | undefined): void {
    if (this.#closing.signal.aborted) return;
    const read = readMessage(bytes, this.#options.maxMessageBytes);
    if (read.kind === 'ok') {
      const { message } = read;
      const isAnswer = message.kind === 'result' || message.kind === 'failure';
      if (awaited !== undefined && isAnswer && message.id === awaited.requestId) awaited.isAnswered = true;
      this.#listener?.onMessage(message, awaited?.requestId);
      return;
    }
    const id = read.id ?? awaited?.requestId;
    if (awaited !== undefined && id === awaited.requestId) awaited.isAnswered = true;
    if (id !== undefined)
      this.#listener?.onUnreadable(id, this.#broke(`answered with a message that cannot be read: ${read.why}`));
  }

  async #end(): Promise<void> {
    this.#closing.abort();
    if (this.#sessionId !== undefined) await this.#farewell();
    this.#door.close();
  }

  /** Tells the server that the session is over. It may not care. */
  async #farewell(): Promise<void> {
    const exchange = this.#door.begin('DELETE', this.#standing);
    const timer = setTimeout(() => exchange.abort(), FAREWELL_MS);
    await exchange.answer.then((answer) => answer.resume()).catch(() => undefined);
    clearTimeout(timer);
  }

  #broke(what: string): GatewayError {
    return new GatewayError('UPSTREAM_PROTOCOL', `"${this.#options.name}" ${what}.`);
  }
}
