import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { addConfigCommands } from '../../src/cli/config-commands.ts';
import { addInitCommand } from '../../src/cli/init-commands.ts';
import { layOut } from '../clients/home.ts';
import { aFolder } from '../upstream/parts.ts';
import { type Ran, runCommand } from './command.ts';

const TOKEN = 'ghp_exampleexampleexampleexampleexample1';

interface Place {
  readonly home: string;
  readonly userHome: string;
  readonly config: string;
}

/** A machine with an empty folder for its user. */
function aPlace(): Place {
  const folder = aFolder();
  const [home, userHome] = [join(folder, 'gateway'), join(folder, 'user')];
  mkdirSync(userHome);
  return { home, userHome, config: join(home, 'mcp-gateway.yaml') };
}

function run({ home, userHome }: Place, ...args: readonly string[]): Promise<Ran> {
  const variables = { MCP_GATEWAY_SECRETS: 'file', XDG_CONFIG_HOME: join(userHome, '.config') };
  return runCommand(addInitCommand, ['init', ...args], { home, userHome, cache: home, variables, input: '' });
}

async function validated({ home }: Place): Promise<string> {
  const variables = { MCP_GATEWAY_SECRETS: 'file' };
  const { out, err } = await runCommand(addConfigCommands, ['config', 'validate'], { home, cache: home, variables });
  return out + err;
}

function withCursor(place: Place, servers: object | string): string {
  const path = join(place.userHome, '.cursor/mcp.json');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof servers === 'string' ? servers : JSON.stringify({ mcpServers: servers }));
  return path;
}

test('the servers of thirteen clients become one configuration that holds, and no file of theirs changes', async () => {
  const place = aPlace();
  const files = Object.values(layOut(place.userHome));
  const before = files.map((file) => readFileSync(file));
  const { exit, out, err } = await run(place, '--yes', '--no-start', '--json');
  expect([exit, err]).toEqual([0, '']);
  const said = JSON.parse(out) as { servers: { id: string }[]; next: string[] };
  expect(said).toMatchObject({ schema: 'mcp-gateway/init/v1', ok: true, isWritten: true, isNew: true });
  expect(said.servers.map(({ id }) => id)).toEqual(expect.arrayContaining(['filesystem', 'github', 'github-2']));
  expect(await validated(place)).toContain(`is good: ${String(said.servers.length)} servers`);
  expect(files.map((file) => readFileSync(file))).toEqual(before);
  const text = readFileSync(place.config, 'utf8');
  expect(text).toMatch(/^# yaml-language-server: \$schema=mcp-gateway.schema.json\nversion: 1\n/);
  expect(text).toContain('gateway: { toolNames: prefixed }');
  for (const name of readdirSync(place.home)) expect(readFileSync(join(place.home, name), 'utf8')).not.toContain(TOKEN);
  expect(out + text).not.toContain(TOKEN);
  expect(lstatSync(place.config).mode & 0o777).toBe(0o600);
});

test('what could not be connected or started is named with its mend, and neither the answer nor the exit code calls it done', async () => {
  const place = aPlace();
  const file = withCursor(place, { files: { command: '/nowhere/at/all' } });
  chmodSync(file, 0o444);
  const { exit, out } = await run(place, '--yes', '--connect', '--json');
  expect([exit, JSON.parse(out)]).toEqual([
    1,
    expect.objectContaining({
      ok: false,
      isWritten: true,
      failed: [
        { what: 'server', id: 'files', problem: expect.stringMatching(/nowhere/), mend: expect.stringMatching(/./) },
        { what: 'client', id: 'cursor', problem: expect.stringMatching(/read-only/), mend: expect.stringMatching(/./) },
      ],
    }),
  ]);
  const shown = await run(place, '--yes', '--connect');
  expect([shown.exit, shown.out]).toEqual([1, expect.stringContaining('FAILED  Cursor')]);
});

test('a second time there is nothing to add', async () => {
  const place = aPlace();
  layOut(place.userHome);
  await run(place, '--yes', '--no-start');
  const before = readFileSync(place.config);
  const again = await run(place, '--no-start');
  expect([again.exit, again.out]).toEqual([0, expect.stringContaining('has all of it already')]);
  expect(readFileSync(place.config)).toEqual(before);
});

test('a configuration that is there is only added to', async () => {
  const place = aPlace();
  mkdirSync(place.home);
  const mine = '# mine\nversion: 1\nmcpServers:\n  files: { command: node, args: [mine.mjs] } # stays\n';
  writeFileSync(place.config, mine);
  withCursor(place, { files: { command: 'node', args: ['theirs.mjs'] } });
  const { exit, out } = await run(place, '--yes', '--no-start');
  expect([exit, out]).toEqual([0, expect.stringContaining('+  files-2:')]);
  expect(readFileSync(place.config, 'utf8')).toBe(
    '# mine\nversion: 1\ngateway: { toolNames: prefixed }\nmcpServers:\n  files: { command: node, args: [mine.mjs] } # stays\n  files-2:\n    command: node\n    args: [theirs.mjs]\n',
  );
});

test('the difference to a configuration shows no secret that stands in it in the open', async () => {
  const place = aPlace();
  mkdirSync(place.home);
  writeFileSync(place.config, `version: 1\nmcpServers:\n  db: { command: node, args: ['--password', ${TOKEN}] }\n`);
  withCursor(place, { files: { command: 'node' } });
  const { out } = await run(place, '--dry-run');
  expect([out.includes('+  files:'), out.includes('••••'), out.includes(TOKEN)]).toEqual([true, true, false]);
});

test('without clients a configuration is written all the same, and how to add a server is said', async () => {
  const place = aPlace();
  const { exit, out } = await run(place, '--yes');
  expect([exit, out]).toEqual([0, expect.stringContaining('mcp-gateway server add files -- npx')]);
  expect(await validated(place)).toContain('is good: 0 servers');
});

test('where nobody is at a terminal the plan is shown, nothing is written, and what to do is said', async () => {
  const place = aPlace();
  withCursor(place, { files: { command: 'node' } });
  const { exit, out, err } = await run(place);
  expect([exit, out, err]).toEqual([
    2,
    expect.stringContaining('+  files:'),
    expect.stringContaining('mcp-gateway init --yes'),
  ]);
  expect(existsSync(place.home)).toBe(false);
});

test.each([['--dry-run'], ['--print']])('%s writes nothing', async (flag) => {
  const place = aPlace();
  withCursor(place, { files: { command: 'node', env: { TOKEN } } });
  const { exit, out } = await run(place, flag);
  expect([exit, out]).toEqual([0, expect.stringContaining('${secret:files.token}')]);
  expect([existsSync(place.home), out.includes(TOKEN)]).toEqual([false, false]);
});

test.each([
  ['broken', '{ "mcpServers": {\n  "a": }', 'mcp.json:2:8'],
  ['of another shape', '{ "mcpServers": [] }', 'mcpServers'],
  ['empty', '', '0 servers'],
])('a file of a client that is %s keeps no other from being taken over, and stays as it is', async (_, text, said) => {
  const place = aPlace();
  const file = withCursor(place, text);
  layOut(place.userHome, ['lmstudio']);
  const { exit, out } = await run(place, '--yes', '--no-start');
  expect([exit, out]).toEqual([0, expect.stringContaining(said)]);
  expect([readFileSync(file, 'utf8'), await validated(place)]).toEqual([text, expect.stringContaining('1 servers')]);
});

test('--connect registers the gateway with the clients, and every comment stays', async () => {
  const place = aPlace();
  const file = withCursor(place, '{ "mcpServers": {\n  // mine\n  "files": { "command": "node" }, // stays\n} }\n');
  const { exit, out } = await run(place, '--yes', '--no-start', '--connect', '--json');
  expect([exit, JSON.parse(out)]).toEqual([0, expect.objectContaining({ isWritten: true })]);
  const text = readFileSync(file, 'utf8');
  for (const piece of ['"gw"', '// mine\n', '"files": { "command": "node" }, // stays\n'])
    expect(text).toContain(piece);
});

test('what a project brings with it is not taken over, because somebody else wrote it', async () => {
  const place = aPlace();
  mkdirSync(place.home);
  writeFileSync(join(place.home, '.mcp.json'), '{"mcpServers": {"theirs": {"command": "node"}}}');
  const { exit, out } = await run(place, '--yes');
  expect([exit, out]).toEqual([0, expect.stringContaining('.mcp.json; make a configuration of it')]);
  expect(readFileSync(place.config, 'utf8')).not.toContain('theirs');
});

test('only the clients that are named are taken over, and one that nobody knows is refused', async () => {
  const place = aPlace();
  layOut(place.userHome);
  const { out } = await run(place, '--from', 'lmstudio', '--print');
  expect(out.match(/^ {2}\S+:$/gm)).toEqual(['  hf:']);
  const unknown = await run(place, '--from', 'netscape');
  expect([unknown.exit, unknown.err]).toEqual([2, expect.stringContaining('Known are claude-desktop')]);
});

test('a configuration that is broken is not touched', async () => {
  const place = aPlace();
  mkdirSync(place.home);
  writeFileSync(place.config, 'version: 1\nmcpServerz: {}\n');
  withCursor(place, { files: { command: 'node' } });
  const { exit, err } = await run(place, '--yes');
  expect([exit, err]).toEqual([3, expect.stringContaining('mcpServerz')]);
  expect(readFileSync(place.config, 'utf8')).toBe('version: 1\nmcpServerz: {}\n');
});
