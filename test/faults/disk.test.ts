import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RawClient, rawStdio } from '../e2e/raw-client.ts';
import { journal, textsIn } from '../e2e/servers.ts';
import { aPlace, decisionsOf, PATIENCE, runProgram } from '../e2e/program.ts';
import { whileInjected } from './inject.ts';
import { openFilesOf } from './processes.ts';
import { aSmallDisk } from './small-disk.ts';
import { aFaultPlace, aReadyClient, countOf, expectTruth, report, ROUNDS, write, writeMany } from './truth.ts';

const LOAD = { count: 120 * ROUNDS } as const;

test('F-10 G-82 on a full disk calls are refused, and let through once there is room, without a restart', async () => {
  const place = aFaultPlace();
  const disk = aSmallDisk(place, `${12 * ROUNDS}m`);
  const client = await aReadyClient(place);
  disk.fill();
  const during = await writeMany(client, 'full', { count: 4 * LOAD.count });
  disk.free();
  await recovered(client);
  const after = await writeMany(client, 'freed', LOAD);

  expect(countOf(during, 'unrecorded')).toBeGreaterThan(0);
  expect(countOf(during, 'other')).toBe(0);
  expect(during.find(({ kind }) => kind === 'unrecorded')?.answer).toContain('what cannot be recorded is not done');
  expect(client.stderr()).toContain('cannot grow: the disk is full');
  expect(countOf(after, 'written')).toBe(LOAD.count);
  report('F-10 disk full', { refused: countOf(during, 'unrecorded'), ...(await expectTruth(place, [client])) });
});

test('an export to a file on a full disk holds no call, spoils no line and catches up', async () => {
  const place = aPlace(
    (folder) => `version: 1
decisions: { export: [{ id: siem, file: '${folder}/small/decisions.jsonl', interval: 1s, from: beginning }] }
mcpServers:
  journal: { ${journal(folder)} }
gateway: { toolNames: prefixed }
`,
  );
  const disk = aSmallDisk(place, '1m', 'small');
  disk.fill();
  const client = await aReadyClient(place);
  const during = await writeMany(client, 'full', LOAD);
  expect(countOf(during, 'written')).toBe(LOAD.count);
  await expect.poll(() => client.stderr(), PATIENCE).toContain('decisions are not taken');
  disk.free();
  const file = join(place.folder, 'small/decisions.jsonl');
  const sent = (): readonly unknown[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { readonly decision_id: unknown }).decision_id);
  const kept = (await decisionsOf(place)).map(({ id }) => id).toReversed();
  await expect.poll(() => sent().length, PATIENCE).toBe(kept.length);
  expect(sent()).toEqual(kept);
  expect(client.stderr().match(/decisions are not taken/g)).toHaveLength(1);
});

interface Failing {
  readonly what: string;
  readonly rules: readonly string[];
}

const FAILING: readonly Failing[] = [
  { what: 'F-11 where every fsync fails', rules: ['fsync,fdatasync:error=EIO'] },
  { what: 'F-11 where every third fsync fails', rules: ['fsync,fdatasync:error=EIO:when=3+3'] },
  { what: 'F-12 where nothing can be written', rules: ['pwrite64:error=EIO'] },
  { what: 'F-12 where now and then there is no room', rules: ['pwrite64:error=ENOSPC:when=5+7'] },
  { what: 'F-16 where the file system has become read-only', rules: ['pwrite64,ftruncate,fallocate:error=EROFS'] },
];

test.for(FAILING)('$what, what cannot be recorded is not done, and all is well afterwards', async ({ what, rules }) => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  const base = openFilesOf(client.pid);
  const during = await whileInjected(client.pid, rules, () => writeMany(client, 'failing', LOAD));
  await recovered(client);
  const after = await writeMany(client, 'after', LOAD);

  expect(countOf(during, 'other')).toBe(0);
  expect(countOf(during, 'unrecorded')).toBeGreaterThan(0);
  expect(countOf(after, 'written')).toBe(LOAD.count);
  // Each failure closes the handle and opens another: a few come and go, none is forgotten.
  expect(openFilesOf(client.pid)).toBeLessThan(base + 6);
  report(what, { refused: countOf(during, 'unrecorded'), ...(await expectTruth(place, [client])) });
});

test('F-12 a limit on the size of files refuses calls and ends nothing', async () => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  limitFileSize(client.pid, '65536');
  const during = await writeMany(client, 'limited', LOAD);
  limitFileSize(client.pid, 'unlimited');
  await recovered(client);

  expect(countOf(during, 'unrecorded')).toBeGreaterThan(0);
  expect(countOf(during, 'other')).toBe(0);
  report('F-12 prlimit --fsize', { refused: countOf(during, 'unrecorded'), ...(await expectTruth(place, [client])) });
});

test('F-13 on a slow disk calls wait for it, and nothing else does', async () => {
  const place = aFaultPlace();
  const client = await aReadyClient(place);
  const slow = ['fsync,fdatasync:delay_enter=400000'];
  const { during, pings } = await whileInjected(client.pid, slow, async () => {
    const calls = writeMany(client, 'slow', { count: 24 });
    let pings = 0;
    const isOver = calls.then(() => true);
    // Each ping comes back while commits wait: another thread waits for the disk.
    while (!(await Promise.race([isOver, client.request('ping').then(() => false)]))) pings++;
    return { during: await calls, pings };
  });
  expect(countOf(during, 'written')).toBe(24);
  expect(pings).toBeGreaterThan(24);
  report('F-13 slow disk', { pings, ...(await expectTruth(place, [client])) });
});

test('F-16 on a read-only file system nothing is served, and it says so', async () => {
  const place = aFaultPlace();
  const disk = aSmallDisk(place, '12m');
  const before = await aReadyClient(place);
  before.hangUp();
  expect(await before.ended).toBe(0);
  disk.remount('ro');
  const { code, stderr } = await runProgram(place, ['serve', '--stdio']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/read-only|cannot be (opened|made)|EROFS/);
  disk.remount('rw');
  const client = await rawStdio(place);
  expect((await write(client, 'writable again')).kind).toBe('written');
  expect(textsIn(place)).toHaveLength(2);
  await expectTruth(place, [client]);
});

/** Of a running process; only the soft limit, so that it can be lifted again. A write across it is a short one. */
function limitFileSize(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

/** The first call may still meet what was. */
async function recovered(client: RawClient): Promise<void> {
  const answers = [await write(client, 'first after the fault'), await write(client, 'second after the fault')];
  expect(answers.at(-1)).toMatchObject({ kind: 'written' });
}
