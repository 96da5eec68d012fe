import type { Clock } from '../core/clock.ts';
import type { ReplayProgress } from '../review/replay.ts';
import type { Terminal } from './terminal.ts';

/** What is over sooner needs no progress. */
const QUIET_MS = 2_000;
const BETWEEN_MS = 200;

/** One line on stderr that tells how far a replay is; on a terminal only, and not before two seconds have passed. */
export class ReplayProgressLine {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  /** Of the last row of the log; 0 where it is not known. */
  readonly #lastSeq: number;
  readonly #startedMs: number;
  /** Where it began: a log is not numbered from 1 where old records were removed, or several hosts share it. */
  #firstSeq: number | undefined;
  #shownMs = 0;

  constructor(terminal: Terminal, { clock, lastSeq }: { readonly clock: Clock; readonly lastSeq: number }) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#lastSeq = lastSeq;
    this.#startedMs = clock.monotonic();
  }

  show({ replayed, seq }: ReplayProgress): void {
    const now = this.#clock.monotonic();
    this.#firstSeq ??= seq;
    if (!this.#terminal.err.isTTY || now - this.#startedMs < QUIET_MS || now - this.#shownMs < BETWEEN_MS) return;
    this.#shownMs = now;
    const perSecond = Math.round(replayed / ((now - this.#startedMs) / 1000));
    const rows = this.#lastSeq - this.#firstSeq;
    const part = rows <= 0 ? '' : `, ${Math.floor(((seq - this.#firstSeq) / rows) * 100)} % of the log`;
    this.#terminal.err.write(`\r\u001b[Kreplayed ${replayed} decisions${part}, ${perSecond} a second`);
  }

  clear(): void {
    if (this.#shownMs > 0) this.#terminal.err.write('\r\u001b[K');
  }
}
