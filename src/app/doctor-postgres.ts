import { fail, type HealthFinding, ok, skip, warn } from './doctor.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { StoreConnection } from '../state/connection.ts';
import { openConnection, type StorePlace } from '../state/open-connection.ts';
import { NoStoreYet } from '../state/postgres-welcome.ts';
import { type ClockDifference, clockDifference } from '../state/postgres-clock.ts';
import { all, one, type Work } from '../state/work.ts';

const STORE = 'store';
const RIGHTS = 'store.rights';
const CLOCK = 'store.clock';

/** Beyond that a person wonders why something has expired already, or not yet. */
const MOST_APART_MS = 1_000;

/** Whether a store in PostgreSQL can be reached and used, and whether its clock and this machine's agree. */
export async function checkPostgres(place: StorePlace, clock: Clock): Promise<readonly HealthFinding[]> {
  const connection = openConnection(place, { access: 'read' });
  try {
    const facts = await connection.ask(readFacts);
    return [
      ok(
        STORE,
        `${connection.name}, PostgreSQL ${facts.version}, the last record is #${String(facts.seq)}, ${facts.megabytes} MB`,
      ),
      rightsFinding(facts),
      clockFinding(await clockDifference(connection, clock)),
    ];
  } catch (thrown) {
    return [unusable(thrown, connection)];
  } finally {
    await connection.close();
  }
}

interface Facts {
  readonly version: string;
  readonly seq: number;
  readonly megabytes: string;
  readonly isStandby: boolean;
  readonly user: string;
  readonly mayWrite: boolean;
}

function* readFacts(): Work<Facts> {
  const row = yield* one(`select current_setting('server_version') as version, current_user::text as "user",
      pg_is_in_recovery()::int as standby,
      (has_schema_privilege('mcp_gateway', 'create') and has_table_privilege('log', 'insert'))::int as "write"`);
  const sizes = yield* all(`select pg_total_relation_size(c.oid) as bytes from pg_class c
      where c.relnamespace = 'mcp_gateway'::regnamespace and c.relkind = 'r'`);
  const last = yield* one('select max(seq) as seq from log');
  const bytes = sizes.reduce((sum, size) => sum + Number(size['bytes']), 0);
  return {
    version: String(row?.['version']),
    seq: Number(last?.['seq'] ?? 0),
    megabytes: (bytes / 1024 ** 2).toFixed(1),
    isStandby: Number(row?.['standby']) === 1,
    user: String(row?.['user']),
    mayWrite: Number(row?.['write']) === 1,
  };
}

function rightsFinding({ isStandby, mayWrite, user }: Facts): HealthFinding {
  if (isStandby) {
    return fail(RIGHTS, 'the server is a standby and only read from; every call is refused', 'name the primary in url');
  }
  if (mayWrite) return ok(RIGHTS, `${user} may record decisions`);
  return fail(
    RIGHTS,
    `${user} may not write to the schema mcp_gateway; every call is refused`,
    `psql -c 'alter schema mcp_gateway owner to ${user}'`,
  );
}

function clockFinding({ ms, uncertaintyMs }: ClockDifference): HealthFinding {
  const apart = Math.abs(ms);
  const seconds = `${(apart / 1000).toFixed(1)} s ${ms > 0 ? 'ahead of' : 'behind'} this machine’s`;
  if (apart - uncertaintyMs <= MOST_APART_MS) return ok(CLOCK, 'the store’s clock and this machine’s agree');
  return warn(CLOCK, `the store’s clock is ${seconds}; the store’s decides what expires`, 'timedatectl set-ntp true');
}

function unusable(thrown: unknown, { name }: StoreConnection): HealthFinding {
  if (!(thrown instanceof GatewayError))
    return fail(STORE, `${name}: ${messageOf(thrown)}`, 'mcp-gateway doctor --json');
  if (thrown instanceof NoStoreYet) return skip(STORE, `there is none in the ${name} yet; the first start makes it`);
  if (thrown.code === 'STORE_NEWER') return fail(STORE, thrown.message, 'npm install -g mcp-gateway@latest');
  return fail(STORE, thrown.message, thrown.mend ?? 'mcp-gateway serve --http');
}
