import type { BundleLoader } from './bundles.ts';
import type { WantedBundle } from './policies.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Activation, GenerationBundle, GenerationFacts } from '../core/generation.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import { readKeptBundle, writeKeptBundle } from '../policy/kept-bundle.ts';
import type { Bundle } from '../policy/bundle.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { bundleKey, type GenerationStore, libraryKey } from '../state/generation-store.ts';
import type { InForce } from '../state/instances.ts';

export interface Activated {
  readonly policy: PolicySet;
  readonly loader: Pick<BundleLoader, 'library' | 'toolchain'>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly instance: string;
  /** Why it is put in force, such as `start` or `rollback`. */
  readonly why: string;
}

/** Keeps everything that a generation is made of, and says that it is in force. Answers what that is. */
export async function keepGeneration(generations: GenerationStore, activated: Activated): Promise<InForce> {
  const { policy, loader, at, instance, why } = activated;
  for (const { id, loaded } of policy.participants) {
    if (loaded === undefined) continue;
    const { bundle } = loaded;
    await generations.keep(bundleKey(bundle), writeKeptBundle(bundle));
    if (bundle.signature.kind === 'verified') await generations.seeRevision(id, bundle.manifest.revision);
  }
  const facts = factsOf(policy, loader);
  await generations.keep(libraryKey(facts.library), canonicalJson(loader.library));
  await generations.activate({ generation: policy.generation, at, instance, why, facts });
  return { generation: policy.generation, facts: factsHash(facts) };
}

/** The same for all gateways that decide alike, wherever they have found their bundles. */
export function factsHash({ bundles, required, evaluationFuel, library, toolchain }: GenerationFacts): string {
  const decides = bundles.map(({ id, layer, place, mode, ruleModes, digest, dataDigest }) => {
    const modes = Object.entries(ruleModes).map(([rule, ruleMode]) => `${rule} ${ruleMode}`);
    return [id, layer, canonicalJson(place), mode, modes.toSorted(), digest, dataDigest];
  });
  return sha256Hex(canonicalJson([decides, [...required], evaluationFuel, library, toolchain]));
}

/** What is kept of a generation. */
export function factsOf(policy: PolicySet, { library, toolchain }: Activated['loader']): GenerationFacts {
  const { participants, required, evaluationFuel } = policy;
  const bundles = participants.map(({ id, layer, place, mode, ruleModes, loaded }): GenerationBundle => {
    const { digest = '', dataDigest = '', source = '', signature } = loaded?.bundle ?? {};
    const signed =
      signature?.kind === 'verified' ? { signer: signature.signer, signatureEndsMs: signature.endsMs } : {};
    return { id, layer, place, mode, ruleModes, digest, dataDigest, source, ...signed };
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
    facts.bundles.map(async (was): Promise<WantedBundle> => {
      const { id, layer, place, mode, ruleModes } = was;
      const text = await generations.readKept(bundleKey(was));
      const bundle = text === undefined ? undefined : keptBundle(was, text);
      const origin = bundle && ({ kind: 'kept', bundle } as const);
      // What was in force is asked as it was, whoever has to sign it now.
      return { id, layer, place, mode, ruleModes, data: {}, origin, demand: NO_SIGNATURE_DEMANDED };
    }),
  );
}

type KeptFacts = Pick<GenerationBundle, 'id' | 'digest' | 'dataDigest' | 'signer' | 'signatureEndsMs'>;

/** A bundle that was in force, from what was kept of it. Throws BUNDLE_INVALID where that has changed. */
export function keptBundle(was: KeptFacts, text: string): Bundle {
  const { id, signer = '', signatureEndsMs: endsMs = null } = was;
  const bundle = readKeptBundle(id, text, was);
  return signer === '' ? bundle : { ...bundle, signature: { kind: 'verified', signer, startsMs: null, endsMs } };
}
