import { isDeepStrictEqual } from 'node:util';
import type { Participant } from '../policy/participant.ts';
import type { PolicySet } from '../policy/policy-set.ts';

/** A policy by which old decisions are made again. */
export interface ReplayPolicy {
  readonly policy: PolicySet;
  /** SHA-256 of the library that its bundles are linked with, hex. */
  readonly library: string;
}

/** What two policies have in common. */
export interface Kinship {
  /** Whether they decide everything alike. */
  readonly isSame: boolean;
  /** Whether they list alike: what is shown depends on what hides, and on what identity grants. */
  readonly listsAlike: boolean;
  /** Ids of the bundles that say the same under both. */
  readonly shared: ReadonlySet<string>;
}

/** Compares policies, each pair once. */
export class Kinships {
  readonly #known = new WeakMap<PolicySet, WeakMap<PolicySet, Kinship>>();

  between(one: ReplayPolicy, other: ReplayPolicy): Kinship {
    const known = this.#known.get(one.policy)?.get(other.policy);
    if (known !== undefined) return known;
    const kinship = compare(one, other);
    const ofOne = this.#known.get(one.policy) ?? new WeakMap<PolicySet, Kinship>();
    this.#known.set(one.policy, ofOne.set(other.policy, kinship));
    return kinship;
  }
}

function compare(one: ReplayPolicy, other: ReplayPolicy): Kinship {
  const ids = one.policy.participants.map(({ id }) => id);
  if (one.policy === other.policy) return { isSame: true, listsAlike: true, shared: new Set(ids) };
  const others = new Map(other.policy.participants.map((participant) => [participant.id, participant]));
  const shared = one.policy.participants.filter((participant) => {
    const twin = others.get(participant.id);
    return one.library === other.library && twin !== undefined && saysTheSame(participant, twin);
  });
  const kept = new Set(
    shared.filter(({ id, place }) => isDeepStrictEqual(place, others.get(id)?.place)).map(({ id }) => id),
  );
  const isSame =
    kept.size === ids.length &&
    ids.length === others.size &&
    one.policy.generation === other.policy.generation &&
    one.policy.evaluationFuel === other.policy.evaluationFuel &&
    isDeepStrictEqual(one.policy.required, other.policy.required);
  const listsAlike = [one, other].flatMap(listingBundles).every((id) => kept.has(id));
  return { isSame, listsAlike, shared: new Set(shared.map(({ id }) => id)) };
}

function listingBundles({ policy }: ReplayPolicy): readonly string[] {
  const identity = policy.participants.filter(({ layer }) => layer === 'identity').map(({ id }) => id);
  return [...policy.hiding, ...identity];
}

/** Whom a bundle is for decides whether it is asked, not what it says. */
function saysTheSame(one: Participant, other: Participant): boolean {
  const factsOf = ({ layer, mode, ruleModes, loaded }: Participant): unknown => {
    return [layer, mode, ruleModes, loaded?.bundle.digest, loaded?.bundle.dataDigest];
  };
  return isDeepStrictEqual(factsOf(one), factsOf(other));
}
