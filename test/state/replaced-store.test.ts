import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Database, Driver } from '../../src/state/driver.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aRecord } from './records.ts';
import { aLogOf, aPlace, aStore, type Place } from './support.ts';

const unavailable = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });
const FILES = ['', '-wal', '-shm'] as const;

interface Harm {
  readonly what: string;
  /** Returns the way back. */
  readonly cause: (place: Place) => () => void;
}

const HARMS: readonly Harm[] = [
  { what: 'moved away with all that belongs to it', cause: ({ path }) => moved(path, FILES) },
  { what: 'moved away alone', cause: ({ path }) => moved(path, ['']) },
  {
    what: 'closed to its owner',
    cause: ({ path }) => {
      chmodSync(path, 0);
      return () => chmodSync(path, 0o600);
    },
  },
  {
    what: 'a link to itself',
    cause: ({ path }) => {
      const back = moved(path, ['']);
      symlinkSync(`${path}.aside`, path);
      return () => {
        rmSync(path);
        back();
      };
    },
  },
];

function moved(path: string, suffixes: readonly string[]): () => void {
  const files = suffixes.map((suffix) => path + suffix).filter((file) => existsSync(file));
  for (const file of files) renameSync(file, `${file}.aside`);
  return () => {
    for (const file of files) renameSync(`${file}.aside`, file);
  };
}

describe.each(['normal', 'full'] as const)('F-15 durability %s', (durability) => {
  test.each(HARMS)(
    'a store that is $what is noticed at the next call; once it is back, calls go on',
    async ({ cause }) => {
      const place = aPlace();
      const store = await aStore({ ...place, durability });
      await store.log.append(aRecord({ effect: 'deny' }));
      const mend = cause(place);
      await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toEqual(unavailable);
      await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toEqual(unavailable);
      mend();
      await store.log.append(aRecord({ effect: 'deny' }));
      await store.close();
      expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 2 });
    },
  );

  test('where only the write-ahead log is taken away, nothing that was committed is lost', async () => {
    const place = aPlace();
    const store = await aStore({ ...place, durability });
    const sealed = [(await store.log.append(aRecord({ effect: 'deny' }))).hash];
    const mend = moved(place.path, ['-wal']);
    const append = (): Promise<unknown> =>
      store.log.append(aRecord({ effect: 'deny' })).then(({ hash }) => sealed.push(hash));
    // What it had open may be brought into the database when it is given up; else calls are refused.
    const [first] = await Promise.allSettled([append()]);
    if (first?.status === 'rejected') mend();
    await append();
    await store.close();
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: sealed.length, hash: sealed.at(-1) });
  });

  test('another log of the same home in its place refuses every call', async () => {
    const [place, other] = [await aLogOf(2), await aLogOf(3)];
    const store = await aStore({ ...place, durability });
    await store.log.append(aRecord({ effect: 'deny' }));
    for (const suffix of ['-wal', '-shm']) rmSync(place.path + suffix, { force: true });
    copyFileSync(other.path, `${place.path}.other`);
    renameSync(`${place.path}.other`, place.path);
    for (let call = 0; call < 3; call += 1)
      await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toMatchObject({
        code: expect.stringMatching(/STORE_UNAVAILABLE|CHAIN_KEY/),
      });
  });
});

interface Failing {
  /** How many of the next commits fail. */
  failing: number;
  opened: number;
  closed: number;
  onOpen: ((database: Database) => void) | undefined;
}

/** A driver whose next commit fails as SQLite’s does when the disk fails, and that counts its handles. */
function aFailingDriver() {
  const real = chooseDriver();
  const state: Failing = { failing: 0, opened: 0, closed: 0, onOpen: undefined };
  const driver: Driver = {
    ...real,
    open(path, access) {
      const database = real.open(path, access);
      state.opened += 1;
      state.onOpen?.(database);
      return {
        ...database,
        transaction(work) {
          if (state.failing === 0) return database.transaction(work);
          state.failing -= 1;
          return database.transaction(() => {
            work();
            throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
          });
        },
        close() {
          state.closed += 1;
          database.close();
        },
      };
    },
  };
  return { driver, state };
}

describe('F-11 after a failed fsync', () => {
  test('G-82 the call is refused, the handle closed, and the next call has a new one on which the log is verified', async () => {
    const { driver, state } = aFailingDriver();
    const place = aPlace();
    const store = await aStore({ ...place, driver });
    await store.log.append(aRecord({ effect: 'deny' }));
    const before = { ...state };
    state.failing = 1;
    await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('the disk reports an error'),
    });
    expect(state.closed).toBe(before.closed + 1);
    expect((await store.log.append(aRecord({ effect: 'deny' }))).seq).toBe(2);
    expect(state.opened).toBe(before.opened + 1);
    await store.close();
    expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 2 });
  });

  test.each([
    ['what was committed is not there any more', 'delete from log where seq = 2; update heads set seq = 1', /replaced/],
    [
      'a row since the last checkpoint is another',
      `update log set tool = 'x' where seq = 2`,
      /is not what was written/,
    ],
    ['the end of the chain was moved', 'update heads set mac = zeroblob(32)', /is not what was written/],
  ])('calls are refused for as long as %s', async (...[, harm, says]) => {
    const { driver, state } = aFailingDriver();
    const store = await aStore({ ...aPlace(), driver });
    await store.log.append(aRecord({ effect: 'deny' }));
    await store.log.append(aRecord({ effect: 'deny' }));
    state.onOpen = (database) => {
      state.onOpen = undefined;
      database.exec(`drop trigger log_kept; drop trigger log_held; ${harm}`);
    };
    state.failing = 1;
    for (let call = 0; call < 3; call += 1)
      await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toEqual(unavailable);
    await expect(store.log.append(aRecord({ effect: 'deny' }))).rejects.toMatchObject({
      message: expect.stringMatching(says),
    });
  });
});
