import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseDriver } from '../../src/state/drivers.ts';
import { APPLICATION_ID, migrate, MIGRATIONS } from '../../src/state/migrations.ts';
import { verifyLog } from '../../src/state/verify.ts';
import { aFolder, aLogOf } from './support.ts';

const driver = chooseDriver();

test('a step runs once, on a store that has data, and the data stays', async () => {
  const place = await aLogOf(3);
  const database = driver.open(place.path, 'write');
  const steps = [...MIGRATIONS, 'create table later (a integer) strict; insert into later values (1);'];
  migrate(database, place.path, steps);
  migrate(database, place.path, steps);
  expect(database.pragma('user_version')).toBe(MIGRATIONS.length + 1);
  expect(database.prepare('select count(*) as n from later').get()).toEqual({ n: 1 });
  expect(database.prepare('select count(*) as n from log').get()).toEqual({ n: 6 });
  database.pragma(`user_version = ${MIGRATIONS.length}`);
  database.close();
  expect(await verifyLog(place)).toMatchObject({ kind: 'ok', rows: 6 });
});

test('a store of the first version learns to count', async () => {
  const path = join(aFolder(), 'old.db');
  writeFileSync(path, '');
  const database = driver.open(path, 'write');
  migrate(database, path, MIGRATIONS.slice(0, 1));
  expect(() => database.prepare('select used from budgets')).toThrow(/budgets/);
  migrate(database, path);
  expect(database.prepare('select used from budgets').all()).toEqual([]);
  database.close();
});

test('a step that fails halfway leaves the store as it was', async () => {
  const { path } = await aLogOf(1);
  const database = driver.open(path, 'write');
  const steps = [...MIGRATIONS, 'create table later (a integer) strict; insert into nowhere values (1);'];
  expect(() => migrate(database, path, steps)).toThrow(/nowhere/);
  expect(database.pragma('user_version')).toBe(MIGRATIONS.length);
  expect(database.prepare(`select 1 from sqlite_schema where name = 'later'`).get()).toBeUndefined();
  database.close();
});

test('the file says whose it is', async () => {
  const { path } = await aLogOf(0);
  const database = driver.open(path, 'read');
  expect(database.pragma('application_id')).toBe(APPLICATION_ID);
  database.close();
});

test.each([
  ['never changed', `update log set effect = 'deny'`],
  ['removed in sealed segments only', 'delete from log'],
])('rows of the log are %s', async (what, sql) => {
  const { path } = await aLogOf(1);
  const database = driver.open(path, 'write');
  expect(() => database.exec(sql)).toThrow(`rows of the log are ${what}`);
  database.close();
});
