import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { stdioV1 } from './clients.ts';
import { aPlace, atEndOfFile, decisionsAbout, type Place, runProgram, serveHttp } from './program.ts';
import { aRule, journal, textsIn, writeBundle } from './servers.ts';
import { ROADS } from './whole-clients.ts';

const untilEnd = atEndOfFile();
let place: Place;
let url: string;

const ALLOW = aRule('T-1', 'allow contains {"id": "T-1", "reason": "fine"} if input.action.tool != ""');

function asking(id: string, members: string): string {
  const element = `{"id": "${id}", "type": "require_approval", ${members}}`;
  return aRule(id, `obligations contains ${element} if input.action.tool == "write"`);
}

beforeAll(async () => {
  place = aPlace((folder) => {
    const once = writeBundle(folder, 'once', ALLOW + asking('T-2', '"by": "user"'));
    const group = writeBundle(folder, 'grouped', ALLOW + asking('T-3', '"by": "group:leads"'));
    return `version: 1
gateway: { principal: { user: { id: ada } } }
mcpServers:
  once: { ${journal(folder, 'once')}, policy: { source: ${once} } }
  grouped: { ${journal(folder, 'grouped')}, policy: { source: ${group} } }
  bare: { ${journal(folder, 'bare')}, policy: { source: none } }
`;
  }, untilEnd);
  ({ url } = await serveHttp(place, { atEnd: untilEnd }));
});

const TRIED = ['SDK 1.x over stdio', 'SDK 1.x over Streamable HTTP', 'SDK 2.x of 2026-07-28 over Streamable HTTP'];

test.for(ROADS.filter(({ name }) => TRIED.includes(name)))(
  'the user of a client on $name is asked, and the call runs once',
  async ({ name, connect }) => {
    const client = await connect({ place, url });
    expect((await client.call('once__write', { text: name })).content).toEqual([{ type: 'text', text: 'written' }]);
    expect(client.asked).toEqual(['elicitation/create']);
    expect(textsIn(place, 'once').filter((text) => text === name)).toHaveLength(1);
    const [allowed, pending] = await decisionsAbout(place, 'write');
    expect([allowed?.effect, pending?.effect]).toEqual(['allow', 'pending']);
    expect(allowed?.combine.approvals).toEqual([{ by: 'user', status: 'met', id: pending?.id, approved_by: ['ada'] }]);
  },
);

test('a call that waits, and about which its client cannot ask, is shown on the desktop without its arguments', async () => {
  const bin = join(place.folder, 'bin');
  const shown = join(place.folder, 'shown');
  mkdirSync(bin);
  writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${shown}'\n`, { mode: 0o755 });
  const env = { ...place.env, DISPLAY: ':0', PATH: `${bin}:${place.env['PATH'] ?? ''}` };
  const client = await stdioV1({ ...place, env });
  const told = (await client.call('once__write', { text: 'between us' })).content[0]?.text ?? '';
  const decision = /Decision (\S+)/.exec(told)?.[1] ?? 'none';
  await vi.waitFor(() => expect(readFileSync(shown, 'utf8')).toContain(decision.slice(0, 18)), { timeout: 5000 });
  expect(readFileSync(shown, 'utf8')).toContain('once, write for test-client');
  expect(readFileSync(shown, 'utf8')).not.toContain('between us');
});

test('a tool of a server without a bundle is asked about once', async () => {
  const [road] = ROADS.filter(({ name }) => name === TRIED[2]);
  const client = await road?.connect({ place, url });
  for (const text of ['one', 'two']) await client?.call('bare__write', { text });
  expect([client?.asked.length, textsIn(place, 'bare')]).toEqual([1, ['one', 'two']]);
});

test('a group answers elsewhere with a key, then the identical call runs once, and it is one story', async () => {
  const [road] = ROADS.filter(({ name }) => name === TRIED[1]);
  const client = await road?.connect({ place, url });
  const call = async (): Promise<string> =>
    (await client?.call('grouped__write', { text: 'to all' }))?.content[0]?.text ?? '';
  const waiting = await call();
  expect(waiting).toContain('Ask the user to see to it that a member of leads approves this call in the gateway.');
  expect(waiting).not.toContain('mcp-gateway approval');

  const made = await runProgram(place, ['key', 'create', '--role', 'approver', '--groups', 'leads', '--user', 'dana']);
  const approver = { ...place, env: { ...place.env, MCP_GATEWAY_APPROVER_KEY: made.stdout.trim() } };
  const decision = /Decision (\S+)/.exec(waiting)?.[1] ?? '';
  expect(await runProgram(place, ['approval', 'approve', decision])).toMatchObject({ code: 4 });
  expect(await runProgram(approver, ['approval', 'approve', decision])).toMatchObject({ code: 0 });
  expect(await call()).toBe('written');
  expect(await call()).toContain('waits for approval');
  expect(textsIn(place, 'grouped')).toEqual(['to all']);

  const [, allowed] = await decisionsAbout(place, 'write');
  const explained = await runProgram(place, ['explain', allowed?.id ?? '']);
  expect(explained.stdout).toContain(`approval by group:leads: given, approved by dana; approval ${decision}`);
  const shown = await runProgram(place, ['approval', 'show', decision]);
  expect(shown.stdout).toContain(`ran    once, by decision ${allowed?.id}, which ended ok`);
  expect(await runProgram(place, ['decision', 'verify'])).toMatchObject({ code: 0 });
});
