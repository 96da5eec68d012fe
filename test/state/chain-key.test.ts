import { chmodSync, lstatSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyedHash, obtainChainKey, readChainKey } from '../../src/state/chain-key.ts';
import { aFolder, aLogOf, aStore } from './support.ts';

test('the key is made once, closed to others, and read again', () => {
  const home = aFolder();
  const key = obtainChainKey(home);
  expect(obtainChainKey(home).id).toBe(key.id);
  expect(readChainKey(home).secret.equals(key.secret)).toBe(true);
  expect(readdirSync(home)).toEqual(['chain.key']);
  expect(lstatSync(join(home, 'chain.key')).mode & 0o777).toBe(0o600);
});

test.each([
  ['is open to other users', (path: string) => chmodSync(path, 0o640)],
  ['is not a chain key', (path: string) => writeFileSync(path, 'short')],
  [
    'is a symbolic link',
    (path: string) => {
      renameSync(path, `${path}.real`);
      symlinkSync(`${path}.real`, path);
    },
  ],
  ['cannot be read', (path: string) => renameSync(path, `${path}.away`)],
])('a key that %s is refused', (problem, harm) => {
  const home = aFolder();
  obtainChainKey(home);
  harm(join(home, 'chain.key'));
  expect(() => readChainKey(home)).toThrow(
    expect.objectContaining({ code: 'CHAIN_KEY', message: expect.stringContaining(problem), mend: expect.any(String) }),
  );
});

test('a store whose key is gone is not continued with a new one', async () => {
  const place = await aLogOf(1);
  renameSync(join(place.home, 'chain.key'), join(place.home, 'away'));
  await expect(aStore(place)).rejects.toMatchObject({ code: 'CHAIN_KEY' });
  await expect(aStore({ ...place, durability: 'full' })).rejects.toMatchObject({ code: 'CHAIN_KEY' });
  expect(readdirSync(place.home)).not.toContain('chain.key');
});

test.each(['normal', 'full'] as const)('a store of another key is refused (durability %s)', async (durability) => {
  const place = await aLogOf(1);
  const home = aFolder();
  obtainChainKey(home);
  await expect(aStore({ ...place, home, durability })).rejects.toMatchObject({
    code: 'CHAIN_KEY',
    message: expect.stringContaining('another chain key'),
  });
});

test('equal values have equal hashes under one key and others under another', () => {
  const key = obtainChainKey(aFolder());
  expect(keyedHash(key, 'x')).toMatch(/^hmac:[0-9a-f]{12}$/);
  expect(keyedHash(key, 'x')).toBe(keyedHash(key, 'x'));
  expect(keyedHash(key, 'x')).not.toBe(keyedHash(key, 'y'));
  expect(keyedHash(key, 'x')).not.toBe(keyedHash(obtainChainKey(aFolder()), 'x'));
});
