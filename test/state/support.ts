import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Durability, StoreConnection } from '../../src/state/connection.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import type { SqlValue } from '../../src/state/driver.ts';
import { openConnection, type StorePlace } from '../../src/state/open-connection.ts';
import { Store } from '../../src/state/store.ts';
import type { StoreOptions } from '../../src/state/store-parts.ts';
import { all, one, run, type Work } from '../../src/state/work.ts';
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
  execFileSync('psql', [
    '-q',
    '-d',
    `${server.admin}postgres`,
    '-c',
    `create database ${name} owner gateway template pattern`,
  ]);
  return { url: `${server.gateway}${name}`, home: aFolder() };
}

/** What a store of the run can be opened with: PostgreSQL has but one. */
export const DURABILITIES: readonly Durability[] = inject('postgres') === undefined ? ['normal', 'full'] : ['full'];

/** For `spender.ts` and `appender.ts`: the store, and the home folder. */
export function argumentsOf({ home, ...place }: AnyPlace): readonly [store: string, home: string] {
  return [JSON.stringify(place), home];
}

/** Closed when the test has ended. */
export function aReader(place: StorePlace): DecisionReader {
  const reader = new DecisionReader(place);
  onTestFinished(() => reader.close());
  return reader;
}

/**
 * Resolves when the log can be followed up to what was committed before: on PostgreSQL other transactions of the same
 * server, such as those of other tests, hold that up for as long as they run.
 */
export async function isSettled(place: StorePlace): Promise<void> {
  const connection = aConnection(place);
  if (connection.numbering === 'dense') return;
  const behind = 'select 1 from log where seq >= (select settled_seq()) limit 1';
  while ((await connection.ask(() => one(behind))) !== undefined) await new Promise((done) => setTimeout(done, 5));
}

export interface MovedClock extends Clock {
  pass(ms: number): Promise<void>;
}

/** A clock that the test moves, of the gateway and of the store behind it. */
export async function aMovedClock(place: StorePlace, startsMs: number): Promise<MovedClock> {
  const connection = aConnection(place);
  let now = startsMs;
  const setStore = async (): Promise<void> => {
    if (connection.numbering === 'dense') return;
    const body = `'select cast(${now} as bigint)'`;
    await connection.ask(() => run(`create or replace function store_ms() returns bigint language sql as ${body}`));
  };
  await setStore();
  return {
    now: () => now,
    monotonic: () => now,
    pass: async (ms) => {
      now += ms;
      await setStore();
    },
  };
}

/** As somebody does who may change the database: what is to keep the log is taken away first. */
export async function changeByHand(place: StorePlace, text: string, ...values: readonly SqlValue[]): Promise<void> {
  await byHand(place, function* () {
    yield* run(text, ...values);
  });
}

/** As `changeByHand`, for what takes more than one statement. */
export async function byHand(place: StorePlace, work: () => Work<void>): Promise<void> {
  const connection = aConnection(place);
  const on = connection.numbering === 'dense' ? '' : ' on log';
  await connection.change(function* () {
    for (const trigger of ['log_kept', 'log_held']) yield* run(`drop trigger if exists ${trigger}${on}`);
    yield* work();
  });
  await connection.close();
}

/** Keeps the log as it is now, and answers what puts it back, as an older backup does. */
export async function keepLog(place: StorePlace): Promise<() => Promise<void>> {
  const tables = ['log', 'heads'];
  await byHand(place, function* () {
    for (const table of tables) yield* run(`create table kept_${table} as select * from ${table}`);
  });
  return () =>
    byHand(place, function* () {
      for (const table of tables) {
        yield* run(`delete from ${table}`);
        yield* run(`insert into ${table} select * from kept_${table}`);
      }
    });
}

/** The numbers of the rows of a log, the first first: only a file counts them from 1 on, without gaps. */
export async function seqsOf(place: StorePlace): Promise<readonly number[]> {
  const rows = await aConnection(place).ask(() => all('select seq from log order by seq'));
  return rows.map(({ seq }) => Number(seq));
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
export function aLogOf(calls: number): Promise<Place & { readonly ids: readonly string[] }> {
  return filled(aPlace(), calls);
}

/** As `aLogOf`, in a store of either kind. */
export function anyLogOf(calls: number): Promise<AnyPlace & { readonly ids: readonly string[] }> {
  return filled(anyPlace(), calls);
}

async function filled<P extends AnyPlace>(place: P, calls: number): Promise<P & { readonly ids: readonly string[] }> {
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
