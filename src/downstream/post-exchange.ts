import type { ServerResponse } from 'node:http';

import type { MessageStream } from './event-stream.ts';
import type { Road } from '../core/observer.ts';
import type { StepUp } from './gate.ts';
import type { Accepted } from './http-guard.ts';
import { sendJson } from './http-answer.ts';
import type { EndFacts, Outlet } from './outlet.ts';

/** A POST that wants an answer. */
export interface Posted {
  readonly response: ServerResponse;
  readonly road: Road;
  readonly accepted: Accepted;
  /** Whose it is: what ends together. */
  readonly owner: object;
  /** Whether its stream can be resumed when it breaks. */
  readonly isResumable: boolean;
  /** Begins the stream on the response. */
  readonly openStream: (response: ServerResponse) => MessageStream;
  /** As `Visitor.stepUp`. */
  readonly stepUp: StepUp | undefined;
  readonly manners: Manners;
}

/** What the eras say differently over HTTP. */
export interface Manners {
  /** HTTP status of an answer that is an error. */
  readonly statusOf: (errorCode: number) => number;
  /** Ends a response on which nothing was sent and nothing will be. */
  readonly leaveUnanswered: (response: ServerResponse) => void;
}

export interface Timing {
  /** Milliseconds on the clock that only grows. */
  readonly startedAt: number;
  /** After so many milliseconds the answer becomes a stream. */
  readonly streamAfterMs: number;
}

/**
 * Answers one POST: as plain JSON where the answer is all there is, which is what most calls are and what costs least; as
 * a stream of events from the moment that something comes before the answer, or that it takes long.
 */
export class PostExchange implements Outlet {
  readonly #posted: Posted;
  readonly #timing: Timing;
  readonly #onEnd: (exchange: PostExchange) => void;
  #stream: MessageStream | undefined = undefined;
  #hasEnded = false;

  constructor(posted: Posted, timing: Timing, onEnd: (exchange: PostExchange) => void) {
    this.#posted = posted;
    this.#timing = timing;
    this.#onEnd = onEnd;
  }

  get road(): Road {
    return this.#posted.road;
  }

  get owner(): object {
    return this.#posted.owner;
  }

  notify(text: string): void {
    this.send(text);
  }

  send(text: string): boolean {
    if (!this.#posted.accepted.events || this.#hasEnded) return false;
    this.#openStream().send(text);
    return true;
  }

  end(text: string | undefined, { errorCode, scopes }: EndFacts = {}): void {
    const { response, accepted, manners, stepUp } = this.#posted;
    // The door may end it before the session does.
    if (this.#hasEnded) return undefined;
    this.#hasEnded = true;
    this.#onEnd(this);
    if (this.#stream === undefined && text === undefined) return manners.leaveUnanswered(response);
    const challenge = scopes === undefined || this.#stream !== undefined ? undefined : stepUp?.(scopes);
    if (challenge !== undefined && text !== undefined) {
      // A client that knows how gets a token with these scopes and asks again; any other reads the answer.
      response.setHeader('WWW-Authenticate', challenge);
      return sendJson(response, 403, text);
    }
    if (this.#stream === undefined && text !== undefined && accepted.json) {
      return sendJson(response, errorCode === undefined ? 200 : manners.statusOf(errorCode), text);
    }
    const stream = this.#openStream();
    if (text !== undefined) stream.send(text);
    return stream.end();
  }

  /** Called now and then while the request waits for its answer. */
  beat(now: number): void {
    if (this.isDue(now)) this.#openStream();
  }

  isDue(now: number): boolean {
    const { startedAt, streamAfterMs } = this.#timing;
    return this.#posted.accepted.events && now - startedAt >= streamAfterMs;
  }

  #openStream(): MessageStream {
    this.#stream ??= this.#posted.openStream(this.#posted.response);
    return this.#stream;
  }
}
