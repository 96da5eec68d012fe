import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { StoreConnection } from './connection.ts';
import type { SqlRow } from './driver.ts';

export const HEARTBEAT_MS = 5_000;
/** After this long without a heartbeat an instance counts as dead. */
const SILENCE_MS = 30_000;

/** A gateway process among those that share the store. */
export interface InstanceIdentity {
  /** UUID, new for every start. */
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** Within one boot (and one container) a pid that is gone is proof; elsewhere only silence counts. */
  readonly boot: string;
}

export interface DeadInstance {
  readonly id: string;
  /** Its calls below this seq all have their outcome. */
  readonly openFrom: number;
}

export function identifyProcess(id: string): InstanceIdentity {
  return { id, pid: process.pid, host: hostname(), boot: bootOf() };
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

export interface Heartbeat {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly openFrom: number;
}

/** Enters the instance, or says that it still lives; an instance that was taken for dead is entered again. */
export function beat(connection: StoreConnection, instance: InstanceIdentity, heartbeat: Heartbeat): void {
  const { now, openFrom } = heartbeat;
  connection.use((database) =>
    database
      .prepare(
        `insert into instances (id, pid, host, boot, started, heartbeat, open_from) values (?, ?, ?, ?, ?, ?, ?)
         on conflict (id) do update set heartbeat = excluded.heartbeat, open_from = excluded.open_from`,
      )
      .run(instance.id, instance.pid, instance.host, instance.boot, new Date(now).toISOString(), now, openFrom),
  );
}

export function removeInstance(connection: StoreConnection, id: string): void {
  connection.use((database) => database.prepare('delete from instances where id = ?').run(id));
}

/** The instances that will never say what became of their calls. */
export function findDead(connection: StoreConnection, me: InstanceIdentity, now: number): readonly DeadInstance[] {
  const rows = connection.use((database) =>
    database.prepare('select id, pid, host, boot, heartbeat, open_from from instances where id <> ?').all(me.id),
  );
  return rows
    .filter((row) => Number(row['heartbeat']) < now - SILENCE_MS || isGone(row, me))
    .map((row) => ({ id: String(row['id']), openFrom: Number(row['open_from']) }));
}

function isGone(row: SqlRow, me: InstanceIdentity): boolean {
  if (me.boot === '' || row['boot'] !== me.boot || row['host'] !== me.host) return false;
  try {
    process.kill(Number(row['pid']), 0);
    return false;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
  }
}
