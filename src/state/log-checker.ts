import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import type { CheckedPart } from './log-check.ts';
import { type ChainVerdict, checkLog, type VerifyOptions } from './verify.ts';

export interface CheckedLog {
  readonly ok: boolean;
  /** The check is not at its end yet, and says of `ok` only that nothing was found so far. */
  readonly isChecking: boolean;
  /** One sentence. */
  readonly words: string;
}

/** A short log is checked in this time, and whoever asks waits for it. */
const PATIENCE_MS = 40;

/** Checks the chains of a log, and then only what has been added since; what is damaged stays so. */
export class LogChecker {
  readonly #options: VerifyOptions;
  #checked: { readonly rows: number; readonly part: CheckedPart; readonly checkpoint: string } | undefined;
  #found: CheckedLog | undefined;
  #checking: Promise<void> | undefined;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  async look(): Promise<CheckedLog> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    await Promise.race([this.#checking, wait(PATIENCE_MS)]);
    if (this.#found !== undefined) return this.#found;
    const words = 'The log is being checked for the first time since the dashboard was started; ask again in a moment.';
    return { ok: true, isChecking: true, words };
  }

  async #check(): Promise<void> {
    if (this.#found?.ok === false) return;
    try {
      const { verdict, checked } = await checkLog({ ...this.#options, after: this.#checked?.part ?? 0 });
      this.#found = this.#take(verdict, checked);
    } catch (thrown) {
      this.#found = { ok: false, isChecking: false, words: `The log cannot be checked: ${messageOf(thrown)}.` };
    }
  }

  #take(verdict: ChainVerdict, part: CheckedPart | undefined): CheckedLog {
    if (verdict.kind !== 'ok' || part === undefined) {
      const words = `The log is not whole (${verdict.kind}); \`mcp-gateway decision verify\` says more.`;
      return { ok: false, isChecking: false, words };
    }
    const { rows, seq, last_checkpoint: checkpoint } = verdict;
    const held = checkpoint === null ? this.#checked?.checkpoint : `#${String(checkpoint.seq)} of ${checkpoint.time}`;
    this.#checked = { rows: rows + (this.#checked?.rows ?? 0), part, checkpoint: held ?? '' };
    const signed = this.#checked.checkpoint === '' ? '' : `, the last signed checkpoint is ${this.#checked.checkpoint}`;
    const words = `The log is whole: ${String(this.#checked.rows)} records up to #${String(seq)} were checked${signed}.`;
    return { ok: true, isChecking: false, words };
  }
}
