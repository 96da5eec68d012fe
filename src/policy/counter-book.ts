import type { BudgetView } from './budget-views.ts';
import { type Counter, countersIn } from './counters.ts';
import type { LoadedBundle, Participant } from './participant.ts';

/** Counters by the names under which one bundle knows them. */
export type VisibleCounters = ReadonlyMap<string, Counter>;

export interface CounterBook {
  /** By full name, sorted. */
  readonly counters: ReadonlyMap<string, Counter>;
  visibleTo(owner: Pick<Participant, 'id' | 'place'>): VisibleCounters;
}

interface Owner extends Pick<Participant, 'id' | 'place'> {
  readonly bundle: LoadedBundle['bundle'];
}

/**
 * Whose counters are whose: a bundle knows its own as `<name>`, the organisation's also those that others of them share, as
 * `<bundle>/<name>`. So an author can neither drain nor freeze the organisation's budget. Throws BUNDLE_INVALID.
 */
export function counterBook(owners: readonly Owner[]): CounterBook {
  const all = owners.flatMap((owner) => countersIn(owner.bundle).map((counter) => ({ owner, counter })));
  const shared = all.filter(({ owner, counter }) => isOfOrganisation(owner) && counter.declared.shared);
  const named = all.map(({ counter }) => [counter.fullName, counter] as const);
  return {
    counters: new Map(named.toSorted(byName)),
    visibleTo: (reader) => {
      const own = all
        .filter(({ owner }) => owner.id === reader.id)
        .map(({ counter }) => [counter.declared.name, counter] as const);
      const others = isOfOrganisation(reader) ? shared.filter(({ owner }) => owner.id !== reader.id) : [];
      return new Map([...own, ...others.map(({ counter }) => [counter.fullName, counter] as const)]);
    },
  };
}

export const NO_BUDGETS: BudgetView = [];

/** Sorted by name. */
export function budgetViewOf(visible: VisibleCounters): BudgetView {
  return [...visible].toSorted(byName).map(([name, { fullName }]) => ({ name, counter: fullName }));
}

function isOfOrganisation({ place }: Pick<Participant, 'place'>): boolean {
  return place.kind === 'organisation' || place.kind === 'starter';
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}
