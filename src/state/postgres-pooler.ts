import type { Client, ClientBase } from 'pg';
import { GatewayError } from '../core/errors.ts';

/** How often is looked; somebody else may take the session that was just given back. */
const LOOKS = 3;

/**
 * Refuses a pooler that lends a session of the server for the time of a transaction only, as PgBouncer does with
 * `pool_mode = transaction`: what the gateway sets for its session, and keeps in it, would come to somebody else, and what
 * others have set would hold for its records. `another` makes a connection beside the first, which is not connected yet.
 */
export async function refuseSharedSessions(client: ClientBase, another: () => Client, name: string): Promise<void> {
  if (isOwnSession(client, await sessionOf(client))) return;
  if (!(await sharesSessions(client, another()))) return;
  throw new GatewayError('STORE_UNAVAILABLE', `the store, ${name}, is behind a pooler that keeps no session`, {
    mend: 'Set pool_mode = session for this database in the pooler (PgBouncer), or name PostgreSQL itself in `decisions.store.url`.',
  });
}

/** The server tells each client the number of its process when it lets it in; a pooler tells one of its own. */
function isOwnSession(client: ClientBase, session: number): boolean {
  return 'processID' in client && client.processID === session;
}

/** Who holds a session keeps it, so it is never where another one is at the same time. */
async function sharesSessions(client: ClientBase, other: Client): Promise<boolean> {
  other.on('error', () => undefined);
  try {
    await other.connect();
    for (let look = 0; look < LOOKS; look += 1) {
      const before = await sessionOf(client);
      await other.query('begin');
      const beside = await sessionOf(other);
      const after = await sessionOf(client);
      await other.query('rollback');
      if (beside === before || after !== before) return true;
    }
    return false;
  } catch {
    // A pooler that has no second session to give keeps the first one for whoever has it.
    return false;
  } finally {
    await other.end().catch(() => undefined);
  }
}

async function sessionOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
