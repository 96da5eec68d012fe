import { join } from 'node:path';
import type { BundleCredentials } from './config/schema-remote.ts';
import type { Config } from './config/paths.ts';
import { type BundleLoader, type BundleOrigin, checkBundle, findBundle } from './app-bundles.ts';
import { refuseOtherLayer } from './app-policies.ts';
import { type BundleAddress, addressText } from './core/bundle-address.ts';
import type { BundleFiles } from './core/bundle-feed.ts';
import { canonicalJson, sha256Hex } from './core/canonical-json.ts';
import type { Clock } from './core/clock.ts';
import type { JsonObject } from './core/json.ts';
import type { Layer } from './core/opinion.ts';
import { belongsToBundle, checkedFiles } from './policy/bundle-files.ts';
import { gitSource } from './source/git-source.ts';
import { basicAuthorization } from './source/http-get.ts';
import { httpSource } from './source/http-source.ts';
import { ociSource } from './source/oci-source.ts';
import { PolledFeed } from './source/polled-feed.ts';
import type { Source, SourceContent } from './source/source.ts';
import { SourceCache } from './source/source-cache.ts';

/** A configured bundle that has an address. */
export interface RemoteBundle {
  /** Of a server's bundle the server's id, of an agent's `agent-<id>`. */
  readonly id: string;
  readonly layer: Layer;
  readonly address: BundleAddress;
  readonly refreshMs: number;
  readonly maxAgeMs: number | undefined;
  readonly credentials: BundleCredentials | undefined;
  /** Values for `data.<root>.config`. */
  readonly data: JsonObject;
}

export interface FeedOptions {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  /** Of the person who runs the gateway: git needs it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly loader: BundleLoader;
  readonly clock: Clock;
}

/** The bundles of the configuration that have an address, in the order of the file. */
export function remoteBundles({ policies, mcpServers, agents }: Config): readonly RemoteBundle[] {
  const written = [
    ...policies.org.map((bundle) => ({ ...bundle })),
    ...Object.entries(mcpServers).map(([id, { policy }]) => ({ ...policy, id, layer: 'server' as const })),
    ...Object.entries(agents).flatMap(([id, { policy }]) =>
      policy === undefined ? [] : [{ ...policy, id: `agent-${id}`, layer: 'identity' as const, data: {} }],
    ),
  ];
  return written.flatMap(({ id, layer, source, refresh: refreshMs, maxAge: maxAgeMs, credentials, data }) =>
    source.kind === 'remote' ? [{ id, layer, address: source.address, refreshMs, maxAgeMs, credentials, data }] : [],
  );
}

/** A bundle as its address has it, again and again; what is good of it is kept on disk. */
export function feedOf(bundle: RemoteBundle, options: FeedOptions): PolledFeed {
  const { address, refreshMs, maxAgeMs } = bundle;
  const { home, loader, clock } = options;
  return new PolledFeed({
    address: addressText(address),
    source: sourceOf(bundle, options),
    cache: cacheOf(bundle, home),
    unpack,
    check: (files) => check(bundle, files, loader),
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

/** What was kept of a bundle, without asking anybody; undefined where nothing was, or what was has changed. */
export async function keptOrigin(bundle: RemoteBundle, home: string): Promise<BundleOrigin | undefined> {
  const kept = await cacheOf(bundle, home)
    .read()
    .catch(() => undefined);
  return kept && { kind: 'files', files: { source: addressText(bundle.address), files: kept.files } };
}

export function sourceOf(
  { address, credentials }: RemoteBundle,
  { home, environment }: Pick<FeedOptions, 'home' | 'environment'>,
): Source {
  const isWanted = belongsToBundle;
  if (address.kind === 'http') return httpSource(address.url, authorizationOf(credentials));
  if (address.kind === 'oci') {
    const basic = credentials?.kind === 'basic' ? authorizationOf(credentials) : '';
    const bearer = credentials?.kind === 'token' ? credentials.token : '';
    return ociSource(address, { credentials: { basic, bearer }, isWanted });
  }
  const authorization = authorizationOf(credentials);
  return gitSource(address, { authorization, environment, scratch: join(home, 'bundles'), isWanted });
}

function authorizationOf(credentials: BundleCredentials | undefined): string {
  if (credentials === undefined) return '';
  if (credentials.kind === 'token') return `Bearer ${credentials.token}`;
  return basicAuthorization(credentials.username, credentials.password);
}

/** Archives are read only where one comes. */
async function unpack(content: SourceContent): Promise<BundleFiles['files']> {
  if (content.kind === 'files') return checkedFiles(content.files);
  const { readArchive } = await import('./policy/archive.ts');
  return readArchive(content.bytes);
}

/** What is not good now would not be good later, and must not take the place of what is. */
async function check({ id, layer, data }: RemoteBundle, files: BundleFiles, loader: BundleLoader): Promise<void> {
  const found = await findBundle({ id, origin: { kind: 'files', files }, data }, loader);
  refuseOtherLayer({ id, layer }, found.shipped);
  await checkBundle(found, loader);
}
