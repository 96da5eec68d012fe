import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Logger } from '../../src/core/logger.ts';
import { PostgresConnection } from '../../src/state/postgres-connection.ts';
import { Store } from '../../src/state/store.ts';
import { anOutcome, aRecord, realClock, silent } from '../state/records.ts';
import { aFolder } from '../state/support.ts';
import type { Host } from './hosts.ts';
import { asSuperuser, freshDatabase } from './shared.ts';

export const DAY_MS = 86_400_000;

/** A store whose time can be set, on a host of its own. */
export async function aTimedHost(time: string): Promise<Host> {
  const host = { url: await freshDatabase(), home: aFolder() };
  const connection = new PostgresConnection({ url: host.url, access: 'write' });
  await connection.identity();
  await connection.close();
  await setTime(host, time);
  return host;
}

/** By the store's clock it is that time now, and there is a partition for its month. */
export async function setTime({ url }: Host, time: string): Promise<void> {
  const aheadMs = Date.parse(time) - Date.now();
  await asSuperuser(
    `set role gateway; set search_path = mcp_gateway;
     create or replace function store_ms() returns bigint language sql volatile as
       'select (extract(epoch from clock_timestamp()) * 1000)::bigint + (${aheadMs})';
     select make_log_partition(date_trunc('month', timestamp '${time.slice(0, 10)}'))`,
    url,
  );
}

export interface Life {
  readonly retainMs?: number;
  readonly logger?: Logger;
}

export async function aTimedStore(host: Host, life: Life = {}): Promise<Store> {
  const store = await Store.open({ ...host, durability: 'full', clock: realClock, logger: silent, ...life });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** A call at a time, or now by the store's clock. */
export async function callAt(store: Store, time = new Date(store.clock.now()).toISOString()): Promise<string> {
  const record = aRecord({ time });
  await store.log.append(record);
  store.log.settle(anOutcome(record.id));
  await store.log.flush();
  return record.id;
}

/** Processes that are there at the same time, each with so many calls, and end. */
export async function live(host: Host, processes: number, calls: number): Promise<readonly string[]> {
  const stores: Store[] = [];
  for (let count = 0; count < processes; count += 1) stores.push(await aTimedStore(host));
  const ids: string[] = [];
  for (let call = 0; call < calls; call += 1) for (const store of stores) ids.push(await callAt(store));
  for (const store of stores) await store.close();
  return ids;
}

export async function months({ url }: Host): Promise<readonly unknown[]> {
  const rows = await asSuperuser(
    `select relname from pg_inherits join pg_class c on c.oid = inhrelid
     where inhparent = 'mcp_gateway.log'::regclass order by 1`,
    url,
  );
  return rows.map(({ relname }) => relname);
}

/** A gateway that keeps records so long starts and goes on until that is true, or says what stops it. */
export async function retain(host: Host, isDone: () => Promise<boolean>, days = 90): Promise<readonly string[]> {
  const problems: string[] = [];
  const error = (_: string, fields: object = {}): void => void problems.push(JSON.stringify(fields));
  const store = await aTimedStore(host, { retainMs: days * DAY_MS, logger: { ...silent, error } });
  while (problems.length === 0 && !(await isDone())) await wait(20);
  await store.close();
  return problems;
}
