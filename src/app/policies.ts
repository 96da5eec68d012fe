import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type BundleLoader,
  type BundleOrigin,
  checkBundle,
  compileBundles,
  findBundle,
  type FoundBundle,
  SHIPPED_BUNDLES,
} from './bundles.ts';
import type { Clock } from '../core/clock.ts';
import { type ErrorCode, GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { LAYERS, type Layer, type Mode } from '../core/opinion.ts';
import { packageUrl } from '../core/package-url.ts';
import type { BuiltModule, BundleSource, RegoProblem } from '../core/rego.ts';
import { NO_SIGNATURE_DEMANDED, type SignatureDemand } from '../core/signature.ts';
import { buildPolicySet, groupsOf } from '../policy/build-policy-set.ts';
import { type Bundle, toSource } from '../policy/bundle.ts';
import type { LoadedBundle, Participant, Place } from '../policy/participant.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { REWRITE_VERSION, rewriteModule } from '../policy/rewrite.ts';

/** The toolchain's answers about the starter bundles, as `precompile.ts` leaves them beside the built program. */
export const SHIPPED_ANSWERS = fileURLToPath(packageUrl('dist/compiled/', import.meta.url));

/** A bundle that is to take part: where it lies and how far it counts. */
export interface WantedBundle {
  readonly id: string;
  readonly layer: Layer;
  readonly place: Place;
  /** Absent where there must be a bundle and none was found. */
  readonly origin: BundleOrigin | undefined;
  readonly mode: Mode;
  readonly ruleModes: Readonly<Record<string, Mode>>;
  /** Values for `data.<root>.config`. */
  readonly data: JsonObject;
  /** Whose signatures it must carry. */
  readonly demand: SignatureDemand;
}

export interface PolicyOptions {
  readonly loader: BundleLoader;
  readonly required: readonly Layer[];
  readonly evaluationFuel: number;
  readonly engine: 'native' | 'reference';
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Makes a generation of all bundles that are good. One that is not keeps its place: whatever it should have been asked
 * about is denied, and the log says what is wrong with it.
 */
export async function loadPolicies(wanted: readonly WantedBundle[], options: PolicyOptions): Promise<PolicySet> {
  const { tried, compile } = await tryAll(wanted, options);
  for (const one of tried) tellOf(one, options.logger);
  return buildPolicies(tried.map(participantOf), options, compile);
}

/** Whether a bundle can be used; one that has no origin is `missing`. */
export type Tried = { readonly wanted: WantedBundle } & (
  | { readonly kind: 'good'; readonly loaded: LoadedBundle; readonly warnings: readonly RegoProblem[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'bad'; readonly problem: string; readonly mend: string | undefined }
  /** Nobody knows what it is: the toolchain ended without an answer. */
  | { readonly kind: 'unknown'; readonly problem: string; readonly mend: string | undefined }
  /** It is good, and its signature counts from then on, milliseconds since the epoch. */
  | { readonly kind: 'early'; readonly problem: string; readonly mend: string | undefined; readonly startsMs: number }
  /** It may not decide any more, whatever was good of it, because its source has not confirmed it for too long. */
  | { readonly kind: 'expired'; readonly problem: string; readonly mend: string | undefined }
);

export interface Trial {
  readonly tried: readonly Tried[];
  /** Compiles bundles that were found good into one module; it has begun before they were. */
  readonly compile: Compile;
}

export type Compile = (bundles: readonly BundleSource[]) => Promise<BuiltModule>;

/** Where a bundle comes from at this moment; rejects where it cannot be had. */
export type OriginOf = (wanted: WantedBundle) => Promise<BundleOrigin | undefined>;

const AS_CONFIGURED: OriginOf = async ({ origin }) => origin;

/** Reads bundles and holds each to the contract, with its own tests. Never rejects for what a bundle is. */
export async function tryBundles(
  wanted: readonly WantedBundle[],
  { loader }: PolicyOptions,
  originOf: OriginOf = AS_CONFIGURED,
): Promise<readonly Tried[]> {
  return Promise.all(wanted.map((bundle) => tryOne(find(bundle, loader, originOf), loader)));
}

/** As `tryBundles`, for all that are to be in force together: they are compiled meanwhile. */
export async function tryAll(
  wanted: readonly WantedBundle[],
  { loader }: PolicyOptions,
  originOf: OriginOf = AS_CONFIGURED,
): Promise<Trial> {
  const found = wanted.map((bundle) => find(bundle, loader, originOf));
  const early = compileEarly(found, loader);
  const tried = await Promise.all(found.map((bundle) => tryOne(bundle, loader)));
  return { tried, compile: async (bundles) => (await early).get(idsOf(bundles)) ?? compileBundles(bundles, loader) };
}

/** Compiles and warms up. Throws BUNDLE_INVALID or POLICY_FAILED where bundles that are each good are not so together. */
export function buildPolicies(
  participants: readonly Participant[],
  options: PolicyOptions,
  compile: Compile = (bundles) => compileBundles(bundles, options.loader),
): Promise<PolicySet> {
  const { loader, required, evaluationFuel, engine, clock, logger } = options;
  return buildPolicySet({
    participants,
    library: loader.library,
    toolchainDigest: loader.toolchain.digest,
    compile,
    rewrite: (wasm) => loader.toolchain.derive(wasm, REWRITE),
    required,
    evaluationFuel,
    engine,
    clock,
    logger,
  });
}

/** The bundle as it takes part: one that cannot be used keeps its place. */
function participantOf(tried: Tried): Participant {
  const { id, layer, place, mode, ruleModes } = tried.wanted;
  const participant = { id, layer, place, mode, ruleModes };
  return tried.kind === 'good' ? { ...participant, loaded: tried.loaded } : participant;
}

/** Says what is wrong with a bundle that nothing can take the place of, and what should be looked at in one that is good. */
export function tellOf(tried: Tried, logger: Logger): void {
  const { id: bundle } = tried.wanted;
  switch (tried.kind) {
    case 'good':
      for (const { file, row, message } of tried.warnings)
        logger.warn('a bundle should be looked at', { bundle, file, row, message });
      return;
    case 'missing':
      return logger.error('a bundle was not found; what it governs is denied', { bundle });
    case 'expired':
    case 'early':
    case 'unknown':
    case 'bad': {
      const { problem, mend } = tried;
      return logger.error('a bundle cannot be used; what it governs is denied', { bundle, problem, mend });
    }
  }
}

const REWRITE = { name: `rewrite ${REWRITE_VERSION}`, make: rewriteModule };

/** The starter bundles of the layers in which they may stand in. */
export function starterBundles(
  layers: Readonly<Record<Layer, { readonly starter: boolean }>>,
): readonly WantedBundle[] {
  return LAYERS.filter((layer) => layers[layer].starter).map((layer) => ({
    id: `starter-${layer}`,
    layer,
    place: { kind: 'starter' },
    origin: { kind: 'path', path: join(SHIPPED_BUNDLES, 'starter', layer) },
    mode: 'enforce',
    ruleModes: {},
    data: {},
    // It came with the program.
    demand: NO_SIGNATURE_DEMANDED,
  }));
}

/** A wanted bundle, and what is being read of it: nothing where nobody knows where it lies. */
interface Found {
  readonly wanted: WantedBundle;
  readonly reading: Promise<FoundBundle | undefined>;
}

function find(wanted: WantedBundle, loader: BundleLoader, originOf: OriginOf): Found {
  const { id, data, demand } = wanted;
  const reading = originOf(wanted).then((origin) => origin && findBundle({ id, origin, data, demand }, loader));
  // Said by `tryOne`.
  reading.catch(() => undefined);
  return { wanted, reading };
}

/**
 * Compiles what will be in force if every bundle that can be read is good, as it nearly always is, while the bundles are
 * still being examined: on the first start the toolchain takes seconds for either. The modules by the ids of their
 * bundles; where one turns out bad, its module is not asked for.
 */
async function compileEarly(
  found: readonly Found[],
  loader: BundleLoader,
): Promise<ReadonlyMap<string, Promise<BuiltModule>>> {
  const readable = await Promise.all(found.map(({ wanted, reading }) => readableBundle(wanted, reading)));
  const modules = new Map<string, Promise<BuiltModule>>();
  for (const group of groupsOf(readable.flat())) {
    const sources = group.map(({ source }) => source);
    const module = compileBundles(sources, loader);
    module.catch(() => undefined);
    modules.set(idsOf(sources), module);
  }
  return modules;
}

interface ReadableBundle {
  readonly id: string;
  readonly place: Place;
  readonly source: BundleSource;
}

async function readableBundle(
  { id, place }: WantedBundle,
  reading: Found['reading'],
): Promise<readonly ReadableBundle[]> {
  try {
    const found = await reading;
    return found === undefined ? [] : [{ id, place, source: { ...toSource(await found.configured), id } }];
  } catch {
    return [];
  }
}

/** Ids are unique, and each bundle is read once, so they say which bundles are meant. */
function idsOf(bundles: readonly BundleSource[]): string {
  return bundles.map(({ id }) => id).join(' ');
}

async function tryOne({ wanted, reading }: Found, loader: BundleLoader): Promise<Tried> {
  try {
    const found = await reading;
    if (found === undefined) return { kind: 'missing', wanted };
    const { bundle, rules, warnings } = await checkBundle(found, loader);
    refuseOtherLayer(wanted, bundle);
    return { kind: 'good', wanted, loaded: { bundle, rules }, warnings };
  } catch (thrown) {
    const { code, mend } = thrown instanceof GatewayError ? thrown : {};
    return { kind: kindOf(code), wanted, problem: messageOf(thrown), mend };
  }
}

function kindOf(code: ErrorCode | undefined): 'expired' | 'unknown' | 'bad' {
  if (code === 'BUNDLE_STALE') return 'expired';
  return code === 'TOOLCHAIN_FAILED' ? 'unknown' : 'bad';
}

/** A bundle speaks for the layer that it was configured for, or not at all. */
export function refuseOtherLayer({ id, layer }: Pick<WantedBundle, 'id' | 'layer'>, found: Bundle): void {
  if (found.layer === layer) return;
  throw new Error(
    `the bundle ${id} (${found.source}) says that it is of layer ${found.layer}; the configuration has it as ${layer}`,
  );
}
