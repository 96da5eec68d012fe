import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { GatewayError, messageOf } from '../core/errors.ts';
import { RefusedByStatus, type HeaderList } from './wire.ts';

export interface Exchange {
  /**
   * The answer's head; its body is still to be read. Rejects with UPSTREAM_UNAVAILABLE where nothing was sent, and with
   * UPSTREAM_CLOSED where the server may have the request.
   */
  readonly answer: Promise<IncomingMessage>;
  /** Ends the exchange wherever it stands; whoever reads gets an error. */
  abort(): void;
}

export type Headers = Readonly<Record<string, string>>;
export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export interface HttpBody {
  readonly text: string;
  /** Another path of the same origin. */
  readonly path?: string | undefined;
}

/** Where requests of HTTP are made: an address, with or without somebody who sees to its credentials. */
export interface HttpDoor {
  begin(method: HttpMethod, headers: HeaderList, body?: HttpBody): Exchange;
  close(): void;
}

/** Headers that say how a message is framed or whose it is; a configuration that set them could forge either. */
const OURS: ReadonlySet<string> = new Set(
  (
    'host connection content-length transfer-encoding te trailer upgrade expect keep-alive ' +
    'content-type accept accept-encoding mcp-session-id mcp-protocol-version last-event-id mcp-method mcp-name'
  ).split(' '),
);
const OUR_PREFIX = 'mcp-param-';

/**
 * How long a connection without a request is kept: shorter than the five seconds after which many servers end it, so that
 * no call meets a connection that is just being ended. One with a request is left alone, however long it is silent.
 */
const FREE_SOCKET_MS = 4_000;

/**
 * One address of an upstream server over HTTP. It uses `node:http` rather than `fetch`: a call costs a third of the
 * CPU, redirects are never followed, and a tool that works for longer than five minutes is not cut off by fetch's own
 * limit. Sent are the configured headers and those of the protocol; nothing that came from a client.
 */
export class HttpEndpoint implements HttpDoor {
  readonly #name: string;
  /** Names and values in turn, as `node:http` takes them with the least work: a tenth of a request's CPU. */
  readonly #headers: readonly string[];
  readonly #isSecure: boolean;
  readonly #target: http.RequestOptions;
  readonly #agent: http.Agent;

  constructor(name: string, url: URL, headers: Headers) {
    this.#name = name;
    const own = { host: url.host, 'user-agent': 'mcp-gateway', 'accept-encoding': 'identity' };
    this.#headers = Object.entries({ ...own, ...credentialsOf(url), ...checkedHeaders(name, headers) }).flat();
    this.#isSecure = url.protocol === 'https:';
    this.#target = { ...urlToHttpOptions(url) };
    const keep = { keepAlive: true, timeout: FREE_SOCKET_MS };
    this.#agent = this.#isSecure ? new https.Agent(keep) : new http.Agent(keep);
  }

  /** Sends one HTTP request. */
  begin(method: HttpMethod, headers: HeaderList, body?: HttpBody): Exchange {
    const sent = [...this.#headers, ...headers];
    if (body !== undefined) sent.push('content-length', String(Buffer.byteLength(body.text)));
    const path = body?.path ?? this.#target.path;
    const options: http.RequestOptions = { ...this.#target, path, method, agent: this.#agent, headers: sent };
    const request = this.#isSecure ? https.request(options) : http.request(options);
    // Before, not a byte of it has left; from then on nobody here knows how far it came.
    let isConnected = false;
    request.once('socket', (socket) => {
      if (request.reusedSocket) isConnected = true;
      else socket.once(this.#isSecure ? 'secureConnect' : 'connect', () => (isConnected = true));
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', (error) => reject(isConnected ? brokenOff(this.#name, error) : this.#unreachable(error)));
    });
    request.end(body?.text);
    return { answer, abort: () => void request.destroy() };
  }

  close(): void {
    this.#agent.destroy();
  }

  #unreachable(cause: Error): GatewayError {
    const code = 'code' in cause ? String(cause.code) : messageOf(cause);
    return new GatewayError('UPSTREAM_UNAVAILABLE', `"${this.#name}" cannot be reached (${code}).`, {
      mend: `Check that the server runs and that its address is right.`,
      cause,
    });
  }
}

export function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** The media type alone: lower case, without parameters. */
export function mediaTypeOf(answer: IncomingMessage): string {
  return (answer.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The whole body, or undefined when it is longer than `maxBytes`; then the exchange is ended. */
export function readBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      resolve(undefined);
      answer.destroy();
    });
    answer.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes)));
    answer.once('error', reject);
    answer.once('close', () => reject(new Error('the connection ended within the answer')));
  });
}

/** The connection ended before the whole answer was there; what was asked may be done. */
export function brokenOff(name: string, cause: unknown): GatewayError {
  return new GatewayError('UPSTREAM_CLOSED', `"${name}" ended the connection before its answer.`, { cause });
}

/** What an answer that is no success means: UPSTREAM_UNAVAILABLE, nothing was done. */
export function refusalOf(name: string, answer: IncomingMessage): RefusedByStatus {
  const status = answer.statusCode ?? 0;
  const [what, mend] = wordsFor(status, name);
  return new RefusedByStatus(status, `"${name}" ${what}.`, mend);
}

/**
 * The same for a request of a server that has been greeted. One that fails then (5xx), or whoever stands before it and
 * waits no longer, may have done what it was asked: UPSTREAM_PROTOCOL.
 */
export function failureOf(name: string, answer: IncomingMessage): GatewayError {
  const refusal = refusalOf(name, answer);
  if (refusal.status < 500) return refusal;
  const { message, mend } = refusal;
  return new GatewayError('UPSTREAM_PROTOCOL', message, mend === undefined ? {} : { mend });
}

/** What it does, and what can be done about it. */
function wordsFor(status: number, name: string): readonly [string, string] {
  if (status >= 300 && status < 400) {
    return [`answers with a redirect (${status}), which is not followed`, 'Give the final address as its url.'];
  }
  if (status === 401 || status === 403) {
    return [`refuses the credentials (${status})`, `Set what it asks for under mcpServers.${name}.headers.`];
  }
  if (status === 404 || status === 405) {
    return [`has no such door at this address (${status})`, 'Check its url, and whether it wants type: http or sse.'];
  }
  return [`answers with status ${status}`, 'Try again, and look at the server itself when it goes on.'];
}

/** Name and password of an address such as `https://name:password@host/`. */
function credentialsOf({ username, password }: URL): Headers {
  if (username === '' && password === '') return {};
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(plain).toString('base64')}` };
}

function checkedHeaders(name: string, headers: Headers): Headers {
  const checked: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    const key = header.toLowerCase();
    if (OURS.has(key) || key.startsWith(OUR_PREFIX)) throw badHeader(name, header, 'is set by the gateway itself');
    try {
      http.validateHeaderName(key);
      http.validateHeaderValue(key, value);
    } catch {
      throw badHeader(name, header, 'holds characters that no header may hold');
    }
    checked[key] = value;
  }
  return checked;
}

function badHeader(name: string, header: string, why: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The header ${JSON.stringify(header)} of server "${name}" ${why}.`, {
    mend: `Remove or correct it under mcpServers.${name}.headers.`,
  });
}
