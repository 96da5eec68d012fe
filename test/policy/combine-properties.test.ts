import { describe, expect, it } from 'vitest';
import type { Decision, Effect } from '../../src/core/decision.ts';
import type { Layer, Opinion, Verdict } from '../../src/core/opinion.ts';
import { combine } from '../../src/policy/combine.ts';
import { isValid } from '../../src/policy/permit-terms.ts';
import { aVerdict, NOW, someFacts } from './decision-makers.ts';
import { everyCombination } from './layer-states.ts';

const COMBINATIONS = everyCombination();
const DECISIONS = COMBINATIONS.map(decide);
const PERMISSIVENESS: Readonly<Record<Effect, number>> = { deny: 0, pending: 1, allow: 2 };

/** The combinations that break a law, in short; all of them are tried. */
function breaking(isLawful: (opinions: readonly Opinion[], decision: Decision) => boolean): readonly string[] {
  return COMBINATIONS.flatMap((opinions, index) => {
    const decision = DECISIONS[index];
    return decision !== undefined && isLawful(opinions, decision) ? [] : [inShort(opinions)];
  });
}

function decide(opinions: readonly Opinion[]): Decision {
  return combine(someFacts(opinions));
}

describe(`over all ${COMBINATIONS.length} combinations of layers`, () => {
  it('has allowing, pending and denying ones', () => {
    expect(new Set(DECISIONS.map(({ effect }) => effect))).toEqual(new Set(['allow', 'pending', 'deny']));
  });

  it('a bundle that failed denies', () => {
    const failing = (opinions: readonly Opinion[]) => opinions.filter(({ status }) => status !== 'ok');
    expect(
      breaking((opinions, { effect, lifted }) => {
        const reasons = failing(opinions).map(({ status, layer }) => `gateway.${status}.${layer}`);
        return reasons.length === 0 || (effect === 'deny' && lifted.every(({ denial }) => !reasons.includes(denial)));
      }),
    ).toEqual([]);
  });

  it('nothing lifts an identity denial', () => {
    expect(breaking((opinions, { effect }) => !denies(opinions, 'identity') || effect === 'deny')).toEqual([]);
  });

  it('an override denial is final', () => {
    expect(breaking((opinions, { effect }) => !denies(opinions, 'override') || effect === 'deny')).toEqual([]);
  });

  it('a denial that cannot be lifted is final', () => {
    const isFixed = (opinions: readonly Opinion[]) =>
      opinions.some(({ deny }) => deny.some(({ liftable, mode }) => !liftable && mode === 'enforce'));
    expect(breaking((opinions, { effect }) => !isFixed(opinions) || effect === 'deny')).toEqual([]);
  });

  it('a permit that is expired, self-approved or shadowed is as none', () => {
    expect(
      breaking((opinions, decision) => {
        const permits = opinions.flatMap(({ permit }) => permit);
        if (permits.length === 0 || permits.some((permit) => isUsable(permit))) return true;
        return isSame(decision, decide(withoutPermits(opinions)));
      }),
    ).toEqual([]);
  });

  it('one more denial is never more permissive', () => {
    const more = (layer: Layer) => (opinion: Opinion) =>
      opinion.layer === layer ? { ...opinion, deny: [...opinion.deny, aVerdict('MORE')] } : opinion;
    expect(
      breaking((opinions, before) =>
        opinions.every(({ layer }) => !isMorePermissive(decide(opinions.map(more(layer))), before)),
      ),
    ).toEqual([]);
  });

  it('one grant less is never more permissive', () => {
    const less = (layer: Layer) => (opinion: Opinion) =>
      opinion.layer === layer ? { ...opinion, allow: [] } : opinion;
    expect(
      breaking((opinions, before) =>
        (['server', 'resource'] as const).every(
          (layer) => !isMorePermissive(decide(opinions.map(less(layer))), before),
        ),
      ),
    ).toEqual([]);
  });

  it('without an override, an allow has the grants of server and resource and no denial', () => {
    expect(
      breaking((opinions, { effect, lifted }) => {
        if (effect === 'deny' || lifted.length > 0) return true;
        const resource = opinions.filter(({ layer }) => layer === 'resource');
        const isDenied = opinions.some(({ layer }) => denies(opinions, layer));
        return grants(opinions, 'server') && (resource.length === 0 || grants(opinions, 'resource')) && !isDenied;
      }),
    ).toEqual([]);
  });

  it('an override lifts only what it names', () => {
    expect(
      breaking((opinions, { lifted }) => {
        const named = opinions.flatMap(({ permit }) => permit.filter(isUsable).flatMap(({ lifts }) => lifts));
        return lifted.every(({ denial }) => named.includes(denial));
      }),
    ).toEqual([]);
  });

  it('every denial that was lifted is on record', () => {
    const namesOf = ({ denials }: Decision) => denials.map(({ rule, reason }) => (rule === '' ? reason : rule));
    expect(
      breaking((opinions, decision) => {
        const gone = namesOf(decide(withoutPermits(opinions))).filter((name) => !namesOf(decision).includes(name));
        return isSame(gone.toSorted(), [...new Set(decision.lifted.map(({ denial }) => denial))].toSorted());
      }),
    ).toEqual([]);
  });

  it('a bundle in shadow decides exactly as if it were absent', () => {
    expect(
      breaking((opinions) =>
        opinions.every((absent) =>
          isSame(
            decide(opinions.map((opinion) => (opinion === absent ? { ...opinion, mode: 'shadow' } : opinion))),
            decide(opinions.filter((opinion) => opinion !== absent)),
          ),
        ),
      ),
    ).toEqual([]);
  });

  it('the order of the opinions does not matter', () => {
    expect(breaking((opinions, decision) => isSame(decision, decide(opinions.toReversed())))).toEqual([]);
  });
});

/** Members always come in one order, so equal texts are equal values. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function isUsable(permit: Opinion['permit'][number]): boolean {
  return permit.mode !== 'shadow' && isValid(permit, NOW);
}

function withoutPermits(opinions: readonly Opinion[]): readonly Opinion[] {
  return opinions.map((opinion) => ({ ...opinion, permit: [] }));
}

function isMorePermissive(after: Decision, before: Decision): boolean {
  return PERMISSIVENESS[after.effect] > PERMISSIVENESS[before.effect];
}

function denies(opinions: readonly Opinion[], layer: Layer): boolean {
  return verdicts(opinions, layer, 'deny').some(({ mode }) => mode === 'enforce');
}

function grants(opinions: readonly Opinion[], layer: Layer): boolean {
  return verdicts(opinions, layer, 'allow').some(({ mode }) => mode !== 'shadow');
}

function verdicts(opinions: readonly Opinion[], layer: Layer, set: 'allow' | 'deny'): readonly Verdict[] {
  return opinions.filter((opinion) => opinion.layer === layer).flatMap((opinion) => opinion[set]);
}

function inShort(opinions: readonly Opinion[]): string {
  return opinions
    .map(({ layer, mode, status, allow, deny, permit }) =>
      JSON.stringify({ layer, mode, status, allow: allow.map(nameOf), deny: deny.map(nameOf), permit: permit.length }),
    )
    .join(' ');
}

function nameOf({ id, mode }: Verdict): string {
  return `${id}:${mode}`;
}
