import { isDeepStrictEqual } from 'node:util';
import { type BundleLoader, type BundleOrigin, checkBundle, findBundle } from './bundles.ts';
import { keptBundle } from './generation.ts';
import { type PolicyOptions, tellOf, type Tried, type WantedBundle } from './policies.ts';
import { addressText } from '../core/bundle-address.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { GatewayError } from '../core/errors.ts';
import { shortHash, type GenerationBundle } from '../core/generation.ts';
import type { Logger } from '../core/logger.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import type { Layer } from '../core/opinion.ts';
import type { LoadedBundle, Participant } from '../policy/participant.ts';
import { bundleKey, type GenerationStore } from '../state/generation-store.ts';

/** How a configured bundle stands: what is in force of it, and what is wrong where that is not the newest there is. */
export interface Stand {
  readonly wanted: WantedBundle;
  readonly pin: PolicyPin | undefined;
  /** Absent where it never was good: what it governs is denied. */
  readonly loaded: LoadedBundle | undefined;
  readonly stale: Staleness | undefined;
}

export interface Staleness {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly problem: string;
  /** When it is tried again though nothing has changed, milliseconds since the epoch, and after how long. */
  readonly again?: { readonly atMs: number; readonly waitedMs: number } | undefined;
}

/** A bundle whose newest state is not in force; nothing secret. */
export type StaleBundle = {
  readonly bundle: string;
  /** RFC 3339. */
  readonly since: string;
  readonly problem: string;
};

export function staleIn(stands: Iterable<Stand>): readonly StaleBundle[] {
  return [...stands].flatMap(({ wanted, stale }) =>
    stale === undefined
      ? []
      : [{ bundle: wanted.id, since: new Date(stale.since).toISOString(), problem: shortened(stale.problem) }],
  );
}

export function standsById(stands: readonly Stand[]): ReadonlyMap<string, Stand> {
  return new Map(stands.map((stand) => [stand.wanted.id, stand]));
}

/** A wanted bundle, pinned where somebody has rolled it back: as it counted then, if that is still allowed. */
export interface PinnedWish {
  readonly wanted: WantedBundle;
  readonly pin: PolicyPin | undefined;
}

export function withPins(
  wanted: readonly WantedBundle[],
  pins: readonly PolicyPin[],
  mayRelax: (layer: Layer) => boolean,
): readonly PinnedWish[] {
  const pinned = new Map(pins.map((pin) => [pin.bundle, pin]));
  return wanted.map((bundle) => {
    const pin = pinned.get(bundle.id);
    const isAsThen = pin?.modes !== undefined && mayRelax(bundle.layer);
    return { wanted: isAsThen ? { ...bundle, ...pin.modes } : bundle, pin };
  });
}

/** Whether what is known of a bundle still is what is asked for: from the same place, with the same data, pinned alike. */
export function isSameWish({ wanted, pin }: PinnedWish, before: Stand | undefined): boolean {
  return before !== undefined && wishText({ wanted, pin }) === wishText(before);
}

function wishText({ wanted: { origin, data, layer, demand }, pin }: PinnedWish): string {
  return canonicalJson({
    origin: JSON.stringify(origin ?? null),
    demand: JSON.stringify(demand),
    data,
    layer,
    pin: pin === undefined ? '' : bundleKey(pin),
  });
}

/** What was kept of a pinned bundle. Throws BUNDLE_UNREADABLE where nothing is, BUNDLE_INVALID where it has changed. */
export async function pinnedOrigin(
  pin: PolicyPin,
  store: Pick<GenerationStore, 'readKept' | 'activations'>,
): Promise<BundleOrigin> {
  const text = await store.readKept(bundleKey(pin));
  if (text !== undefined) return { kind: 'kept', bundle: keptBundle(await asSigned(pin, store), text) };
  throw new GatewayError('BUNDLE_UNREADABLE', `nothing is kept of ${pin.bundle} ${shortHash(pin.digest)}`, {
    mend: `Release it with \`mcp-gateway policy rollback --clear --bundle ${pin.bundle}\`.`,
  });
}

/** A pinned bundle with the signer that it had whenever it had one: what was kept is the same for either. */
async function asSigned(
  pin: PolicyPin,
  store: Pick<GenerationStore, 'activations'>,
): Promise<Pick<GenerationBundle, 'id' | 'digest' | 'dataDigest' | 'signer' | 'signatureEndsMs'>> {
  const { bundle: id, digest, dataDigest } = pin;
  const was = (await store.activations(MOST_ACTIVATIONS))
    .flatMap(({ facts }) => facts.bundles)
    .filter((one) => one.id === id && bundleKey(one) === bundleKey(pin));
  return { ...(was.find(({ signer }) => signer !== undefined) ?? was[0]), id, digest, dataDigest };
}

export interface Standing {
  /** What of the bundle is in force, and what the store keeps of it. */
  readonly inForce: LoadedBundle | undefined;
  readonly kept: LoadedBundle | undefined;
  /** How long its newest state has been wanting. */
  readonly wantingMs: number;
}

/**
 * What stays in force of a bundle that cannot be had or used. Where it may grow too old, its source says when it has; of
 * what did not come from there nobody knows how old it is, so that it has no more than the time for which it is wanting.
 */
export function standIn({ origin }: WantedBundle, { inForce, kept, wantingMs }: Standing): LoadedBundle | undefined {
  const remote = origin?.kind === 'remote' ? origin.remote : undefined;
  if (remote?.maxAgeMs === undefined) return inForce ?? kept;
  const isOfSource = inForce?.bundle.source === addressText(remote.address);
  return isOfSource || wantingMs <= remote.maxAgeMs ? inForce : undefined;
}

/** How far back is looked for a bundle that was good. */
const MOST_ACTIVATIONS = 100;

/** What was last in force of a bundle, as the store keeps it; undefined where there is none that can still be used. */
export async function lastGoodOf(
  { id, layer, place, demand }: WantedBundle,
  store: Pick<GenerationStore, 'readKept' | 'activations'>,
  loader: BundleLoader,
): Promise<LoadedBundle | undefined> {
  const activations = await store.activations(MOST_ACTIVATIONS);
  const isIt = (one: GenerationBundle): boolean =>
    one.id === id && one.layer === layer && one.place.kind === place.kind && one.digest !== '';
  const last = activations.flatMap(({ facts }) => facts.bundles.filter(isIt))[0];
  const text = last && (await store.readKept(bundleKey(last)));
  if (last === undefined || text === undefined) return undefined;
  const kept = { ...keptBundle(last, text), source: last.source };
  const found = await findBundle({ id, origin: { kind: 'kept', bundle: kept }, data: {}, demand }, loader);
  const { bundle, rules } = await checkBundle(found, loader);
  return { bundle, rules };
}

/**
 * Of bundles that change together or not at all: those that stay as they were because another of their set cannot be used,
 * and which that is.
 */
export function heldBack(stands: readonly Stand[], sets: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const isStale = new Set(stands.filter(({ stale }) => stale !== undefined).map(({ wanted }) => wanted.id));
  const held = sets.flatMap((set): readonly (readonly [string, string])[] => {
    const culprit = set.find((id) => isStale.has(id));
    return culprit === undefined ? [] : set.filter((id) => !isStale.has(id)).map((id) => [id, culprit]);
  });
  return new Map(held);
}

/** A bundle that is good and stays as it was; where nothing was, there is nothing to stay with. */
export function stayingWith(
  old: LoadedBundle | undefined,
  stand: Stand,
  { culprit, since }: { readonly culprit: string; readonly since: number },
): Stand {
  if (old === undefined || isDeepStrictEqual(digestsOf({ loaded: old }), digestsOf(stand))) return stand;
  const problem = `it changes together with ${culprit}, which cannot be used`;
  return { ...stand, loaded: old, stale: { since, problem } };
}

/** What is in force without what may not be any more; undefined where that is nothing. */
export function withoutLost(
  inForce: ReadonlyMap<string, Stand>,
  stands: readonly Stand[],
): readonly Stand[] | undefined {
  const lost = new Map(
    stands
      .filter(({ wanted, loaded }) => loaded === undefined && inForce.get(wanted.id)?.loaded !== undefined)
      .map((stand) => [stand.wanted.id, stand]),
  );
  return lost.size === 0 ? undefined : [...inForce.values()].map((stand) => lost.get(stand.wanted.id) ?? stand);
}

/** The bundle as it takes part. */
export function participantIn({ wanted, loaded }: Stand): Participant {
  const { id, layer, place, mode, ruleModes } = wanted;
  return { id, layer, place, mode, ruleModes, ...(loaded && { loaded }) };
}

/** Two generations with one text decide alike. */
export function decidingText(
  stands: readonly Stand[],
  { required, evaluationFuel, engine }: Pick<PolicyOptions, 'required' | 'evaluationFuel' | 'engine'>,
): string {
  const all = stands.map((stand) => {
    const { loaded: _, ...facts } = participantIn(stand);
    return { ...facts, ...digestsOf(stand), signature: stand.loaded?.bundle.signature };
  });
  return JSON.stringify([all, { required, evaluationFuel, engine }]);
}

export function digestsOf({ loaded }: Pick<Stand, 'loaded'>): { readonly digest: string; readonly dataDigest: string } {
  return { digest: loaded?.bundle.digest ?? '', dataDigest: loaded?.bundle.dataDigest ?? '' };
}

/** Says what is wrong with a bundle, and whether something good of it decides meanwhile. */
export function tellOfStand(tried: Tried, stands: readonly Stand[], logger: Logger): void {
  const { id: bundle } = tried.wanted;
  const inForce = stands.find(({ wanted }) => wanted.id === bundle)?.loaded?.bundle.digest;
  if (tried.kind === 'good' || inForce === undefined) return tellOf(tried, logger);
  const mend = tried.kind === 'missing' ? undefined : tried.mend;
  const message = 'a bundle cannot be used; what was last good of it stays in force';
  logger.error(message, { bundle, problem: problemWith(tried), inForce: shortHash(inForce), mend });
}

/** What is wrong with a bundle that was tried, in words. */
export function problemWith(tried: Tried): string {
  if (tried.kind === 'good') return '';
  return tried.kind === 'missing' ? 'it was not found' : tried.problem;
}

const MOST_PROBLEM = 300;

/** The first line says what it is; the log has the rest. */
function shortened(problem: string): string {
  const [first = ''] = problem.split('\n');
  return first.length > MOST_PROBLEM ? `${first.slice(0, MOST_PROBLEM)}…` : first;
}
