import type { WantedBundle } from './app-policies.ts';
import { startingFeed, type StartOptions } from './app-sources.ts';
import type { BundleFeed } from './core/bundle-feed.ts';
import { GatewayError, messageOf } from './core/errors.ts';
import type { Logger } from './core/logger.ts';

export interface RemoteOptions extends StartOptions {
  readonly logger: Logger;
  /** Ends all asking. */
  readonly signal: AbortSignal;
}

/** A bundle, and the feed that it comes from where it has an address. */
export interface OpenedBundle {
  readonly wanted: WantedBundle;
  readonly feed: BundleFeed | undefined;
  /** What its source calls it; empty where nothing is at hand. */
  readonly revision: string;
}

/** The bundles, those with an address as files: what was kept, else what comes within the time of a start. Never rejects. */
export function openSources(wanted: readonly WantedBundle[], options: RemoteOptions): Promise<readonly OpenedBundle[]> {
  return Promise.all(
    wanted.map(async (bundle): Promise<OpenedBundle> => {
      const { origin } = bundle;
      if (origin?.kind !== 'remote') return { wanted: bundle, feed: undefined, revision: '' };
      const feed = startingFeed(origin.remote, options);
      try {
        const { bundle: files, revision } = await feed.fetch(options.signal);
        return { wanted: { ...bundle, origin: { kind: 'files', files } }, feed, revision };
      } catch (thrown) {
        sayUnavailable(bundle.id, thrown, options.logger);
        return { wanted: bundle, feed, revision: '' };
      }
    }),
  );
}

/** Goes on asking; what is newer is checked and kept, and decides from the next start on. */
export function keepAsking(opened: readonly OpenedBundle[], { logger, signal }: RemoteOptions): void {
  for (const { wanted, feed, revision: first } of opened) {
    let current = first;
    feed?.watch(async () => {
      try {
        const { revision } = await feed.fetch(signal);
        if (revision !== current) logger.info('a newer bundle is kept', { bundle: wanted.id, revision });
        current = revision;
      } catch (thrown) {
        if (!signal.aborted) sayUnavailable(wanted.id, thrown, logger);
      }
    }, signal);
  }
}

function sayUnavailable(bundle: string, thrown: unknown, logger: Logger): void {
  const mend = thrown instanceof GatewayError ? thrown.mend : undefined;
  logger.error('a bundle cannot be had from its source', { bundle, problem: messageOf(thrown), mend });
}
