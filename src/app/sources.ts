import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RemoteBundle } from './addresses.ts';
import type { BundleCredentials } from '../config/schema-remote.ts';
import { type BundleLoader, type BundleOrigin, checkBundle, findBundle } from './bundles.ts';
import { refuseOtherLayer } from './policies.ts';
import { untimely } from './signing.ts';
import { addressText } from '../core/bundle-address.ts';
import type { BundleFeed, BundleFiles, FetchedBundle } from '../core/bundle-feed.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { checkedFiles } from '../policy/bundle-files.ts';
import { belongsToBundle } from '../policy/bundle-path.ts';
import { gitSource } from '../source/git-source.ts';
import { basicAuthorization } from '../source/http-get.ts';
import { httpSource } from '../source/http-source.ts';
import { ociSource } from '../source/oci-source.ts';
import { PolledFeed } from '../source/polled-feed.ts';
import type { Source, SourceContent } from '../source/source.ts';
import { SourceCache } from '../source/source-cache.ts';

export interface FeedOptions {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  /** Of the person who runs the gateway: git needs it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly loader: BundleLoader;
  readonly clock: Clock;
}

/** A bundle as its address has it, again and again; what is good of it is kept on disk. */
export function feedOf(bundle: RemoteBundle, options: FeedOptions): PolledFeed {
  const { address, refreshMs, maxAgeMs } = bundle;
  const { home, clock } = options;
  return new PolledFeed({
    address: addressText(address),
    source: sourceOf(bundle, options),
    cache: cacheOf(bundle, home),
    unpack,
    check: (files) =>
      check(bundle, files, options).catch((thrown: unknown) => {
        throw asPublished(thrown);
      }),
    refreshMs,
    maxAgeMs,
    clock,
    random: Math.random,
  });
}

/** Where the last good of a bundle is kept. Another address of the same bundle has another place. */
export function cacheOf({ id, address }: Pick<RemoteBundle, 'id' | 'address'>, home: string): SourceCache {
  const place = sha256Hex(canonicalJson({ ...address })).slice(0, 16);
  return new SourceCache(join(home, 'bundles', `${id}-${place}`));
}

export interface StartOptions extends FeedOptions {
  /** How long a start waits for a bundle of which nothing is kept, milliseconds. */
  readonly startWaitMs: number;
}

/**
 * The same for a gateway, whose start must not wait for a network: what is asked for first is what was kept, unless nothing
 * was or it is older than it may be. From then on `watch` says what its address has.
 */
export function startingFeed(bundle: RemoteBundle, options: StartOptions): BundleFeed {
  const feed = feedOf(bundle, options);
  let isFirst = true;
  return {
    fetch: async (signal) => {
      if (!isFirst) return feed.fetch(signal);
      isFirst = false;
      const kept = await feed.lastGood().catch(() => undefined);
      if (kept !== undefined && !feed.isTooOld(kept)) return kept;
      return fetchWithin(feed, options.startWaitMs, signal);
    },
    watch: (changed, signal) => feed.watch(changed, signal),
  };
}

async function fetchWithin(feed: BundleFeed, limitMs: number, signal: AbortSignal): Promise<FetchedBundle> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await feed.fetch(AbortSignal.any([signal, limit]));
  } catch (thrown) {
    if (!limit.aborted || signal.aborted) throw thrown;
    throw new GatewayError(
      'BUNDLE_UNREADABLE',
      `a policy bundle was not there within ${limitMs} ms, and none is kept`,
      {
        mend: 'It is asked for on; `mcp-gateway policy pull` before the start spares the wait.',
        cause: thrown,
      },
    );
  }
}

/** The same origin without asking anybody: of an address what was kept, where that is still as it was. */
export async function originAtHand(origin: BundleOrigin | undefined, home: string): Promise<BundleOrigin | undefined> {
  if (origin?.kind !== 'remote') return origin;
  const { remote } = origin;
  const kept = await cacheOf(remote, home)
    .read()
    .catch(() => undefined);
  return kept === undefined
    ? origin
    : { kind: 'files', files: { source: addressText(remote.address), files: kept.files } };
}

export function sourceOf(
  { address, credentials }: RemoteBundle,
  { environment }: Pick<FeedOptions, 'environment'>,
): Source {
  const isWanted = belongsToBundle;
  if (address.kind === 'http') return httpSource(address.url, authorizationOf(credentials));
  if (address.kind === 'oci') {
    const basic = credentials?.kind === 'basic' ? authorizationOf(credentials) : '';
    const bearer = credentials?.kind === 'token' ? credentials.token : '';
    return ociSource(address, { credentials: { basic, bearer }, isWanted });
  }
  const authorization = authorizationOf(credentials);
  return gitSource(address, { authorization, environment, scratch: tmpdir(), isWanted });
}

function authorizationOf(credentials: BundleCredentials | undefined): string {
  if (credentials === undefined) return '';
  if (credentials.kind === 'token') return `Bearer ${credentials.token}`;
  return basicAuthorization(credentials.username, credentials.password);
}

/** Archives are read only where one comes. */
async function unpack(content: SourceContent): Promise<BundleFiles['files']> {
  if (content.kind === 'files') return checkedFiles(content.files);
  const { readArchive } = await import('../policy/archive.ts');
  return readArchive(content.bytes);
}

/** What is not good now would not be good later, and must not take the place of what is. */
async function check(
  { id, layer, data, demand }: RemoteBundle,
  files: BundleFiles,
  { loader, clock }: FeedOptions,
): Promise<void> {
  const found = await findBundle({ id, origin: { kind: 'files', files }, data, demand }, loader);
  const refusal = untimely(found.shipped, clock.now());
  if (refusal !== undefined) throw refusal;
  refuseOtherLayer({ id, layer }, found.shipped);
  await checkBundle(found, loader);
}

/** A file that nobody has here is not corrected here. */
function asPublished(thrown: unknown): unknown {
  if (!(thrown instanceof GatewayError)) return thrown;
  const mend = 'Whoever publishes the bundle has to correct what is named, and to publish it again.';
  return new GatewayError(thrown.code, thrown.message, { mend, cause: thrown });
}
