import { type BundleLoader, checkBundle, findBundle } from './bundles.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import type { Activation, GenerationBundle, GenerationFacts } from '../core/generation.ts';
import type { JsonObject } from '../core/json.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import { readKeptBundle } from '../policy/kept-bundle.ts';
import type { ReadBundle } from '../review/diff-rules.ts';
import { changesBetween, hashText } from '../review/generation-changes.ts';
import type { Impact } from '../review/impact.ts';
import { type BundleDiff, type Compared, diffBundle, type PolicyDiff, type Side } from '../review/policy-diff.ts';
import { bundleKey, type GenerationReader } from '../state/generation-store.ts';

/** A bundle that is not in force yet: a folder or `.tar.gz` in the place of what is. */
export interface Candidate {
  readonly id: string;
  readonly path: string;
}

export interface DiffWish {
  readonly from: Activation;
  /** What it is compared with: another generation, or the same one with these in it. */
  readonly to: Activation | readonly Candidate[];
  readonly config: Config;
  /** Which recorded decisions would be different; absent where nobody asks. */
  readonly impactOf?: (wish: Pick<DiffWish, 'from' | 'to'>) => Promise<Impact>;
}

export interface DiffSources {
  readonly generations: Pick<GenerationReader, 'readKept'>;
  readonly loader: BundleLoader;
}

/** Throws BUNDLE_UNREADABLE or BUNDLE_INVALID for a candidate that is no good bundle. */
export async function diffPolicies(wish: DiffWish, sources: DiffSources): Promise<PolicyDiff> {
  const { from, to, impactOf } = wish;
  const candidates = 'facts' in to ? NO_CANDIDATES : await readCandidates(from, to, { config: wish.config, sources });
  const facts = 'facts' in to ? to.facts : withCandidates(from.facts, candidates);
  const { added, removed, changed, beside } = changesBetween(from.facts, facts);
  const sideOf = async (one: GenerationBundle): Promise<Side> => {
    const candidate = candidates.get(one.id);
    return candidate?.facts === one ? candidate : { facts: one, read: await readKept(one, sources) };
  };
  const diffs = await Promise.all([
    ...added.map(async (one) => diffBundle(undefined, await sideOf(one))),
    ...removed.map(async (one) => diffBundle(await sideOf(one), undefined)),
    ...changed.map(async ({ before, after }) => diffBundle(await sideOf(before), await sideOf(after))),
  ]);
  const impact = await impactOf?.({ from, to });
  return {
    from: generationOf(from),
    to:
      'facts' in to
        ? generationOf(to)
        : { generation: '', name: [...candidates.keys()].map((id) => `${id} as a candidate`).join(', ') },
    bundles: diffs
      .filter((diff): diff is BundleDiff => diff !== undefined)
      .toSorted((a, b) => (a.bundle < b.bundle ? -1 : 1)),
    beside,
    ...(impact && { impact }),
  };
}

type ReadCandidates = ReadonlyMap<string, Side>;

const NO_CANDIDATES: ReadCandidates = new Map();

function generationOf({ seq, generation }: Activation): Compared {
  return { no: seq, generation, name: `${seq} (${hashText(generation)})` };
}

interface Reading {
  readonly config: Config;
  readonly sources: DiffSources;
}

async function readCandidates(
  { facts }: Activation,
  candidates: readonly Candidate[],
  { config, sources }: Reading,
): Promise<ReadCandidates> {
  const read = candidates.map(async ({ id, path }): Promise<readonly [string, Side]> => {
    const inForce = facts.bundles.find((bundle) => bundle.id === id);
    if (inForce === undefined) {
      throw new GatewayError('USAGE', `there is no bundle ${id} whose place the candidate could take`, {
        mend: `There are ${facts.bundles.map((bundle) => bundle.id).join(', ')}.`,
      });
    }
    const wish = {
      id,
      origin: { kind: 'path', path },
      data: dataFor(id, config),
      demand: NO_SIGNATURE_DEMANDED,
    } as const;
    const found = await findBundle(wish, sources.loader);
    const checked = await checkBundle(found, sources.loader);
    const { digest, dataDigest, layer, source } = checked.bundle;
    return [id, { facts: { ...inForce, digest, dataDigest, layer, source }, read: checked }];
  });
  return new Map(await Promise.all(read));
}

/** What an admin sets for a bundle. */
export function dataFor(id: string, { policies, mcpServers }: Config): JsonObject {
  return policies.org.find((bundle) => bundle.id === id)?.data ?? mcpServers[id]?.policy.data ?? {};
}

function withCandidates(facts: GenerationFacts, candidates: ReadCandidates): GenerationFacts {
  return { ...facts, bundles: facts.bundles.map((bundle) => candidates.get(bundle.id)?.facts ?? bundle) };
}

/** Undefined where nothing is kept, or what was kept cannot be read with this version any more. */
async function readKept(one: GenerationBundle, { generations, loader }: DiffSources): Promise<ReadBundle | undefined> {
  if (one.digest === '') return undefined;
  const text = await generations.readKept(bundleKey(one));
  if (text === undefined) return undefined;
  const bundle = readKeptBundle(one.id, text, one);
  try {
    return await checkBundle(
      await findBundle(
        { id: one.id, origin: { kind: 'kept', bundle }, data: {}, demand: NO_SIGNATURE_DEMANDED },
        loader,
      ),
      loader,
    );
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'BUNDLE_INVALID') return undefined;
    throw thrown;
  }
}
