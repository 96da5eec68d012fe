import { setTimeout as wait } from 'node:timers/promises';
import type { BundleFeed, BundleFiles, FetchedBundle } from '../core/bundle-feed.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { delayBefore, type LastAnswer } from './delays.ts';
import { Flapping } from './flapping.ts';
import type { SourceCache } from './source-cache.ts';
import { type Source, type SourceAnswer, type SourceContent, SourceProblem } from './source.ts';

export interface FeedParts {
  /** As messages name it; nothing secret stands in it. */
  readonly address: string;
  readonly source: Source;
  readonly cache: SourceCache;
  /** The files of a bundle in what came. Throws an Error that says why there are none. */
  readonly unpack: (content: SourceContent) => Promise<BundleFiles['files']>;
  /** Throws BUNDLE_INVALID where a bundle must not be put in force; then it is not kept. */
  readonly check: (bundle: BundleFiles) => Promise<void>;
  readonly refreshMs: number;
  /** Longest time since a bundle was confirmed; undefined for as long as it takes. */
  readonly maxAgeMs: number | undefined;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

type Outcome =
  | { readonly kind: 'had'; readonly fetched: FetchedBundle }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * A bundle that is asked for again and again. What comes is unpacked, checked and kept before anyone hears of it; whatever
 * goes wrong leaves what was kept as it was. Throws BUNDLE_UNREADABLE, BUNDLE_INVALID, and BUNDLE_STALE where the bundle was
 * not confirmed for longer than it may be.
 */
export class PolledFeed implements BundleFeed {
  readonly #parts: FeedParts;
  readonly #flapping = new Flapping();
  #current: FetchedBundle | undefined;
  /** The revision that was last refused, so that it is not fetched again, and why. */
  #refused: { readonly revision: string; readonly error: unknown } | undefined;
  /** What the watch found, for whoever asks next. */
  #found: Outcome | undefined;
  #canWait = false;
  #last: LastAnswer = 'nothing';
  #failures = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** What was kept when the source was last asked, of whatever age; undefined where nothing was. */
  async lastGood(): Promise<FetchedBundle | undefined> {
    const { cache, address } = this.#parts;
    const kept = this.#current === undefined ? await cache.read() : undefined;
    if (kept === undefined) return this.#current;
    const { revision, confirmedMs } = kept.state;
    this.#current = { bundle: { source: address, files: kept.files }, revision, confirmedMs };
    return this.#current;
  }

  /** Whether a bundle that was confirmed then may still decide. */
  isTooOld({ confirmedMs }: Pick<FetchedBundle, 'confirmedMs'>): boolean {
    const { maxAgeMs, clock } = this.#parts;
    return maxAgeMs !== undefined && clock.now() - confirmedMs > maxAgeMs;
  }

  async fetch(signal: AbortSignal): Promise<FetchedBundle> {
    const found = this.#found ?? (await this.#settle(signal, 0));
    this.#found = undefined;
    if (found.kind === 'had') return found.fetched;
    throw found.error;
  }

  watch(changed: () => Promise<void>, signal: AbortSignal): void {
    void this.#watch(changed, signal);
  }

  async #watch(changed: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { refreshMs, random, clock } = this.#parts;
    let tookMs = 0;
    while (!signal.aborted) {
      const situation = { last: this.#last, failures: this.#failures, canWait: this.#canWait, tookMs, refreshMs };
      // A wait that is ended is the end of the watch.
      await this.#sleep(delayBefore({ ...situation, random: random() }), signal);
      if (signal.aborted) return;
      const startMs = clock.monotonic();
      const found = await this.#settle(signal, this.#canWait ? Math.min(refreshMs, this.#leftMs()) : 0);
      tookMs = clock.monotonic() - startMs;
      if (signal.aborted) return;
      this.#found = found;
      // Whoever listens says himself what went wrong with him.
      await changed().catch(() => undefined);
    }
  }

  /** Not beyond the moment at which the bundle becomes too old: whoever listens has to hear of it. */
  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    await wait(Math.min(delayMs, this.#leftMs()), undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** Until the bundle is too old; without end where it cannot be, or is already. Milliseconds. */
  #leftMs(): number {
    const { maxAgeMs, clock } = this.#parts;
    if (maxAgeMs === undefined || this.#current === undefined) return Infinity;
    const leftMs = this.#current.confirmedMs + maxAgeMs - clock.now() + 1;
    return leftMs > 0 ? leftMs : Infinity;
  }

  /** Asks, and remembers how it ended. */
  async #settle(signal: AbortSignal, waitMs: number): Promise<Outcome> {
    const { cache, clock } = this.#parts;
    const before = this.#current?.revision;
    try {
      const fetched = await this.#ask(signal, waitMs);
      this.#failures = 0;
      this.#last = fetched.revision === before ? 'same' : 'new';
      return { kind: 'had', fetched };
    } catch (thrown) {
      if (signal.aborted) return { kind: 'failed', error: thrown };
      this.#failures++;
      this.#last = 'failed';
      const problem = this.#said(thrown);
      // A disk that is full must not hide why the source could not be had.
      await cache.noteProblem(problem.message, clock.now()).catch(() => undefined);
      return { kind: 'failed', error: await this.#orTooOld(problem) };
    }
  }

  async #ask(signal: AbortSignal, waitMs: number): Promise<FetchedBundle> {
    const { source, clock, cache } = this.#parts;
    // What was kept and has changed is fetched anew.
    const current = await this.lastGood().catch(() => undefined);
    const known = this.#refused?.revision ?? current?.revision ?? '';
    const answer = await source.ask({ known, waitMs, signal });
    this.#canWait = answer.canWait;
    if (answer.kind === 'new') return this.#take(answer, current);
    if (this.#refused !== undefined) throw this.#refused.error;
    if (current === undefined) throw new SourceProblem('the source says that nothing has changed', ASK_AGAIN);
    this.#flapping.stayed();
    this.#current = { ...current, confirmedMs: clock.now() };
    await cache.confirm(current.revision, this.#current.confirmedMs);
    return this.#current;
  }

  async #take(
    { revision, content }: Extract<SourceAnswer, { kind: 'new' }>,
    current: FetchedBundle | undefined,
  ): Promise<FetchedBundle> {
    const { address, cache, unpack, check, clock } = this.#parts;
    const nowMs = clock.now();
    this.#refused = undefined;
    if (current !== undefined && revision !== current.revision && !this.#flapping.mayTake(revision, nowMs))
      throw flaps(revision, current.revision);
    const fetched = { bundle: { source: address, files: await unpack(content) }, revision, confirmedMs: nowMs };
    try {
      await check(fetched.bundle);
    } catch (error) {
      // A toolchain that has failed says nothing of the bundle; keys and the time may be others when it is asked again.
      if (!(error instanceof GatewayError && NOT_FOR_GOOD.has(error.code))) this.#refused = { revision, error };
      throw error;
    }
    await cache.keep(fetched.bundle.files, { revision, nowMs });
    this.#flapping.took(revision, current?.revision ?? '', nowMs);
    this.#current = fetched;
    return fetched;
  }

  #said(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    const mend = thrown instanceof SourceProblem ? thrown.mend : 'Look at what was published there.';
    const message = `the policy bundle ${this.#parts.address} cannot be read: ${messageOf(thrown)}`;
    return new GatewayError('BUNDLE_UNREADABLE', message, { mend, cause: thrown });
  }

  /** Why a bundle is not the newest matters less than that it may not decide any more. */
  async #orTooOld(problem: GatewayError): Promise<GatewayError> {
    const { address, maxAgeMs = 0 } = this.#parts;
    const current = await this.lastGood().catch(() => undefined);
    if (current === undefined || !this.isTooOld(current)) return problem;
    const since = new Date(current.confirmedMs).toISOString();
    return new GatewayError(
      'BUNDLE_STALE',
      `the policy bundle ${address} was last confirmed at ${since}, longer ago than maxAge (${maxAgeMs / 1000} s) allows; ` +
        `what it governs is denied. ${problem.message}`,
      { ...(problem.mend === undefined ? {} : { mend: problem.mend }), cause: problem },
    );
  }
}

const NOT_FOR_GOOD: ReadonlySet<string> = new Set(['TOOLCHAIN_FAILED', 'BUNDLE_SIGNATURE', 'BUNDLE_STALE']);
const ASK_AGAIN = 'Look at the service: it says so to somebody who has nothing yet.';

function flaps(revision: string, current: string): SourceProblem {
  return new SourceProblem(
    `it goes back and forth between two revisions, ${shown(current)} and ${shown(revision)}; the first stays in force`,
    'Several hosts may answer at this address, each with another bundle: publish one to all of them.',
  );
}

function shown(revision: string): string {
  return revision.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 24);
}
