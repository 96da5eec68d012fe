import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, onTestFinished, test } from 'vitest';
import { FIXTURES, layOut } from '../clients/home.ts';
import { aPlace, decisionsAbout, runProgram } from './program.ts';
import { journal } from './servers.ts';

interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

test('every client is connected, one is started from its desk and calls a tool, and all files become what they were', async () => {
  const place = aPlace((folder) => `version: 1\nmcpServers:\n  journal: { ${journal(folder)} }\n`);
  const files = Object.values(layOut(place.folder));
  const before = files.map((path) => readFileSync(path));
  // What lies in a home may hold programs of clients; none of them is to be asked.
  const connected = await runProgram(place, ['connect', '--all', '--yes', '--no-native', '--json']);
  const { clients } = JSON.parse(connected.stdout) as { clients: readonly { client: string; status: string }[] };
  expect(clients.filter(({ status }) => status !== 'connected')).toEqual([]);
  expect(clients).toHaveLength(Object.keys(FIXTURES).length);
  expect((await runProgram(place, ['client', 'ls'])).stdout.match(/ connected /g)).toHaveLength(clients.length);

  const desktop = JSON.parse(readFileSync(files[0] ?? '', 'utf8')) as { mcpServers: { gw: Entry } };
  const { command, args, env } = desktop.mcpServers.gw;
  // A desk starts programs in a folder of its own, and without the PATH of a terminal.
  const cache = place.env['MCP_GATEWAY_CACHE'] ?? '';
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...env, PATH: '/nowhere', MCP_GATEWAY_CACHE: cache },
    cwd: '/',
    stderr: 'ignore',
  });
  const client = new Client({ name: 'claude-ai', version: '1' });
  onTestFinished(() => client.close());
  await client.connect(transport);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain('write');
  await client.callTool({ name: 'read', arguments: {} });
  expect(await decisionsAbout(place, 'read')).toHaveLength(1);

  const disconnected = await runProgram(place, ['disconnect', '--all', '--yes']);
  expect(disconnected).toMatchObject({ code: 0 });
  expect(files.map((path, index) => readFileSync(path).equals(before[index] ?? Buffer.of()))).toEqual(
    files.map(() => true),
  );
});
