import type { PolicyOptions, WantedBundle } from './policies.ts';
import { loadWhole, replayDecisions } from './replay.ts';
import type { Impact } from '../review/impact.ts';
import type { ChainKeys } from '../state/chain-key.ts';
import type { DecisionReader } from '../state/decision-reader.ts';

export interface ImpactQuestion {
  /** What decides, and what might in its place. */
  readonly from: readonly WantedBundle[];
  readonly to: readonly WantedBundle[];
  readonly reader: Pick<DecisionReader, 'sealed' | 'generations'>;
  readonly keys: ChainKeys;
  /** Which decisions are made again: those since then, in milliseconds since the epoch; of one server, if it is named. */
  readonly since: number;
  readonly server?: string;
}

/** Before a change a person waits for the answer; `policy replay` takes its time for all. */
const MOST_REPLAYED = 10_000;

/** Which recorded decisions would have been different under other bundles. Throws BUNDLE_INVALID, CHAIN_KEY. */
export async function impactOf(question: ImpactQuestion, options: Omit<PolicyOptions, 'logger'>): Promise<Impact> {
  const { from, to, reader, keys, since, server } = question;
  const active = await loadWhole(from, options);
  const candidate = await loadWhole(to, options);
  const filter = { limit: MOST_REPLAYED, since, server };
  const records = reader.sealed({ filter, keys, withOutcomes: false });
  const report = await replayDecisions(
    { records, generations: reader.generations, active, candidate, loop: 'open' },
    options,
  );
  const { same: _, ...classes } = report.classes;
  return {
    replayed: report.replayed,
    classes,
    groups: report.groups.map(({ class: name, rules, count, example }) => ({
      class: name,
      rules,
      count,
      example: example.id,
    })),
  };
}
