import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { decisionsAbout, PATIENCE, PROGRAM, storeOf } from '../e2e/program.ts';
import type { RawClient } from '../e2e/raw-client.ts';
import { fixture, permissiveBundle, textsIn } from '../e2e/servers.ts';
import { descendantsOf, isRunning, openFilesOf, processesIn } from './processes.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, write, writeMany } from './truth.ts';

interface Ending {
  readonly how: string;
  readonly end: (client: RawClient) => void;
  readonly code: number;
}

const ENDINGS: readonly Ending[] = [
  { how: 'F-03 SIGTERM', end: (client) => client.signal('SIGTERM'), code: 0 },
  { how: 'F-03 SIGINT', end: (client) => client.signal('SIGINT'), code: 130 },
  { how: 'F-03 SIGHUP', end: (client) => client.signal('SIGHUP'), code: 0 },
  { how: 'F-03 the end of its input', end: (client) => client.hangUp(), code: 0 },
];

test.for(ENDINGS)('$how under load: calls in flight end, all is written down, nothing stays', async (ending) => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  const family = descendantsOf(client.pid);
  expect(family.length).toBeGreaterThan(0);
  const load = writeMany(client, 'ending', { count: 2_000, inFlight: 32 });
  await vi.waitFor(() => expect(textsIn(place).length).toBeGreaterThan(20), PATIENCE);
  ending.end(client);
  expect(await client.ended).toBe(ending.code);
  expect(family.filter(isRunning)).toEqual([]);
  // The last one to close a store takes its journal along.
  expect(existsSync(`${storeOf(place)}-wal`)).toBe(false);

  const written = await load;
  expect(countOf(written, 'other')).toBe(0);
  // Every call that arrived was answered, and has its outcome.
  expect(countOf(written, 'written')).toBe(textsIn(place).length - 1);
  const allowed = (await decisionsAbout(place, 'write')).filter(({ effect }) => effect === 'allow');
  expect(allowed.filter(({ outcome }) => outcome?.status !== 'ok')).toEqual([]);
  report(ending.how, { code: ending.code, ...(await expectTruth(place, [client])) });
});

/** A server that does not want to end, and neither does its child. */
function withStubborn(folder: string): string {
  return `  stubborn: { ${fixture('stubborn')}, policy: { source: ${permissiveBundle(folder)} } }\n`;
}

test('F-35 told to end, a gateway ends servers that will not, and their children', async () => {
  const place = aFaultPlace({ more: withStubborn });
  const client = await aReadyClient(place);
  await client.call('stubborn__family');
  const family = descendantsOf(client.pid);
  expect(family.length).toBeGreaterThanOrEqual(4);
  client.signal('SIGTERM');
  expect(await client.ended).toBe(0);
  expect(family.filter(isRunning)).toEqual([]);
});

test('F-03 a second signal ends it at once, and what it had started does not outlive it', async () => {
  const place = aFaultPlace({ more: withStubborn });
  const client = await aReadyClient(place);
  await client.call('stubborn__family');
  const family = descendantsOf(client.pid);
  void client.call('journal__slow', { ms: 60_000, steps: 1 }).catch(() => undefined);
  await vi.waitFor(() => expect(textsIn(place)).toHaveLength(2), PATIENCE);
  client.signal('SIGTERM');
  await wait(200);
  client.signal('SIGTERM');
  await client.ended;
  await vi.waitFor(() => expect(family.filter(isRunning)).toEqual([]), PATIENCE);
  await expectTruth(place, [client]);
});

test('F-35 kill -9 of a gateway leaves no server, no child of one and no lock behind', async () => {
  const place = aFaultPlace({ more: withStubborn });
  const client = await aReadyClient(place);
  await client.call('stubborn__family');
  const family = descendantsOf(client.pid);
  const load = writeMany(client, 'killed', { count: 2_000, inFlight: 32 });
  await vi.waitFor(() => expect(textsIn(place).length).toBeGreaterThan(20), PATIENCE);
  client.signal('SIGKILL');
  await client.ended;
  await load;
  // At once, while its servers may still be ending.
  const next = await aReadyClient(place);
  expect((await write(next, 'by the next one')).kind).toBe('written');
  await vi.waitFor(() => expect(family.filter(isRunning)).toEqual([]), PATIENCE);
  report('F-35 kill -9', { family: family.length, ...(await expectTruth(place, [client, next])) });
});

test('F-03 told to end while it starts, a gateway leaves nothing behind', async () => {
  const place = aFaultPlace({ more: withStubborn });
  for (const pauseMs of [50, 150, 250, 350, 450, 550]) {
    const args = [PROGRAM, 'serve', '--http', '127.0.0.1:0', '--config', place.config];
    const gateway = spawn(process.execPath, args, { env: place.env, stdio: 'ignore' });
    const ended = once(gateway, 'exit');
    await wait(pauseMs);
    gateway.kill('SIGTERM');
    // Before it has read its own program nobody listens.
    expect(['0 null', 'null SIGTERM']).toContain((await ended).map(String).join(' '));
    await vi.waitFor(() => expect(processesIn(place.folder)).toEqual([]), PATIENCE);
  }
});

test('F-36 without a file descriptor left a gateway starts nothing new, keeps what it has, and recovers', async () => {
  const place = aFaultPlace({ more: withStubborn });
  const client = await aReadyClient(place);
  await client.call('stubborn__family');
  const base = openFilesOf(client.pid);
  execFileSync('prlimit', ['--pid', String(client.pid), `--nofile=${base - 8}:`]);
  await client.call('stubborn__abandon');
  const refused = await client.call('stubborn__family');
  expect(refused.isError).toBe(true);
  const during = await writeMany(client, 'scarce', { count: 60 });
  expect(countOf(during, 'written') + countOf(during, 'unrecorded')).toBe(60);
  execFileSync('prlimit', ['--pid', String(client.pid), '--nofile=4096:']);
  await vi.waitFor(async () => expect((await client.call('stubborn__family')).isError).not.toBe(true), PATIENCE);
  const after = await writeMany(client, 'plenty', { count: 60 });
  expect(countOf(after, 'written')).toBe(60);
  report('F-36 prlimit --nofile', { kept: countOf(during, 'written'), ...(await expectTruth(place, [client])) });
});

test.for(['stderr', 'stdout'] as const)('F-50 a client that closes its end of %s gets an orderly end', async (end) => {
  const place = aFaultPlace();
  const args = [PROGRAM, 'serve', '--stdio', '--config', place.config];
  const gateway = spawn(process.execPath, args, { env: place.env, stdio: 'pipe' });
  onTestFinished(() => void gateway.kill('SIGKILL'));
  const ended = once(gateway, 'exit');
  let answers = '';
  gateway.stdout.on('data', (chunk: Buffer) => (answers += chunk.toString()));
  gateway[end].destroy();
  // What is refused is told on stderr, and answered on stdout.
  for (let line = 0; line < 3; line++) gateway.stdin.write('this is no message\n');
  gateway.stdin.end();
  expect(await ended).toEqual([0, null]);
  expect(answers.split('\n')).toHaveLength(end === 'stderr' ? 4 : 1);
  expect(processesIn(place.folder)).toEqual([]);
});

test('G-86 what a gateway writes is for its owner alone', async () => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  const home = join(place.folder, 'home');
  const entries = readdirSync(home, { recursive: true, withFileTypes: true });
  const modes = [home, ...entries.map(({ parentPath, name }) => join(parentPath, name))].map(modeOf);
  expect(modes.length).toBeGreaterThan(3);
  expect(modes.filter((mode) => !/^(folder 700|file 600)$/.test(mode))).toEqual([]);
  await expectTruth(place, [client]);
});

function modeOf(path: string): string {
  const stats = statSync(path);
  return `${stats.isDirectory() ? 'folder' : 'file'} ${(stats.mode & 0o777).toString(8)}`;
}
