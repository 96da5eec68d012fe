import type { Clock } from '../core/clock.ts';
import { plainText } from './plain-text.ts';

const MOST_LINES = 50;
const MOST_CHARACTERS = 2_000;
/** What a server may write in a second before the rest of that second is dropped. */
const BYTES_PER_SECOND = 64 * 1024;

/** The last lines a server wrote to its stderr; a flood of them costs neither memory nor time. */
export class ErrorLines {
  readonly #clock: Clock;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #lines: string[] = [];
  #rest = '';
  #windowAtMs = Number.NEGATIVE_INFINITY;
  #windowBytes = 0;
  #dropped = 0;

  /** `onLine` gets every line that is taken, safe to be shown. */
  constructor(clock: Clock, onLine: (line: string) => void = () => undefined) {
    this.#clock = clock;
    this.#onLine = onLine;
  }

  /** Oldest first. */
  lines(): readonly string[] {
    const rest = plainText(this.#rest, MOST_CHARACTERS);
    const dropped = this.#dropped === 0 ? [] : [`(${this.#dropped} bytes were dropped: it writes too much)`];
    return [...this.#lines, ...(rest === '' ? [] : [rest]), ...dropped].slice(-MOST_LINES);
  }

  /** Takes what came from the pipe, in whatever pieces it came. */
  push(chunk: Uint8Array): void {
    if (!this.#admits(chunk.byteLength)) return;
    const parts = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = (parts.pop() ?? '').slice(-MOST_CHARACTERS);
    for (const part of parts.slice(-MOST_LINES)) this.add(part);
  }

  /** Adds one line of its own. */
  add(text: string): void {
    const line = plainText(text, MOST_CHARACTERS);
    if (line === '') return;
    this.#lines = [...this.#lines.slice(1 - MOST_LINES), line];
    this.#onLine(line);
  }

  #admits(bytes: number): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#windowAtMs >= 1000) {
      this.#windowAtMs = now;
      this.#windowBytes = 0;
    }
    this.#windowBytes += bytes;
    if (this.#windowBytes <= BYTES_PER_SECOND) return true;
    this.#dropped += bytes;
    return false;
  }
}
