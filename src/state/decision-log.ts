import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { DecisionRecord, Outcome, Seal } from '../core/record.ts';
import type { LogRow } from './chain.ts';
import { decisionRow, isForwarded, outcomeRow } from './log-rows.ts';
import { RecordText } from './record-text.ts';

/** What commits a group of rows: on this thread, or on another one. */
export interface Writer {
  commit(rows: readonly LogRow[]): readonly Seal[] | Promise<readonly Seal[]>;
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
  resolve(seal: Seal): void;
  reject(error: unknown): void;
}

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
    if (this.#closing !== undefined) return Promise.reject(hasEnded());
    if (this.#decisions.length >= MOST_WAITING) return Promise.reject(tooMany());
    const row = decisionRow(record, this.#texts.write(record, inputText), this.#options.instance);
    return new Promise((resolve, reject) => {
      this.#decisions.push({ row, resolve, reject });
      this.#schedule();
    });
  }

  /** Queues what happened after a decision; it is committed with the next group, at the latest after 20 ms. */
  settle(outcome: Outcome): void {
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
      const seals = await this.#options.writer.commit([...outcomes, ...decisions.map(({ row }) => row)]);
      this.#note(seals, { outcomes, decisions });
    } catch (thrown) {
      // What happened stays true, so outcomes are kept for the next try; the calls that wait are refused now.
      this.#outcomes.unshift(...outcomes);
      for (const pending of decisions) pending.reject(thrown);
      throw thrown;
    }
  }

  #note(seals: readonly Seal[], group: { outcomes: readonly LogRow[]; decisions: readonly Pending[] }): void {
    for (const row of group.outcomes) this.#open.delete(row.id);
    group.decisions.forEach((pending, index) => {
      const seal = seals[group.outcomes.length + index];
      if (seal === undefined) throw new GatewayError('STORE_UNAVAILABLE', 'the writer left out a seal');
      if (isForwarded(pending.row)) this.#open.set(pending.row.id, seal.seq);
      pending.resolve(seal);
    });
    this.#lastSeq = seals.at(-1)?.seq ?? this.#lastSeq;
  }
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
