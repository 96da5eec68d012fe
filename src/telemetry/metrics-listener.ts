import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { isLoopbackAddress } from '../core/bundle-address.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Names accepted in the Host header beside those of the loopback address. */
  readonly allowedHosts: readonly string[];
  readonly text: () => Promise<string>;
  readonly logger: Logger;
  /** How long is waited until the port is tried again. */
  readonly retryMs?: number;
}

const RETRY_MS = 30_000;
const MOST_CONNECTIONS = 32;
const REQUEST_MS = 10_000;

/**
 * `GET /metrics`, on a listener of its own. Several gateways of one machine have one port: who gets it answers, the others
 * try again until it is free.
 */
export class MetricsListener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  #timer: NodeJS.Timeout | undefined;
  #hasToldTaken = false;
  #isClosed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('error', (error) => this.#failed(error));
    this.#server.on('listening', () => this.#listening());
    // The process may end while somebody still reads metrics.
    this.#server.unref();
  }

  /** 0 while it does not listen. */
  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Resolves when the port was tried. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.once('listening', resolve);
      this.#server.once('error', () => resolve());
      this.#listen();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #listen(): void {
    const { host, port } = this.#options;
    if (!this.#isClosed) this.#server.listen(port, host);
  }

  #listening(): void {
    const { host, logger } = this.#options;
    logger.info('metrics can be read', {
      address: `http://${host.includes(':') ? `[${host}]` : host}:${this.port}/metrics`,
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { host, port, logger, retryMs = RETRY_MS } = this.#options;
    if (this.#server.listening) return logger.warn('the listener of metrics has failed', { problem: messageOf(error) });
    if (!this.#hasToldTaken) {
      this.#hasToldTaken = true;
      const why =
        error.code === 'EADDRINUSE' ? 'another process, such as another gateway, has the port' : error.message;
      logger.warn('metrics cannot be read here; it is tried again until they can', { host, port, why });
    }
    this.#timer = setTimeout(() => this.#listen(), retryMs).unref();
  }

  async #answer({ method, url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, words: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${words}\n`);
    };
    if (!this.#isAllowed(headers.host)) return refuse(403, 'The Host header names no host of this gateway.');
    if (url.split('?', 1)[0] !== '/metrics') return refuse(404, 'There is nothing at this address but /metrics.');
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'Metrics are read with GET.');
    try {
      const text = await this.#options.text();
      response.writeHead(200, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-store',
      });
      response.end(method === 'HEAD' ? undefined : text);
    } catch (thrown) {
      this.#options.logger.warn('metrics could not be read', { problem: messageOf(thrown) });
      refuse(500, 'Metrics could not be read.');
    }
    return undefined;
  }

  /** A web page can make a name mean this machine (DNS rebinding), but no address. */
  #isAllowed(host: string | undefined): boolean {
    const name = (host ?? '').toLowerCase().replace(/:\d+$/, '');
    const bare = name.replace(/^\[(.+)\]$/, '$1');
    const { allowedHosts, host: bound } = this.#options;
    if (bare === 'localhost' || bare === '127.0.0.1' || bare === '::1') return true;
    if (allowedHosts.some((allowed) => allowed.toLowerCase() === name || allowed.toLowerCase() === host)) return true;
    return !isLoopbackAddress(bound) && isIP(bare) !== 0;
  }
}
