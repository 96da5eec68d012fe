import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClientState } from '../../src/clients/entry.ts';
import { allPlaces, findClients } from '../../src/clients/find.ts';
import type { Machine } from '../../src/clients/machine.ts';
import { CLIENTS, clientOf } from '../../src/clients/table.ts';
import { aMachine, FIXTURES, layOut, write } from './home.ts';

function statesOn(machine: Machine): Readonly<Record<string, ClientState>> {
  return Object.fromEntries(findClients(machine).map(({ id, scope, state }) => [`${id} ${scope}`, state]));
}

const machine = aMachine();
layOut(machine.home);
const states = statesOn(machine);

function serversOf(id: string): unknown {
  const state = states[`${id} user`];
  return state?.kind === 'read' ? state.servers : state;
}

test('the files of every client are read', () => {
  expect(Object.keys(FIXTURES).toSorted()).toEqual(CLIENTS.map(({ id }) => id).toSorted());
  const kinds = CLIENTS.map(({ id }) => [id, states[`${id} user`]?.kind]);
  expect(kinds).toEqual(CLIENTS.map(({ id }) => [id, 'read']));
});

test('a client without variables means its dollar signs', () => {
  expect(serversOf('claude-desktop')).toContainEqual({
    kind: 'local',
    name: 'price-$',
    command: '/opt/prices/bin/server',
    args: ['--currency', 'US$$'],
    env: {},
  });
});

test('variables are read as the gateway writes them, and what only the client knows is refused', () => {
  expect(serversOf('claude-code')).toContainEqual(
    expect.objectContaining({
      name: 'db',
      args: ['postgres-mcp', '${DATABASE_URL:-postgres://localhost/app}'],
      env: { PGPASSWORD: '${PGPASSWORD}' },
    }),
  );
  expect(serversOf('cursor')).toEqual([
    {
      kind: 'remote',
      name: 'linear',
      transport: 'http',
      url: 'https://mcp.linear.app/mcp',
      headers: { Authorization: 'Bearer ${LINEAR_KEY}' },
    },
    { kind: 'local', name: 'files', command: 'node', args: [`${machine.home}/tools/files.mjs`], env: { DEPTH: '3' } },
  ]);
  expect(states['cursor user']).toMatchObject({
    refused: [{ name: 'here', why: 'uses ${file}, which only Cursor knows', isOff: false }],
  });
  expect(serversOf('vscode')).toContainEqual(
    expect.objectContaining({ headers: { Authorization: 'Bearer ${secret:github_token}' } }),
  );
});

test('each client’s own words for members and addresses are understood', () => {
  expect(serversOf('windsurf')).toEqual([
    expect.objectContaining({ name: 'figma', url: 'https://mcp.figma.com/mcp', transport: 'http' }),
  ]);
  expect(states['windsurf user']).toMatchObject({ refused: [{ name: 'old', why: 'is switched off', isOff: true }] });
  expect(serversOf('zed')).toEqual([
    { kind: 'local', name: 'time', command: 'uvx', args: ['mcp-server-time'], env: {} },
    { kind: 'local', name: 'older', command: '/usr/bin/older', args: ['--fast'], env: { LEVEL: '2' } },
  ]);
  expect(serversOf('gemini')).toEqual([
    expect.objectContaining({ name: 'events', transport: 'sse' }),
    expect.objectContaining({ name: 'search', transport: 'http', headers: { 'X-Key': '${SEARCH_KEY}' } }),
    { kind: 'local', name: 'local', command: '${HOME}/bin/server', args: [], env: {}, cwd: './work' },
  ]);
  expect(serversOf('codex')).toEqual([
    {
      kind: 'local',
      name: 'context7',
      command: 'npx',
      args: ['-y', '@upstash/context7-mcp'],
      env: { CONTEXT7_KEY: '${CONTEXT7_KEY}', LOG_LEVEL: 'warn' },
    },
    {
      kind: 'remote',
      name: 'figma',
      transport: 'http',
      url: 'https://mcp.figma.com/mcp',
      headers: { Authorization: 'Bearer ${FIGMA_TOKEN}', 'X-Figma-Region': 'us-east-1' },
    },
  ]);
  expect(serversOf('cline')).toMatchObject([
    { kind: 'local' },
    { name: 'shop', transport: 'http' },
    { name: 'legacy', transport: 'sse' },
  ]);
  expect(serversOf('continue')).toMatchObject([
    { name: 'sqlite', args: ['-y', 'mcp-sqlite', '/path/to/shop.db'] },
    { name: 'tickets', url: 'https://tickets.example/mcp', headers: { 'X-Team': 'shop' } },
  ]);
  expect(serversOf('goose')).toMatchObject([
    { name: 'tavily', command: 'npx', env: { TAVILY_API_KEY: '${secret:TAVILY_API_KEY}' } },
    { name: 'atlassian', url: 'https://mcp.atlassian.com/v1/mcp' },
  ]);
  expect(serversOf('opencode')).toEqual([
    {
      kind: 'local',
      name: 'everything',
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-everything'],
      env: { LEVEL: 'debug' },
    },
  ]);
  expect(serversOf('lmstudio')).toMatchObject([{ name: 'hf' }]);
});

test('a project has files of its own, and Claude Code servers for one folder', () => {
  const shop = aMachine({ workingFolder: '/home/maya/shop' });
  layOut(shop.home, ['claude-code']);
  expect(statesOn(shop)['claude-code local']).toMatchObject({ kind: 'read', servers: [{ name: 'browser' }] });
  const here = aMachine();
  write(join(here.workingFolder, '.mcp.json'), '{"mcpServers":{"docs":{"url":"https://docs.example/mcp"}}}');
  expect(statesOn(here)['claude-code project']).toMatchObject({ kind: 'read', servers: [{ name: 'docs' }] });
  expect(statesOn(here)['cursor project']).toBeUndefined();
});

test('nothing is absent, a folder alone is a client without servers, an empty file has none', () => {
  const bare = aMachine();
  expect(new Set(findClients(bare).map(({ state }) => state.kind))).toEqual(new Set(['absent']));
  mkdirSync(join(bare.home, '.cursor'));
  write(join(bare.home, '.lmstudio/mcp.json'), '');
  expect(statesOn(bare)['cursor user']).toEqual({ kind: 'empty' });
  expect(statesOn(bare)['lmstudio user']).toEqual({
    kind: 'read',
    servers: [],
    refused: [],
    isConnected: false,
    ownNames: [],
  });
});

test.for([
  ['cut off', '{ "mcpServers": { "a": ', '1:24'],
  ['a list of servers', '{\n  "mcpServers": [1]\n}', 'has mcpServers that is not an object'],
  ['a list', '[]', 'holds no object'],
  ['UTF-16 with a mark', Buffer.from('\u{feff}{}', 'utf16le'), 'is in UTF-16; save it as UTF-8'],
  ['UTF-16 without', Buffer.from('{}', 'utf16le'), 'is in UTF-16; save it as UTF-8'],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'is not in UTF-8'],
  ['without a bottom', '['.repeat(200_000), ':1:1 '],
] as const)('a file that cannot be read is broken, with its place: %s', ([, text, words]) => {
  const broken = aMachine();
  const path = write(join(broken.home, '.cursor/mcp.json'), text);
  const state = statesOn(broken)['cursor user'];
  expect(state).toMatchObject({ kind: 'broken' });
  const { problem } = state as Extract<ClientState, { kind: 'broken' }>;
  expect(problem).toContain(path);
  expect(problem).toContain(words);
});

test('the gateway is known by what it starts, whatever it is called', () => {
  const own = [
    { command: '/usr/bin/node', args: ['/opt/gateway/dist/main.js', 'serve', '--stdio'] },
    { command: 'npx', args: ['-y', 'mcp-gateway@1.2.0', 'serve', '--stdio'] },
    { command: 'C:\\Users\\maya\\mcp-gateway.cmd', args: ['serve', '--stdio'] },
    { url: 'http://127.0.0.1:3700/mcp' },
  ];
  const entries = Object.fromEntries(own.map((entry, index) => [`own-${String(index)}`, entry]));
  const connected = aMachine();
  const other = { command: 'node', args: ['/opt/other/dist/main.js'] };
  write(join(connected.home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { ...entries, gw: other } }));
  expect(statesOn(connected)['cursor user']).toMatchObject({
    isConnected: true,
    ownNames: ['own-0', 'own-1', 'own-2', 'own-3'],
    servers: [{ name: 'gw' }],
  });
});

test('paths are those of the platform', () => {
  const path = (id: string, part: Partial<Machine>): readonly string[] => {
    const client = clientOf(id);
    if (client === undefined) throw new Error(id);
    return allPlaces(client, aMachine({ home: '/Users/maya', workingFolder: '/shop', ...part })).map((one) => one.path);
  };
  const windows = { platform: 'win32', home: 'C:\\Users\\maya', workingFolder: 'C:\\shop' } as const;
  expect(path('claude-desktop', windows)).toEqual([
    'C:\\Users\\maya\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    'C:\\Users\\maya\\AppData\\Local\\Packages\\Claude_pzs8sxrjxfjjc\\LocalCache\\Roaming\\Claude\\claude_desktop_config.json',
  ]);
  const roaming = { ...windows, environment: { APPDATA: 'D:\\Roaming' } };
  expect(path('goose', roaming)).toEqual(['D:\\Roaming\\Block\\goose\\config\\config.yaml']);
  expect(path('vscode', windows)[1]).toBe('C:\\shop\\.vscode\\mcp.json');
  expect(path('claude-desktop', { platform: 'darwin' })).toEqual([
    '/Users/maya/Library/Application Support/Claude/claude_desktop_config.json',
  ]);
  expect(path('codex', { environment: { CODEX_HOME: '/srv/codex' } })[0]).toBe('/srv/codex/config.toml');
  expect(path('claude-code', { environment: { CLAUDE_CONFIG_DIR: '/srv/claude' } })[0]).toBe(
    '/srv/claude/.claude.json',
  );
  expect(path('zed', { environment: { XDG_CONFIG_HOME: '/srv/config' } })[0]).toBe('/srv/config/zed/settings.json');
});

test('another server that is given a folder of our name is not the gateway', () => {
  const servers = {
    files: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/maya/mcp-gateway'] },
    told: { command: 'node', args: ['/opt/files.js', '--stdio', 'mcp-gateway'] },
    windows: { command: 'cmd', args: ['/c', 'npx', '-y', 'server-git', 'C:\\src\\mcp-gateway'] },
    ours: { command: 'cmd', args: ['/c', 'npx', '-y', 'mcp-gateway'] },
  };
  const machine = aMachine();
  write(join(machine.home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: servers }));
  expect(statesOn(machine)['cursor user']).toMatchObject({
    ownNames: ['ours'],
    servers: [{ name: 'files' }, { name: 'told' }, { name: 'windows' }],
  });
});
