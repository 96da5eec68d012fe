import type { Clock } from '../core/clock.ts';
import { count, type Counted, type Counts, isForgotten, noCounts } from '../core/counts.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Conversant, ConversationStore } from '../state/conversation-store.ts';

export interface CountsKeeper {
  readonly store: ConversationStore;
  readonly logger: Logger;
  /** Conversations and agents that are in memory at one time. */
  readonly mostKept: number;
}

/** Counts that live and die with the process. */
export const NO_KEEPER: CountsKeeper = {
  store: { read: async () => undefined, add: async () => new Map() },
  logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  mostKept: 10_000,
};

interface Entry {
  readonly whose: Conversant;
  counts: Counts;
  /** Counted here and not yet added to the store, oldest first. */
  uncounted: Counted[];
  /** When the store was last asked, on the clock that only grows. */
  askedMs: number;
}

/** What a crash can lose, at most. */
const WRITE_AFTER_MS = 2_000;
/** How old what other processes have counted may be. */
const ASK_AFTER_MS = 5_000;
/** What waits for the store when it cannot be written: enough to count on, little enough to hold. */
const MOST_UNCOUNTED = 1_000;

/**
 * The counts that are in use, of as many conversations as may be; the store has those of all. What is counted is added
 * to the store behind, many conversations in one transaction, so no call waits for it.
 */
export class CountsMemory {
  readonly #clock: Clock;
  readonly #keeper: CountsKeeper;
  /** Those that were used since the last time that room was made, and those before; nothing is moved while it is young. */
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  readonly #arriving = new Map<string, Promise<Entry>>();
  readonly #changed = new Set<Entry>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(clock: Clock, keeper: CountsKeeper) {
    this.#clock = clock;
    this.#keeper = keeper;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Counts something and answers what `read` makes of the counts then. Rejects where the counts cannot be had. */
  async note<T>(whose: Conversant, counted: Counted, read: (counts: Counts) => T): Promise<T> {
    const entry = this.#inUse(whose.id) ?? (await this.#fetch(whose));
    count(entry.counts, counted);
    entry.uncounted.push(counted);
    if (entry.uncounted.length > MOST_UNCOUNTED) entry.uncounted.shift();
    this.#changed.add(entry);
    this.#writeSoon();
    return read(entry.counts);
  }

  /** Undefined where nothing was counted. Leaves nothing behind. */
  async look(id: string): Promise<Counts | undefined> {
    return this.#inUse(id)?.counts ?? (await this.#keeper.store.read(id)) ?? this.#find(id)?.counts;
  }

  /** Nothing of this is asked for again. What has been counted is added to the store all the same. */
  forget(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  /** Resolves when the store has all that was counted, or has refused it. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    await this.#write();
  }

  /** What is in memory and not so old that others may have counted much meanwhile. */
  #inUse(id: string): Entry | undefined {
    const entry = this.#find(id);
    const isFresh = entry !== undefined && this.#clock.monotonic() - entry.askedMs <= ASK_AFTER_MS;
    return isFresh ? entry : undefined;
  }

  #find(id: string): Entry | undefined {
    const young = this.#young.get(id);
    if (young !== undefined || this.#old.size === 0) return young;
    const entry = this.#old.get(id);
    if (entry !== undefined) this.#keep(entry);
    return entry;
  }

  #keep(entry: Entry): void {
    this.#old.delete(entry.whose.id);
    this.#young.set(entry.whose.id, entry);
  }

  /** Requests that come together ask the store once. */
  #fetch(whose: Conversant): Promise<Entry> {
    const arriving = this.#arriving.get(whose.id);
    if (arriving !== undefined) return arriving;
    const fetched = this.#read(whose).finally(() => this.#arriving.delete(whose.id));
    this.#arriving.set(whose.id, fetched);
    return fetched;
  }

  async #read(whose: Conversant): Promise<Entry> {
    const nowMs = this.#clock.now();
    const stored = await this.#keeper.store.read(whose.id);
    if (this.#isFull()) await this.#makeRoom();
    const before = this.#find(whose.id);
    const counts = stored === undefined || isForgotten(stored, nowMs) ? noCounts(nowMs) : stored;
    const entry: Entry = before ?? { whose, counts, uncounted: [], askedMs: 0 };
    entry.askedMs = this.#clock.monotonic();
    // Without a store, what is in memory is all there is.
    if (before !== undefined && stored !== undefined) rebase(entry, counts);
    this.#keep(entry);
    return entry;
  }

  /** Who has been used lately may take up all of the room, so both are asked. */
  #isFull(): boolean {
    const { mostKept } = this.#keeper;
    return this.#young.size >= mostKept / 2 || this.size >= mostKept;
  }

  /** Gives up those that were not used since the last time, once the store has them. */
  async #makeRoom(): Promise<void> {
    await this.#write();
    if (!this.#isFull()) return;
    for (const entry of this.#old.values()) this.#changed.delete(entry);
    this.#old = this.#young;
    this.#young = new Map();
  }

  #writeSoon(): void {
    if (this.#hasEnded) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, WRITE_AFTER_MS).unref();
  }

  /** One transaction at a time; who comes meanwhile waits for it, and for the next where that has more. */
  async #write(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#changed.size === 0) return;
    this.#writing = this.#writeChanged();
    await this.#writing;
    this.#writing = undefined;
  }

  /** Never rejects: what could not be added is tried again with the next, as long as it is in use. */
  async #writeChanged(): Promise<void> {
    const changed = [...this.#changed];
    const parts = changed.map(({ whose, uncounted }) => ({ whose, counted: uncounted }));
    this.#changed.clear();
    for (const entry of changed) entry.uncounted = [];
    try {
      const sums = await this.#keeper.store.add(parts);
      for (const entry of changed) {
        const sum = sums.get(entry.whose.id);
        if (sum === undefined) continue;
        rebase(entry, sum);
        entry.askedMs = this.#clock.monotonic();
      }
    } catch (thrown) {
      this.#keeper.logger.warn('what conversations count could not be stored', { problem: messageOf(thrown) });
      for (const [index, entry] of changed.entries()) {
        const { id } = entry.whose;
        if ((this.#young.get(id) ?? this.#old.get(id)) !== entry) continue;
        entry.uncounted = [...(parts[index]?.counted ?? []), ...entry.uncounted].slice(-MOST_UNCOUNTED);
        this.#changed.add(entry);
      }
      this.#writeSoon();
    }
  }
}

/** What the store has, and on top of it what has been counted here since. */
function rebase(entry: Entry, stored: Counts): void {
  for (const counted of entry.uncounted) count(stored, counted);
  entry.counts = stored;
}
