import { factsHash } from './generation.ts';
import { type Activation, shortHash } from '../core/generation.ts';
import type { DecisionReader } from '../state/decision-reader.ts';
import type { KnownInstance } from '../state/instances.ts';

/** What some of the gateways of a store decide by. */
export interface Deciding {
  /** When it was put in force last, by any gateway; absent where the store does not say. */
  readonly activation: Activation | undefined;
  readonly generation: string;
  /** Hash of that with the modes of bundles and rules. */
  readonly facts: string;
  readonly gateways: readonly DecidingGateway[];
}

export interface DecidingGateway extends Pick<KnownInstance, 'id' | 'pid' | 'host'> {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

type Reading = Pick<DecisionReader, 'instances' | 'generations'>;

/**
 * By what the gateways that live at a time decide, what most decide by first: one where all decide alike. A gateway that is
 * started with another configuration has its own, and takes nothing away from what others decide by.
 */
export async function decidingNow(reader: Reading, now: number): Promise<readonly Deciding[]> {
  const groups = new Map<string, KnownInstance[]>();
  for (const member of await reader.instances(now)) {
    const { facts } = member;
    if (facts !== '') groups.set(facts, [...(groups.get(facts) ?? []), member]);
  }
  const deciding = await Promise.all(
    [...groups].map(async ([facts, members]): Promise<Deciding> => {
      const generation = members[0]?.generation ?? '';
      const put = (await reader.generations.activationsOf(generation)).filter((one) => factsHash(one.facts) === facts);
      const gateways = members.map((member) => ({ ...member, sinceMs: sinceOf(member, put) }));
      return { activation: put[0], generation, facts, gateways };
    }),
  );
  return deciding.toSorted((one, other) => other.gateways.length - one.gateways.length);
}

/** Where the gateways of a store do not decide alike: who by what, as a sentence; empty where they do. */
export function differenceText(instances: readonly KnownInstance[]): string {
  const deciding = instances.filter(({ facts }) => facts !== '');
  if (new Set(deciding.map(({ facts }) => facts)).size < 2) return '';
  const each = deciding.map(
    ({ pid, host, generation, facts }) => `pid ${pid} on ${host} by ${shortHash(generation)} (${facts.slice(0, 4)})`,
  );
  return `the gateways on this store do not decide by the same policies: ${each.join(', ')}`;
}

/** One that took up what others had put in force before says so nowhere: it began then, or when it was started. */
function sinceOf({ id, started }: KnownInstance, put: readonly Activation[]): number {
  const own = put.find(({ instance }) => instance === id);
  const startedMs = Date.parse(started);
  const later = put.findLast(({ at }) => at >= startedMs);
  return own?.at ?? later?.at ?? startedMs;
}
