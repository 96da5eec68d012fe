import { chmodSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS, examine } from '../../src/app/doctor-checks.ts';
import { checkClients } from '../../src/app/doctor-clients.ts';
import { checkLocks } from '../../src/app/doctor-locks.ts';
import { checkDisk, checkHome, checkNode } from '../../src/app/doctor-machine.ts';
import { checkServers } from '../../src/app/doctor-servers.ts';
import { checkNames, checkTokens, checkTools } from '../../src/app/doctor-tools.ts';
import type { HealthFinding, Subject } from '../../src/app/doctor.ts';
import type { KnownTools } from '../../src/app/known-tools.ts';
import { buildCatalog } from '../../src/catalog/catalog.ts';
import type { ClientServer, FoundClient } from '../../src/clients/entry.ts';
import { loadConfig } from '../../src/config/load.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { ServerId } from '../../src/core/names.ts';
import { realClock } from '../state/records.ts';
import { aFolder } from '../state/support.ts';

const FILES = 'files' as ServerId;

function told(findings: readonly HealthFinding[]): readonly (readonly string[])[] {
  return findings.map(({ id, state, mend = '' }) => [id, state, mend]);
}

test.for([
  ['20.18.3', 'fail'],
  ['20.19.0', 'ok'],
  ['18.20.4', 'fail'],
  ['26.0.0', 'ok'],
])('Node %s is %s', ([version, state]) => {
  expect(checkNode({ nodeVersion: version ?? '' })).toMatchObject([{ id: 'node', state }]);
});

test('a home that is missing is made, and what others could read is closed to them', async () => {
  const home = join(aFolder(), 'home');
  const [missing] = checkHome({ home, modesMean: true });
  expect(told([missing as HealthFinding])).toEqual([['home', 'warn', 'mcp-gateway doctor --fix']]);
  expect(await missing?.fix?.()).toBe(`made ${home}`);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  for (const name of ['chain.key', 'notes.txt']) {
    writeFileSync(join(home, name), 'x');
    chmodSync(join(home, name), 0o644);
  }
  chmodSync(home, 0o755);
  const [open] = checkHome({ home, modesMean: true });
  expect(open).toMatchObject({ state: 'warn', words: expect.stringContaining(join(home, 'chain.key')) });
  await open?.fix?.();
  expect([statSync(home).mode & 0o777, statSync(join(home, 'chain.key')).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(statSync(join(home, 'notes.txt')).mode & 0o777).toBe(0o644);
  expect(checkHome({ home, modesMean: true })).toMatchObject([{ state: 'ok' }]);
  expect(checkDisk(join(home, 'not', 'there', 'yet.db'))).toMatchObject([{ id: 'disk' }]);
});

test('a lock that was left behind is removed, and one that is young is left to its holder', async () => {
  const home = aFolder();
  const file = join(home, 'mcp.json');
  const client: FoundClient = { id: 'cursor', name: 'Cursor', scope: 'user', path: file, state: { kind: 'empty' } };
  const look = (): readonly HealthFinding[] => checkLocks({ home, clients: [client, client] });
  const locks = [`${file}.lock`, join(home, 'secrets.json.lock')];
  for (const lock of locks) writeFileSync(lock, '');
  expect(told(look())).toEqual([['locks', 'ok', '']]);
  const old = new Date(Date.now() - 60_000);
  for (const lock of locks) utimesSync(lock, old, old);
  const found = look();
  expect(told(found)).toEqual([
    ['locks', 'warn', 'mcp-gateway doctor --fix'],
    ['locks', 'warn', 'mcp-gateway doctor --fix'],
  ]);
  for (const { fix } of found) expect(await fix?.()).toMatch(/^removed /);
  expect(told(look())).toEqual([['locks', 'ok', '']]);
});

function toolsNamed(...names: readonly string[]): KnownTools {
  const definitions = names.map((name) => ({ name, description: 'x'.repeat(400), inputSchema: { type: 'object' } }));
  const filters = new Map([[FILES, { include: ['*'], exclude: [] }]]);
  const catalog = buildCatalog([{ server: FILES, definitions }], { kind: 'tool', toolNames: 'prefixed', filters });
  return { lists: new Map([[FILES, definitions]]), catalog, unlisted: [] };
}

test('names, numbers and tokens are held to what clients take', () => {
  const few = { tools: toolsNamed('read', 'write') };
  expect(told([...checkNames(few), ...checkTools(few), ...checkTokens(few)])).toEqual([
    ['names', 'ok', ''],
    ['tools', 'ok', ''],
    ['tokens', 'ok', ''],
  ]);
  const many = { tools: toolsNamed(...Array.from({ length: 200 }, (_, index) => `tool_${index}`)) };
  expect(told([...checkTools(many), ...checkTokens(many)])).toEqual([
    ['tools', 'warn', 'mcp-gateway tool ls'],
    ['tokens', 'warn', 'mcp-gateway tool ls'],
  ]);
  expect(checkTools(many)[0]?.words).toContain('Windsurf takes 100, OpenAI 128');
  expect(told(checkNames({ tools: toolsNamed('re\u200Bad') }))).toEqual([
    ['names', 'warn', 'mcp-gateway server inspect files'],
  ]);
  expect(told(checkNames({ tools: undefined }))).toEqual([['names', 'skip', '']]);
});

const DIRECT: ClientServer = { kind: 'local', name: 'filesystem', command: 'npx', args: [], env: {} };

function aClient(state: FoundClient['state']): FoundClient {
  return { id: 'cursor', name: 'Cursor', scope: 'user', path: '/home/maya/.cursor/mcp.json', state };
}

test('a client that starts servers itself bypasses the gateway, and the command connects it', () => {
  const reading = { kind: 'read', servers: [DIRECT], refused: [], isConnected: false, ownNames: [] } as const;
  const [direct] = checkClients({ clients: [aClient(reading)] });
  expect(direct).toMatchObject({ id: 'clients', state: 'warn', mend: 'mcp-gateway connect cursor' });
  expect(direct?.words).toBe('Cursor starts "filesystem" directly and bypasses the gateway');
  const both = aClient({
    ...reading,
    isConnected: true,
    servers: [],
    refused: [{ name: 'odd', why: '', isOff: false }],
  });
  expect(checkClients({ clients: [both] })).toMatchObject([
    { words: 'Cursor starts "odd" directly and bypasses the gateway', mend: 'mcp-gateway connect cursor --replace' },
  ]);
  const connected = aClient({ ...reading, servers: [], isConnected: true });
  expect(told(checkClients({ clients: [connected] }))).toEqual([['clients', 'ok', '']]);
  const broken = aClient({ kind: 'broken', problem: 'line 3' });
  expect(checkClients({ clients: [connected, broken] })).toMatchObject([{ state: 'fail' }]);
  expect(checkClients({ clients: [aClient({ kind: 'absent' })] })).toMatchObject([{ state: 'skip' }]);
});

/** What doctor looks at, where nothing was written down yet. */
function aSubject(part: Partial<Subject> = {}): Subject {
  const home = join(aFolder(), 'home');
  return {
    nodeVersion: '22.22.2',
    platform: 'linux',
    home,
    cache: home,
    modesMean: true,
    now: 0,
    clock: realClock,
    configuration: { kind: 'none', problem: 'there is no mcp-gateway.yaml' },
    lock: { kind: 'none' },
    tools: undefined,
    clients: [],
    tryServer: undefined,
    bundles: async () => [],
    ...part,
  };
}

test('without a configuration, with a broken one, and with one that cannot be used, every check answers', async () => {
  const none = await examine(aSubject());
  expect(none.filter(({ state }) => state === 'fail').map(({ id, mend }) => [id, mend])).toEqual([
    ['config', 'mcp-gateway init'],
  ]);
  const problem = 'a.yaml:3:1 error E_UNKNOWN_KEY x\n\na.yaml:4:1 error E_VALUE y\n';
  const bad = await examine(aSubject({ configuration: { kind: 'bad', problem } }));
  expect(bad.find(({ id }) => id === 'config')).toMatchObject({
    state: 'fail',
    words: 'a.yaml:3:1 error E_UNKNOWN_KEY x, and 1 more',
    mend: 'mcp-gateway config validate',
  });
  expect(new Set(none.map(({ id }) => id)).size).toBe(CHECKS.length);
  const throwing = await examine(aSubject({ clients: undefined as never }));
  expect(throwing.find(({ id }) => id === 'clients')).toMatchObject({ state: 'fail' });
});

function withConfig(text: object): Subject {
  const folder = aFolder();
  mkdirSync(join(folder, 'home'));
  const path = join(folder, 'mcp-gateway.yaml');
  writeFileSync(path, JSON.stringify({ version: 1, ...text }));
  const home = join(folder, 'home');
  const loaded = loadConfig({ path, environment: {}, workingFolder: folder, home, userHome: folder });
  return aSubject({ home, configuration: { kind: 'good', loaded } });
}

const SERVERS = {
  mcpServers: { files: { command: 'node', args: ['files.mjs'] }, shop: { type: 'http', url: 'http://localhost:1' } },
};

test('each server is told apart, with the command for what is wrong with it', async () => {
  const subject = withConfig(SERVERS);
  const tryServer: Subject['tryServer'] = async (id) => {
    if (id === 'shop') throw new GatewayError('SIGN_IN_REQUIRED', 'sign in');
    return { tools: [], listedAfterMs: 6_000 };
  };
  expect(told(await checkServers({ ...subject, tryServer }))).toEqual([
    ['server.files', 'warn', 'mcp-gateway server logs files'],
    ['server.shop', 'fail', 'mcp-gateway server login shop'],
  ]);
  expect(told(await checkServers(subject))).toEqual([['server', 'skip', '']]);
});

test('what nobody has accepted, and keys in the open, are found', async () => {
  const key = `ghp_${'a1B2'.repeat(9)}`;
  const found = await examine(withConfig({ mcpServers: { files: { command: 'node', env: { GITHUB_TOKEN: key } } } }));
  const of = (id: string): HealthFinding | undefined => found.find((finding) => finding.id === id);
  expect(of('lock')).toMatchObject({ state: 'warn', mend: 'mcp-gateway server approve files --all' });
  expect(of('secrets')).toMatchObject({ state: 'warn', mend: 'mcp-gateway secret check --fix' });
  expect(JSON.stringify(found)).not.toContain(key);
  expect(of('store')).toMatchObject({ state: 'skip' });
});

test('what is not good has one command that mends it, and what is good has none', async () => {
  const found = [...(await examine(aSubject())), ...(await examine(withConfig(SERVERS)))];
  for (const { state, mend } of found) expect(mend === undefined).toBe(state === 'ok' || state === 'skip');
});
