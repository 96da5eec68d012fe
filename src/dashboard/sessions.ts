import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Person } from './port.ts';

export interface Session {
  readonly person: Person;
  /** What everything that changes something has to carry. */
  readonly csrf: string;
}

interface Kept extends Session {
  readonly startedMs: number;
  lastMs: number;
}

/** Without a request a session ends after this, and in any case after a working day. */
const IDLE_MS = 2 * 60 * 60_000;
const LONGEST_MS = 12 * 60 * 60_000;
/** The one that was used longest ago makes room. */
const MOST = 200;

/** Who is signed in, in memory: with the process they end. Only hashes of their ids are kept. */
export class Sessions {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The id of a new session, for a cookie. */
  begin(person: Person): string {
    const id = secret();
    const now = this.#clock.monotonic();
    this.#forgetOld(now);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(hashOf(id), { person, csrf: secret(), startedMs: now, lastMs: now });
    return id;
  }

  find(id: string): Session | undefined {
    const hash = hashOf(id);
    const kept = this.#kept.get(hash);
    if (kept === undefined) return undefined;
    const now = this.#clock.monotonic();
    this.#kept.delete(hash);
    if (isOver(kept, now)) return undefined;
    kept.lastMs = now;
    // Behind all others: the first is the one that was used longest ago.
    this.#kept.set(hash, kept);
    return kept;
  }

  /** Without counting as a use of it. */
  has(id: string): boolean {
    const kept = this.#kept.get(hashOf(id));
    return kept !== undefined && !isOver(kept, this.#clock.monotonic());
  }

  end(id: string): void {
    this.#kept.delete(hashOf(id));
  }

  #forgetOld(now: number): void {
    for (const [hash, kept] of this.#kept) if (isOver(kept, now)) this.#kept.delete(hash);
  }
}

function isOver({ startedMs, lastMs }: Kept, now: number): boolean {
  return now - lastMs > IDLE_MS || now - startedMs > LONGEST_MS;
}

/** 256 bits that nobody can guess. */
export function secret(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** In a time that does not tell how much of it was right. */
export function isSame(given: string, expected: string): boolean {
  const [left, right] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
