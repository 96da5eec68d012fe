import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BuildCache, cacheKey } from '../../src/rego/build-cache.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'build-cache-'));
});
afterEach(async () => rm(folder, { recursive: true }));

test('what was written is read', async () => {
  const cache = new BuildCache({ folder: join(folder, 'deep', 'er') });
  expect(await cache.read('a')).toBeUndefined();
  await cache.write('a', 'answer\nof two lines');
  expect(await cache.read('a')).toBe('answer\nof two lines');
  expect(await cache.read('b')).toBeUndefined();
});

const DAMAGES: readonly (readonly [what: string, damage: (content: string) => string])[] = [
  ['cut short', (content) => content.slice(0, -1)],
  ['changed', (content) => content.replace('answer', 'ansver')],
  ['longer', (content) => `${content} `],
  ['empty', () => ''],
  ['something else', () => '{}'],
];

test.each(DAMAGES)('an entry that is %s is no entry, and can be written anew', async (_, damage) => {
  const cache = new BuildCache({ folder });
  await cache.write('a', 'answer');
  const file = join(folder, 'a.json');
  await writeFile(file, damage(await readFile(file, 'utf8')));
  expect(await cache.read('a')).toBeUndefined();
  await cache.write('a', 'answer');
  expect(await cache.read('a')).toBe('answer');
});

test('what is kept is readable by its owner alone, and no draft is left', async () => {
  const cache = new BuildCache({ folder: join(folder, 'cache') });
  await cache.write('a', 'answer');
  expect(await readdir(join(folder, 'cache'))).toEqual(['a.json']);
  expect((await stat(join(folder, 'cache'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, 'cache', 'a.json'))).mode & 0o777).toBe(0o600);
});

test('a folder that cannot be made keeps nothing and harms nothing', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const cache = new BuildCache({ folder: file });
  await cache.write('a', 'answer');
  expect(await cache.read('a')).toBeUndefined();
});

test('what came with the package is read where nothing else is, and never changed', async () => {
  const shippedFolder = join(folder, 'shipped');
  const old = new Date(2000, 0, 1);
  await new BuildCache({ folder: shippedFolder }).write('a', 'shipped');
  const file = join(shippedFolder, 'a.json');
  await utimes(file, old, old);
  const cache = new BuildCache({ folder: join(folder, 'own'), shippedFolder });
  expect(await cache.read('a')).toBe('shipped');
  expect((await stat(file)).mtime).toEqual(old);
  await cache.write('a', 'own');
  expect(await cache.read('a')).toBe('own');
  expect(await new BuildCache({ shippedFolder }).read('a')).toBe('shipped');
});

test('without a folder nothing is kept', async () => {
  const cache = new BuildCache({});
  await cache.write('a', 'answer');
  expect(await cache.read('a')).toBeUndefined();
});

test('the entries that nobody uses go first', async () => {
  const cache = new BuildCache({ folder });
  const old = new Date(2000, 0, 1);
  await Promise.all(
    Array.from({ length: 512 }, async (_, index) => {
      await writeFile(join(folder, `${index}.json`), '');
      await utimes(join(folder, `${index}.json`), old, old);
    }),
  );
  await cache.write('used', 'answer');
  const names = await readdir(folder);
  expect(names).toHaveLength(512);
  expect(names).toContain('used.json');
});

test('a key depends on the toolchain and the request, and not on where one ends', () => {
  const keys = [cacheKey('a', 'bc'), cacheKey('ab', 'c'), cacheKey('a', 'b')];
  expect(new Set(keys).size).toBe(3);
});
