import type { RemoteBundle } from './addresses.ts';
import type { WantedBundle } from './policies.ts';
import type { StartOptions } from './sources.ts';
import type { BundleFeed } from '../core/bundle-feed.ts';
import { pathFeed } from '../policy/path-feed.ts';

/** What feeds are made with. */
export interface FeedingOptions extends StartOptions {
  /** How often is looked for what has changed on this machine. */
  readonly everyMs: number;
}

/**
 * The place from which a bundle comes again and again: this is where another kind of source is plugged in. Undefined where
 * there is nothing to watch: the starters ship with the gateway, and what was kept does not change.
 */
export function feedOf({ origin, place }: WantedBundle, options: FeedingOptions): BundleFeed | undefined {
  if (origin?.kind === 'remote') return loadedFeed(origin.remote, options);
  if (origin?.kind !== 'path' || place.kind === 'starter') return undefined;
  const { clock, everyMs } = options;
  return pathFeed(origin.path, { now: () => clock.now(), everyMs });
}

/** What fetches is loaded only where a bundle has an address. */
function loadedFeed(remote: RemoteBundle, options: StartOptions): BundleFeed {
  let loading: Promise<BundleFeed> | undefined;
  const load = (): Promise<BundleFeed> => {
    loading ??= import('./sources.ts').then(({ startingFeed }) => startingFeed(remote, options));
    return loading;
  };
  return {
    fetch: async (signal) => (await load()).fetch(signal),
    watch: (changed, signal) => {
      // What keeps it from being loaded is what `fetch` rejects with.
      load().then(
        (feed) => feed.watch(changed, signal),
        () => undefined,
      );
    },
  };
}
