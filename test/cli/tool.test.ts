import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { addToolCommands } from '../../src/cli/tool-commands.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { aFolder } from '../state/support.ts';
import { type Ran, runCommand } from './command.ts';

const CACHE = join(tmpdir(), 'mcp-gateway-test-cache');

function aPlace() {
  const home = join(aFolder(), 'home');
  mkdirSync(home, { mode: 0o700 });
  const files = { command: process.execPath, args: [resolve('servers/outbox/server.mjs'), join(home, 'outbox')] };
  const text = { version: 1, mcpServers: { outbox: files }, gateway: { toolNames: 'prefixed' } };
  writeFileSync(join(home, 'mcp-gateway.yaml'), JSON.stringify(text));
  return { home };
}

function run({ home }: { home: string }, ...args: readonly string[]): Promise<Ran> {
  const variables = { PATH: process.env['PATH'] ?? '' };
  return runCommand(addToolCommands, ['tool', ...args], { home, cache: CACHE, variables });
}

test('a tool is called for real: decided, recorded and forwarded, and then known to ls and show', async () => {
  const place = aPlace();
  const before = await run(place, 'ls');
  expect(before.out).toContain('outbox was never listed');
  const called = await run(place, 'call', 'outbox__list_messages', '--exit-status', '--json');
  const answer = JSON.parse(called.out);
  expect([called.exit, answer]).toMatchObject([
    0,
    { schema: 'mcp-gateway/tool-call/v1', ok: true, effect: 'allow', is_error: false, error: null },
  ]);
  const reader = new DecisionReader({ path: join(place.home, 'decisions.db') });
  const record = await reader.find(answer.decision);
  await reader.close();
  expect(record).toMatchObject({
    server: 'outbox',
    tool: 'list_messages',
    effect: 'allow',
    client: { name: 'mcp-gateway' },
  });
  expect(record.outcome?.status).toBe('ok');

  const unknown = await run(place, 'call', 'outbox__burn', '--exit-status');
  expect([unknown.exit, unknown.out]).toEqual([6, expect.stringContaining('gateway.unknown_tool')]);

  const listed = JSON.parse((await run(place, 'ls', '--json')).out);
  expect(listed.tools.map(({ name, consent }: { name: string; consent: string }) => [name, consent])).toContainEqual([
    'outbox__list_messages',
    'new',
  ]);
  expect(listed.tokens).toBeGreaterThan(50);
  const shown = await run(place, 'show', 'outbox/send_message');
  expect(stripVTControlCharacters(shown.out)).toMatch(
    /^outbox__send_message\nserver {2}outbox, where it is called send_message\n/,
  );
  const mistyped = await run(place, 'show', 'outbox__send_mesage');
  expect([mistyped.exit, mistyped.err]).toEqual([2, expect.stringContaining('Did you mean outbox__send_message?')]);
});

test.for(['nothing', '[1]', '{"a":1,"a":2}', '{"__proto__":{}}'])('%s are no arguments', async (args) => {
  const { exit, err } = await run(aPlace(), 'call', 'outbox__list_messages', '--args', args);
  expect([exit, err]).toEqual([2, expect.stringContaining('error USAGE the arguments are no JSON object')]);
});
