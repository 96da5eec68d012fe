import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stdioV2 } from '../e2e/clients.ts';
import { PATIENCE } from '../e2e/program.ts';
import { aSmallDisk, type SmallDisk } from '../faults/small-disk.ts';
import { aHostAt, callWithoutEnd, expectRecorded, REFUSED, write } from './a-host.ts';
import { type PostgresServer, type ServerOptions, serverOwner, startPostgres } from './a-server.ts';

/** A server of which one folder is a small disk. */
async function aServerOn(name: string, size: string, options: ServerOptions): Promise<[PostgresServer, SmallDisk]> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpg-disk-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const disk = aSmallDisk({ folder }, size, name);
  const owner = serverOwner();
  if (owner !== undefined) chownSync(join(folder, name), ...owner);
  const server = await startPostgres({
    ...options,
    prepare: (home) => symlinkSync(join(folder, name), join(home, name)),
  });
  onTestFinished(() => server.close());
  return [server, disk];
}

test('while the tables have no room calls are refused, and go on by themselves when there is some', async () => {
  const [server, disk] = await aServerOn('data', '100m', { waldir: 'wal' });
  const database = await server.createDatabase();
  const host = aHostAt(`127.0.0.1:${server.port}/${database}`);
  const client = await stdioV2(host);
  await expect.poll(() => write(client, 'before'), PATIENCE).toBe('written');
  disk.fill();
  const load = callWithoutEnd(client, 'load');
  await expect.poll(() => load.answers, PATIENCE).toContainEqual(REFUSED);
  disk.free();
  const refused = load.answers.length;
  await expect.poll(() => load.answers.slice(refused), PATIENCE).toContain('written');
  await load.end();
  await expectRecorded(host, server.url(database));
});

test('where the server’s own log finds no room and it goes down, calls are refused until it has been started again', async () => {
  const [server, disk] = await aServerOn('wal', '64m', {
    waldir: 'wal',
    initdb: ['--wal-segsize=1'],
    settings: ['max_wal_size = 16MB', 'min_wal_size = 2MB', 'wal_recycle = off'],
  });
  const database = await server.createDatabase();
  const host = aHostAt(`127.0.0.1:${server.port}/${database}`);
  const client = await stdioV2(host);
  await expect.poll(() => write(client, 'before'), PATIENCE).toBe('written');
  disk.fill();
  const load = callWithoutEnd(client, 'load');
  await server.query(`select pg_switch_wal()`).catch(() => undefined);
  await expect.poll(() => load.answers, PATIENCE).toContainEqual(REFUSED);
  expect(await write(client, 'while it is down')).toEqual(REFUSED);
  disk.free();
  // Where it could not come up again by itself, whoever looks after it starts it.
  await server.start();
  await expect.poll(() => write(client, 'after'), PATIENCE).toBe('written');
  await load.end();
  await expectRecorded(host, server.url(database));
});
