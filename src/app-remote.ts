import type { WantedBundle } from './app-policies.ts';
import { feedOf, type FeedOptions, type RemoteBundle } from './app-sources.ts';
import type { FetchedBundle } from './core/bundle-feed.ts';
import { GatewayError, messageOf } from './core/errors.ts';
import type { Logger } from './core/logger.ts';
import type { PolledFeed } from './source/polled-feed.ts';

export interface RemoteOptions extends FeedOptions {
  readonly logger: Logger;
  /** How long a start waits for bundles of which nothing is kept, milliseconds. */
  readonly startWaitMs: number;
  /** Ends all asking. */
  readonly signal: AbortSignal;
}

/** A bundle with an address, and what was had of it when the gateway started. */
export interface OpenedSource {
  readonly id: string;
  readonly feed: PolledFeed;
  /** Undefined where nothing good is at hand; what the bundle governs is then denied. */
  readonly first: FetchedBundle | undefined;
}

/**
 * What was kept of each bundle is taken at once; only where nothing is kept, or it is older than it may be, its address is
 * asked before policies are made. Never rejects.
 */
export function openSources(
  bundles: readonly RemoteBundle[],
  options: RemoteOptions,
): Promise<readonly OpenedSource[]> {
  return Promise.all(
    bundles.map(async (bundle) => {
      const feed = feedOf(bundle, options);
      return { id: bundle.id, feed, first: await firstOf(bundle.id, feed, options) };
    }),
  );
}

/** The bundles, those with an address from where they are at hand. */
export function withOrigins(wanted: readonly WantedBundle[], opened: readonly OpenedSource[]): readonly WantedBundle[] {
  const firsts = new Map(opened.map(({ id, first }) => [id, first]));
  return wanted.map((bundle) => {
    const first = firsts.get(bundle.id);
    return first === undefined ? bundle : { ...bundle, origin: { kind: 'files', files: first.bundle } };
  });
}

async function firstOf(id: string, feed: PolledFeed, options: RemoteOptions): Promise<FetchedBundle | undefined> {
  const { logger, startWaitMs, signal } = options;
  const kept = await keptOf(id, feed, logger);
  if (kept !== undefined && !feed.isTooOld(kept)) return kept;
  const time = AbortSignal.timeout(startWaitMs);
  try {
    return await feed.fetch(AbortSignal.any([signal, time]));
  } catch (thrown) {
    const problem = time.aborted ? `its source has not answered within ${startWaitMs} ms` : messageOf(thrown);
    sayUnavailable(id, problem, { thrown, logger });
    return undefined;
  }
}

async function keptOf(id: string, feed: PolledFeed, logger: Logger): Promise<FetchedBundle | undefined> {
  try {
    return await feed.lastGood();
  } catch (thrown) {
    sayUnavailable(id, messageOf(thrown), { thrown, logger });
    return undefined;
  }
}

function sayUnavailable(
  bundle: string,
  problem: string,
  { thrown, logger }: { readonly thrown: unknown; readonly logger: Logger },
): void {
  const mend = thrown instanceof GatewayError ? thrown.mend : undefined;
  logger.error('a bundle cannot be had from its source', { bundle, problem, mend });
}

/** Goes on asking; what is newer is checked and kept, and decides from the next start on. */
export function keepAsking(opened: readonly OpenedSource[], { logger, signal }: RemoteOptions): void {
  for (const { id, feed, first } of opened) {
    let revision = first?.revision;
    feed.watch(async () => {
      try {
        const fetched = await feed.fetch(signal);
        if (fetched.revision !== revision)
          logger.info('a newer bundle is kept', { bundle: id, revision: fetched.revision });
        ({ revision } = fetched);
      } catch (thrown) {
        if (!signal.aborted) sayUnavailable(id, messageOf(thrown), { thrown, logger });
      }
    }, signal);
  }
}
