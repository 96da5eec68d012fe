import type { Clock } from '../core/clock.ts';
import type { StoreConnection } from './connection.ts';
import { StoreClock } from './store-clock.ts';
import { one, type Work } from './work.ts';

/** How far this machine's clock is from the store's. */
export interface ClockDifference {
  /** What has to be added to this machine's time to have the store's, in milliseconds. */
  readonly ms: number;
  /** By how much that may be wrong at most. */
  readonly uncertaintyMs: number;
}

const ASKED = 3;

/**
 * The store's time decides what expires, because several machines have to agree on it. It is asked a few times; the
 * answer that came soonest tells most, as if it had been given in the middle of the way there and back.
 */
export async function clockDifference(connection: StoreConnection, clock: Clock): Promise<ClockDifference> {
  let best: ClockDifference = { ms: 0, uncertaintyMs: Infinity };
  for (let count = 0; count < ASKED; count += 1) {
    const began = clock.monotonic();
    const here = clock.now();
    const there = await connection.ask(storeTime);
    const uncertaintyMs = (clock.monotonic() - began) / 2;
    if (uncertaintyMs < best.uncertaintyMs) best = { ms: there - (here + uncertaintyMs), uncertaintyMs };
  }
  return best;
}

/** The clock by which what is in a store expires: its own where several hosts share it, this machine's otherwise. */
export async function storeClockOf(connection: StoreConnection, own: Clock): Promise<Clock> {
  // A file has no clock, and one chain: who can write to it is on this machine.
  if (connection.numbering === 'dense') return own;
  const clock = new StoreClock(own);
  clock.set((await clockDifference(connection, own)).ms);
  return clock;
}

/** The time of PostgreSQL's machine, in milliseconds since the epoch. */
function* storeTime(): Work<number> {
  const row = yield* one('select store_ms() as ms');
  return Number(row?.['ms']);
}
