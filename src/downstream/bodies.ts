import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from '../core/logger.ts';
import { failUnforeseen } from './http-answer.ts';

/** A body that is this many times too large is not read to its end any more. */
const PATIENCE = 4;

/** Bodies that come slowly hold at most so many times the largest message together. */
const LARGEST_AT_ONCE = 32;
/** So much of a body is read in any case: nobody keeps out the ordinary messages of others. */
const ALWAYS_ROOM = 16 * 1024;
/** Bytes that a piece takes beside what is in it; a body may come in pieces of one byte. */
const PIECE_BYTES = 256;

export type ReadBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too_large'; readonly byteLength: number }
  /** So much of other bodies is held that have not come to their end. */
  | { readonly kind: 'no_room' };

/** The bodies of requests that are being read, which together have a limit too. */
export class Bodies {
  readonly #maxBytes: number;
  readonly #logger: Logger;
  #heldBytes = 0;

  /** `maxBytes`: of one body. */
  constructor(maxBytes: number, logger: Logger) {
    this.#maxBytes = maxBytes;
    this.#logger = logger;
  }

  /** Reads a body up to a limit. What is over it is thrown away but read, so that the client gets to read the refusal. */
  read({ request, response }: Exchanged, done: (body: ReadBody) => void): void {
    const body = new Body(this.#maxBytes, (bytes) => (this.#heldBytes += bytes));
    const most = this.#maxBytes * LARGEST_AT_ONCE;
    request.on('data', (chunk: Buffer) => {
      const bytes = chunk.length + PIECE_BYTES;
      if (this.#heldBytes + bytes > most && body.heldBytes + bytes > ALWAYS_ROOM) body.hasRoom = false;
      body.take(chunk);
      if (body.byteLength > this.#maxBytes * PATIENCE) request.destroy();
    });
    request.on('end', () => {
      // Nobody above catches what is thrown in an event: it would end the process.
      try {
        done(body.end());
      } catch (thrown) {
        failUnforeseen(response, thrown, this.#logger);
      }
    });
    // A client that goes away in the middle has sent nothing.
    request.on('close', () => void body.end());
  }
}

interface Exchanged {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

class Body {
  byteLength = 0;
  hasRoom = true;
  heldBytes = 0;
  readonly #maxBytes: number;
  readonly #hold: (bytes: number) => void;
  readonly #chunks: Buffer[] = [];

  constructor(maxBytes: number, hold: (bytes: number) => void) {
    this.#maxBytes = maxBytes;
    this.#hold = hold;
  }

  take(chunk: Buffer): void {
    this.byteLength += chunk.length;
    if (!this.hasRoom || this.byteLength > this.#maxBytes) return this.#letGo();
    this.#chunks.push(chunk);
    this.heldBytes += chunk.length + PIECE_BYTES;
    this.#hold(chunk.length + PIECE_BYTES);
  }

  end(): ReadBody {
    const { byteLength } = this;
    const [first = NOTHING] = this.#chunks;
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#letGo();
    if (byteLength > this.#maxBytes) return { kind: 'too_large', byteLength };
    return this.hasRoom ? { kind: 'whole', bytes } : { kind: 'no_room' };
  }

  #letGo(): void {
    this.#hold(-this.heldBytes);
    this.heldBytes = 0;
    this.#chunks.length = 0;
  }
}

const NOTHING = Buffer.alloc(0);
