import type { WantedBundle } from './app-policies.ts';
import type { BundleFeed } from './core/bundle-feed.ts';
import type { Clock } from './core/clock.ts';
import { pathFeed } from './policy/path-feed.ts';

/** What feeds are made with. */
export interface FeedOptions {
  readonly clock: Clock;
  /** How often is looked for what has changed on this machine. */
  readonly everyMs: number;
}

/**
 * The place from which a bundle comes again and again: this is where another kind of source is plugged in. Undefined where
 * there is nothing to watch: the starters ship with the gateway, and what was kept does not change.
 */
export function feedOf({ origin, place }: WantedBundle, { clock, everyMs }: FeedOptions): BundleFeed | undefined {
  if (origin?.kind !== 'path' || place.kind === 'starter') return undefined;
  return pathFeed(origin.path, { now: () => clock.now(), everyMs });
}
