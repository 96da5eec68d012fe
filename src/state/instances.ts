import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';
import { all, run } from './work.ts';

export const HEARTBEAT_MS = 5_000;
/** After this long without a heartbeat an instance counts as dead. */
const SILENCE_MS = 30_000;

/** A gateway process among those that share the store. */
export interface InstanceIdentity {
  /** UUID, new for every start. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** Within one boot (and one container) the process itself says whether it lives; elsewhere only silence does. */
  readonly boot: string;
  /** When the process began, in ticks since the boot: another process may get the pid of one that has ended. */
  readonly began: string;
}

export interface DeadInstance {
  readonly id: string;
  /** Its calls below this seq all have their outcome. */
  readonly openFrom: number;
}

export function identifyProcess(id: string): InstanceIdentity {
  return { id, pid: process.pid, host: hostname(), boot: bootOf(), began: beganAt(process.pid) ?? '' };
}

/** Empty where the system does not say which boot this is: then a pid proves nothing. */
function bootOf(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** Undefined where no such process runs, or the system does not say when it began (proc(5), `stat`, fields 3 and 22). */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, in parentheses, and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that has ended stays in the table until its parent has looked.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** What an instance decides by; empty for a command, which decides nothing. */
export interface InForce {
  readonly generation: string;
  /** Hash of its facts: with the modes of bundles and rules, which the generation does not have. */
  readonly facts: string;
}

export const NOTHING_IN_FORCE: InForce = { generation: '', facts: '' };

export interface Heartbeat {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly openFrom: number;
  /** Default: nothing. */
  readonly inForce?: InForce;
  /** As in `KnownInstance`. Default: none. */
  readonly address?: string;
}

/** Enters the instance, or says that it still lives; an instance that was taken for dead is entered again. */
export async function beat(
  connection: StoreConnection,
  instance: InstanceIdentity,
  heartbeat: Heartbeat,
): Promise<void> {
  const { now, openFrom, inForce = NOTHING_IN_FORCE, address = '' } = heartbeat;
  await connection.askBriefly(() =>
    run(
      `insert into instances (id, pid, host, boot, began, started, heartbeat, open_from, generation, facts, address)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (id) do update set heartbeat = excluded.heartbeat, open_from = excluded.open_from,
           generation = excluded.generation, facts = excluded.facts, address = excluded.address`,
      instance.id,
      instance.pid,
      instance.host,
      instance.boot,
      instance.began,
      new Date(now).toISOString(),
      now,
      openFrom,
      inForce.generation,
      inForce.facts,
      address,
    ),
  );
}

export async function removeInstance(connection: StoreConnection, id: string): Promise<void> {
  await connection.ask(() => run('delete from instances where id = ?', id));
}

/**
 * The instances that will never say what became of their calls. Of one that runs beside us we know it whatever the clock
 * says: a machine that slept, or whose clock was set, is full of silent processes that live.
 */
export async function findDead(
  connection: StoreConnection,
  me: InstanceIdentity,
  now: number,
): Promise<readonly DeadInstance[]> {
  const rows = await connection.ask(() =>
    all('select id, pid, host, boot, began, heartbeat, open_from from instances where id <> ?', me.id),
  );
  return rows
    .filter((row) => (isBeside(row, me) ? hasEnded(row) : Number(row['heartbeat']) < now - SILENCE_MS))
    .map((row) => ({ id: String(row['id']), openFrom: Number(row['open_from']) }));
}

/** A gateway process, or a command that writes, as the store knows it. */
export interface KnownInstance extends InForce {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** RFC 3339. */
  readonly started: string;
  /** Milliseconds since the epoch. */
  readonly heartbeatMs: number;
  /** Where the other gateways of the store reach its HTTP door, such as `http://10.0.0.5:3700`; empty where it has none. */
  readonly address: string;
  /** Whether it runs on this machine, and in the same container: then it has the same loopback addresses. */
  readonly isLocal: boolean;
}

/** The instances that live at a time, in milliseconds since the epoch, the oldest first. */
export async function listLiving(connection: StoreConnection, now: number): Promise<readonly KnownInstance[]> {
  const me = identifyProcess('');
  const dead = new Set((await findDead(connection, me, now)).map(({ id }) => id));
  const rows = await connection.ask(() => all('select * from instances order by started, id'));
  return rows
    .map((row) => ({
      id: String(row['id']),
      pid: Number(row['pid']),
      host: String(row['host']),
      started: String(row['started']),
      heartbeatMs: Number(row['heartbeat']),
      generation: String(row['generation']),
      facts: String(row['facts']),
      address: String(row['address']),
      isLocal: row['host'] === me.host && row['boot'] === me.boot,
    }))
    .filter(({ id }) => !dead.has(id));
}

function isBeside(row: SqlRow, me: InstanceIdentity): boolean {
  return me.boot !== '' && row['boot'] === me.boot && row['host'] === me.host && row['began'] !== '';
}

function hasEnded(row: SqlRow): boolean {
  return beganAt(Number(row['pid'])) !== row['began'];
}
