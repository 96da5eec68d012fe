import type { ServerResponse } from 'node:http';

import type { MessageStream } from './event-stream.ts';
import { startEvents } from './http-answer.ts';

/** Bytes that may wait for a client that does not read, before its connection is given up instead of the next event. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Events of one response, which end with it and cannot be asked for again. */
export class PlainEvents implements MessageStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    startEvents(response);
  }

  send(text: string): void {
    if (this.#response.writableLength > MAX_WAITING_BYTES) this.#response.destroy();
    else this.#response.write(`event: message\ndata: ${text}\n\n`);
  }

  /** A comment, so that no one between takes the connection for dead. */
  beat(): void {
    if (this.#response.writableLength === 0) this.#response.write(': \n\n');
  }

  end(): void {
    this.#response.end();
  }
}
