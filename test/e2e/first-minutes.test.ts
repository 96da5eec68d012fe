import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { stdioV1 } from './clients.ts';
import { aPlace, decisionsAbout, type Place, runProgram } from './program.ts';

const SECRET = 'journal-token-in-the-open';

/** A machine on which three clients have servers and nobody has a gateway. */
function aMachine(): Place {
  const place = aPlace(() => '');
  rmSync(place.config);
  return {
    ...place,
    config: join(place.folder, 'home/mcp-gateway.yaml'),
    env: { ...place.env, MCP_GATEWAY_SECRETS: 'file' },
  };
}

/** What a person has written into the files of three clients, with comments; by path. */
function clientFiles({ folder }: Place): Readonly<Record<string, string>> {
  const server = (name: string, ...args: readonly string[]): string =>
    `"command": "node", "args": ${JSON.stringify([resolve(`servers/${name}/server.mjs`), ...args])}`;
  const journal = server('journal', join(folder, 'journal'));
  return {
    '.config/Claude/claude_desktop_config.json': `{
  // from the README
  "mcpServers": {
    "Journal": { ${journal}, "env": { "JOURNAL_TOKEN": "${SECRET}" } },
    "payments": { ${server('payments')} }, // keep
  },
  "globalShortcut": "Alt+Space"
}
`,
    '.cursor/mcp.json': `{"mcpServers":{"notes":{${journal},"env":{"JOURNAL_TOKEN":"${SECRET}"}},"outbox":{${server('outbox', join(folder, 'outbox'))}}}}`,
    '.config/Code/User/mcp.json': `\uFEFF{\r\n\t"servers": { "gone": { "type": "stdio", "command": "/nowhere/at-all" } }\r\n}`,
  };
}

function layOut(place: Place): () => void {
  const files = Object.entries(clientFiles(place)).map(([path, text]) => [join(place.folder, path), text] as const);
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return () => {
    for (const [path, text] of files) expect(readFileSync(path, 'utf8')).toBe(text);
  };
}

test('J-1 J-2 one command takes over the servers of every client, and the first call is allowed, for a desktop without PATH too', async () => {
  const place = aMachine();
  const expectUntouched = layOut(place);
  const { code, stdout, stderr } = await runProgram(place, ['init', '--yes', '--json']);
  // One of the servers is not there; the exit code and the answer say so, and all else is done.
  expect([code, stderr]).toEqual([1, '']);
  const said = JSON.parse(stdout) as { accepted: { server: string; state: string }[]; next: string[] };
  expect(said).toMatchObject({
    ok: false,
    isWritten: true,
    failed: [{ what: 'server', id: 'gone', problem: expect.stringContaining('/nowhere/at-all') as string }],
  });
  expect(said.accepted.map(({ server, state }) => [server, state])).toEqual([
    ['journal', 'accepted'],
    ['payments', 'accepted'],
    ['outbox', 'accepted'],
    ['gone', 'failed'],
  ]);
  expect(said.next).toContain('mcp-gateway server approve gone --all');
  expectUntouched();
  const client = await stdioV1({ ...place, env: { ...place.env, PATH: '' } });
  const tools = await client.listTools();
  expect(tools).toEqual(expect.arrayContaining(['journal__write', 'payments__list_charges']));
  const answer = await client.call('journal__write', { text: 'hello' });
  expect(answer.isError ?? false).toBe(false);
  expect(readFileSync(join(place.folder, 'journal'), 'utf8')).toContain('hello');
  const [decision] = await decisionsAbout(place, 'write');
  expect(decision?.effect).toBe('allow');
  const kept = ['mcp-gateway.yaml', 'mcp-gateway.lock', 'secrets.json'].map((name) =>
    readFileSync(join(place.folder, 'home', name), 'utf8'),
  );
  expect(stdout + kept.join('')).not.toContain(SECRET);
});

test('in an empty home the first allowed call takes two commands', async () => {
  const place = aMachine();
  const begun = await runProgram(place, ['init', '--yes']);
  expect([begun.code, begun.stdout]).toEqual([0, expect.stringContaining('mcp-gateway server add files -- npx')]);
  const journal = [process.execPath, resolve('servers/journal/server.mjs'), join(place.folder, 'journal')];
  const added = await runProgram(place, ['server', 'add', 'journal', '--yes', '-c', place.config, '--', ...journal]);
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining('Added journal.')]);
  const client = await stdioV1(place);
  expect((await client.call('journal__write', { text: 'hello' })).isError ?? false).toBe(false);
  expect((await decisionsAbout(place, 'write'))[0]?.effect).toBe('allow');
});
