import type { WantedBundle } from './policies.ts';
import type { BundleFeed } from '../core/bundle-feed.ts';

export interface FollowedFeedsParts {
  /** The place from which a bundle comes again and again; undefined where there is nothing to watch. */
  readonly feedOf: (wanted: WantedBundle) => BundleFeed | undefined;
  /** Ends all following. */
  readonly signal: AbortSignal;
}

/** The sources of the configured bundles, one for each for as long as the configuration has it there. */
export class FollowedFeeds {
  readonly #parts: FollowedFeedsParts;
  readonly #feeds = new Map<string, Watched>();

  constructor(parts: FollowedFeedsParts) {
    this.#parts = parts;
  }

  feedFor(wanted: WantedBundle): BundleFeed | undefined {
    return this.#watchedFor(wanted).feed;
  }

  /** Follows the sources of these bundles, and no others; `changed` is told whose source may have something newer. */
  follow(wanted: readonly WantedBundle[], changed: (bundle: string) => Promise<void>): void {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, { closing }] of this.#feeds) {
      if (ids.has(id)) continue;
      closing.abort();
      this.#feeds.delete(id);
    }
    for (const bundle of wanted) {
      const watched = this.#watchedFor(bundle);
      if (watched.feed === undefined || watched.isFollowed) continue;
      watched.isFollowed = true;
      const signal = AbortSignal.any([this.#parts.signal, watched.closing.signal]);
      watched.feed.watch(() => changed(bundle.id), signal);
    }
  }

  #watchedFor(wanted: WantedBundle): Watched {
    const source = JSON.stringify(wanted.origin ?? null);
    const known = this.#feeds.get(wanted.id);
    if (known?.source === source) return known;
    known?.closing.abort();
    const feed = this.#parts.feedOf(wanted);
    const watched: Watched = { source, feed, closing: new AbortController(), isFollowed: false };
    this.#feeds.set(wanted.id, watched);
    return watched;
  }
}

/** The source of a bundle, while it is configured so. */
interface Watched {
  readonly source: string;
  readonly feed: BundleFeed | undefined;
  readonly closing: AbortController;
  isFollowed: boolean;
}
