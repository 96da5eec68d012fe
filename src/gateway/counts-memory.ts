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
  /**
   * Whether the calls of one conversation come through several processes: then each is counted in the store, together with
   * those that come at the same time, before it is decided.
   */
  readonly isSpread?: boolean;
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
  uncounted: Noted[];
  /** When the store was last asked, on the clock that only grows. */
  askedMs: number;
}

interface Noted {
  readonly counted: Counted;
  /** Told what the counts were when this had just been counted, with all that others had counted before. */
  readonly onCounted?: (counts: Counts) => void;
}

interface Pace {
  /** What a crash can lose, at most. */
  readonly writeAfterMs: number;
  /** How old what other processes have counted may be. */
  readonly askAfterMs: number;
}

const ALONE: Pace = { writeAfterMs: 2_000, askAfterMs: 5_000 };
/** Of the sizes of results, and for whoever only looks: calls and denials are counted in the store at once. */
const SPREAD: Pace = { writeAfterMs: 250, askAfterMs: 250 };
/** What waits for the store when it cannot be written: enough to count on, little enough to hold. */
const MOST_UNCOUNTED = 1_000;

/**
 * The counts that are in use, of as many conversations as may be; the store has those of all. What is counted is added
 * to the store behind, many conversations in one transaction, so no call waits for it; but where conversations are spread
 * over processes it does, for otherwise each would know a part of them.
 */
export class CountsMemory {
  readonly #clock: Clock;
  readonly #keeper: CountsKeeper;
  readonly #pace: Pace;
  /** Those that were used since the last time that room was made, and those before; nothing is moved while it is young. */
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  readonly #arriving = new Map<string, Promise<Entry>>();
  readonly #changed = new Set<Entry>();
  /** Resolves when what is being written is. */
  #writing: Promise<void> = Promise.resolve();
  /** What comes after it and has not begun. */
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(clock: Clock, keeper: CountsKeeper) {
    this.#clock = clock;
    this.#keeper = keeper;
    this.#pace = keeper.isSpread === true ? SPREAD : ALONE;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Counts something and answers what `read` makes of the counts then. Rejects where the counts cannot be had. */
  async note<T>(whose: Conversant, counted: Counted, read: (counts: Counts) => T): Promise<T> {
    const { isSpread = false } = this.#keeper;
    // Where it is counted in the store, what others have counted comes with it.
    const entry = (isSpread ? this.#find(whose.id) : this.#inUse(whose.id)) ?? (await this.#fetch(whose));
    count(entry.counts, counted);
    if (!isSpread || counted.kind !== 'call') {
      this.#add(entry, { counted });
      if (isSpread && counted.kind === 'denied') void this.#write();
      else this.#writeSoon();
      return read(entry.counts);
    }
    // Where the store does not take it, what is known here has to do.
    let answer = read(entry.counts);
    this.#add(entry, { counted, onCounted: (counts) => (answer = read(counts)) });
    await this.#write();
    return answer;
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

  #add(entry: Entry, noted: Noted): void {
    entry.uncounted.push(noted);
    if (entry.uncounted.length > MOST_UNCOUNTED) entry.uncounted.shift();
    this.#changed.add(entry);
  }

  /** What is in memory and not so old that others may have counted much meanwhile. */
  #inUse(id: string): Entry | undefined {
    const entry = this.#find(id);
    const isFresh = entry !== undefined && this.#clock.monotonic() - entry.askedMs <= this.#pace.askAfterMs;
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
    }, this.#pace.writeAfterMs).unref();
  }

  /** One transaction at a time; all who come meanwhile share the next. Resolves when what was counted before is written. */
  #write(): Promise<void> {
    this.#next ??= this.#writeAfter(this.#writing);
    return this.#next;
  }

  async #writeAfter(writing: Promise<void>): Promise<void> {
    await writing;
    this.#next = undefined;
    this.#writing = this.#writeChanged();
    await this.#writing;
  }

  /** Never rejects: what could not be added is tried again with the next, as long as it is in use. */
  async #writeChanged(): Promise<void> {
    if (this.#changed.size === 0) return;
    const changed = [...this.#changed].map((entry) => ({ entry, noted: entry.uncounted }));
    this.#changed.clear();
    for (const { entry } of changed) entry.uncounted = [];
    try {
      const parts = changed.map(({ entry: { whose }, noted }) => ({
        whose,
        counted: noted.map(({ counted }) => counted),
      }));
      const before = await this.#keeper.store.add(parts);
      for (const { entry, noted } of changed) {
        const had = before.get(entry.whose.id);
        if (had === undefined) continue;
        rebase(entry, had, noted);
        entry.askedMs = this.#clock.monotonic();
      }
    } catch (thrown) {
      this.#keeper.logger.warn('what conversations count could not be stored', { problem: messageOf(thrown) });
      for (const { entry, noted } of changed) {
        const { id } = entry.whose;
        if ((this.#young.get(id) ?? this.#old.get(id)) !== entry) continue;
        entry.uncounted = [...noted, ...entry.uncounted].slice(-MOST_UNCOUNTED);
        this.#changed.add(entry);
      }
      this.#writeSoon();
    }
  }
}

/** What the store had, and on top of it what was added and what has been counted here since. */
function rebase(entry: Entry, stored: Counts, added: readonly Noted[] = []): void {
  for (const { counted, onCounted } of [...added, ...entry.uncounted]) {
    count(stored, counted);
    onCounted?.(stored);
  }
  entry.counts = stored;
}
