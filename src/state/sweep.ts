import type { StoreConnection } from './connection.ts';
import type { DecisionLog } from './decision-log.ts';
import { unknownOutcome } from './ended-call.ts';
import { findDead, HEARTBEAT_MS, removeInstance, type DeadInstance, type InstanceIdentity } from './instances.ts';
import { takeLease } from './leases.ts';
import { FORWARDED_ACTIONS } from './log-rows.ts';
import { type Expiry, expiryOf, orphanedHolds } from './reservations.ts';
import { all, places } from './work.ts';

const LEASE_MS = 3 * HEARTBEAT_MS;

export interface Sweep {
  readonly connection: StoreConnection;
  readonly log: DecisionLog;
  readonly me: InstanceIdentity;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Gives the open calls of dead instances the outcome `unknown`; only the holder of the lease does. Answers how many
 * there were. Ended halfway, the next sweep finishes: an instance is forgotten only after its outcomes are committed.
 */
export async function sweep({ connection, log, me, now }: Sweep): Promise<number> {
  const found = await findDead(connection, me, now);
  if (found.length === 0) return 0;
  const dead = found.map(({ id }) => id);
  if (!(await takeLease(connection, { name: 'sweep', holder: me.id, now, lastsMs: LEASE_MS, dead }))) return 0;
  let settled = 0;
  for (const instance of found) {
    const calls = await findOpenCalls(connection, instance);
    for (const id of calls) settleExpired(log, await expiryOf(connection, id, now));
    await log.flush();
    await removeInstance(connection, instance.id);
    settled += calls.length;
  }
  return settled;
}

/** Ends what dead processes still hold and no sweep could end before. Answers of how many decisions. */
export async function sweepHolds({ connection, log, now }: Omit<Sweep, 'me'>): Promise<number> {
  const orphaned = await orphanedHolds(connection, now);
  for (const one of orphaned) settleExpired(log, one);
  if (orphaned.length > 0) await log.flush();
  return orphaned.length;
}

function settleExpired(log: DecisionLog, { decision, settled, changes }: Expiry): void {
  log.settle({ ...unknownOutcome(decision), settled }, changes);
}

async function findOpenCalls(connection: StoreConnection, dead: DeadInstance): Promise<readonly string[]> {
  const rows = await connection.ask(() =>
    all(
      `select id from log as decision
         where seq >= ? and instance = ? and kind = 'decision' and effect = 'allow' and action in (${places(FORWARDED_ACTIONS)})
         and not exists (select 1 from log where log.id = decision.id and kind = 'outcome')
         order by seq`,
      dead.openFrom,
      dead.id,
      ...FORWARDED_ACTIONS,
    ),
  );
  return rows.map((row) => String(row['id']));
}
