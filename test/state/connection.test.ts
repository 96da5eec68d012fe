import { chmodSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SqliteConnection, type ConnectionOptions } from '../../src/state/sqlite-connection.ts';
import { availableDrivers, chooseDriver } from '../../src/state/drivers.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { aFolder, aLogOf, aPlace } from './support.ts';

function aConnection(options: Partial<ConnectionOptions> = {}): SqliteConnection {
  const connection = new SqliteConnection({
    driver: chooseDriver(),
    path: aPlace().path,
    access: 'write',
    durability: 'normal',
    ...options,
  });
  onTestFinished(() => connection.close());
  return connection;
}

const modeOf = (path: string): number => lstatSync(path).mode & 0o777;
const touch = (connection: SqliteConnection): unknown =>
  connection.use((database) => database.prepare('select count(*) as n from log').get());

describe.each(availableDrivers().map((driver) => ({ name: driver.name, driver })))('with $name', ({ driver }) => {
  test.each([
    ['full', 2],
    ['normal', 1],
  ] as const)('durability %s writes through the write-ahead log with synchronous %i', (durability, synchronous) => {
    const connection = aConnection({ driver, durability });
    const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'trusted_schema', 'busy_timeout', 'user_version'];
    expect(connection.use((database) => pragmas.map((pragma) => database.pragma(pragma)))).toEqual([
      'wal',
      synchronous,
      1,
      0,
      2000,
      MIGRATIONS.length,
    ]);
  });

  test('a file that is no database is said to be none', () => {
    const path = join(aFolder(), 'x.db');
    writeFileSync(path, 'not a database '.repeat(100));
    expect(() => touch(aConnection({ driver, path }))).toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('not a SQLite database') }),
    );
  });

  test('a damaged page is said to be damage', async () => {
    const { path } = await aLogOf(40);
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096, bytes.length - 4096);
    writeFileSync(path, bytes);
    const connection = aConnection({ driver, path });
    expect(() =>
      connection.use((database) => database.prepare('select sum(length(body)) from log where tool = ?').all('x')),
    ).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('is damaged') }));
  });

  test('what another program holds is said to be held', () => {
    const connection = aConnection({ driver });
    touch(connection);
    const other = driver.open(connection.path, 'write');
    other.exec('begin exclusive');
    onTestFinished(() => other.close());
    expect(() => connection.use((database) => database.transaction(() => undefined))).toThrow(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('is held by another program'),
      }),
    );
  });
});

test('the folder is closed to others and so is every file', () => {
  const connection = aConnection();
  touch(connection);
  expect(modeOf(dirname(connection.path))).toBe(0o700);
  for (const suffix of ['', '-wal', '-shm']) expect(modeOf(connection.path + suffix)).toBe(0o600);
});

test('a file that was open to others is closed to them', () => {
  const path = join(aFolder(), 'x.db');
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  touch(aConnection({ path }));
  expect(modeOf(path)).toBe(0o600);
});

test('a folder that anyone may write to is refused', () => {
  const folder = join(aFolder(), 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  expect(() => touch(aConnection({ path: join(folder, 'x.db') }))).toThrow(/anyone may write/);
});

test.each(['x.db', 'x.db-wal', 'x.db-shm'])('%s as a symbolic link is refused', (name) => {
  const folder = aFolder();
  writeFileSync(join(folder, 'elsewhere'), '');
  symlinkSync(join(folder, 'elsewhere'), join(folder, name));
  expect(() => touch(aConnection({ path: join(folder, 'x.db') }))).toThrow(/symbolic link/);
});

test('a folder that is a symbolic link is refused', () => {
  const folder = aFolder();
  mkdirSync(join(folder, 'real'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  expect(() => touch(aConnection({ path: join(folder, 'link', 'x.db') }))).toThrow(/symbolic link/);
});

test('the database of another program is left alone', () => {
  const path = join(aFolder(), 'x.db');
  writeFileSync(path, '');
  const other = chooseDriver().open(path, 'write');
  other.exec('create table theirs (a)');
  other.close();
  expect(() => touch(aConnection({ path }))).toThrow(/database of another program/);
});

test('a store of a newer version is refused with its own code', async () => {
  const connection = aConnection();
  connection.use((database) => database.pragma('user_version = 99'));
  await connection.close();
  expect(() => touch(aConnection({ path: connection.path }))).toThrow(
    expect.objectContaining({ code: 'STORE_NEWER', message: expect.stringContaining('has schema 99') }),
  );
});

test('a folder that cannot be made is named', () => {
  const file = join(aFolder(), 'file');
  writeFileSync(file, '');
  expect(() => touch(aConnection({ path: join(file, 'x', 'x.db') }))).toThrow(/the folder .* cannot be made/);
});

test('a store that is not there cannot be read', () => {
  expect(() => touch(aConnection({ access: 'read' }))).toThrow(/there is no store at/);
});

test('a removed file is noticed at the next use and not made anew', () => {
  const connection = aConnection();
  touch(connection);
  rmSync(connection.path);
  expect(() => touch(connection)).toThrow(/there is no store at/);
  expect(() => touch(connection)).toThrow(/there is no store at/);
});

test('a file that is put back is used again', () => {
  const connection = aConnection();
  touch(connection);
  renameSync(connection.path, `${connection.path}.away`);
  expect(() => touch(connection)).toThrow(/there is no store at/);
  renameSync(`${connection.path}.away`, connection.path);
  expect(touch(connection)).toEqual({ n: 0 });
});

test('after any failure the next use has a new handle', () => {
  const connection = aConnection();
  const first = connection.use((database) => database);
  expect(connection.use((database) => database)).toBe(first);
  expect(() => connection.use((database) => database.exec('no sql'))).toThrow(/cannot be used/);
  expect(connection.use((database) => database)).not.toBe(first);
});

test('a closed connection stays closed', async () => {
  const connection = aConnection();
  touch(connection);
  await connection.close();
  await connection.close();
  expect(() => touch(connection)).toThrow(/has been closed/);
});
