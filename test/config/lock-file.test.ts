import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLock, writeLock } from '../../src/config/lock-file.ts';
import type { LockedServer, ServerLock } from '../../src/core/server-lock.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { aFolder } from '../state/support.ts';

const HASH = 'a'.repeat(64);

function aServer(part: Partial<LockedServer> = {}): LockedServer {
  return {
    package: null,
    command: HASH,
    bundle: null,
    signer: '',
    tools: { read: { contract: HASH, text: HASH } },
    ...part,
  };
}

function place(): string {
  return join(aFolder(), 'mcp-gateway.lock');
}

function problemOf(text: string): string {
  const path = place();
  writeFileSync(path, text);
  try {
    readLock(path, join(path, '..'));
    return 'none';
  } catch (thrown) {
    return thrown instanceof GatewayError ? `${thrown.code} ${thrown.message}` : String(thrown);
  }
}

test('what is written is read again, in an order that depends on names alone', () => {
  const path = place();
  const lock: ServerLock = {
    shop: aServer({
      package: { name: '@acme/shop', version: '1.2.3', integrity: 'sha512-x' },
      bundle: { digest: HASH },
    }),
    files: aServer({ tools: { write: { contract: HASH, text: HASH }, 'rea"d': { contract: HASH, text: HASH } } }),
  };
  writeLock(path, lock);
  expect(readLock(path)).toEqual(lock);
  const text = readFileSync(path, 'utf8');
  writeLock(path, Object.fromEntries(Object.entries(lock).toReversed()));
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(text.split('\n').filter((line) => line.includes('contract'))).toHaveLength(3);
  expect(readdirSync(join(path, '..'))).toEqual(['mcp-gateway.lock']);
});

test('without a file nothing was accepted', () => {
  expect(readLock(place())).toEqual({});
});

test.for<[string, string, string]>([
  ['junk', '{\n<<<<<<< HEAD\n', 'LOCK_INVALID mcp-gateway.lock:2:1 error E_SYNTAX'],
  [
    'one server twice',
    '{"version": 1, "servers": {\n "a": {},\n "a": {}}}',
    'LOCK_INVALID mcp-gateway.lock:3:2 error E_SYNTAX',
  ],
  [
    'a newer version',
    '{\n  "version": 2, "pins": {} }',
    'LOCK_INVALID mcp-gateway.lock:2:14 error E_VALUE version: is of version 2',
  ],
  ['another shape', '{"version": 1,\n "servers": []}', 'LOCK_INVALID mcp-gateway.lock:2:13 error E_VALUE servers:'],
  [
    'a hash that is none',
    JSON.stringify(
      { version: 1, servers: { files: aServer({ tools: { read: { contract: 'x', text: HASH } } }) } },
      null,
      1,
    ),
    'LOCK_INVALID mcp-gateway.lock:11:18 error E_VALUE servers.files.tools.read.contract: not a SHA-256 in hex',
  ],
  ['nothing', '', 'LOCK_INVALID mcp-gateway.lock:1:1 error E_SYNTAX'],
])('%s is refused with its place', ([, text, expected]) => {
  expect(problemOf(text)).toContain(expected);
});

test('five thousand tools are read and written', () => {
  const tools = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [`tool_${String(index)}`, { contract: HASH, text: HASH }]),
  );
  const path = place();
  writeLock(path, { many: aServer({ tools }) });
  expect(Object.keys(readLock(path)['many']?.tools ?? {})).toHaveLength(5_000);
});

test('where its name is a link, the link stays and what it leads to is written', () => {
  const folder = aFolder();
  mkdirSync(join(folder, 'kept'));
  const path = join(folder, 'mcp-gateway.lock');
  writeLock(join(folder, 'kept', 'real.lock'), {});
  symlinkSync(join('kept', 'real.lock'), path);
  writeLock(path, { notes: aServer() });
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readLock(join(folder, 'kept', 'real.lock'))).toEqual({ notes: aServer() });
  expect(readdirSync(join(folder, 'kept'))).toEqual(['real.lock']);
});

test('a lock that cannot be looked at is not taken for one that is not there', () => {
  const file = place();
  writeFileSync(file, '{}');
  expect(() => readLock(join(file, 'mcp-gateway.lock'))).toThrow(/cannot be read/);
});
