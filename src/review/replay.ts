import { phaseOf } from '../core/action.ts';
import type { SealedRecord } from '../core/record.ts';
import { combine } from '../policy/combine.ts';
import type { ReadDecision } from '../state/sealed-decisions.ts';
import { type Again, decideAgain, type Heard } from './replay-again.ts';
import { ReplayBook } from './replay-book.ts';
import { classify, type Decided, type ReplayClass } from './replay-classes.ts';
import { type Counting, OPEN_LOOP } from './replay-counting.ts';
import type { ExplainExample } from './replay-groups.ts';
import { inputOf } from './replay-input.ts';
import { Kinships, type ReplayPolicy } from './replay-policy.ts';
import { type Recorded, type RecordedPolicies, reproduce } from './replay-recorded.ts';
import { type Found, ReplayTally, type ReplayReport } from './replay-report.ts';
import { rulesBehind } from './replay-rules.ts';
import { Visibilities } from './replay-visibility.ts';

export interface ReplayOptions {
  /** Oldest first. */
  readonly records: AsyncIterable<readonly ReadDecision[]>;
  /** By which policies a generation decided. */
  readonly recordedBy: (generation: string) => Promise<RecordedPolicies>;
  /** What decides now. */
  readonly active: ReplayPolicy;
  /** What might decide; absent where it is only asked what has changed since the decisions were made. */
  readonly candidate: ReplayPolicy | undefined;
  /** `open`: with limits as they stood on record. `closed`: counted anew by what each policy would have allowed. */
  readonly loop: 'open' | 'closed';
  readonly explain: ExplainExample;
  /** Told after each page. */
  readonly onProgress?: (progress: ReplayProgress) => void;
}

export interface ReplayProgress {
  readonly replayed: number;
  /** Of the last decision. */
  readonly seq: number;
}

/**
 * Makes every recorded decision again: by the policy of its own time, which has to give the recorded decision, by the one
 * that decides now, and by a candidate. What is kept in memory does not grow with the number of decisions.
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { records, recordedBy, explain, onProgress, candidate } = options;
  const tally = new ReplayTally(explain, candidate !== undefined);
  const bench = new Bench(options);
  for await (const page of records) {
    for (const item of page) {
      if (item.kind === 'changed') tally.alarm(item, [item.why]);
      else bench.replay(item.record, knownOf(item.record) ?? (await askFor(item.record)), tally);
    }
    const last = page.at(-1);
    if (last !== undefined)
      onProgress?.({ replayed: tally.replayed, seq: last.kind === 'whole' ? last.record.seq : last.seq });
  }
  return tally.report();

  function knownOf({ generation }: SealedRecord): RecordedPolicies | undefined {
    return bench.generations.get(generation);
  }

  async function askFor({ generation }: SealedRecord): Promise<RecordedPolicies> {
    if (bench.generations.size >= MOST_GENERATIONS) bench.generations.clear();
    const policies = await recordedBy(generation);
    bench.generations.set(generation, policies);
    return policies;
  }
}

/** Each has its compiled modules in memory. */
const MOST_GENERATIONS = 8;

/** Where decisions are made again. */
class Bench {
  readonly generations = new Map<string, RecordedPolicies>();
  readonly #active: ReplayPolicy;
  readonly #candidate: ReplayPolicy | undefined;
  readonly #counting: { readonly active: Counting; readonly candidate: Counting };
  readonly #isOpen: boolean;
  readonly #kinships = new Kinships();
  readonly #visibilities = new Visibilities();

  constructor({ active, candidate, loop }: ReplayOptions) {
    this.#active = active;
    this.#candidate = candidate;
    this.#isOpen = loop === 'open';
    this.#counting = this.#isOpen
      ? { active: OPEN_LOOP, candidate: OPEN_LOOP }
      : { active: new ReplayBook(), candidate: new ReplayBook() };
  }

  replay(record: SealedRecord, policies: RecordedPolicies, tally: ReplayTally): void {
    const was = { decision: combine(record), facts: record };
    const recorded = reproduce({ record, decision: was.decision }, policies, this.#visibilities);
    tally.recorded(record, recorded);
    const active = this.#decideActive(record, { was, recorded });
    const since = this.#compare(record, { was, by: policyOf(policies) }, { again: active, by: this.#active });
    const candidate = this.#candidate;
    if (candidate === undefined) return tally.found(record, { since, change: since });
    const heard = active.kind === 'decided' ? active.heard : undefined;
    const again =
      this.#kinships.between(this.#active, candidate).isSame && this.#isOpen
        ? active
        : this.#decide(record, candidate, { counting: this.#counting.candidate, heard });
    const before = active.kind === 'decided' ? { was: active, by: this.#active } : undefined;
    const change = before === undefined ? since : this.#compare(record, before, { again, by: candidate });
    return tally.found(record, { since, change });
  }

  #decideActive(
    record: SealedRecord,
    { was, recorded }: { readonly was: Decided; readonly recorded: Recorded },
  ): Again {
    const { heard } = recorded;
    const isSame = heard !== undefined && this.#kinships.between(heard.by, this.#active).isSame;
    if (isSame && this.#isOpen && recorded.kind !== 'differs') return { kind: 'decided', ...was, heard };
    return this.#decide(record, this.#active, { counting: this.#counting.active, heard });
  }

  #decide(
    record: SealedRecord,
    by: ReplayPolicy,
    more: { readonly counting: Counting; readonly heard: Heard | undefined },
  ): Again {
    return decideAgain(record, { by, ...more, kinships: this.#kinships, visibilities: this.#visibilities });
  }

  #compare(record: SealedRecord, one: Before, other: After): Found {
    const { was: before } = one;
    const { again: after } = other;
    if (after.kind === 'not_replayable') {
      return { class: 'not_replayable', rules: after.bundles, why: after.why, before, after: undefined };
    }
    const isAlike = one.by !== undefined && this.#kinships.between(one.by, other.by).listsAlike;
    if (isListing(record) && !isAlike)
      return { class: 'not_replayable', rules: [], why: LISTING, before, after: undefined };
    const kind: ReplayClass = before.facts === after.facts ? 'same' : classify(before, after);
    return { class: kind, rules: kind === 'same' ? [] : rulesBehind(kind, before, after), why: '', before, after };
  }
}

const LISTING = 'a listing keeps what was shown, not what policies were asked';

interface Before {
  readonly was: Decided;
  /** Absent where it is not kept. */
  readonly by: ReplayPolicy | undefined;
}

interface After {
  readonly again: Again;
  readonly by: ReplayPolicy;
}

function policyOf(known: RecordedPolicies): ReplayPolicy | undefined {
  return known.kind === 'kept' ? known.policies[0]?.by : undefined;
}

function isListing(record: SealedRecord): boolean {
  return record.action !== 'method' && phaseOf(record.action) === 'list' && inputOf(record) === undefined;
}
