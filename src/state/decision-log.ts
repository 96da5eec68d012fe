import type { Act } from '../core/act.ts';
import { isRefusal, type Change, type Made, type Refusal } from '../core/change.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionRecord, Outcome, Seal } from '../core/record.ts';
import type { LogRow } from './chain.ts';
import type { RowChanges } from './changes.ts';
import { endsOf, type FoundCosts, unknownOutcome } from './ended-call.ts';
import { logClosed, tooManyWaiting } from './log-refusals.ts';
import { LostCommits } from './lost-commits.ts';
import { actRow, decisionRow, isForwarded, outcomeRow } from './log-rows.ts';
import type { LostRow, Writer, Written } from './append.ts';
import { RecordText } from './record-text.ts';

export interface DecisionLogOptions {
  readonly writer: Writer;
  /** Id of this process among those that share the store. */
  readonly instance: string;
  /** Where the chain ended when this process came to it. */
  readonly startsAfter: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears after each commit where the chain ends, and how many rows were added. */
  readonly onCommit?: (seq: number, records: number) => void;
}

interface Pending {
  readonly row: LogRow;
  readonly changes: readonly Change[];
  resolve(sealed: Sealed): void;
  /** Only what has changes is refused. */
  refuse(refusal: Refusal): void;
  reject(error: unknown): void;
}

type Sealed = Seal & Partial<Made>;

const MOST_WAITING = 10_000;
const MOST_IN_A_GROUP = 256;
/** How long an outcome waits for a decision to share a commit with. */
const OUTCOME_WAIT_MS = 20;

/**
 * The log of decisions and outcomes. Decisions that arrive in one turn of the event loop, or while a commit runs, are
 * committed together; a single one is committed at the end of the turn it came in.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #texts = new RecordText();
  readonly #decisions: Pending[] = [];
  readonly #outcomes: LogRow[] = [];
  /** Allowed calls whose outcome is not committed yet: id → seq, oldest first. */
  readonly #open = new Map<string, number>();
  /** What those of them that were charged have taken. */
  readonly #taken = new Map<string, readonly Change[]>();
  /** What changes with an outcome that waits, by its id. */
  readonly #settling = new Map<string, readonly Change[]>();
  readonly #lost: LostCommits;
  #lastSeq: number;
  #commit: Promise<void> | undefined;
  #isScheduled = false;
  #outcomeTimer: NodeJS.Timeout | undefined;
  /** Whether outcomes have waited as long as they may. */
  #areOutcomesDue = false;
  #closing: Promise<void> | undefined;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
    this.#lastSeq = options.startsAfter;
    this.#lost = new LostCommits(options.writer);
  }

  /**
   * Resolves once the record is committed. Where it rejects, the call must not be forwarded. `inputText` is the JSON
   * text of the record's input, for those who have it already.
   */
  append(record: DecisionRecord, inputText: string = JSON.stringify(record.input)): Promise<Seal> {
    return new Promise((resolve, reject) => {
      this.#enter({ row: this.#rowOf(record, inputText), changes: NO_CHANGES, resolve, refuse: neverRefused, reject });
    });
  }

  /**
   * As `append`, and in the same transaction makes all changes. Where one of them is refused, none is made and nothing
   * recorded. A call that was not forwarded gets back what it took from limits, and its approval.
   */
  commit(record: DecisionRecord, inputText: string, changes: readonly Change[]): Promise<Made | Refusal> {
    return this.#change(this.#rowOf(record, inputText), changes);
  }

  /** Records what is no decision, and in the same transaction makes all changes or, where one is refused, nothing. */
  act(act: Act, changes: readonly Change[] = NO_CHANGES): Promise<Made | Refusal> {
    return this.#change(actRow(act, this.#options.instance), changes);
  }

  #change(row: LogRow, changes: readonly Change[]): Promise<Made | Refusal> {
    return new Promise((resolve, reject) => {
      const made = ({ remaining = [] }: Sealed): void => resolve({ remaining });
      this.#enter({ row, changes, resolve: made, refuse: resolve, reject });
    });
  }

  #rowOf(record: DecisionRecord, inputText: string): LogRow {
    return decisionRow(record, this.#texts.write(record, inputText), this.#options.instance);
  }

  #enter(pending: Pending): void {
    if (this.#closing !== undefined) return pending.reject(logClosed());
    if (this.#decisions.length >= MOST_WAITING) return pending.reject(tooManyWaiting(MOST_WAITING));
    this.#decisions.push(pending);
    this.#schedule();
  }

  /**
   * Queues what happened after a decision, and what that changes; it is committed with the next group, at the latest
   * after 20 ms. What was held for the call ends with it, by `costs` (what the call really cost, by counter) where they
   * say; how it ended is added to the outcome.
   */
  settle(outcome: Outcome, changes: readonly Change[] = NO_CHANGES, costs: FoundCosts = NO_COSTS): void {
    const { id } = outcome;
    const ended = endsOf(this.#taken.get(id) ?? NO_CHANGES, outcome, costs);
    this.#taken.delete(id);
    if (ended.changes.length + changes.length > 0) this.#settling.set(id, [...ended.changes, ...changes]);
    this.#outcomes.push(outcomeRow(ended.outcome, this.#options.instance, this.#options.clock));
    this.#outcomeTimer ??= setTimeout(() => {
      this.#outcomeTimer = undefined;
      this.#areOutcomesDue = true;
      this.#schedule();
    }, OUTCOME_WAIT_MS);
  }

  /** Every call of this process below this seq has its outcome. */
  openFrom(): number {
    const [oldest] = this.#open.values();
    return oldest ?? this.#lastSeq + 1;
  }

  /** Resolves when all that was handed over before is committed; rejects when it cannot be. */
  async flush(): Promise<void> {
    await this.#commit;
    while (this.#lost.areDoubted || this.#decisions.length + this.#outcomes.length > 0) await this.#commitGroup();
  }

  /** Tries again what a commit that failed has left, though nobody calls. Comes with each heartbeat. */
  resume(): void {
    if (!this.#lost.areDoubted && this.#outcomes.length === 0) return;
    this.#areOutcomesDue = true;
    this.#schedule();
  }

  /** Commits what is queued, gives the calls that are still open the outcome `unknown`, and gives the store back. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#outcomeTimer);
    try {
      await this.flush();
      for (const id of this.#open.keys()) this.settle(unknownOutcome(id));
      clearTimeout(this.#outcomeTimer);
      await this.flush();
    } finally {
      await this.#options.writer.close?.();
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#commit !== undefined) return;
    this.#isScheduled = true;
    // After this turn's input, so that calls which came in together are committed together.
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    try {
      await this.#commitGroup();
    } catch (thrown) {
      this.#options.logger.error('decisions cannot be recorded, so calls are refused', { problem: messageOf(thrown) });
    }
    // Whoever came while that commit ran is owed an answer, however it ended.
    if (this.#decisions.length > 0 || this.#areOutcomesDue) this.#schedule();
  }

  /** One group at a time: who comes while a commit runs waits for it and goes with the next. */
  async #commitGroup(): Promise<void> {
    while (this.#commit !== undefined) await this.#commit;
    const commit = this.#commitQueued();
    this.#commit = commit.then(
      () => (this.#commit = undefined),
      () => (this.#commit = undefined),
    );
    await commit;
  }

  async #commitQueued(): Promise<void> {
    await this.#dispelDoubt();
    const decisions = this.#decisions.splice(0, MOST_IN_A_GROUP);
    const outcomes = this.#outcomes.splice(0, MOST_IN_A_GROUP);
    this.#areOutcomesDue &&= this.#outcomes.length > 0;
    if (decisions.length + outcomes.length === 0) return;
    try {
      const rows = [...outcomes, ...decisions.map(({ row }) => row)];
      const written = await this.#options.writer.commit(rows, this.#changesOf(outcomes, decisions));
      this.#note(written, { outcomes, decisions });
    } catch (thrown) {
      // What happened stays true, so outcomes are kept for the next try; the calls that wait are refused now.
      this.#outcomes.unshift(...outcomes);
      this.#areOutcomesDue = false;
      this.#lost.doubt(decisions);
      for (const pending of decisions) pending.reject(thrown);
      throw thrown;
    }
  }

  /** While it cannot be told what a commit has written whose answer was lost, nothing is committed. */
  async #dispelDoubt(): Promise<void> {
    if (!this.#lost.areDoubted) return;
    try {
      await this.#lost.dispel((row, taken) => this.#noteLost(row, taken));
    } catch (thrown) {
      this.#areOutcomesDue = false;
      for (const pending of this.#decisions.splice(0)) pending.reject(thrown);
      throw thrown;
    }
  }

  /** An outcome is not said again; a call was refused, so nothing was forwarded. */
  #noteLost({ id, kind, seq }: LostRow, taken: readonly Change[] | undefined): void {
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    if (kind === 'outcome') {
      this.#open.delete(id);
      this.#settling.delete(id);
      const at = this.#outcomes.findIndex((outcome) => outcome.id === id);
      if (at >= 0) this.#outcomes.splice(at, 1);
    } else if (taken !== undefined) {
      this.#open.set(id, seq);
      this.#taken.set(id, taken);
      this.settle({ ...unknownOutcome(id), status: 'not_forwarded' });
    }
  }

  #changesOf(outcomes: readonly LogRow[], decisions: readonly Pending[]): readonly RowChanges[] {
    const groups: RowChanges[] = [];
    outcomes.forEach(({ id }, row) => {
      const changes = this.#settling.size > 0 ? this.#settling.get(id) : undefined;
      if (changes !== undefined) groups.push({ row, changes });
    });
    decisions.forEach(({ changes }, index) => {
      if (changes.length > 0) groups.push({ row: outcomes.length + index, changes });
    });
    return groups;
  }

  #note(written: readonly Written[], group: { outcomes: readonly LogRow[]; decisions: readonly Pending[] }): void {
    for (const { id } of group.outcomes) {
      this.#open.delete(id);
      this.#settling.delete(id);
    }
    group.decisions.forEach((pending, index) => {
      const answer = written[group.outcomes.length + index];
      if (answer === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'the writer left out a seal');
      if (isRefusal(answer)) pending.refuse(answer);
      else this.#noteSealed(pending, answer);
    });
    let records = 0;
    for (const answer of written) {
      if (isRefusal(answer)) continue;
      this.#lastSeq = answer.seq;
      records += 1;
    }
    this.#options.onCommit?.(this.#lastSeq, records);
  }

  #noteSealed(pending: Pending, sealed: Sealed): void {
    const { row, changes } = pending;
    if (isForwarded(row)) {
      this.#open.set(row.id, sealed.seq);
      if (changes.length > 0) this.#taken.set(row.id, changes);
    }
    pending.resolve(sealed);
  }
}

const NO_CHANGES: readonly Change[] = [];

const NO_COSTS: FoundCosts = new Map();

function neverRefused(): void {
  throw new GatewayError('STORE_UNAVAILABLE', 'the writer refused a record that changes nothing');
}
