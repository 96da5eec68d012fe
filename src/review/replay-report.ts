import type { SealedRecord } from '../core/record.ts';
import type { Decided, ReplayClass } from './replay-classes.ts';
import { type ExplainExample, type ReplayGroup, ReplayGroups } from './replay-groups.ts';
import type { Recorded } from './replay-recorded.ts';

/** How many decisions are of each class. */
export type ClassCounts = Readonly<Record<ReplayClass, number>>;

/** A decision that could not be made again as it was made. */
export interface ReplayAlarm {
  readonly id: string;
  readonly seq: number;
  /** JSON pointers into the record, or what is wrong with its row. */
  readonly what: readonly string[];
}

export interface ReplayReport {
  readonly replayed: number;
  /** RFC 3339; empty where nothing was replayed. */
  readonly from: string;
  readonly until: string;
  readonly recorded: {
    /** Decisions that came out as they stand on record. */
    readonly reproduced: number;
    /** Those of them of which the bundles could not be asked again, so that only their opinions were combined, by why. */
    readonly recombined: readonly { readonly why: string; readonly count: number }[];
    /** The first of them. */
    readonly alarms: readonly ReplayAlarm[];
    readonly more_alarms: number;
  };
  /** From what is on record to what decides now. */
  readonly active: { readonly classes: ClassCounts; readonly groups: readonly ReplayGroup[] };
  /** From what decides now to the candidate; without a candidate as `active`. */
  readonly classes: ClassCounts;
  readonly groups: readonly ReplayGroup[];
}

/** What a comparison found. */
export interface Found {
  readonly class: ReplayClass;
  readonly rules: readonly string[];
  readonly why: string;
  readonly before: Decided;
  readonly after: Decided | undefined;
}

const MOST_ALARMS = 100;
const MOST_WHYS = 50;

/** Counts what a replay finds. */
export class ReplayTally {
  replayed = 0;
  readonly #since: Column;
  readonly #change: Column;
  readonly #alarms: ReplayAlarm[] = [];
  readonly #recombined = new Map<string, number>();
  #alarmed = 0;
  #differing = 0;
  #from = '';
  #until = '';

  constructor(explain: ExplainExample, hasCandidate: boolean) {
    this.#since = new Column(explain);
    this.#change = hasCandidate ? new Column(explain) : this.#since;
  }

  alarm({ id, seq }: Pick<ReplayAlarm, 'id' | 'seq'>, what: readonly string[]): void {
    this.#alarmed += 1;
    if (this.#alarms.length < MOST_ALARMS) this.#alarms.push({ id, seq, what });
  }

  recorded(record: SealedRecord, recorded: Recorded): void {
    this.replayed += 1;
    if (this.#from === '' || record.time < this.#from) this.#from = record.time;
    if (record.time > this.#until) this.#until = record.time;
    if (recorded.kind === 'differs') {
      this.#differing += 1;
      this.alarm(record, recorded.what);
    }
    if (recorded.kind !== 'recombined') return;
    const why = this.#recombined.size < MOST_WHYS ? recorded.why : 'for other reasons';
    this.#recombined.set(why, (this.#recombined.get(why) ?? 0) + 1);
  }

  found(record: SealedRecord, { since, change }: { readonly since: Found; readonly change: Found }): void {
    this.#since.add(record, since);
    if (this.#change !== this.#since) this.#change.add(record, change);
  }

  report(): ReplayReport {
    const recombined = [...this.#recombined].map(([why, count]) => ({ why, count }));
    return {
      replayed: this.replayed,
      from: this.#from,
      until: this.#until,
      recorded: {
        reproduced: this.replayed - this.#differing,
        recombined,
        alarms: this.#alarms,
        more_alarms: this.#alarmed - this.#alarms.length,
      },
      active: this.#since.report(),
      ...this.#change.report(),
    };
  }
}

/** One comparison over all decisions. */
class Column {
  readonly #counts = new Map<ReplayClass, number>();
  readonly #groups: ReplayGroups;

  constructor(explain: ExplainExample) {
    this.#groups = new ReplayGroups(explain);
  }

  add(record: SealedRecord, found: Found): void {
    this.#counts.set(found.class, (this.#counts.get(found.class) ?? 0) + 1);
    if (found.class !== 'same') this.#groups.add({ ...found, record });
  }

  report(): { readonly classes: ClassCounts; readonly groups: readonly ReplayGroup[] } {
    return { classes: countsOf(this.#counts), groups: this.#groups.list() };
  }
}

function countsOf(counts: ReadonlyMap<ReplayClass, number>): ClassCounts {
  const of = (name: ReplayClass): number => counts.get(name) ?? 0;
  return {
    same: of('same'),
    allow_to_deny: of('allow_to_deny'),
    deny_to_allow: of('deny_to_allow'),
    to_pending: of('to_pending'),
    from_pending: of('from_pending'),
    obligations_only: of('obligations_only'),
    reasons_only: of('reasons_only'),
    new_error: of('new_error'),
    not_replayable: of('not_replayable'),
  };
}
