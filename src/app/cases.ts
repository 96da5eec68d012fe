import { type Check, checksOf, unsampled } from './case-checks.ts';
import { toolsFor } from './case-tools.ts';
import type { TrialGround, Trials } from './trial.ts';
import type { LoadedCases } from '../config/case-file.ts';
import type { Config } from '../config/paths.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import type { TryCall } from '../gateway/trial.ts';
import { differences, type Difference, type Outcome, spokenRules } from '../review/expectation.ts';
import type { PolicySet } from '../policy/policy-set.ts';

/** A check that was made. */
export interface Checked {
  readonly check: Check;
  readonly outcome: Outcome;
  /** Empty where all is as expected. */
  readonly differences: readonly Difference[];
}

/** The checks of one file, and where they are made. */
export interface ReadyFile {
  readonly loaded: LoadedCases;
  readonly ground: TrialGround;
  readonly checks: readonly Check[];
  /** Tools that no valid arguments could be made for, so that nothing is known of them. */
  readonly unsampled: readonly string[];
}

export interface Progress {
  (done: number, total: number): void;
}

/** Reads the tools of a file and writes its cases out. Throws CONFIG_INVALID with what is wrong with them. */
export async function readyFile(loaded: LoadedCases, config: Config, trials: Trials): Promise<ReadyFile> {
  const tools = await toolsFor(loaded, config);
  const ground = await trials.groundFor(trials.policy, tools);
  const expanding = { config, ground };
  return { loaded, ground, checks: await checksOf(loaded, expanding), unsampled: await unsampled(loaded, expanding) };
}

export async function runChecks({ ground, checks }: ReadyFile, onProgress: Progress): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  for (const check of checks) {
    const outcome = await outcomeOf(check, ground.tryCall);
    checked.push({ check, outcome, differences: differences(check.expectation, outcome) });
    onProgress(checked.length, checks.length);
  }
  return checked;
}

/** A rule that can go without any case noticing. */
export interface Survivor {
  readonly bundle: string;
  readonly rule: string;
  readonly title: string;
  /** Within the bundle: `policy.rego:31`. */
  readonly place: string;
  /** In how many cases it says something. */
  readonly spokeIn: number;
}

export interface Mutation {
  /** Rules that some case missed when they were taken out. */
  readonly missed: number;
  readonly survivors: readonly Survivor[];
  /** Rules that no case missed, as the files say. */
  readonly excused: number;
  /** Rules of which the files say so, and that are missed after all, or not there. */
  readonly needless: readonly string[];
  /** Configured bundles that no case asks: nothing is known of their rules. */
  readonly unasked: readonly string[];
}

/**
 * Takes each rule out in turn and says which are not missed. Only calls in which a rule said something can miss it, so
 * the others are not made again. All checks must have passed. The starters are left alone: nobody here wrote them.
 */
export async function mutate(ran: readonly RanFile[], policy: PolicySet, onProgress: Progress): Promise<Mutation> {
  const spoken = new Map<string, Spoken[]>();
  const asked = new Set<string>();
  for (const { file, checked } of ran) {
    for (const one of checked) {
      for (const record of recordsOf(one)) for (const { bundle } of record.layers) asked.add(bundle);
      for (const rule of new Set(recordsOf(one).flatMap(spokenRules))) {
        spoken.set(rule, [...(spoken.get(rule) ?? []), { file, check: one.check }]);
      }
    }
  }
  const bundles = policy.participants.filter(({ loaded }) => loaded !== undefined);
  const excused = new Set(ran.flatMap(({ file }) => Object.keys(file.loaded.cases.unmissed)));
  const all = bundles.flatMap(rulesOf);
  const written = new Set(bundles.filter(({ place }) => place.kind !== 'starter').map(({ id }) => id));
  const rules = all.filter(({ bundle }) => asked.has(bundle) && written.has(bundle));
  const survivors: Survivor[] = [];
  const missed = new Set<string>();
  for (const [done, one] of rules.entries()) {
    const name = nameOf(one);
    const cases = spoken.get(name) ?? [];
    const isMissed = await isAnyMissed(cases, policy.without(one.bundle, one.rule));
    if (isMissed) missed.add(name);
    else if (!excused.has(name)) survivors.push({ ...one, spokeIn: cases.length });
    onProgress(done + 1, rules.length);
  }
  const names = new Set(all.map(nameOf));
  return {
    missed: missed.size,
    survivors,
    excused: rules.filter((one) => excused.has(nameOf(one)) && !missed.has(nameOf(one))).length,
    needless: [...excused].filter((name) => missed.has(name) || !names.has(name)),
    unasked: [...written].filter((id) => !asked.has(id)),
  };
}

function nameOf({ bundle, rule }: Pick<Survivor, 'bundle' | 'rule'>): string {
  return `${bundle}/${rule}`;
}

/** The checks of a file with what came of them. */
export interface RanFile {
  readonly file: ReadyFile;
  readonly checked: readonly Checked[];
}

interface Spoken {
  readonly file: ReadyFile;
  readonly check: Check;
}

function recordsOf({ outcome: { record, resultRecord } }: Checked): readonly Outcome['record'][] {
  return resultRecord === undefined ? [record] : [record, resultRecord];
}

function rulesOf({ id: bundle, loaded }: PolicySet['participants'][number]): readonly Omit<Survivor, 'spokeIn'>[] {
  return [...(loaded?.rules ?? [])].map(([rule, { title, file, row }]) => {
    return { bundle, rule, title, place: `${file}:${row}` };
  });
}

/** The first case that notices suffices. */
async function isAnyMissed(cases: readonly Spoken[], policy: PolicySet): Promise<boolean> {
  const grounds = new Map<ReadyFile, TryCall>();
  for (const { file, check } of cases) {
    const tryCall = grounds.get(file) ?? file.ground.under(policy);
    grounds.set(file, tryCall);
    if (differences(check.expectation, await outcomeOf(check, tryCall)).length > 0) return true;
  }
  return false;
}

async function outcomeOf({ trial }: Check, tryCall: TryCall): Promise<Outcome> {
  const { record, resultRecord, answer } = await tryCall(trial);
  const text = answer.kind === 'failure' ? answer.error.message : textIn(answer.result['content']);
  return { record, resultRecord, text };
}

function textIn(content: Json | undefined): string {
  const blocks = Array.isArray(content) ? content : [];
  return blocks
    .flatMap((block) => (isJsonObject(block) ? [block['text']] : []))
    .filter(isText)
    .join('\n');
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string';
}
