import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import { expect, test } from 'vitest';
import { guardOf, isLeftBehind, removeGuard, removeLeftBehind, takeFileLock } from '../../src/files/file-lock.ts';

const STALE_MS = 1000;
/** Of no process that lives. */
const DEAD = '4194999';

function aFolder(): string {
  return mkdtempSync(join(tmpdir(), 'mcp-gateway-lock-'));
}

function anOldLock(content = '', path = join(aFolder(), 'a.lock')): string {
  writeFileSync(path, content);
  const old = new Date(Date.now() - 60_000);
  utimesSync(path, old, old);
  return path;
}

test('a lock is held by one until it is given back', () => {
  const lock = join(aFolder(), 'a.lock');
  const release = takeFileLock(lock, STALE_MS);
  expect(takeFileLock(lock, STALE_MS)).toBeUndefined();
  release?.();
  expect(existsSync(lock)).toBe(false);
  expect(takeFileLock(lock, STALE_MS)).toBeDefined();
});

test.each([
  ['of nobody', '', true],
  ['of a process that has ended', `${DEAD} HOST x\n`, true],
  ['of another machine', `${String(process.pid)} elsewhere x\n`, true],
  ['of a process that lives', `${String(process.pid)} HOST x\n`, false],
])('an old lock %s is taken over or not', async (_, content, expected) => {
  const { hostname } = await import('node:os');
  const lock = anOldLock(content.replace('HOST', hostname()));
  expect(isLeftBehind(lock, STALE_MS)).toBe(expected);
  expect(takeFileLock(lock, STALE_MS) !== undefined).toBe(expected);
});

test('who was taken over gives back nothing that is another’s', () => {
  const lock = join(aFolder(), 'a.lock');
  const release = takeFileLock(lock, 0);
  writeFileSync(lock, 'of another process');
  release?.();
  expect(existsSync(lock)).toBe(true);
});

test('while another process may remove a lock nobody else does, and a person gives that right up', () => {
  const lock = anOldLock();
  const guard = anOldLock('', guardOf(lock));
  expect(takeFileLock(lock, STALE_MS)).toBeUndefined();
  expect(removeLeftBehind(lock, STALE_MS)).toBe(false);
  expect([removeGuard(lock, STALE_MS), existsSync(guard)]).toEqual([true, false]);
  expect([removeLeftBehind(lock, STALE_MS), existsSync(lock)]).toEqual([true, false]);
});

const RACER = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { takeFileLock } = await import(workerData.module);
  const cells = new Int32Array(workerData.shared);
  for (let round = 0; round < workerData.rounds; round += 1) {
    Atomics.add(cells, 2 * round, 1);
    while (Atomics.load(cells, 2 * round) < workerData.racers);
    if (takeFileLock(workerData.lock + round, ${String(STALE_MS)}) !== undefined) Atomics.add(cells, 2 * round + 1, 1);
  }
  parentPort.postMessage('done');
`;

test('of many that find one old lock at the same moment one has it', async () => {
  const folder = aFolder();
  const [rounds, racers] = [100, 2];
  const lock = join(folder, 'a.lock');
  for (let round = 0; round < rounds; round += 1) anOldLock('', `${lock}${String(round)}`);
  const shared = new SharedArrayBuffer(8 * rounds);
  const cells = new Int32Array(shared);
  // A worker loads what Node itself can read.
  const module = join(folder, 'file-lock.mjs');
  writeFileSync(module, transformSync(readFileSync('src/files/file-lock.ts', 'utf8'), { loader: 'ts' }).code);
  const workers = Array.from({ length: racers }, () => {
    const source = new URL(`data:text/javascript,${encodeURIComponent(RACER)}`);
    return new Worker(source, { workerData: { module: pathToFileURL(module).href, shared, rounds, racers, lock } });
  });
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const holders = Array.from({ length: rounds }, (_, round) => Atomics.load(cells, 2 * round + 1));
  expect(holders.filter((count) => count !== 1)).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.removal'))).toEqual([]);
});
