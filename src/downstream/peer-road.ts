import http, {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import { urlToHttpOptions } from 'node:url';

import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { writeJson } from '../core/lossless-json.ts';
import { failUnforeseen, refuse } from './http-answer.ts';
import type { Peers } from './peers.ts';

/** Says which gateway has handed a request over: it goes no further. */
const FROM = 'mcp-gateway-from';

/** Milliseconds for a connection. What comes then may be silent for as long as a call takes, or a stream. */
const CONNECT_MS = 3_000;
/** As towards upstreams: shorter than anybody keeps a connection open that nothing is asked on. */
const FREE_SOCKET_MS = 4_000;

/** Bytes of an answer that is waited for to its end. */
const AT_ONCE_BYTES = 64 * 1024;

export interface RoadOptions {
  readonly peers: Peers;
  /** Requests that are handed over at one time. */
  readonly maxOpen: number;
  readonly logger: Logger;
}

/** A request that the gate has let in. */
export interface HandedOver {
  /** The tag of the gateway that is to answer. */
  readonly holder: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Beside the path, which stays; nothing where it is left out. */
  readonly query?: string;
  /** What its body says; undefined where it has none. */
  readonly message?: JsonObject | undefined;
  /** Answers where that gateway is not to be reached. No gateway has got anything of the request then. */
  readonly otherwise: () => void;
}

/**
 * The way to what another gateway of the store holds: a session, a call that waits for its client, a task. The request is
 * written anew and answered with what comes back. Its credentials go along: the other gateway is the same protected
 * resource, no upstream, and sees for itself who asks.
 */
export class PeerRoad {
  readonly #options: RoadOptions;
  readonly #agents = {
    plain: new http.Agent({ keepAlive: true, timeout: FREE_SOCKET_MS }),
    secure: new https.Agent({ keepAlive: true, timeout: FREE_SOCKET_MS }),
  };
  readonly #open = new Map<ServerResponse, { readonly isStream: boolean }>();

  constructor(options: RoadOptions) {
    this.#options = options;
  }

  /** Of this gateway. */
  get tag(): string {
    return this.#options.peers.tag;
  }

  /** Whether a request is another gateway's to answer, and has not been handed over before. */
  leadsTo(holder: string | undefined, request: IncomingMessage): holder is string {
    return holder !== undefined && holder !== this.tag && request.headers[FROM] === undefined;
  }

  handOver(handed: HandedOver): void {
    const { holder, request, response } = handed;
    const { peers, maxOpen, logger } = this.#options;
    if (this.#open.size >= maxOpen) return refuse(response, 503, TOO_MANY);
    this.#open.set(response, { isStream: request.method === 'GET' || isListening(request) });
    response.once('close', () => this.#open.delete(response));
    peers
      .addressOf(holder)
      .then(
        (address) => this.#go(handed, address),
        (error: unknown) => {
          logger.warn('It cannot be found out where another gateway is.', { gateway: holder, error: messageOf(error) });
          refuse(response, 503, NOT_FOUND_OUT);
        },
      )
      .catch((thrown: unknown) => failUnforeseen(response, thrown, logger));
  }

  /** Resolves when no call waits for its answer any more; streams that go on by themselves are not waited for. */
  async drained(): Promise<void> {
    const calls = [...this.#open].filter(([, { isStream }]) => !isStream);
    await Promise.all(calls.map(([response]) => new Promise((resolve) => response.once('close', resolve))));
  }

  /** Cuts off what is still open. Safe to call again. */
  close(): void {
    for (const response of this.#open.keys()) response.destroy();
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  #go(handed: HandedOver, address: URL | undefined): void {
    if (handed.response.destroyed) return;
    if (address !== undefined) return this.#send(handed, address);
    return this.#answerHere(handed);
  }

  #answerHere({ response, otherwise }: HandedOver): void {
    this.#open.delete(response);
    otherwise();
  }

  #send(handed: HandedOver, address: URL): void {
    const { request, response, message } = handed;
    const text = message === undefined ? undefined : writeJson(message);
    const isSecure = address.protocol === 'https:';
    const agent = isSecure ? this.#agents.secure : this.#agents.plain;
    const path = `${(request.url ?? '').split('?', 1)[0] ?? ''}${handed.query ?? ''}`;
    const headers = this.#headersFor(request, address, text);
    const options = { ...urlToHttpOptions(address), method: request.method, path, headers, agent };
    const sent = isSecure ? https.request(options) : http.request(options);
    const hasBegun = beginning(sent, isSecure);
    sent.once('response', (answer) => this.#safely(response, () => this.#relay(answer, handed)));
    sent.on('error', (error) => this.#safely(response, () => this.#failed(handed, error, hasBegun())));
    // A client that goes away is gone for the other gateway too: in a revision without sessions this cancels its call.
    response.once('close', () => sent.destroy());
    sent.end(text);
  }

  /** Nobody above catches what is thrown in an event: it would end the process. */
  #safely(response: ServerResponse, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      failUnforeseen(response, thrown, this.#options.logger);
    }
  }

  /** What a gateway reads of a request, and nothing else of what a client may have sent. */
  #headersFor({ headers }: IncomingMessage, { host }: URL, text: string | undefined): OutgoingHttpHeaders {
    const kept = Object.entries(headers).filter(([name]) => READ.has(name) || name.startsWith('mcp-'));
    const body = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
    return { ...Object.fromEntries(kept), host, ...body, [FROM]: this.tag };
  }

  #relay(answer: IncomingMessage, { holder, response }: HandedOver): void {
    const { statusCode: status = 502, headers } = answer;
    // It may stand behind a proxy of its own; gateways answer no such thing.
    if (status >= 300 && status < 400) {
      answer.destroy();
      return refuse(response, 502, `The gateway that holds this answers with a redirect (${String(status)}).`);
    }
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => ANSWERED.has(name)));
    const isShort = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY) <= AT_ONCE_BYTES;
    if (isShort) return this.#sendWhole(answer, kept, response);
    response.writeHead(status, kept);
    // The first event of a stream may be long in coming.
    if (headers['content-type']?.startsWith('text/event-stream') === true) response.flushHeaders();
    pipeline(answer, response, (error) => {
      if (error !== null && error !== undefined) {
        this.#options.logger.debug('An answer of another gateway broke off.', {
          gateway: holder,
          error: error.message,
        });
      }
    });
  }

  /** A short answer leaves in one piece with its head: a hop takes a third less CPU than with a pipeline. */
  #sendWhole(answer: IncomingMessage, headers: OutgoingHttpHeaders, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece));
    answer.on('error', () => (response.headersSent ? undefined : refuse(response, 502, BROKEN_OFF)));
    answer.on('end', () =>
      this.#safely(response, () => {
        response.writeHead(answer.statusCode ?? 502, headers);
        response.end(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
      }),
    );
  }

  /** What has been written to the other gateway may have happened there: it is sent to nobody again. */
  #failed(handed: HandedOver, error: Error, hasBegun: boolean): void {
    const { holder, response } = handed;
    if (response.destroyed) return undefined;
    this.#options.logger.warn('Another gateway cannot be reached.', { gateway: holder, error: error.message });
    if (response.headersSent) return void response.destroy();
    return hasBegun ? refuse(response, 502, BROKEN_OFF) : this.#answerHere(handed);
  }
}

/** Whether another gateway of the store has handed a request over. None sends an Origin. */
export function isFromPeer({ headers }: IncomingMessage): boolean {
  return headers[FROM] !== undefined && headers.origin === undefined;
}

function isListening({ headers }: IncomingMessage): boolean {
  return headers['mcp-method'] === 'subscriptions/listen';
}

/** Says whether anything of a request can have left; where a connection takes too long, the request ends. */
function beginning(sent: ClientRequest, isSecure: boolean): () => boolean {
  let hasBegun = false;
  const late = setTimeout(() => sent.destroy(new Error(`no connection within ${String(CONNECT_MS)} ms`)), CONNECT_MS);
  const begin = (): void => {
    hasBegun = true;
    clearTimeout(late);
  };
  sent.once('socket', (socket) => {
    if (sent.reusedSocket) begin();
    else socket.once(isSecure ? 'secureConnect' : 'connect', begin);
  });
  sent.once('close', () => clearTimeout(late));
  return () => hasBegun;
}

const READ: ReadonlySet<string> = new Set([
  'accept',
  'authorization',
  'content-type',
  'last-event-id',
  'traceparent',
  'tracestate',
  'user-agent',
]);

const ANSWERED: ReadonlySet<string> = new Set([
  'allow',
  'cache-control',
  'content-length',
  'content-type',
  'mcp-session-id',
  'retry-after',
  'www-authenticate',
  'x-accel-buffering',
]);

const TOO_MANY = 'This gateway has handed over as many requests as it may. Send this one again.';
const NOT_FOUND_OUT = 'It cannot be found out at the moment which gateway holds this. Send it again.';
const BROKEN_OFF = 'The connection to the gateway that holds this broke off. It may have happened there.';
