import type { Clock } from '../core/clock.ts';
import { PostExchange, type Posted } from './post-exchange.ts';

/**
 * A request that takes longer than this is answered as a stream, because clients give up on silent connections. With one
 * timer for all, it is a little later.
 */
const STREAM_AFTER_MS = 10_000;
/** For clients that can resume a stream which broke, in milliseconds: a call that is no quick one is worth it. */
const RESUMABLE_AFTER_MS = 50;

/** The POST requests of one door that wait for their answers. */
export class PostExchanges {
  readonly #clock: Clock;
  readonly #resumableAfterMs: number;
  readonly #open = new Set<PostExchange>();
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(clock: Clock, resumableAfterMs: number = RESUMABLE_AFTER_MS) {
    this.#clock = clock;
    this.#resumableAfterMs = resumableAfterMs;
  }

  start(posted: Posted): PostExchange {
    const { isResumable } = posted;
    const streamAfterMs = isResumable ? this.#resumableAfterMs : STREAM_AFTER_MS;
    const exchange = new PostExchange(posted, { startedAt: this.#clock.monotonic(), streamAfterMs }, this.#onEnd);
    this.#open.add(exchange);
    if (isResumable && this.#timer === undefined) this.#timer = this.#lookAgain();
    return exchange;
  }

  /** Called now and then. */
  beat(): void {
    const now = this.#clock.monotonic();
    for (const exchange of this.#open) exchange.beat(now);
  }

  /** Ends what of an owner still waits, without an answer. */
  endOf(owner: object): void {
    for (const exchange of this.#open) if (exchange.owner === owner) exchange.end(undefined);
  }

  readonly #onEnd = (ended: PostExchange): void => {
    this.#open.delete(ended);
  };

  #lookAgain(): NodeJS.Timeout {
    return setTimeout(() => {
      this.beat();
      this.#timer = this.#open.size === 0 ? undefined : this.#lookAgain();
    }, this.#resumableAfterMs).unref();
  }
}
