import type { ServerResponse } from 'node:http';

import type { EventStream, EventStreams } from './event-stream.ts';
import type { Accepted } from './http-guard.ts';
import { sendEmpty, sendJson } from './http-answer.ts';
import type { Outlet } from './session.ts';

export interface PostExchangeOptions {
  readonly response: ServerResponse;
  readonly accepted: Accepted;
  readonly streams: EventStreams;
  /** Milliseconds on the clock that only grows. */
  readonly startedAt: number;
  readonly onEnd: (exchange: PostExchange) => void;
}

/** A request that takes longer than this is answered as a stream, because clients give up on silent connections. */
const STREAM_AFTER_MS = 10_000;

/**
 * Answers one POST: as plain JSON where the answer is all there is, which is what most calls are and what costs least; as
 * a stream of events from the moment that something comes before the answer, or that it takes long.
 */
export class PostExchange implements Outlet {
  readonly #options: PostExchangeOptions;
  #stream: EventStream | undefined = undefined;
  #hasEnded = false;

  constructor(options: PostExchangeOptions) {
    this.#options = options;
  }

  notify(text: string): void {
    if (this.#options.accepted.events && !this.#hasEnded) this.#openStream().send(text);
  }

  end(text: string | undefined): void {
    const { response, accepted, onEnd } = this.#options;
    // The door may end it before the session does.
    if (this.#hasEnded) return undefined;
    this.#hasEnded = true;
    onEnd(this);
    if (this.#stream === undefined && text === undefined) return sendEmpty(response, 202);
    if (this.#stream === undefined && text !== undefined && accepted.json) return sendJson(response, 200, text);
    const stream = this.#openStream();
    if (text !== undefined) stream.send(text);
    return stream.end();
  }

  /** Called now and then while the request waits for its answer. */
  beat(now: number): void {
    const { accepted, startedAt } = this.#options;
    if (accepted.events && now - startedAt > STREAM_AFTER_MS) this.#openStream();
  }

  #openStream(): EventStream {
    if (this.#stream !== undefined) return this.#stream;
    this.#stream = this.#options.streams.open();
    this.#stream.connect(this.#options.response);
    return this.#stream;
  }
}
