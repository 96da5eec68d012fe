import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../core/errors.ts';
import type { Activation, GenerationBundle } from '../core/generation.ts';
import { hashText } from './generation-changes.ts';

/** What of a bundle is to be in force again. */
export interface Return {
  /** As it is in force now. */
  readonly now: GenerationBundle;
  readonly earlier: GenerationBundle;
  /** Whether it counts as far as it did earlier, rather than as the configuration says. */
  readonly isAsThen: boolean;
}

export interface Going {
  /** The newest first; at least one. */
  readonly activations: readonly Activation[];
  /** Sets of bundles that change together. */
  readonly atomic: readonly (readonly string[])[];
}

/** One of the activations, by its number or the beginning of its generation. Throws RECORD_NOT_FOUND with those there are. */
export function activationNamed(name: string, activations: readonly Activation[]): Activation {
  const byHash = activations.filter(
    ({ generation }) => name.length >= MIN_PREFIX && generation.startsWith(name.toLowerCase()),
  );
  const found = byHash[0] ?? activations.find(({ seq }) => String(seq) === name);
  const isOne = new Set(byHash.map(({ generation }) => generation)).size < 2;
  if (found !== undefined && isOne) return found;
  const known = activations.slice(0, MOST_KNOWN).map(({ seq, generation }) => `${seq} (${hashText(generation)})`);
  throw new GatewayError(
    'RECORD_NOT_FOUND',
    isOne ? `there was no generation ${name}` : `more than one generation begins with ${name}`,
    {
      mend: known.length === 0 ? 'No generation was in force on this store yet.' : `There were ${known.join(', ')}.`,
    },
  );
}

/** Hash prefixes of at least so many digits; shorter ones are numbers. */
const MIN_PREFIX = 6;
const MOST_KNOWN = 10;

/**
 * All bundles of a generation that are still configured and are not as they were. What was added since stays, and what
 * was removed since does not come back: which bundles take part is the configuration's to say.
 */
export function returnToGeneration(earlier: Activation, { activations, atomic }: Going): readonly Return[] {
  const changed = bothIn(earlier, activations).filter(({ now, earlier: old }) => !isSame(now, old));
  return withSets(changed, { earlier, activations, atomic }).map((one) => ({ ...one, isAsThen: true }));
}

/** One bundle, with those that change together with it; to what it was before where no digest is given. */
export function returnOfBundle(
  id: string,
  digest: string | undefined,
  { activations, atomic }: Going,
): readonly Return[] {
  const now = activations[0]?.facts.bundles.find((bundle) => bundle.id === id);
  if (now === undefined) throw noSuchBundle(id, activations);
  const isWanted = (bundle: GenerationBundle): boolean =>
    bundle.id === id &&
    bundle.digest !== '' &&
    (digest === undefined ? !isSameText(bundle, now) : bundle.digest.startsWith(digest));
  if (digest !== undefined && !isOneDigest(digest, activations, isWanted)) throw noSuchDigest(id, digest, activations);
  const earlier = activations.find(({ facts }) => facts.bundles.some(isWanted));
  const old = earlier?.facts.bundles.find(isWanted);
  if (earlier === undefined || old === undefined) throw noSuchDigest(id, digest, activations);
  const all = withSets([{ now, earlier: old }], { earlier, activations, atomic });
  return all.map((one) => ({ ...one, isAsThen: false }));
}

/** What is to be in force again is not guessed. */
function isOneDigest(
  digest: string,
  activations: readonly Activation[],
  isWanted: (bundle: GenerationBundle) => boolean,
): boolean {
  const meant = activations.flatMap(({ facts }) => facts.bundles.filter(isWanted).map((bundle) => bundle.digest));
  return digest.length >= MIN_PREFIX && new Set(meant).size === 1;
}

interface Both {
  readonly now: GenerationBundle;
  readonly earlier: GenerationBundle;
}

/** The bundles that are in force now and were earlier. */
function bothIn(earlier: Activation, [newest]: readonly Activation[]): readonly Both[] {
  return (newest?.facts.bundles ?? []).flatMap((now): readonly Both[] => {
    const old = earlier.facts.bundles.find(({ id, digest }) => id === now.id && digest !== '');
    return old === undefined ? [] : [{ now, earlier: old }];
  });
}

/** With the others of their sets, as they were in the same generation. */
function withSets(
  returning: readonly Both[],
  { earlier, activations, atomic }: Going & { readonly earlier: Activation },
): readonly Both[] {
  const ids = new Set(returning.map(({ now }) => now.id));
  const others = atomic.filter((set) => set.some((id) => ids.has(id))).flat();
  const more = bothIn(earlier, activations).filter(({ now }) => others.includes(now.id) && !ids.has(now.id));
  return [...returning, ...more];
}

function isSame(left: GenerationBundle, right: GenerationBundle): boolean {
  return isSameText(left, right) && left.mode === right.mode && isDeepStrictEqual(left.ruleModes, right.ruleModes);
}

function isSameText(left: GenerationBundle, right: GenerationBundle): boolean {
  return left.digest === right.digest && left.dataDigest === right.dataDigest;
}

function noSuchBundle(id: string, [newest]: readonly Activation[]): GatewayError {
  const known = newest?.facts.bundles.map((bundle) => bundle.id) ?? [];
  return new GatewayError('RECORD_NOT_FOUND', `there is no bundle ${id} in force`, {
    mend: `There are ${known.join(', ')}.`,
  });
}

function noSuchDigest(id: string, digest: string | undefined, activations: readonly Activation[]): GatewayError {
  const all = activations.flatMap(({ facts }) =>
    facts.bundles.filter((bundle) => bundle.id === id && bundle.digest !== ''),
  );
  const known = [...new Set(all.map((bundle) => hashText(bundle.digest)))];
  const what =
    digest === undefined ? `${id} was never in force other than it is now` : `${id} ${digest} was never in force`;
  return new GatewayError('RECORD_NOT_FOUND', what, {
    mend: known.length === 0 ? 'Nothing of it is kept.' : `Kept of it: ${known.join(', ')}.`,
  });
}
