import type { RuleInForce } from './find-rules.ts';
import type { RuleActivity } from './rule-activity.ts';
import { percentileOf } from './times.ts';

/** How the policies in force have worked, as far as recorded decisions tell. */
export interface PolicyStatistics {
  readonly decisions: number;
  /** Rules in force that said nothing in any decision; a bundle that was never asked is named once instead. */
  readonly never_fired: readonly NamedRule[];
  /** Rules that spoke whenever their bundle was asked, at least `ENOUGH` times: they tell no call from another. */
  readonly always_fired: readonly (NamedRule & { readonly fired: number })[];
  readonly never_asked: readonly string[];
  readonly bundles: readonly BundleTimes[];
  /** Null while fewer than two generations have decided. */
  readonly denial_rate: DenialRate | null;
}

export interface NamedRule {
  readonly name: string;
  readonly title: string;
  readonly owner: string;
}

export interface BundleTimes {
  readonly bundle: string;
  readonly answered: number;
  readonly failed: number;
  /** Microseconds, at most a tenth too much. */
  readonly p50_us: number;
  readonly p99_us: number;
}

export interface DenialRate {
  readonly now: RateOfGeneration;
  readonly before: RateOfGeneration;
}

export interface RateOfGeneration {
  readonly generation: string;
  readonly decisions: number;
  readonly denied: number;
}

/** So often a bundle has to be asked before a rule that always speaks is worth a word. */
export const ENOUGH = 20;

export function policyStatistics(rules: readonly RuleInForce[], activity: RuleActivity): PolicyStatistics {
  const asked = (bundle: string): number => activity.bundles.get(bundle)?.answered ?? 0;
  const silent = rules.filter(({ name }) => !activity.rules.has(name));
  const firedOf = ({ name }: RuleInForce): number => activity.rules.get(name)?.fired ?? 0;
  return {
    decisions: activity.decisions,
    never_fired: silent.filter(({ bundle }) => asked(bundle) > 0).map(named),
    always_fired: rules
      .filter((rule) => tellsCallsApart(rule) && asked(rule.bundle) >= ENOUGH && firedOf(rule) >= asked(rule.bundle))
      .map((rule) => ({ ...named(rule), fired: firedOf(rule) })),
    never_asked: [...new Set(rules.map(({ bundle }) => bundle))].filter((bundle) => asked(bundle) === 0),
    bundles: bundleTimes(activity),
    denial_rate: denialRate(activity),
  };
}

function named({ name, rule: { title, owner } }: RuleInForce): NamedRule {
  return { name, title, owner };
}

/** What identity grants, it grants in every call. */
function tellsCallsApart({ sets }: RuleInForce): boolean {
  return sets.some((set) => set !== 'capabilities');
}

function bundleTimes({ bundles }: RuleActivity): readonly BundleTimes[] {
  return [...bundles]
    .map(([bundle, { answered, failed, times }]) => ({
      bundle,
      answered,
      failed,
      p50_us: Math.round(percentileOf(times, 0.5)),
      p99_us: Math.round(percentileOf(times, 0.99)),
    }))
    .toSorted((left, right) => right.p50_us - left.p50_us || (left.bundle < right.bundle ? -1 : 1));
}

/** Of the generation that decided last, and of the one that decided last before its first decision. */
function denialRate({ generations }: RuleActivity): DenialRate | null {
  const byEnd = [...generations].toSorted(([, left], [, right]) => (left.last < right.last ? 1 : -1));
  const [now, ...others] = byEnd;
  const before = others.find(([, { first }]) => now !== undefined && first < now[1].first);
  if (now === undefined || before === undefined) return null;
  return { now: rateOf(now), before: rateOf(before) };
}

function rateOf([generation, { decisions, denied }]: readonly [
  string,
  { readonly decisions: number; readonly denied: number },
]): RateOfGeneration {
  return { generation, decisions, denied };
}
