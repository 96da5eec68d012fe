import { calledThread } from '../core/called-thread.ts';
import { chooseDriver } from './drivers.ts';
import type { StorePlace } from './open-connection.ts';
import type { StoreReads } from './store-reads.ts';

export interface ReadsSettings {
  readonly driver: string;
  /** Its address may have a password in it: it goes to the thread, and to nobody else. */
  readonly place: StorePlace;
  readonly home: string;
}

const IDLE_MS = 10 * 60_000;
const MOST_WAITING = 64;

export interface ReadsThread {
  readonly reads: StoreReads;
  readonly close: () => Promise<void>;
}

/**
 * `StoreReads` on a thread of its own: a page over a million decisions takes up to a tenth of a second of SQLite, for which
 * every call would wait on the thread of the gateway. It is started by the first question.
 */
export function readsThread({ place, home }: Omit<ReadsSettings, 'driver'>): ReadsThread {
  const settings: ReadsSettings = { driver: chooseDriver().name, place, home };
  const { methods: reads, close } = calledThread<StoreReads>({
    file: 'reads-worker',
    base: import.meta.url,
    settings,
    name: 'mcp-gateway dashboard',
    idleMs: IDLE_MS,
    mostWaiting: MOST_WAITING,
  });
  return { reads, close };
}
