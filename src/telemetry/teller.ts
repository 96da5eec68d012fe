import type { LogFields, Logger } from '../core/logger.ts';

export interface TellerOptions {
  readonly failed: string;
  readonly mended: string;
  readonly fields: LogFields;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** A receiver that fails now and then is told of this often at most. */
const QUIET_MS = 600_000;
/** One that takes nothing is told of again after as long. */
const REMIND_MS = 3_600_000;

/** Tells once that a receiver takes nothing, and once that it does again, however often it is tried. */
export class Teller {
  readonly #options: TellerOptions;
  #hasFailed = false;
  /** Whether what is said of the failure is still true. */
  #isTold = false;
  #toldAtMs: number | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  failed(why: string): void {
    const { logger, failed, fields } = this.#options;
    const nowMs = this.#options.nowMs();
    const quietMs = this.#hasFailed ? REMIND_MS : QUIET_MS;
    this.#hasFailed = true;
    if (this.#toldAtMs !== undefined && nowMs - this.#toldAtMs < quietMs) return;
    this.#toldAtMs = nowMs;
    this.#isTold = true;
    logger.warn(failed, { ...fields, why });
  }

  mended(): void {
    if (this.#isTold) this.#options.logger.info(this.#options.mended, this.#options.fields);
    this.#hasFailed = false;
    this.#isTold = false;
  }
}
