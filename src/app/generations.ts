import { type Change, Due } from './due.ts';
import { FollowedFeeds, type FollowedFeedsParts } from './followed-feeds.ts';
import {
  buildPolicies,
  type OriginOf,
  type PolicyOptions,
  tryAll,
  tryBundles,
  type Tried,
  type WantedBundle,
} from './policies.ts';
import { settle } from './settle.ts';
import {
  decidingText,
  isSameWish,
  participantIn,
  type PinnedWish,
  pinnedOrigin,
  standsById,
  type Stand,
  type StaleBundle,
  staleIn,
  withoutLost,
  withPins,
} from './stands.ts';
import { shortHash } from '../core/generation.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Layer } from '../core/opinion.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import { hasEnded } from '../core/signature.ts';
import { waited } from '../policy/look.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { GenerationStore } from '../state/generation-store.ts';

/** What the configuration says of policies. */
export interface ConfiguredPolicies {
  readonly wanted: readonly WantedBundle[];
  readonly options: PolicyOptions;
  /** Sets of bundles that change together or not at all. */
  readonly atomic: readonly (readonly string[])[];
  readonly mayRelax: (layer: Layer) => boolean;
}

export interface GenerationsParts extends FollowedFeedsParts {
  readonly store: GenerationStore;
  /** Puts a generation in force; `why` is kept with it. Rejects where it cannot, and then nothing has changed. */
  readonly put: (policy: PolicySet, why: string) => Promise<void>;
  /** How often is looked for what has changed. */
  readonly everyMs: number;
}

/** What could not be put in force, because the store or the toolchain failed, is tried again. */
const RETRY_MS = 10_000;

/**
 * Keeps in force the newest good state of every bundle. A bundle that is not good stays as it was, is loudly stale, and
 * holds nobody else back; one that was rolled back stays where it is. What changes is swapped as a whole.
 */
export class Generations {
  readonly #parts: GenerationsParts;
  readonly #feeds: FollowedFeeds;
  #configured: ConfiguredPolicies;
  #stands: ReadonlyMap<string, Stand> = new Map();
  /** As `#stands`, less what is good and cannot be in force together with the others. */
  #inForce: ReadonlyMap<string, Stand> = new Map();
  #pins: readonly PolicyPin[] = [];
  /** `#inForce` as `decidingText`. */
  #deciding = '';
  #due = new Due();
  #turning: Promise<void> | undefined;

  constructor(configured: ConfiguredPolicies, parts: GenerationsParts) {
    this.#configured = configured;
    this.#parts = parts;
    this.#feeds = new FollowedFeeds(parts);
  }

  /** The bundles of which something newer, or anything at all, should be in force. */
  stale(): readonly StaleBundle[] {
    return staleIn(this.#stands.values());
  }

  /** The first generation, of all that is good now or was before. Throws where none can be made. */
  async begin(): Promise<PolicySet> {
    const { options } = this.#configured;
    this.#pins = await this.#parts.store.pins();
    const wishes = this.#wishes();
    const trial = await tryAll(
      wishes.map(({ wanted }) => wanted),
      options,
      this.#originOf(wishes),
    );
    const stands = await this.#settled(trial.tried, wishes);
    const isAsTried = stands.every(({ stale }) => stale === undefined);
    const policy = await buildPolicies(stands.map(participantIn), options, isAsTried ? trial.compile : undefined);
    this.#take(stands, options);
    return policy;
  }

  /** From now on follows what changes. */
  watch(): void {
    this.#follow();
    void this.#poll();
  }

  /** The configuration says something else. */
  async reconfigure(configured: ConfiguredPolicies): Promise<void> {
    this.#configured = configured;
    this.#follow();
    return this.#change({ why: 'configuration changed' });
  }

  #follow(): void {
    this.#feeds.follow(this.#configured.wanted, (bundle) => this.#change({ bundle }));
  }

  #wishes(): readonly PinnedWish[] {
    const { wanted, mayRelax } = this.#configured;
    return withPins(wanted, this.#pins, mayRelax);
  }

  /** Of a bundle that is pinned what was kept, else what its source has now. */
  #originOf(wishes: readonly PinnedWish[]): OriginOf {
    const { store, signal } = this.#parts;
    const pins = new Map(wishes.map(({ wanted, pin }) => [wanted.id, pin]));
    return async (wanted) => {
      const pin = pins.get(wanted.id);
      if (pin !== undefined) return pinnedOrigin(pin, store);
      const feed = this.#feeds.feedFor(wanted);
      return feed === undefined ? wanted.origin : { kind: 'files', files: (await feed.fetch(signal)).bundle };
    };
  }

  /** Other processes write down what was rolled back; it is looked at again and again, because nobody calls. */
  async #poll(): Promise<void> {
    const { store, signal, everyMs } = this.#parts;
    while (await waited(everyMs, signal)) {
      this.#heedTimes();
      try {
        const pins = await store.pins();
        if (JSON.stringify(pins) === JSON.stringify(this.#pins)) continue;
        const why = pins.length >= this.#pins.length ? 'rollback' : 'rollback cleared';
        this.#pins = pins;
        void this.#change({ why });
      } catch (thrown) {
        this.#log.warn('it cannot be told whether somebody has rolled back', { problem: messageOf(thrown) });
      }
    }
  }

  /** What was signed for a time is asked for again when that is over, and what could not be used yet when its time has come. */
  #heedTimes(): void {
    const now = this.#configured.options.clock.now();
    for (const { wanted, loaded } of this.#inForce.values())
      if (loaded !== undefined && hasEnded(loaded.bundle.signature, now)) void this.#change({ bundle: wanted.id });
    if (this.#turning !== undefined) return;
    for (const { wanted, stale } of this.#stands.values())
      if (stale?.again !== undefined && stale.again.atMs <= now) void this.#change({ bundle: wanted.id });
  }

  /** Resolves when what has changed was taken up, or could not be. */
  #change(change: Change): Promise<void> {
    this.#due.add(change);
    this.#turning ??= this.#turn();
    return this.#turning;
  }

  /**
   * One generation after the other, for as long as something has changed. What changes at once makes one of them, and a
   * source that flaps no more than two each time that is looked.
   */
  async #turn(): Promise<void> {
    const { signal, everyMs } = this.#parts;
    while (this.#due.isThere && (await waited(everyMs / 10, signal))) {
      const due = this.#due;
      this.#due = new Due();
      const isDone = await this.#tryRenewing(due);
      if (!isDone) this.#due.addAll(due);
      await waited(isDone ? everyMs / 2 : RETRY_MS, signal);
    }
    this.#turning = undefined;
  }

  async #tryRenewing(due: Due): Promise<boolean> {
    try {
      await this.#renew(due);
      return true;
    } catch (thrown) {
      if (!this.#parts.signal.aborted)
        this.#log.error('no other generation could be put in force; the old one stays', { problem: messageOf(thrown) });
      return false;
    }
  }

  async #renew(due: Due): Promise<void> {
    const { signal, put } = this.#parts;
    // The configuration may change while a generation is being made.
    const { options } = this.#configured;
    const wishes = this.#wishes();
    const isKnown = (wish: PinnedWish): boolean => {
      const before = this.#stands.get(wish.wanted.id);
      return !due.bundles.has(wish.wanted.id) && before?.stale === undefined && isSameWish(wish, before);
    };
    const tried = await tryBundles(
      wishes.filter((wish) => !isKnown(wish)).map(({ wanted }) => wanted),
      options,
      this.#originOf(wishes),
    );
    const stands = await this.#settled(tried, wishes);
    if (decidingText(stands, options) === this.#deciding) return this.#take(stands, options);
    const built = await this.#buildOrStay(stands, options);
    signal.throwIfAborted();
    if (built === undefined) return;
    const { policy, inForce } = built;
    const why = due.reason(inForce, this.#inForce);
    await put(policy, why);
    if (inForce === stands) this.#take(stands, options);
    else this.#enforced(inForce, options);
    this.#log.info('another generation is in force', { generation: shortHash(policy.generation), why });
  }

  #settled(tried: readonly Tried[], wishes: readonly PinnedWish[]): Promise<readonly Stand[]> {
    const { atomic, options } = this.#configured;
    return settle(tried, wishes, { before: this.#stands, atomic, options, store: this.#parts.store });
  }

  /**
   * Where bundles that are each good cannot be in force together, all stays as it is: undefined, unless one of those that are
   * in force may not decide any more.
   */
  async #buildOrStay(stands: readonly Stand[], options: PolicyOptions): Promise<Built | undefined> {
    try {
      return { policy: await buildPolicies(stands.map(participantIn), options), inForce: stands };
    } catch (thrown) {
      const inForce = withoutLost(this.#inForce, stands);
      if (inForce === undefined && !isOfBundles(thrown)) throw thrown;
      this.#stay(stands, messageOf(thrown));
      return inForce && { policy: await buildPolicies(inForce.map(participantIn), options), inForce };
    }
  }

  #stay(stands: readonly Stand[], problem: string): void {
    const since = this.#configured.options.clock.now();
    this.#log.error('the bundles cannot be in force together; the old generation stays', { problem });
    const held = stands.map((stand): Stand => {
      const before = this.#stands.get(stand.wanted.id);
      if (stand.loaded === undefined) return stand;
      if (before?.loaded === stand.loaded) return before;
      return { ...(before ?? stand), stale: before?.stale ?? { since, problem } };
    });
    this.#stands = standsById(held);
  }

  #take(stands: readonly Stand[], options: PolicyOptions): void {
    this.#stands = standsById(stands);
    this.#enforced(stands, options);
  }

  #enforced(inForce: readonly Stand[], options: PolicyOptions): void {
    this.#inForce = standsById(inForce);
    this.#deciding = decidingText(inForce, options);
  }

  get #log(): PolicyOptions['logger'] {
    return this.#configured.options.logger;
  }
}

interface Built {
  readonly policy: PolicySet;
  readonly inForce: readonly Stand[];
}

/** Whether it would fail again: what is wrong is the bundles, not the toolchain or this machine. */
function isOfBundles(thrown: unknown): boolean {
  return thrown instanceof GatewayError && (thrown.code === 'BUNDLE_INVALID' || thrown.code === 'POLICY_FAILED');
}
