import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readServerLog, ServerLogs } from '../../src/upstream/server-log.ts';
import { aClock, aFolder, aLogger, serverId } from './parts.ts';

const FILES = serverId('files');

function theLogs(home = aFolder(), secrets: readonly string[] = []) {
  const logger = aLogger();
  return { home, logger, logs: new ServerLogs({ home, secrets, clock: aClock, logger }) };
}

test('what servers say is kept for each of them, with the time, in a file that only its owner can read', async () => {
  const { home, logs } = theLogs();
  logs.add(FILES, 'one');
  logs.add('other', 'elsewhere');
  logs.add(FILES, 'two');
  await logs.close();
  const lines = await readServerLog(home, FILES, 10);
  expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ''))).toEqual(['one', 'two']);
  expect(statSync(join(home, 'logs/servers/files.log')).mode & 0o777).toBe(0o600);
});

test('two gateways write to one file', async () => {
  const { home, logs } = theLogs();
  const other = theLogs(home).logs;
  logs.add(FILES, 'one');
  await logs.close();
  other.add(FILES, 'two');
  await other.close();
  expect((await readServerLog(home, FILES, 1))[0]).toMatch(/ two$/);
  expect(await readServerLog(home, FILES, 10)).toHaveLength(2);
});

test('a secret of the configuration is not kept', async () => {
  const { home, logs } = theLogs(aFolder(), ['canary-token']);
  logs.add(FILES, 'started with canary-token');
  await logs.close();
  expect((await readServerLog(home, FILES, 1))[0]).toMatch(/ started with ••••$/);
});

test('G-49 a secret of several lines is kept in none of them, and the words that anybody writes are', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDw0\n  Zm9vYmFyYmF6cXV4MTIzNDU2\r\n{\n';
  const { home, logs } = theLogs(aFolder(), [key]);
  for (const line of key.split('\n')) logs.add(FILES, `> ${line.trim()}`);
  await logs.close();
  const said = (await readServerLog(home, FILES, 10)).map((line) => line.slice(line.indexOf('>')));
  expect(said).toEqual(['> ••••', '> ••••', '> ••••', '> {', '> ']);
});

test('a long log is set aside, and only the one before it is kept', async () => {
  const { home, logs } = theLogs();
  for (let round = 0; round < 5; round++) {
    for (let line = 0; line < 200; line++) logs.add(FILES, `${round} ${'x'.repeat(1_500)}`);
    await logs.close();
  }
  const sizes = ['files.log.1'].map((name) => statSync(join(home, 'logs/servers', name)).size);
  expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
  expect((await readServerLog(home, FILES, 1))[0]).toMatch(/ 4 x+$/);
});

test('a link in place of the log is not written through, and said once', async () => {
  const { home, logs, logger } = theLogs();
  const goal = join(home, 'goal');
  writeFileSync(goal, 'untouched');
  mkdirSync(join(home, 'logs/servers'), { recursive: true });
  symlinkSync(goal, join(home, 'logs/servers/files.log'));
  logs.add(FILES, 'one');
  await logs.close();
  logs.add(FILES, 'two');
  await logs.close();
  expect([readFileSync(goal, 'utf8'), await readServerLog(home, FILES, 10)]).toEqual(['untouched', []]);
  expect(logger.lines).toHaveLength(1);
});
