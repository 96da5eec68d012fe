import type { ClientBase } from 'pg';
import { GatewayError } from '../core/errors.ts';

/** The server's function that waits until a standby has what is committed (`src/backend/replication/syncrep.c`). */
const WAITING_FOR_STANDBY = 'SyncRepWaitForLSN';

const inDoubt = new WeakSet<ClientBase>();

/**
 * A server that has to wait for a standby gives up when a statement may take no longer, and then answers that it has
 * committed, with a warning: what it says is true of itself only, and lost when the standby takes over. Warnings are worded
 * in the server's language; where they come from is not.
 */
export function hearDoubts(client: ClientBase): void {
  client.on('notice', ({ routine }) => {
    if (routine === WAITING_FOR_STANDBY) inDoubt.add(client);
  });
}

/** Throws where what was just answered is not as durable as this server has to make it. */
export function refuseDoubt(client: ClientBase): void {
  if (!inDoubt.has(client)) return;
  throw new GatewayError('STORE_UNAVAILABLE', 'the standby of the store did not confirm in time what was committed', {
    mend: 'See that it runs and follows (pg_stat_replication), or take it out of synchronous_standby_names. Calls are let through again by themselves.',
  });
}
