import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import type { Admission, Gate, Visitor } from './gate.ts';
import { failUnforeseen, refuse, refuseMethod, reject, sendJson } from './http-answer.ts';
import { type AllowedHosts, allowedHostsAt, refuseForeign } from './http-guard.ts';
import { Connections, refuseBroken, repeatedHeader, urlRefusal, type WireLimits, wireOptions } from './http-limits.ts';
import type { HttpLimits, SessionsOptions } from './http-sessions.ts';
import { isFromPeer, PeerRoad } from './peer-road.ts';
import { addressOfListener, type Peers } from './peers.ts';
import { LegacySse } from './sse.ts';
import { Streamable } from './streamable.ts';
import { settledWithin } from './settled-within.ts';
import { Turns } from './turns.ts';

export interface HttpOptions extends SessionsOptions {
  readonly limits: HttpLimits & WireLimits;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Path of Streamable HTTP. */
  readonly path: string;
  /** Names beside the loopback ones, with or without a port, by which clients may call. */
  readonly allowedHosts: readonly string[];
  /** Where clients reach Streamable HTTP, if it is not where it listens; its host is allowed, too. */
  readonly publicUrl?: URL | undefined;
  /** The old transport, or undefined where it is off. */
  readonly sse: { readonly path: string; readonly messagesPath: string } | undefined;
  /** Who sent a request, and whether it may enter. */
  readonly gate: Gate;
  /** The gateways that share its store; absent where there are none. */
  readonly peers?: Peers | undefined;
  /** What `/readyz` answers; `ready` decides between 200 and 503. Nothing secret. */
  readonly readiness: () => JsonObject & { readonly ready: boolean };
}

export interface HttpDoor {
  /** Address of Streamable HTTP. */
  readonly url: string;
  /** Where the other gateways of its store reach it, as far as it knows itself. */
  readonly peerAddress: string;
  close(): Promise<void>;
}

/** Bounds for how often open streams are kept alive and idle sessions looked for. */
const MIN_SWEEP_MS = 100;
const MAX_SWEEP_MS = 5000;

/** Serves clients over HTTP. Throws `LISTEN_FAILED`. */
export async function serveHttp(options: HttpOptions): Promise<HttpDoor> {
  const door = new Http(options);
  await door.listen();
  return { url: door.url, peerAddress: door.peerAddress, close: () => door.close() };
}

class Http {
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #road: PeerRoad | undefined;
  readonly #streamable: Streamable;
  readonly #legacy: LegacySse | undefined;
  /** One for all, because it is set for every request. A client that goes away is nothing to act on. */
  readonly #onBrokenResponse = (error: Error): void => {
    this.#options.logger.debug('An answer could not be written.', { error: error.message });
  };
  /** Open streams, each with whether its client may still have it. */
  readonly #standing = new Map<ServerResponse, Visitor['holds']>();
  #allowedHosts: AllowedHosts = new Set();
  /** Also the host by which the other gateways of the store call. */
  #peerHosts: AllowedHosts = new Set();
  #sweeper: NodeJS.Timeout | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    const turns = new Turns(options.limits);
    const { sse, peers, logger, limits } = options;
    // Each that is handed over has a connection of its client, so there are never more by themselves.
    this.#road = peers && new PeerRoad({ peers, maxOpen: limits.maxConnections, logger });
    const inside = { ...options, road: this.#road };
    this.#streamable = new Streamable(inside, turns);
    this.#legacy = sse === undefined ? undefined : new LegacySse(inside, sse.messagesPath, turns);
    this.#connections = new Connections(limits);
    this.#server = createServer(wireOptions(options.limits), (request, response) => this.#answer(request, response));
    // Node would leave out the headers beyond a number, and with them what they say; their size is limited.
    this.#server.maxHeadersCount = 0;
    this.#server.maxConnections = this.#connections.hardLimit;
    this.#server.on('connection', (socket) => this.#connections.add(socket));
    this.#server.on('clientError', (error, socket) => refuseBroken(error, socket, options.limits));
    this.#server.on('error', (error) => options.logger.error('The listener has failed.', { error: error.message }));
  }

  get url(): string {
    const { address, family, port } = this.#address();
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `http://${host}:${String(port)}${this.#options.path}`;
  }

  get peerAddress(): string {
    return this.#options.peers?.url?.origin ?? addressOfListener(this.#address());
  }

  async listen(): Promise<void> {
    const { host, port, allowedHosts, publicUrl, limits } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenFailed(host, port, error)));
      this.#server.listen(port, host, resolve);
    });
    const local = allowedHostsAt(this.#address().port, allowedHosts);
    this.#allowedHosts = publicUrl === undefined ? local : new Set([...local, publicUrl.host]);
    this.#peerHosts = new Set([...this.#allowedHosts, new URL(this.peerAddress).host]);
    const sweepMs = Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, limits.idleMs / 2));
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /** Takes no new connection, lets calls in flight finish for a while, then ends all. Safe to call again. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', this.#onBrokenResponse);
    const hosts = this.#road !== undefined && isFromPeer(request) ? this.#peerHosts : this.#allowedHosts;
    const foreign = refuseForeign(request.headers, hosts);
    if (foreign !== undefined) return refuse(response, 403, foreign);
    const refused = this.#connections.refusal(request);
    if (refused !== undefined) return this.#dismiss(response, 503, refused);
    const repeated = repeatedHeader(request);
    if (repeated !== undefined) return this.#dismiss(response, 400, `The header ${repeated} stands twice.`);
    const tooLong = urlRefusal(request.url ?? '');
    if (tooLong !== undefined) return this.#dismiss(response, 414, tooLong);
    if (this.#closing !== undefined) response.setHeader('Connection', 'close');
    return this.#safely(response, () => this.#route(request, response));
  }

  #safely(response: ServerResponse, work: () => void): void {
    try {
      work();
    } catch (error) {
      failUnforeseen(response, error, this.#options.logger);
    }
  }

  #dismiss(response: ServerResponse, status: number, words: string): void {
    response.setHeader('Connection', 'close');
    refuse(response, status, words);
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const asked = pathOf(request.url ?? '');
    const handle = this.#handlerAt(asked);
    if (handle === undefined) return this.#answerAnybody(asked, request, response);
    const enter = (admission: Admission): void => {
      if (admission.kind === 'rejected') return reject(response, admission);
      if (isStanding(request)) this.#watch(response, admission.visitor);
      return handle(request, response, admission.visitor);
    };
    const admission = this.#options.gate.admit(request);
    if (!(admission instanceof Promise)) return enter(admission);
    admission.then(
      (settled) => this.#safely(response, () => (response.destroyed ? undefined : enter(settled))),
      (error: unknown) => failUnforeseen(response, error, this.#options.logger),
    );
    return undefined;
  }

  /** What only those reach whom the gate lets in. */
  #handlerAt(asked: string): Handler | undefined {
    const { path, sse } = this.#options;
    if (asked === path) return (request, response, visitor) => this.#streamable.handle(request, response, visitor);
    if (asked === sse?.path)
      return (request, response, { identity }) => this.#legacy?.open(request, response, identity);
    if (asked === sse?.messagesPath)
      return (request, response, { identity }) => this.#legacy?.post(request, response, identity);
    return undefined;
  }

  /** What needs no token: whether the process lives, whether it is ready, and who makes tokens. Nothing secret. */
  #answerAnybody(asked: string, request: IncomingMessage, response: ServerResponse): void {
    const metadata = this.#options.gate.describe(asked, request);
    if (metadata === undefined && asked !== '/healthz' && asked !== '/readyz')
      return refuse(response, 404, 'There is nothing at this address.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuseMethod(response, 'GET, HEAD');
    if (metadata !== undefined) return sendJson(response, 200, metadata);
    if (asked === '/healthz') return sendJson(response, 200, '{"ok":true}');
    const readiness = this.#options.readiness();
    return sendJson(response, readiness.ready ? 200 : 503, writeJson(readiness));
  }

  /** A stream may outlast what its client has shown. */
  #watch(response: ServerResponse, { holds }: Visitor): void {
    this.#standing.set(response, holds);
    response.on('close', () => this.#standing.delete(response));
  }

  #sweep(): void {
    for (const [response, holds] of this.#standing) void holds().then((stillHolds) => stillHolds || response.destroy());
    this.#streamable.sweep();
    this.#legacy?.sessions.sweep();
  }

  async #shutDown(): Promise<void> {
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const drained = Promise.all([this.#streamable.drained(), this.#legacy?.sessions.drained(), this.#road?.drained()]);
    await settledWithin(drained, this.#options.limits.drainMs);
    await Promise.all([this.#streamable.close(), this.#legacy?.sessions.endAll()]);
    this.#road?.close();
    this.#server.closeIdleConnections();
    await settledWithin(closed, LAST_WORDS_MS);
    this.#server.closeAllConnections();
    await closed;
  }

  #address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new GatewayError('LISTEN_FAILED', 'The listener has no address.');
    return address;
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse, visitor: Visitor) => void;

/** Requests whose answers are streams that go on by themselves; a call that runs is let finish. */
function isStanding({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' || headers['mcp-method'] === 'subscriptions/listen';
}

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Milliseconds for the last answers to reach their clients. */
const LAST_WORDS_MS = 500;

function listenFailed(host: string, port: number, cause: NodeJS.ErrnoException): GatewayError {
  const message = `Cannot listen on ${host}:${String(port)}: ${cause.code ?? cause.message}.`;
  return new GatewayError('LISTEN_FAILED', message, {
    mend: 'Choose another port, or end what holds this one.',
    cause,
  });
}
