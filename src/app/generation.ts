import type { BundleLoader } from './bundles.ts';
import type { WantedBundle } from './policies.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Activation, GenerationBundle, GenerationFacts } from '../core/generation.ts';
import { readKeptBundle, writeKeptBundle } from '../policy/kept-bundle.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { bundleKey, type GenerationStore, libraryKey } from '../state/generation-store.ts';

export interface Activated {
  readonly policy: PolicySet;
  readonly loader: Pick<BundleLoader, 'library' | 'toolchain'>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly instance: string;
  /** Why it is put in force, such as `start` or `rollback`. */
  readonly why: string;
}

/** Keeps everything that a generation is made of, and says that it is in force. */
export async function keepGeneration(generations: GenerationStore, activated: Activated): Promise<void> {
  const { policy, loader, at, instance, why } = activated;
  for (const { loaded } of policy.participants) {
    if (loaded !== undefined) await generations.keep(bundleKey(loaded.bundle), writeKeptBundle(loaded.bundle));
  }
  const facts = factsOf(policy, loader);
  await generations.keep(libraryKey(facts.library), canonicalJson(loader.library));
  await generations.activate({ generation: policy.generation, at, instance, why, facts });
}

/** What is kept of a generation. */
export function factsOf(policy: PolicySet, { library, toolchain }: Activated['loader']): GenerationFacts {
  const { participants, required, evaluationFuel } = policy;
  const bundles = participants.map(({ id, layer, place, mode, ruleModes, loaded }): GenerationBundle => {
    const { digest = '', dataDigest = '', source = '' } = loaded?.bundle ?? {};
    return { id, layer, place, mode, ruleModes, digest, dataDigest, source };
  });
  return {
    bundles: bundles.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    required,
    evaluationFuel,
    library: sha256Hex(canonicalJson(library)),
    toolchain: toolchain.digest,
  };
}

/**
 * The bundles of a generation that was in force before, as `loadPolicies` wants them. One that is not kept any more has
 * no origin, so that what it governs is denied. Throws BUNDLE_INVALID where what was kept has changed.
 */
export async function bundlesOf(
  { facts }: Pick<Activation, 'facts'>,
  generations: Pick<GenerationStore, 'readKept'>,
): Promise<readonly WantedBundle[]> {
  return Promise.all(
    facts.bundles.map(async ({ id, layer, place, mode, ruleModes, ...digests }): Promise<WantedBundle> => {
      const text = await generations.readKept(bundleKey(digests));
      const bundle = text === undefined ? undefined : readKeptBundle(id, text, digests);
      return { id, layer, place, mode, ruleModes, data: {}, origin: bundle && { kind: 'kept', bundle } };
    }),
  );
}
