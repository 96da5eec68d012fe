import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as the service saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface WebService {
  /** Ends with a slash. */
  readonly url: string;
  readonly seen: SeenRequest[];
  /** For what outlives one test. */
  close(): void;
}

export type Answering = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A web server on loopback that keeps what it was asked; `close` it where it is not made within a test. */
export async function startService(answer: Answering): Promise<WebService> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/`, seen, close };
}

/** The same, for one test. */
export async function aService(answer: Answering): Promise<WebService> {
  const service = await startService(answer);
  onTestFinished(() => service.close());
  return service;
}

/** A bundle service in OPA's protocol: one bundle, with an ETag; where it is asked to wait, until there is another. */
export class BundleService {
  readonly #isWaiting: boolean;
  #bundle: Buffer;
  #tag: string;
  #changed: (() => void)[] = [];
  /** What is answered instead of the bundle, as an outage; undefined while there is none. */
  outage: Answering | undefined;

  constructor(bundle: Buffer, tag: string, { waits = false }: { readonly waits?: boolean } = {}) {
    this.#bundle = bundle;
    this.#tag = tag;
    this.#isWaiting = waits;
  }

  publish(bundle: Buffer, tag: string): void {
    this.#bundle = bundle;
    this.#tag = tag;
    for (const go of this.#changed.splice(0)) go();
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.outage !== undefined) return void this.outage(request, response);
    const wait = Number(/wait=(\d+)/.exec(String(request.headers['prefer']))?.[1] ?? 0);
    const isKnown = request.headers['if-none-match'] === `"${this.#tag}"`;
    if (!isKnown || wait === 0 || !this.#isWaiting) return this.#send(response, isKnown);
    const timer = setTimeout(() => this.#send(response, true), wait * 1000);
    this.#changed.push(() => {
      clearTimeout(timer);
      this.#send(response, false);
    });
    response.on('close', () => clearTimeout(timer));
  };

  #send(response: ServerResponse, isKnown: boolean): void {
    const type = this.#isWaiting ? 'application/vnd.openpolicyagent.bundles' : 'application/gzip';
    response.writeHead(isKnown ? 304 : 200, { etag: `"${this.#tag}"`, 'content-type': type });
    response.end(isKnown ? undefined : this.#bundle);
  }
}
