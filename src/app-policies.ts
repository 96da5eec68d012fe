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
} from './app-bundles.ts';
import type { Clock } from './core/clock.ts';
import { GatewayError, messageOf } from './core/errors.ts';
import type { JsonObject } from './core/json.ts';
import type { Logger } from './core/logger.ts';
import { LAYERS, type Layer, type Mode } from './core/opinion.ts';
import type { BuiltModule, BundleSource } from './core/rego.ts';
import { buildPolicySet, groupsOf } from './policy/build-policy-set.ts';
import { type Bundle, toSource } from './policy/bundle.ts';
import type { Participant, Place } from './policy/participant.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { REWRITE_VERSION, rewriteModule } from './policy/rewrite.ts';

/** The toolchain's answers about the starter bundles, as `precompile.ts` leaves them beside the built program. */
export const SHIPPED_ANSWERS = fileURLToPath(new URL('./compiled/', import.meta.url));

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
  const { loader, required, evaluationFuel, engine, clock, logger } = options;
  const found = wanted.map((bundle) => find(bundle, loader));
  const early = compileEarly(found, loader);
  const participants = await Promise.all(found.map((bundle) => participantOf(bundle, options)));
  return buildPolicySet({
    participants,
    library: loader.library,
    toolchainDigest: loader.toolchain.digest,
    compile: async (bundles) => (await early).get(idsOf(bundles)) ?? compileBundles(bundles, loader),
    rewrite: (wasm) => loader.toolchain.derive(wasm, REWRITE),
    required,
    evaluationFuel,
    engine,
    clock,
    logger,
  });
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
  }));
}

/** A wanted bundle, and what is being read of it; absent where nobody knows where it lies. */
interface Found {
  readonly wanted: WantedBundle;
  readonly reading: Promise<FoundBundle> | undefined;
}

function find(wanted: WantedBundle, loader: BundleLoader): Found {
  const { id, origin, data } = wanted;
  const reading = origin === undefined ? undefined : findBundle({ id, origin, data }, loader);
  // Said by `participantOf`.
  reading?.catch(() => undefined);
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
  reading: Promise<FoundBundle> | undefined,
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

async function participantOf({ wanted, reading }: Found, { loader, logger }: PolicyOptions): Promise<Participant> {
  const { id, layer, place, mode, ruleModes } = wanted;
  const participant = { id, layer, place, mode, ruleModes };
  if (reading === undefined) {
    logger.error('a bundle was not found; what it governs is denied', { bundle: id });
    return participant;
  }
  try {
    const { bundle, rules, warnings } = await checkBundle(await reading, loader);
    refuseOtherLayer(wanted, bundle);
    for (const { file, row, message } of warnings)
      logger.warn('a bundle should be looked at', { bundle: id, file, row, message });
    return { ...participant, loaded: { bundle, rules } };
  } catch (thrown) {
    const mend = thrown instanceof GatewayError ? thrown.mend : undefined;
    logger.error('a bundle cannot be used; what it governs is denied', {
      bundle: id,
      problem: messageOf(thrown),
      mend,
    });
    return participant;
  }
}

function refuseOtherLayer({ id, layer }: WantedBundle, found: Bundle): void {
  if (found.layer === layer) return;
  throw new Error(
    `the bundle ${id} (${found.source}) says that it is of layer ${found.layer}; the configuration has it as ${layer}`,
  );
}
