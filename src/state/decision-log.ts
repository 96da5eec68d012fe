import type { Clock } from '../core/clock.ts';
import { isRefusal, type Charge, type Refusal, type Remaining } from '../core/charge.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionRecord, Outcome, Seal } from '../core/record.ts';
import type { Account } from './budgets.ts';
import type { LogRow } from './chain.ts';
import { decisionRow, isForwarded, outcomeRow } from './log-rows.ts';
import type { Written } from './log-writer.ts';
import { RecordText } from './record-text.ts';

/** What commits a group of rows: on this thread, or on another one. */
export interface Writer {
  /** `accounts`: what the rows change in the budgets, in the same transaction. Answers one for each row. */
  commit(rows: readonly LogRow[], accounts: readonly Account[]): readonly Written[] | Promise<readonly Written[]>;
  close(): void | Promise<void>;
}

export interface DecisionLogOptions {
  readonly writer: Writer;
  /** Id of this process among those that share the store. */
  readonly instance: string;
  /** Where the chain ended when this process came to it. */
  readonly startsAfter: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Pending {
  readonly row: LogRow;
  readonly charges: readonly Charge[];
  resolve(sealed: Sealed): void;
  /** Only what has charges is refused. */
  refuse(refusal: Refusal): void;
  reject(error: unknown): void;
}

type Sealed = Seal & Partial<Remaining>;

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
  readonly #taken = new Map<string, readonly Charge[]>();
  /** What is given back with an outcome that waits, by its id. */
  readonly #refunds = new Map<string, readonly Charge[]>();
  #lastSeq: number;
  #commit: Promise<void> | undefined;
  #isScheduled = false;
  #outcomeTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: DecisionLogOptions) {
    this.#options = options;
    this.#lastSeq = options.startsAfter;
  }

  /**
   * Resolves once the record is committed. Where it rejects, the call must not be forwarded. `inputText` is the JSON
   * text of the record's input, for those who have it already.
   */
  append(record: DecisionRecord, inputText: string = JSON.stringify(record.input)): Promise<Seal> {
    return new Promise((resolve, reject) => {
      this.#enter({ row: this.#rowOf(record, inputText), charges: NO_CHARGES, resolve, refuse: neverRefused, reject });
    });
  }

  /**
   * As `append`, and in the same transaction takes all charges of the call. Where one of them does not fit, nothing is
   * taken and nothing recorded: the caller appends the denial. A call that was not forwarded gets its charges back.
   */
  reserve(record: DecisionRecord, inputText: string, charges: readonly Charge[]): Promise<Remaining | Refusal> {
    return new Promise((resolve, reject) => {
      const reserved = ({ remaining = [] }: Sealed): void => resolve({ remaining });
      this.#enter({ row: this.#rowOf(record, inputText), charges, resolve: reserved, refuse: resolve, reject });
    });
  }

  #rowOf(record: DecisionRecord, inputText: string): LogRow {
    return decisionRow(record, this.#texts.write(record, inputText), this.#options.instance);
  }

  #enter(pending: Pending): void {
    if (this.#closing !== undefined) return pending.reject(hasEnded());
    if (this.#decisions.length >= MOST_WAITING) return pending.reject(tooMany());
    this.#decisions.push(pending);
    this.#schedule();
  }

  /** Queues what happened after a decision; it is committed with the next group, at the latest after 20 ms. */
  settle(outcome: Outcome): void {
    const taken = this.#taken.get(outcome.id);
    if (taken !== undefined) {
      this.#taken.delete(outcome.id);
      if (outcome.status === 'not_forwarded') this.#refunds.set(outcome.id, taken);
    }
    this.#outcomes.push(outcomeRow(outcome, this.#options.instance, this.#options.clock));
    this.#outcomeTimer ??= setTimeout(() => {
      this.#outcomeTimer = undefined;
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
    while (this.#decisions.length + this.#outcomes.length > 0) await this.#commitGroup();
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
      await this.#options.writer.close();
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
      return;
    }
    if (this.#decisions.length > 0) this.#schedule();
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
    const decisions = this.#decisions.splice(0, MOST_IN_A_GROUP);
    const outcomes = this.#outcomes.splice(0, MOST_IN_A_GROUP);
    if (decisions.length + outcomes.length === 0) return;
    try {
      const rows = [...outcomes, ...decisions.map(({ row }) => row)];
      const written = await this.#options.writer.commit(rows, this.#accountsOf(outcomes, decisions));
      this.#note(written, { outcomes, decisions });
    } catch (thrown) {
      // What happened stays true, so outcomes are kept for the next try; the calls that wait are refused now.
      this.#outcomes.unshift(...outcomes);
      for (const pending of decisions) pending.reject(thrown);
      throw thrown;
    }
  }

  #accountsOf(outcomes: readonly LogRow[], decisions: readonly Pending[]): readonly Account[] {
    const accounts: Account[] = [];
    outcomes.forEach(({ id }, row) => {
      const givesBack = this.#refunds.size > 0 ? this.#refunds.get(id) : undefined;
      if (givesBack !== undefined) accounts.push({ row, takes: NO_CHARGES, givesBack });
    });
    decisions.forEach(({ charges }, index) => {
      const row = outcomes.length + index;
      if (charges.length > 0) accounts.push({ row, takes: charges, givesBack: NO_CHARGES });
    });
    return accounts;
  }

  #note(written: readonly Written[], group: { outcomes: readonly LogRow[]; decisions: readonly Pending[] }): void {
    for (const { id } of group.outcomes) {
      this.#open.delete(id);
      this.#refunds.delete(id);
    }
    group.decisions.forEach((pending, index) => {
      const answer = written[group.outcomes.length + index];
      if (answer === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'the writer left out a seal');
      if (isRefusal(answer)) pending.refuse(answer);
      else this.#noteSealed(pending, answer);
    });
    for (const answer of written) if (!isRefusal(answer)) this.#lastSeq = answer.seq;
  }

  #noteSealed(pending: Pending, sealed: Sealed): void {
    const { row, charges } = pending;
    if (isForwarded(row)) {
      this.#open.set(row.id, sealed.seq);
      if (charges.length > 0) this.#taken.set(row.id, charges);
    }
    pending.resolve(sealed);
  }
}

const NO_CHARGES: readonly Charge[] = [];

function neverRefused(): void {
  throw new GatewayError('STORE_UNAVAILABLE', 'the writer refused a record that takes nothing');
}

/** What is said of a call that nobody will ever know the end of. */
export function unknownOutcome(id: string): Outcome {
  return { id, status: 'unknown', withheld: false, ms: 0, record_us: 0, settled: [] };
}

function hasEnded(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the decision log has been closed');
}

function tooMany(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `${MOST_WAITING} decisions already wait for the disk`, {
    mend: 'The disk does not keep up; see what else uses it.',
  });
}
