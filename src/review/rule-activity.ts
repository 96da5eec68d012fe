import { phaseOf } from '../core/action.ts';
import type { Opinion } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { addTimes, NO_TIMES, type Times } from './times.ts';

/** What recorded decisions say of the rules: who spoke, how often, how long it took. */
export interface RuleActivity {
  readonly decisions: number;
  /** By full name of the rule. */
  readonly rules: ReadonlyMap<string, FiredRule>;
  /** By bundle id. */
  readonly bundles: ReadonlyMap<string, AskedBundle>;
  /** By generation, in the order in which each was first met. */
  readonly generations: ReadonlyMap<string, GenerationCounts>;
}

export interface FiredRule {
  /** Decisions in which the rule said something. */
  readonly fired: number;
  /** Those of them that it decided: a denial that stood, a grant that was needed, a permit that lifted. */
  readonly decided: number;
  /** One that it decided where there is one, the newest. */
  readonly example: SealedRecord;
}

export interface AskedBundle {
  /** Decisions for which it was asked and had an answer. */
  readonly answered: number;
  /** Those for which it failed or had none. */
  readonly failed: number;
  readonly times: Times;
}

export interface GenerationCounts {
  readonly decisions: number;
  readonly denied: number;
  /** RFC 3339, of the first and of the last decision met. */
  readonly first: string;
  readonly last: string;
}

export const NO_ACTIVITY: RuleActivity = { decisions: 0, rules: new Map(), bundles: new Map(), generations: new Map() };

/** What was known before, and a page of records more, the oldest first; memory grows with rules, not with records. */
export function addRecords(before: RuleActivity, records: readonly SealedRecord[]): RuleActivity {
  const rules = new Map(before.rules);
  const bundles = new Map(before.bundles);
  const generations = new Map(before.generations);
  for (const record of records) {
    for (const name of rulesSpeaking(record)) rules.set(name, fired(rules.get(name), record, name));
    if (isRequest(record)) generations.set(record.generation, counted(generations.get(record.generation), record));
  }
  for (const [bundle, opinions] of opinionsByBundle(records)) bundles.set(bundle, asked(bundles.get(bundle), opinions));
  return { decisions: before.decisions + records.length, rules, bundles, generations };
}

/** Full names, each once, whatever becomes of what they say. */
function rulesSpeaking({ layers }: SealedRecord): ReadonlySet<string> {
  const names = layers.flatMap((opinion) => {
    const { allow, deny, hide, obligations, permit, labels, capabilities } = opinion;
    const said = [...allow, ...deny, ...hide, ...obligations, ...permit, ...labels, ...capabilities];
    return said.map(({ id }) => `${opinion.bundle}/${id}`);
  });
  return new Set(names);
}

function fired(before: FiredRule | undefined, record: SealedRecord, name: string): FiredRule {
  const hasDecided = record.matched_rules.includes(name);
  const isBetter = before === undefined || hasDecided || before.decided === 0;
  return {
    fired: (before?.fired ?? 0) + 1,
    decided: (before?.decided ?? 0) + (hasDecided ? 1 : 0),
    example: isBetter ? record : before.example,
  };
}

function opinionsByBundle(records: readonly SealedRecord[]): ReadonlyMap<string, readonly Opinion[]> {
  const groups = new Map<string, Opinion[]>();
  for (const opinion of records.flatMap(({ layers }) => layers)) {
    const group = groups.get(opinion.bundle) ?? [];
    group.push(opinion);
    groups.set(opinion.bundle, group);
  }
  return groups;
}

function asked(before: AskedBundle | undefined, opinions: readonly Opinion[]): AskedBundle {
  const { answered, failed, times } = before ?? { answered: 0, failed: 0, times: NO_TIMES };
  const answers = opinions.filter(({ status }) => status === 'ok');
  const failures = opinions.filter(({ status }) => status !== 'ok' && status !== 'skipped');
  return {
    answered: answered + answers.length,
    failed: failed + failures.length,
    times: addTimes(
      times,
      answers.map(({ us }) => us),
    ),
  };
}

function isRequest({ action }: SealedRecord): boolean {
  return action === 'method' || phaseOf(action) === 'request';
}

function counted(before: GenerationCounts | undefined, { effect, time }: SealedRecord): GenerationCounts {
  return {
    decisions: (before?.decisions ?? 0) + 1,
    denied: (before?.denied ?? 0) + (effect === 'deny' ? 1 : 0),
    first: before?.first ?? time,
    last: time,
  };
}
