import { isDeepStrictEqual } from 'node:util';
import { bundlesOf, factsOf } from './generation.ts';
import type { BundleLoader } from './bundles.ts';
import { loadPolicies, type PolicyOptions, type WantedBundle } from './policies.ts';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Activation, GenerationFacts } from '../core/generation.ts';
import type { Logger } from '../core/logger.ts';
import type { LibraryFiles } from '../core/rego.ts';
import { ownReason } from '../gateway/own-reasons.ts';
import { readKeptLibrary } from '../policy/kept-bundle.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { exampleWords } from '../review/replay-explain.ts';
import type { ReplayPolicy } from '../review/replay-policy.ts';
import { type DatedPolicy, NOT_KEPT, type RecordedPolicies } from '../review/replay-recorded.ts';
import type { ReplayReport } from '../review/replay-report.ts';
import { replay, type ReplayProgress } from '../review/replay.ts';
import { type GenerationStore, libraryKey } from '../state/generation-store.ts';
import type { ReadDecision } from '../state/sealed-decisions.ts';

/** Everything that was ever in force, to be read. */
export type KeptGenerations = Pick<GenerationStore, 'readKept' | 'activationsOf'>;

export interface ReplayQuestion {
  /** Oldest first: those of a store (`DecisionReader.sealed`), or of an export. */
  readonly records: AsyncIterable<readonly ReadDecision[]>;
  /** Absent where only an export is at hand: then no decision can be asked about again as it was. */
  readonly generations: KeptGenerations | undefined;
  /** What decides now, and what might; without a candidate it is told what has changed since. */
  readonly active: PolicySet;
  readonly candidate: PolicySet | undefined;
  readonly loop: 'open' | 'closed';
  readonly onProgress?: (progress: ReplayProgress) => void;
}

export interface ReplayParts {
  /** With the library that both policies are linked with. */
  readonly loader: BundleLoader;
  readonly clock: Clock;
}

/**
 * What a change of policy would have done to recorded decisions. The policies are ready to be asked; those of older
 * generations are compiled from what was kept of them, if need be.
 */
export function replayDecisions(question: ReplayQuestion, parts: ReplayParts): Promise<ReplayReport> {
  const { records, generations, active, candidate, loop, onProgress } = question;
  const library = sha256Hex(canonicalJson(parts.loader.library));
  const deciding = { policy: active, library };
  return replay({
    records,
    recordedBy: (generation) =>
      generations === undefined
        ? Promise.resolve(WITHOUT_STORE)
        : recordedPolicies(generation, { generations, active: deciding }, parts),
    active: deciding,
    candidate: candidate && { policy: candidate, library },
    loop,
    explain: exampleWords([active, ...(candidate === undefined ? [] : [candidate])], ownReason),
    ...(onProgress && { onProgress }),
  });
}

const WITHOUT_STORE: RecordedPolicies = { kind: 'gone', why: 'an export has no bundles' };

/** Configurations of one generation that differ in modes, scopes or fuel only; older ones are not looked for. */
const MOST_ACTIVATIONS = 5;

interface Kept {
  readonly generations: KeptGenerations;
  readonly active: ReplayPolicy;
}

async function recordedPolicies(generation: string, kept: Kept, parts: ReplayParts): Promise<RecordedPolicies> {
  const activations = await kept.generations.activationsOf(generation);
  const policies: DatedPolicy[] = [];
  let why = NOT_KEPT;
  for (const activation of activations.slice(0, MOST_ACTIVATIONS)) {
    const built = await rebuild(activation, kept, parts);
    if (built.kind === 'gone') ({ why } = built);
    else policies.push({ by: built.by, fromMs: activation.at });
  }
  return policies.length > 0 ? { kind: 'kept', policies } : { kind: 'gone', why };
}

type Rebuilt = { readonly kind: 'built'; readonly by: ReplayPolicy } | { readonly kind: 'gone'; readonly why: string };

/** The policy of an activation; only one that comes to the same generation decides as it did. */
async function rebuild(activation: Activation, { generations, active }: Kept, parts: ReplayParts): Promise<Rebuilt> {
  const { facts, generation } = activation;
  if (generation === active.policy.generation && sameFacts(facts, factsOf(active.policy, parts.loader)))
    return { kind: 'built', by: active };
  if (facts.toolchain !== parts.loader.toolchain.digest)
    return gone('another version of the gateway has compiled its bundles');
  const library = await libraryOf(facts, generations, parts.loader.library);
  if (library === undefined) return gone('the library of its bundles is not kept');
  try {
    const wanted = await bundlesOf(activation, generations);
    const lost = facts.bundles.find(({ id, digest }) => digest !== '' && originOf(wanted, id) === undefined);
    if (lost !== undefined) return gone(`its bundle ${lost.id} is not kept`);
    const loader = { ...parts.loader, library };
    const { required, evaluationFuel } = facts;
    const policy = await loadWhole(wanted, { loader, required, evaluationFuel, engine: 'native', clock: parts.clock });
    if (policy.generation !== generation) return gone('another version of the gateway has decided it');
    return { kind: 'built', by: { policy, library: facts.library } };
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return gone(`its bundles cannot be used any more: ${thrown.message.split('\n')[0] ?? ''}`);
  }
}

function gone(why: string): Rebuilt {
  return { kind: 'gone', why };
}

/** Where a bundle was read from does not matter. */
function sameFacts(one: GenerationFacts, other: GenerationFacts): boolean {
  const withoutSource = (facts: GenerationFacts): GenerationFacts => ({
    ...facts,
    bundles: facts.bundles.map((bundle) => ({ ...bundle, source: '' })),
  });
  return isDeepStrictEqual(withoutSource(one), withoutSource(other));
}

async function libraryOf(
  { library }: GenerationFacts,
  generations: KeptGenerations,
  current: LibraryFiles,
): Promise<LibraryFiles | undefined> {
  if (sha256Hex(canonicalJson(current)) === library) return current;
  const text = await generations.readKept(libraryKey(library));
  return text === undefined ? undefined : readKeptLibrary(text, library);
}

function originOf(wanted: readonly WantedBundle[], id: string): WantedBundle['origin'] {
  return wanted.find((bundle) => bundle.id === id)?.origin;
}

/** As `loadPolicies`, and throws BUNDLE_INVALID where a bundle that is there cannot be used. */
export async function loadWhole(
  wanted: readonly WantedBundle[],
  options: Omit<PolicyOptions, 'logger'>,
): Promise<PolicySet> {
  const problems: string[] = [];
  const say: Logger['error'] = (message, fields = {}) => {
    const { bundle, problem } = fields as { readonly bundle?: string; readonly problem?: string };
    problems.push(`${bundle ?? message}: ${problem ?? message}`);
  };
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error: say };
  const policy = await loadPolicies(wanted, { ...options, logger });
  const loaded = new Set(policy.participants.flatMap(({ id, loaded: bundle }) => (bundle === undefined ? [] : [id])));
  if (wanted.some(({ id, origin }) => origin !== undefined && !loaded.has(id)))
    throw new GatewayError('BUNDLE_INVALID', problems.join('\n'), { mend: '`bundle check` says more of it.' });
  return policy;
}

function ignore(): void {
  // Warnings about bundles are for who starts a gateway, or checks a bundle.
}
