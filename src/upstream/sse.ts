import { GatewayError } from '../core/errors.ts';
import { EventReader, type ServerEvent } from './event-reader.ts';
import { failureOf, isSuccess, mediaTypeOf, refusalOf, type HttpDoor } from './http-endpoint.ts';
import { EVENTS_TYPE } from './http-stream.ts';
import { doorTo, type HttpOptions } from './http.ts';
import { readMessage } from './read-message.ts';
import type { HeaderList, Wire, WireListener } from './wire.ts';

const DELIVERY_MS = 15_000;

/**
 * A server that speaks HTTP with server-sent events as MCP 2024-11-05 had it: one stream down, and an address to post to
 * that its first event names. Old, and kept for the servers that have nothing newer.
 */
export class SseWire implements Wire {
  readonly hasStreams = false;
  readonly #options: HttpOptions;
  readonly #door: HttpDoor;
  #listener: WireListener | undefined;
  #postPath: string | undefined;
  #ofPosts: HeaderList = ['content-type', 'application/json'];
  #isGreeted = false;
  #isClosed = false;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#door = doorTo(options);
  }

  /** Waits for the event that names the address to post to. */
  async open(listener: WireListener): Promise<void> {
    const answer = await this.#door.begin('GET', ['accept', EVENTS_TYPE]).answer;
    if (answer.statusCode !== 200) {
      answer.destroy();
      throw refusalOf(this.#options.name, answer);
    }
    if (mediaTypeOf(answer) !== EVENTS_TYPE) {
      answer.destroy();
      throw this.#broke('offers no event stream at this address');
    }
    await new Promise<void>((resolve, reject) => {
      const end = (error: GatewayError): void => {
        reject(error);
        this.#end(error);
      };
      const reader = new EventReader({
        name: this.#options.name,
        maxBytes: this.#options.maxMessageBytes,
        onEvent: (event) => {
          this.#take(event);
          if (this.#postPath !== undefined) resolve();
        },
      });
      answer.on('data', (chunk: Buffer) => attempt(() => reader.push(chunk), end));
      answer.once('error', () => end(this.#closed()));
      answer.once('close', () => end(this.#closed()));
    });
    this.#listener = listener;
  }

  async send(text: string): Promise<void> {
    const exchange = this.#door.begin('POST', this.#ofPosts, { text, path: this.#postPath ?? '' });
    const timer = setTimeout(() => exchange.abort(), DELIVERY_MS).unref();
    try {
      const answer = await exchange.answer;
      answer.resume();
      if (!isSuccess(answer)) throw (this.#isGreeted ? failureOf : refusalOf)(this.#options.name, answer);
    } finally {
      clearTimeout(timer);
    }
  }

  abandon(): void {
    // The answer would come on the one stream that all answers share.
  }

  agree(protocolVersion: string): void {
    this.#isGreeted = true;
    this.#ofPosts = ['content-type', 'application/json', 'mcp-protocol-version', protocolVersion];
  }

  listen(): void {
    // The stream has been open since the beginning.
  }

  lastErrors(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#door.close();
  }

  #take({ event, data }: ServerEvent): void {
    if (event === 'endpoint' && this.#postPath === undefined) this.#postPath = this.#pathOf(data.toString('utf8'));
    if (event !== 'message' || this.#isClosed) return;
    const read = readMessage(data, this.#options.maxMessageBytes);
    if (read.kind === 'ok') this.#listener?.onMessage(read.message);
    else if (read.id !== undefined) {
      this.#listener?.onUnreadable(read.id, this.#broke(`answered with a message that cannot be read: ${read.why}`));
    }
  }

  /** Another origin than the configured one would get the configured headers, credentials and all. */
  #pathOf(address: string): string {
    const url = URL.canParse(address, this.#options.url.href) ? new URL(address, this.#options.url) : undefined;
    if (url?.origin !== this.#options.url.origin) throw this.#broke('names an address to post to that is not its own');
    return url.pathname + url.search;
  }

  #end(error: GatewayError): void {
    if (this.#isClosed) return;
    void this.close();
    this.#listener?.onClose(error);
  }

  #closed(): GatewayError {
    return new GatewayError('UPSTREAM_CLOSED', `"${this.#options.name}" ended its event stream.`);
  }

  #broke(what: string): GatewayError {
    return new GatewayError('UPSTREAM_PROTOCOL', `"${this.#options.name}" ${what}.`);
  }
}

/** The event reader and what it tells throw nothing but `GatewayError`; all else is a bug and shall be seen. */
function attempt(work: () => void, onError: (error: GatewayError) => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    onError(error);
  }
}
