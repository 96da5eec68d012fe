import { type BundleLoader, type CheckedBundle, checkBundle, findBundle } from './bundles.ts';
import { bundlesOf } from './generation.ts';
import { refuseOtherLayer, type WantedBundle } from './policies.ts';
import { configuredBundles } from './wanted.ts';
import type { RemoteBundle } from './addresses.ts';
import { untimely } from './signing.ts';
import { cacheOf, originAtHand } from './sources.ts';
import type { Config } from '../config/paths.ts';
import { addressText } from '../core/bundle-address.ts';
import { messageOf } from '../core/errors.ts';
import type { Layer, Mode } from '../core/opinion.ts';
import type { BundleSignature } from '../core/signature.ts';
import type { SourceState } from '../source/source-cache.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

/**
 * `good`: it decides, and its source has nothing to say against it. `stale`: it decides, and its source could not be had or
 * has something that is not good; where that is a folder, gateways that run decide by what it was before, and none that is
 * started anew. `missing`: what it governs is denied.
 */
export type BundleState = 'good' | 'stale' | 'missing';

/** A bundle as it is configured and at hand, whether or not a gateway runs. */
export interface ListedBundle {
  readonly id: string;
  readonly layer: Layer;
  readonly mode: Mode;
  /** A path, or an address without its query. */
  readonly source: string;
  /** What its source calls it: an ETag, a commit, a digest; empty where it has no name there. */
  readonly revision: string;
  /** SHA-256, hex; empty where it cannot be used. */
  readonly digest: string;
  /** `unverified`: it says that it is signed, and the configuration names no signer. */
  readonly signature: BundleSignature['kind'];
  /** How many rules it has; null where it cannot be used. */
  readonly rules: number | null;
  readonly state: BundleState;
  /** Why it is not good; empty where it is. */
  readonly why: string;
  /** When its source last said that it is the newest (RFC 3339), and how long ago that is; null where nobody is asked. */
  readonly confirmed_at: string | null;
  readonly age_s: number | null;
  readonly max_age_s: number | null;
}

/** The same, with what was read of it. */
export interface FoundPolicy {
  readonly listed: ListedBundle;
  /** Absent where it cannot be used. */
  readonly checked: CheckedBundle | undefined;
}

export interface PolicyPlace {
  readonly config: Config;
  /** The file of the configuration, absolute. */
  readonly configPath: string;
  /** SHA-256 of each server's command line or address as it is written, by server. */
  readonly commands: Readonly<Record<string, string>>;
  /** Absent before the first start of a gateway. */
  readonly reader: DecisionReader | undefined;
  readonly home: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * All bundles of the configuration, in the order of the file, the starters last. A bundle that travels with its server is
 * the one that was last in force: nothing is started or installed to look for it.
 */
export async function findPolicies(place: PolicyPlace, loader: BundleLoader): Promise<readonly FoundPolicy[]> {
  const configured = configuredBundles(place.config);
  const sourced = configured.map((wanted) => ({ wanted, source: sourceOf(wanted) }));
  const carried = await carriedBundles(place);
  const isStarter = ({ wanted }: SourcedBundle): boolean => wanted.place.kind === 'starter';
  const all = [...sourced.filter((one) => !isStarter(one)), ...carried, ...sourced.filter(isStarter)];
  const found = await Promise.all(all.map((bundle) => findPolicy(bundle, place, loader)));
  const isAllAtHand = found.every(({ checked }) => checked !== undefined);
  const inForce = isAllAtHand ? NOTHING_IN_FORCE : await digestsInForce(place);
  return found.map(({ listed, checked }) => {
    const digest = checked === undefined && listed.age_s === null ? inForce.get(listed.id) : undefined;
    return digest === undefined ? { listed, checked } : { listed: { ...listed, digest, state: 'stale' }, checked };
  });
}

const NOTHING_IN_FORCE: ReadonlyMap<string, string> = new Map();

/** Of the bundles by which gateways that run decide, by id. */
async function digestsInForce({ reader, now }: PolicyPlace): Promise<ReadonlyMap<string, string>> {
  if (reader === undefined || (await reader.instances(now)).length === 0) return NOTHING_IN_FORCE;
  const [newest] = await reader.generations.activations(1);
  const known = newest?.facts.bundles.filter(({ digest }) => digest !== '') ?? [];
  return new Map(known.map(({ id, digest }) => [id, digest]));
}

interface SourcedBundle {
  readonly wanted: WantedBundle;
  readonly source: string;
}

async function carriedBundles({ config, reader }: PolicyPlace): Promise<readonly SourcedBundle[]> {
  const [newest] = (await reader?.generations.activations(1)) ?? [];
  if (newest === undefined || reader === undefined) return [];
  const sources = new Map(newest.facts.bundles.map(({ id, source }) => [id, source]));
  const wanted = await bundlesOf(newest, reader.generations);
  return wanted
    .filter(({ id, place }) => place.kind === 'server' && config.mcpServers[id]?.policy.source.kind === 'auto')
    .map((bundle) => ({ wanted: bundle, source: sources.get(bundle.id) ?? '' }));
}

async function findPolicy(
  { wanted, source }: SourcedBundle,
  { home, now }: PolicyPlace,
  loader: BundleLoader,
): Promise<FoundPolicy> {
  const { id, layer, mode, origin } = wanted;
  const { problem, ...asked } =
    origin?.kind === 'remote' ? agesOf(origin.remote, await cacheOf(origin.remote, home).state(), now) : NOBODY_ASKED;
  const { checked, why } = await readOne(wanted, { home, now }, loader);
  const tooOld = isTooOld(asked) ? `it was last confirmed at ${asked.confirmed_at}, longer ago than maxAge allows` : '';
  const isMissing = checked === undefined || tooOld !== '';
  const listed: ListedBundle = {
    id,
    layer,
    mode,
    source,
    digest: checked?.bundle.digest ?? '',
    signature: checked?.bundle.signature.kind ?? 'unsigned',
    rules: checked?.rules.size ?? null,
    state: isMissing ? 'missing' : usable(problem),
    why: [tooOld, why, problem].find((text) => text !== '') ?? '',
    ...asked,
  };
  return { listed, checked };
}

function usable(problem: string): BundleState {
  return problem === '' ? 'good' : 'stale';
}

function isTooOld({ age_s, max_age_s }: Pick<ListedBundle, 'age_s' | 'max_age_s'>): boolean {
  return age_s !== null && max_age_s !== null && age_s > max_age_s;
}

type Asked = Pick<ListedBundle, 'revision' | 'confirmed_at' | 'age_s' | 'max_age_s'> & { readonly problem: string };

const NOBODY_ASKED: Asked = { revision: '', confirmed_at: null, age_s: null, max_age_s: null, problem: '' };

function agesOf({ maxAgeMs }: RemoteBundle, { revision, confirmedMs, problem }: SourceState, now: number): Asked {
  const isKept = revision !== '';
  return {
    revision,
    confirmed_at: isKept ? new Date(confirmedMs).toISOString() : null,
    age_s: isKept ? Math.max(0, Math.round((now - confirmedMs) / 1000)) : null,
    max_age_s: maxAgeMs === undefined ? null : maxAgeMs / 1000,
    problem: problem?.message ?? '',
  };
}

async function readOne(
  wanted: WantedBundle,
  { home, now }: Pick<PolicyPlace, 'home' | 'now'>,
  loader: BundleLoader,
): Promise<{ readonly checked: CheckedBundle | undefined; readonly why: string }> {
  const { id, data, demand } = wanted;
  try {
    const origin = await originAtHand(wanted.origin, home);
    if (origin === undefined) return { checked: undefined, why: 'it was not found' };
    const found = await findBundle({ id, origin, data, demand }, loader);
    refuseOtherLayer(wanted, found.shipped);
    const refusal = untimely(found.shipped, now);
    if (refusal !== undefined) return { checked: undefined, why: refusal.message };
    return { checked: await checkBundle(found, loader), why: '' };
  } catch (thrown) {
    return { checked: undefined, why: messageOf(thrown) };
  }
}

function sourceOf({ origin }: WantedBundle): string {
  if (origin?.kind === 'path') return origin.path;
  return origin?.kind === 'remote' ? addressText(origin.remote.address) : '';
}
