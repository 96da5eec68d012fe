import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { StoreConnection } from './connection.ts';
import { openConnection, type StorePlace } from './open-connection.ts';
import { giveLeases, takeLease } from './leases.ts';
import { storeClockOf } from './postgres-clock.ts';

/** How long work may take: after this another process takes it for dead. */
const LASTS_MS = 30_000;
/** Longer than a dead process can hold it. */
const PATIENCE_MS = 45_000;
const POLL_MS = 25;

/** Does work of a name while nobody else who shares the store does; waits for its turn. */
export type WithLease = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Rejects with STORE_UNAVAILABLE, and with whatever the work rejects with. */
export function leasesOn(connection: StoreConnection, clock: Clock): WithLease {
  return async (name, work) => {
    // Each time another holder, so that works of one process wait for one another too.
    const holder = randomUUID();
    const startedAtMs = clock.monotonic();
    while (!(await takeLease(connection, { name, holder, now: clock.now(), lastsMs: LASTS_MS }))) {
      if (clock.monotonic() - startedAtMs > PATIENCE_MS) {
        throw new GatewayError('STORE_UNAVAILABLE', `the lease "${name}" is held by another process for too long`);
      }
      await wait(POLL_MS);
    }
    try {
      return await work();
    } finally {
      await giveLeases(connection, holder);
    }
  };
}

/** For a command that shares work with the gateways of a store without being one. The connection is made when it is needed. */
export function leasesOfStore(
  place: StorePlace,
  clock: Clock,
): { readonly withLease: WithLease; readonly close: () => Promise<void> } {
  const connection = openConnection(place, { access: 'write' });
  // By another clock than that of the gateways, a lease that is held would look as if it had run out.
  const withLease: WithLease = async (name, work) =>
    leasesOn(connection, await storeClockOf(connection, clock))(name, work);
  return { withLease, close: () => connection.close() };
}
