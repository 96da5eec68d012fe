import type { StoreConnection } from './connection.ts';
import { places, run } from './work.ts';

export interface Lease {
  readonly name: string;
  /** Id of the instance that wants it. */
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lastsMs: number;
  /** Instances that are known to be dead: what they held is free. */
  readonly dead?: readonly string[];
}

/**
 * Takes or keeps what only one process may do; answers whether it is ours until `now + lastsMs`. A lease that would last
 * longer than any was taken before the clock was set back, and is free.
 */
export async function takeLease(
  connection: Pick<StoreConnection, 'ask'>,
  { name, holder, now, lastsMs, dead = [] }: Lease,
): Promise<boolean> {
  const changed = await connection.ask(() =>
    run(
      `insert into leases (name, holder, expires) values (?, ?, ?)
         on conflict (name) do update set holder = excluded.holder, expires = excluded.expires
         where leases.holder = excluded.holder or leases.expires <= ? or leases.expires > ?
         or leases.holder in (${places(dead)})`,
      name,
      holder,
      now + lastsMs,
      now,
      now + 2 * lastsMs,
      ...dead,
    ),
  );
  return changed === 1;
}

export async function giveLeases(connection: StoreConnection, holder: string): Promise<void> {
  await connection.ask(() => run('delete from leases where holder = ?', holder));
}
