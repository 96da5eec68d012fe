import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { EventReader } from './event-reader.ts';
import { HttpEndpoint, mediaTypeOf, readBody, refusalOf, type Exchange, type Headers } from './http-endpoint.ts';
import { readMessage } from './read-message.ts';
import { RequestNotTaken, type Wire, type WireListener } from './wire.ts';

export interface HttpOptions {
  /** How messages name the server. */
  readonly name: string;
  readonly url: URL;
  /** The configured headers; nothing of a client's is ever among them. */
  readonly headers: Headers;
  readonly logger: Logger;
  /** The longest message taken from the server, bytes. */
  readonly maxMessageBytes: number;
}

/** A request whose answer is awaited on one or more streams. */
interface Awaited {
  readonly requestId: number | undefined;
  exchange: Exchange;
  isAnswered: boolean;
}

const JSON_TYPE = 'application/json';
const EVENTS_TYPE = 'text/event-stream';
const ERROR_BODY_BYTES = 64 * 1024;
/** What asks for no answer is delivered within this time or not at all. */
const DELIVERY_MS = 15_000;
const FAREWELL_MS = 1_000;
const REOPEN_MS = 1_000;
const MOST_REOPEN_MS = 30_000;
const MOST_RESUMPTIONS = 5;

/** A server at an HTTP address that speaks Streamable HTTP (MCP 2025-11-25, basic/transports). */
export class HttpWire implements Wire {
  readonly #options: HttpOptions;
  readonly #endpoint: HttpEndpoint;
  readonly #awaited = new Map<number, Awaited>();
  readonly #closing = new AbortController();
  #listener: WireListener | undefined;
  #sessionId: string | undefined;
  #protocolVersion: string | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#endpoint = new HttpEndpoint(options.name, options.url, options.headers);
  }

  async open(listener: WireListener): Promise<void> {
    this.#listener = listener;
  }

  send(text: string, requestId?: number): Promise<void> {
    return requestId === undefined ? this.#tell(text) : this.#ask(text, requestId);
  }

  abandon(requestId: number): void {
    this.#awaited.get(requestId)?.exchange.abort();
  }

  agree(protocolVersion: string): void {
    this.#protocolVersion = protocolVersion;
  }

  listen(): void {
    void this.#listen();
  }

  lastErrors(): readonly string[] {
    return [];
  }

  close(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #ask(text: string, requestId: number): Promise<void> {
    const awaited: Awaited = { requestId, exchange: this.#post(text), isAnswered: false };
    this.#awaited.set(requestId, awaited);
    try {
      const answer = await awaited.exchange.answer;
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

  #post(text: string): Exchange {
    const headers = this.#headers({ 'content-type': JSON_TYPE, accept: `${JSON_TYPE}, ${EVENTS_TYPE}` });
    return this.#endpoint.begin('POST', headers, { text });
  }

  async #takeAnswer(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    if (!isSuccess(answer)) return this.#takeRefusal(answer, awaited);
    const sessionId = answer.headers['mcp-session-id'];
    if (this.#sessionId === undefined && typeof sessionId === 'string') this.#sessionId = sessionId;
    const type = mediaTypeOf(answer);
    if (type === JSON_TYPE) return this.#takeJson(answer, awaited);
    if (type === EVENTS_TYPE) return this.#takeStream(answer, awaited);
    answer.destroy();
    throw this.#broke(`answers with the media type ${JSON.stringify(type.slice(0, 80))}`);
  }

  /** Servers put a JSON-RPC error into the body of some refusals; where it answers this request, it is the answer. */
  async #takeRefusal(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    const { name } = this.#options;
    if (answer.statusCode === 404 && this.#sessionId !== undefined) {
      answer.resume();
      throw new RequestNotTaken('UPSTREAM_CLOSED', `"${name}" does not know the session any more.`);
    }
    const isJson = mediaTypeOf(answer) === JSON_TYPE;
    const body = isJson ? await readBody(answer, ERROR_BODY_BYTES).catch(() => undefined) : undefined;
    if (!isJson) answer.destroy();
    const read = body === undefined ? undefined : readMessage(body, ERROR_BODY_BYTES);
    const isAnswer = read?.kind === 'ok' && read.message.kind === 'failure' && read.message.id === awaited.requestId;
    if (!isAnswer) throw refusalOf(name, answer);
    this.#listener?.onMessage(read.message);
  }

  async #takeJson(answer: IncomingMessage, awaited: Awaited): Promise<void> {
    const body = await readBody(answer, this.#options.maxMessageBytes).catch((cause: unknown) => {
      throw this.#brokeOff(cause);
    });
    if (body === undefined) throw this.#broke(`answers with more than ${this.#options.maxMessageBytes} bytes`);
    this.#takeMessage(body, awaited);
    if (!awaited.isAnswered) throw this.#broke('answers with a message that is not the answer');
  }

  /** The stream may end before the answer where the server gave an event id: then it goes on where it ended. */
  async #takeStream(first: IncomingMessage, awaited: Awaited): Promise<void> {
    const reader = this.#reader((data) => this.#takeMessage(data, awaited));
    let stream: IncomingMessage | undefined = first;
    for (let attempt = 0; attempt <= MOST_RESUMPTIONS && stream !== undefined; attempt++) {
      const brokeOff = await readStream(stream, reader, () => awaited.isAnswered);
      if (awaited.isAnswered) return;
      if (brokeOff instanceof GatewayError) throw brokeOff;
      if (reader.lastEventId === '' || this.#isAbandoned(awaited)) break;
      await wait(reader.retryMs ?? REOPEN_MS, undefined, { signal: this.#closing.signal, ref: false });
      stream = await this.#resume(reader.lastEventId, awaited);
    }
    throw this.#brokeOff(new Error('the stream ended before the answer'));
  }

  #isAbandoned(awaited: Awaited): boolean {
    return awaited.requestId === undefined || this.#awaited.get(awaited.requestId) !== awaited;
  }

  async #resume(lastEventId: string, awaited: Awaited): Promise<IncomingMessage | undefined> {
    awaited.exchange = this.#get(lastEventId);
    const answer = await awaited.exchange.answer;
    if (isSuccess(answer) && mediaTypeOf(answer) === EVENTS_TYPE) return answer;
    answer.destroy();
    return undefined;
  }

  /** The stream on which a server says what nobody asked for. A server need not offer it. */
  async #listen(): Promise<void> {
    const { signal } = this.#closing;
    const reader = this.#reader((data) => this.#takeMessage(data, undefined));
    let delayMs = REOPEN_MS;
    while (!signal.aborted) {
      const exchange = this.#get(reader.lastEventId);
      try {
        const answer = await exchange.answer;
        const isOffered = answer.statusCode === 200 && mediaTypeOf(answer) === EVENTS_TYPE;
        if (!isOffered) answer.destroy();
        if (!isOffered && (answer.statusCode ?? 0) < 500) return;
        if (isOffered) await readStream(answer, reader, () => false);
        if (isOffered) delayMs = REOPEN_MS;
      } catch (error) {
        this.#options.logger.debug('no stream from an upstream server', {
          server: this.#options.name,
          why: messageOf(error),
        });
      }
      await wait(reader.retryMs ?? delayMs, undefined, { signal, ref: false }).catch(() => undefined);
      delayMs = Math.min(2 * delayMs, MOST_REOPEN_MS);
    }
  }

  #get(lastEventId: string): Exchange {
    const resumption = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    return this.#endpoint.begin('GET', this.#headers({ accept: EVENTS_TYPE, ...resumption }));
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
      this.#listener?.onMessage(message);
      return;
    }
    const id = read.id ?? awaited?.requestId;
    if (awaited !== undefined && id === awaited.requestId) awaited.isAnswered = true;
    if (id !== undefined)
      this.#listener?.onUnreadable(id, this.#broke(`answered with a message that cannot be read: ${read.why}`));
  }

  #headers(headers: Headers): Headers {
    return {
      ...headers,
      ...(this.#sessionId === undefined ? {} : { 'mcp-session-id': this.#sessionId }),
      ...(this.#protocolVersion === undefined ? {} : { 'mcp-protocol-version': this.#protocolVersion }),
    };
  }

  async #end(): Promise<void> {
    this.#closing.abort();
    if (this.#sessionId !== undefined) await this.#farewell();
    this.#endpoint.close();
  }

  /** Tells the server that the session is over. It may not care. */
  async #farewell(): Promise<void> {
    const exchange = this.#endpoint.begin('DELETE', this.#headers({}));
    const timer = setTimeout(() => exchange.abort(), FAREWELL_MS);
    await exchange.answer.then((answer) => answer.resume()).catch(() => undefined);
    clearTimeout(timer);
  }

  #broke(what: string): GatewayError {
    return new GatewayError('UPSTREAM_PROTOCOL', `"${this.#options.name}" ${what}.`);
  }

  #brokeOff(cause: unknown): GatewayError {
    return new GatewayError('UPSTREAM_CLOSED', `"${this.#options.name}" ended the connection before its answer.`, {
      cause,
    });
  }
}

function isSuccess(answer: IncomingMessage): boolean {
  return answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300;
}

/** Reads until the stream ends or nothing more is wanted. Gives what broke it, if anything did. */
function readStream(stream: IncomingMessage, reader: EventReader, isDone: () => boolean): Promise<unknown> {
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        resolve(error);
        stream.destroy();
      }
      if (isDone()) resolve(undefined);
    });
    stream.once('error', resolve);
    stream.once('close', () => resolve(undefined));
    stream.once('end', () => resolve(undefined));
  });
}
