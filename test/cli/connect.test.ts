import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { addClientCommands } from '../../src/cli/client-commands.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { type ClientMachine, clientMachine } from '../../src/cli/client-places.ts';
import { connect, type ConnectOptions } from '../../src/cli/connect.ts';
import { layOut, write } from '../clients/home.ts';
import { type Ran, runCommand } from './command.ts';

const CONFIG = `version: 1
gateway: { toolNames: prefixed }
mcpServers:
  filesystem: { command: npx, args: ["-y", "@modelcontextprotocol/server-filesystem", /Users/maya/Documents] }
`;

/** A home with a configuration and with what these clients have. */
function aHome(ids: readonly string[] = []): {
  readonly home: string;
  readonly files: Readonly<Record<string, string>>;
} {
  const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-connect-'));
  writeFileSync(join(home, 'mcp-gateway.yaml'), CONFIG);
  return { home, files: layOut(home, [...ids]) };
}

function run(home: string, ...args: readonly string[]): Promise<Ran> {
  return runCommand(addClientCommands, args, { home, cache: home });
}

/** `connect` on a machine that is made up. */
function runOn(home: string, options: ConnectOptions, { ids = ['claude-desktop'], ...tools }: MadeUp): Promise<Ran> {
  const add = (program: Command, context: CommandContext): void => {
    program.action(async () => {
      await connect(context, ids, { ...options, tools: { ...clientMachine(context), ...tools } });
    });
  };
  return runCommand(add, [], { home, cache: home });
}

interface MadeUp extends Partial<ClientMachine> {
  readonly ids?: readonly string[];
}

function read(path: string | undefined): string {
  return readFileSync(path ?? '', 'utf8');
}

test('a client is connected and disconnected, and what bypasses the gateway is said', async () => {
  const { home, files } = aHome(['claude-desktop']);
  const path = files['claude-desktop'];
  const before = read(path);
  const connected = await run(home, 'connect', 'claude-desktop', '--yes');
  expect(connected).toMatchObject({ exit: 0, err: '' });
  expect(connected.out).toContain('+    "gw": {');
  expect(connected.out).toContain('3 servers bypass the gateway: filesystem, github, price-$');
  const { mcpServers } = JSON.parse(read(path)) as { mcpServers: Record<string, unknown> };
  expect(mcpServers['gw']).toEqual({
    command: process.execPath,
    args: [join(process.cwd(), 'dist/main.js'), 'serve', '--stdio', '--config', join(home, 'mcp-gateway.yaml')],
  });
  expect((await run(home, 'client', 'ls')).out).toMatch(/claude-desktop +user +connected +3 servers/);
  expect((await run(home, 'client', 'backups')).out).toContain('claude-desktop/');
  const disconnected = await run(home, 'disconnect', '--all', '--yes');
  expect(disconnected).toMatchObject({ exit: 0 });
  expect(read(path)).toBe(before);
});

test('nothing is written by --dry-run and --print, and without somebody to ask', async () => {
  const { home, files } = aHome(['cursor', 'codex']);
  const before = [read(files['cursor']), read(files['codex'])];
  const dry = await run(home, 'connect', 'cursor', 'codex', '--dry-run', '--json');
  expect(JSON.parse(dry.out)).toMatchObject({
    schema: 'mcp-gateway/connect/v1',
    ok: true,
    clients: [
      { client: 'cursor', status: 'would-change' },
      { client: 'codex', status: 'would-change' },
    ],
  });
  const printed = await run(home, 'connect', 'codex', '--print');
  expect(printed.out).toMatch(/^\[mcp_servers\.gw\]\ncommand = /);
  const asked = await run(home, 'connect', 'cursor');
  expect(asked).toMatchObject({ exit: 2 });
  expect(asked.err).toContain('Add --yes');
  expect([read(files['cursor']), read(files['codex'])]).toEqual(before);
});

test('no secret of another server is shown with the difference', async () => {
  const { home } = aHome(['claude-desktop']);
  const { out } = await run(home, 'connect', 'claude-desktop', '--dry-run');
  expect(out).not.toContain('ghp_');
  const { out: json } = await run(home, 'client', 'ls', '--json');
  expect(json).not.toContain('ghp_');
  const path = join(home, '.cursor/mcp.json');
  const secret = 'sk-0123456789abcdef';
  write(path, JSON.stringify({ mcpServers: { odd: { args: [`--api-key=${secret}`], env: { TOKEN: secret } } } }));
  expect((await run(home, 'connect', 'cursor', '--yes')).out).not.toContain(secret);
  const more = ['hunter2-hunter2', 'behind-a-flag-1', 'in-an-address-1'];
  const entries = {
    off: { disabled: true, command: 'x', env: { DB: more[0] } },
    flag: { command: 'x', args: ['--token', more[1]] },
    far: { url: `https://x.example/?apiKey=${more[2]}` },
  };
  write(path, JSON.stringify({ mcpServers: entries }, null, 1));
  const shown = (await run(home, 'connect', 'cursor', '--dry-run')).out;
  expect(shown).toContain('"off"');
  expect(more.filter((one) => shown.includes(one))).toEqual([]);
  write(path, `{ "broken": "${secret}"`);
  const restored = await run(home, 'client', 'restore', 'cursor', '--yes');
  expect(restored).toMatchObject({ exit: 0 });
  expect(restored.out).not.toContain(secret);
});

test('one client that cannot be connected keeps no other one waiting', async () => {
  const { home, files } = aHome(['cursor', 'zed', 'lmstudio']);
  writeFileSync(files['zed'] ?? '', '{ "context_servers": {');
  chmodSync(files['lmstudio'] ?? '', 0o444);
  const ran = await run(home, 'connect', '--all', '--yes', '--json');
  expect(ran.exit).toBe(1);
  expect(JSON.parse(ran.out)).toMatchObject({
    ok: false,
    clients: [
      { client: 'zed', status: 'failed', problem: expect.stringContaining('settings.json:1:23') as string },
      { client: 'cursor', status: 'connected' },
      { client: 'lmstudio', status: 'failed', problem: expect.stringContaining('read-only') as string },
    ],
  });
});

test('Claude Desktop has to be closed, unless it is forced, and then has to leave the entry there', async () => {
  const { home, files } = aHome(['claude-desktop']);
  const path = files['claude-desktop'] ?? '';
  const before = read(path);
  const open = { processes: () => ['/usr/lib/claude-desktop/electron /usr/lib/claude-desktop/app.asar'] };
  const refused = await runOn(home, { yes: true }, open);
  expect(refused.exit).toBe(1);
  expect(refused.out).toContain('Claude Desktop is running, and would write over the change when it ends');
  expect(refused.out).toContain('Quit Claude Desktop');
  expect(read(path)).toBe(before);
  const settle = (): Promise<void> => Promise.resolve(writeFileSync(path, before));
  const undone = await runOn(home, { yes: true, force: true }, { ...open, settle });
  expect(undone.out).toContain('has written');
  const forced = await runOn(home, { yes: true, force: true }, { ...open, settle: async () => undefined });
  expect(forced).toMatchObject({ exit: 0 });
});

test('the servers that the configuration has are taken out by --replace, and the others are not lost', async () => {
  const { home, files } = aHome(['claude-desktop']);
  const path = files['claude-desktop'] ?? '';
  const before = read(path);
  const refused = await run(home, 'connect', 'claude-desktop', '--replace', '--yes');
  expect(refused.out).toContain('github, price-$ of Claude Desktop would be lost');
  expect(refused.out).toContain('mcp-gateway client import claude-desktop');
  expect(read(path)).toBe(before);
  writeFileSync(
    path,
    JSON.stringify({ mcpServers: { filesystem: JSON.parse(before).mcpServers.filesystem as object } }),
  );
  const replaced = await run(home, 'connect', 'claude-desktop', '--replace', '--yes');
  expect(replaced.out).toContain('taken out: filesystem');
  expect(replaced.out).not.toContain('bypass');
  writeFileSync(path, read(path).replace('{', '{ "theme": "dark",'));
  const left = await run(home, 'disconnect', 'claude-desktop', '--yes');
  expect(left.out).toContain('put back: filesystem');
  expect(read(path)).toContain('"theme": "dark"');
  expect(Object.keys((JSON.parse(read(path)) as { mcpServers: object }).mcpServers)).toEqual(['filesystem']);
  expect((await run(home, 'client', 'restore', 'claude-desktop', '--yes')).exit).toBe(0);
  expect(read(path)).not.toContain('"theme"');
  expect(read(path)).toContain('"filesystem"');
});

test('a client’s own command is used where there is one, and its file where that does nothing', async () => {
  const { home, files } = aHome(['claude-code']);
  const program = write(join(home, 'bin/claude'), '');
  const machine = { platform: 'linux', home, environment: { PATH: join(home, 'bin') }, workingFolder: home } as const;
  const ran: (readonly string[])[] = [];
  const lazy = { machine, run: (command: readonly string[]) => ran.push(command) > 0 };
  const connected = await runOn(home, { yes: true }, { ...lazy, ids: ['claude-code'] });
  expect(connected).toMatchObject({ exit: 0 });
  expect(ran).toEqual([
    [
      program,
      'mcp',
      'add',
      '--scope',
      'user',
      'gw',
      '--',
      process.execPath,
      expect.stringContaining('main.js'),
      'serve',
      '--stdio',
      '--config',
      join(home, 'mcp-gateway.yaml'),
    ],
  ]);
  expect(read(files['claude-code'])).toContain('"gw"');
});

test('a project has its own file, and a client without one says so', async () => {
  const { home } = aHome();
  expect(await run(home, 'connect', 'claude-code', '--project', '--yes')).toMatchObject({ exit: 0 });
  expect(JSON.parse(read(join(home, '.mcp.json')))).toMatchObject({ mcpServers: { gw: { type: 'stdio' } } });
  const without = await run(home, 'connect', 'lmstudio', '--project', '--yes');
  expect(without.err).toContain('LM Studio keeps no servers for a project');
});

test('what an administrator deploys is written for each client that can be held to it', async () => {
  const { home } = aHome();
  const ran = await run(home, 'connect', '--managed', 'out');
  expect(ran).toMatchObject({ exit: 0, err: '' });
  const folder = join(home, 'out');
  const only = JSON.parse(read(join(folder, 'managed-mcp.json'))) as { mcpServers: object };
  expect(Object.keys(only.mcpServers)).toEqual(['gw']);
  expect(read(join(folder, 'claude-desktop.mobileconfig'))).toContain(
    '<string>com.anthropic.claudefordesktop</string>',
  );
  expect(read(join(folder, 'claude-desktop.reg'))).toContain(
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n"managedMcpServers"="[{\\"name\\":\\"gw\\"',
  );
  expect(JSON.parse(read(join(folder, 'managed-settings.json')))).toHaveProperty('allowedMcpServers');
  expect((await run(home, 'connect', '--managed', 'out')).err).toContain('is there already');
});

test('an unknown client and no client at all are told from one another', async () => {
  const { home } = aHome();
  expect((await run(home, 'connect', 'cursr', '--yes')).err).toContain('did you mean cursor?');
  expect((await run(home, 'connect', '--yes')).err).toContain('no client is named');
  expect(await run(home, 'connect', '--all', '--yes')).toMatchObject({
    exit: 0,
    out: 'No client was found on this machine.\n',
  });
  expect((await run(home, 'client', 'ls')).out).toBe('No client was found on this machine.\n');
  mkdirSync(join(home, '.cursor'));
  expect((await run(home, 'client', 'ls', '--json')).out).toContain('"state":"empty"');
});
