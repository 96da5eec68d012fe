import { describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import type { Driver } from '../../src/state/driver.ts';
import { availableDrivers, chooseDriver } from '../../src/state/drivers.ts';
import { aFolder } from './support.ts';

const broken: Driver = {
  name: 'better-sqlite3',
  load() {
    throw new Error('no binding\nand a long list of paths');
  },
  open() {
    throw new Error('never opened');
  },
};

test('this Node offers at least one driver', () => {
  expect(availableDrivers()).not.toHaveLength(0);
});

test('the first driver that loads is chosen', () => {
  const [works] = availableDrivers();
  if (works === undefined) throw new Error('no driver');
  expect(chooseDriver([broken, works])).toBe(works);
});

test('without any driver the error names each problem and the mend', () => {
  expect(() => chooseDriver([broken])).toThrow(
    expect.objectContaining({
      code: 'STORE_UNAVAILABLE',
      message: 'no SQLite driver can be loaded (better-sqlite3: no binding)',
      mend: expect.stringContaining('Node 22.13'),
    }),
  );
});

describe.each(availableDrivers().map((driver) => ({ name: driver.name, driver })))('$name', ({ driver }) => {
  function aDatabase() {
    const path = join(aFolder(), 'x.db');
    writeFileSync(path, '');
    const database = driver.open(path, 'write');
    database.exec('create table t (a integer primary key, b text, c blob) strict; create table u (x text);');
    return { database, path };
  }

  test('a change that answers is made once, and one that changes nothing answers nothing', () => {
    const { database } = aDatabase();
    const sql = `insert into t (a, b) select ?, 'x' where ? < 3 on conflict (a) do update set b = b || 'x' where b < ? returning b`;
    const answers = database.transaction(() =>
      [1, 2, 3].map(() => database.prepare(sql).all(1, 1, 'xx')).concat([database.prepare(sql).all(2, 3, 'xx')]),
    );
    expect(answers).toEqual([[{ b: 'x' }], [{ b: 'xx' }], [], []]);
    expect(database.prepare('select a, b from t').all()).toEqual([{ a: 1, b: 'xx' }]);
    database.close();
  });

  test('gives back what was put in', () => {
    const { database } = aDatabase();
    const changed = database.prepare('insert into t values (?, ?, ?)').run(2 ** 40, 'äb', new Uint8Array([1, 0, 2]));
    database.prepare('insert into t values (?, ?, ?)').run(1, null, null);
    expect(changed).toBe(1);
    const rows = database.prepare('select * from t order by a').all();
    expect(rows.map((row) => [row['a'], row['b'], row['c'] && [...Buffer.from(row['c'] as Uint8Array)]])).toEqual([
      [1, null, null],
      [2 ** 40, 'äb', [1, 0, 2]],
    ]);
    expect(database.prepare('select a from t where a = ?').get(1)).toEqual({ a: 1 });
    expect(database.prepare('select a from t where a = ?').get(3)).toBeUndefined();
    database.close();
  });

  test('iterates row by row and can be left in between', () => {
    const { database } = aDatabase();
    for (let row = 1; row <= 5; row += 1) database.prepare('insert into t values (?, ?, ?)').run(row, 'x', null);
    const seen: unknown[] = [];
    for (const row of database.prepare('select a from t order by a').iterate()) {
      seen.push(row['a']);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([1, 2]);
    expect(database.prepare('delete from t').run()).toBe(5);
    database.close();
  });

  test('the same text is compiled once', () => {
    const { database } = aDatabase();
    expect(database.prepare('select 1')).toBe(database.prepare('select 1'));
    database.close();
  });

  test('a transaction whose work throws leaves nothing behind', () => {
    const { database } = aDatabase();
    const attempt = () =>
      database.transaction(() => {
        database.prepare('insert into t values (1, ?, null)').run('x');
        throw new Error('stop');
      });
    expect(attempt).toThrow('stop');
    expect(database.prepare('select count(*) as n from t').get()).toEqual({ n: 0 });
    expect(database.transaction(() => database.prepare('insert into t values (1, ?, null)').run('x'))).toBe(1);
    database.close();
  });

  test('answers pragmas with their first value', () => {
    const { database } = aDatabase();
    database.pragma('user_version = 7');
    expect(database.pragma('user_version')).toBe(7);
    expect(database.pragma('journal_mode = wal')).toBe('wal');
    database.close();
  });

  test('a handle for reading cannot write', () => {
    const { database, path } = aDatabase();
    const reader = driver.open(path, 'read');
    expect(() => reader.prepare('insert into u values (?)').run('x')).toThrow(/readonly/);
    reader.close();
    database.close();
  });
});
