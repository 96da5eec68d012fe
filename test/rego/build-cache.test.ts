import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

test('G-71 the entry of another question in the place of one is no entry', async () => {
  const cache = new BuildCache({ folder });
  await cache.write('denies', 'a module that denies');
  await cache.write('allows', 'a module that allows');
  await copyFile(join(folder, 'allows.json'), join(folder, 'denies.json'));
  expect(await cache.read('denies')).toBeUndefined();
  expect(await cache.read('allows')).toBe('a module that allows');
});

const isUnix = process.platform !== 'win32';

describe.runIf(isUnix)(
  'G-71 what others could have written is no entry, in our folder and in that of the package',
  () => {
    const WAYS: readonly (readonly [what: string, change: (file: string) => Promise<void>])[] = [
      ['that everybody may write', (file) => chmod(file, 0o666)],
      [
        'that is a link',
        async (file) => {
          await rename(file, `${file}.real`);
          await symlink(`${file}.real`, file);
        },
      ],
      [
        'that is a pipe',
        async (file) => {
          await rm(file);
          execFileSync('sh', ['-c', 'mkfifo "$0"', file]);
        },
      ],
      [
        'that is a folder',
        async (file) => {
          await rm(file);
          await mkdir(file);
        },
      ],
    ];

    test.each(WAYS)('one %s', async (_, change) => {
      await new BuildCache({ folder }).write('a', 'answer');
      await change(join(folder, 'a.json'));
      expect(await new BuildCache({ folder }).read('a')).toBeUndefined();
      expect(await new BuildCache({ shippedFolder: folder }).read('a')).toBeUndefined();
    });

    test('one that the group may write, in our own', async () => {
      const cache = new BuildCache({ folder });
      await cache.write('a', 'answer');
      await chmod(join(folder, 'a.json'), 0o660);
      expect(await cache.read('a')).toBeUndefined();
    });

    test.runIf(process.getuid?.() === 0)('one of another user, though its digest is right', async () => {
      const cache = new BuildCache({ folder });
      await cache.write('a', 'answer');
      await chown(join(folder, 'a.json'), 65_534, 65_534);
      expect(await cache.read('a')).toBeUndefined();
    });

    test.runIf(process.getuid?.() === 0)('a folder of another user gets nothing', async () => {
      await chown(folder, 65_534, 65_534);
      await new BuildCache({ folder }).write('a', 'answer');
      expect(await readdir(folder)).toEqual([]);
    });

    test('a folder that is a link gets nothing', async () => {
      const link = join(folder, 'link');
      await mkdir(join(folder, 'real'));
      await symlink(join(folder, 'real'), link);
      await new BuildCache({ folder: link }).write('a', 'answer');
      expect(await readdir(join(folder, 'real'))).toEqual([]);
    });

    test('a folder that was open to others is closed', async () => {
      await chmod(folder, 0o777);
      await new BuildCache({ folder }).write('a', 'answer');
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
    });
  },
);

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
