import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { StoreConnection } from '../../src/state/connection.ts';
import { openConnection, type StorePlace } from '../../src/state/open-connection.ts';
import { Store } from '../../src/state/store.ts';
import type { StoreOptions } from '../../src/state/store-parts.ts';
import { run } from '../../src/state/work.ts';
import { anOutcome, aRecord, realClock, silent } from './records.ts';

/** Gone when the test has ended. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Place {
  readonly path: string;
  readonly home: string;
}

export function aPlace(): Place {
  const home = aFolder();
  return { path: join(home, 'state', 'decisions.db'), home };
}

/** Where a store of either kind is. */
export type AnyPlace = StorePlace & { readonly home: string };

/** In a database of its own where the run has a PostgreSQL, as `npm run test:postgres` does; in a file everywhere else. */
export function anyPlace(): AnyPlace {
  const server: { readonly admin: string; readonly gateway: string } | undefined = inject('postgres');
  if (server === undefined) return aPlace();
  const name = `place_${randomUUID().replaceAll('-', '')}`;
  execFileSync('psql', ['-q', '-d', `${server.admin}postgres`, '-c', `create database ${name} owner gateway`]);
  return { url: `${server.gateway}${name}`, home: aFolder() };
}

/** A way to the store beside those that it has itself; closed when the test has ended. */
export function aConnection(place: StorePlace): StoreConnection {
  const connection = openConnection(place, { access: 'write' });
  onTestFinished(() => connection.close());
  return connection;
}

/** Until it is called back, no record can be written to the store. */
export async function refuseRecords(place: AnyPlace): Promise<() => Promise<void>> {
  const connection = aConnection(place);
  const [refuse, letIn] = 'url' in place ? IN_POSTGRES : IN_SQLITE;
  const inTurn = (texts: readonly string[]) => async (): Promise<void> => {
    for (const text of texts) await connection.ask(() => run(text));
  };
  await inTurn(refuse)();
  return inTurn(letIn);
}

const IN_SQLITE = [
  [`create trigger broken before insert on log begin select raise(abort, 'no'); end`],
  ['drop trigger broken'],
] as const;
const IN_POSTGRES = [
  [
    `create function broken() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
    'create trigger broken before insert on log for each row execute function broken()',
  ],
  ['drop trigger broken on log', 'drop function broken'],
] as const;

export function pathOf({ place }: Store): string {
  if ('path' in place) return place.path;
  throw new Error('the store is no file');
}

/** Closed when the test has ended. */
export async function aStore(options: AnyPlace & Partial<Omit<StoreOptions, keyof StorePlace>>): Promise<Store> {
  const store = await Store.open({ durability: 'normal', clock: realClock, logger: silent, ...options });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** A store with this many calls, each with its outcome, closed again. */
export async function aLogOf(calls: number): Promise<Place & { readonly ids: readonly string[] }> {
  const place = aPlace();
  const store = await Store.open({ ...place, durability: 'normal', clock: realClock, logger: silent });
  const ids: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const record = aRecord();
    await store.log.append(record);
    store.log.settle(anOutcome(record.id));
    ids.push(record.id);
  }
  await store.close();
  return { ...place, ids };
}
