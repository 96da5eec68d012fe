import type { SqliteConnection } from './sqlite-connection.ts';

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
export function takeLease(
  connection: Pick<SqliteConnection, 'use'>,
  { name, holder, now, lastsMs, dead = [] }: Lease,
): boolean {
  const changed = connection.use((database) =>
    database
      .prepare(
        `insert into leases (name, holder, expires) values (?, ?, ?)
         on conflict (name) do update set holder = excluded.holder, expires = excluded.expires
         where leases.holder = excluded.holder or leases.expires <= ? or leases.expires > ?
         or leases.holder in (select value from json_each(?))`,
      )
      .run(name, holder, now + lastsMs, now, now + 2 * lastsMs, JSON.stringify(dead)),
  );
  return changed === 1;
}

export function giveLeases(connection: SqliteConnection, holder: string): void {
  connection.use((database) => database.prepare('delete from leases where holder = ?').run(holder));
}
