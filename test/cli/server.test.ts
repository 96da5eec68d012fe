import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { printError } from '../../src/cli/exit.ts';
import { addServerCommands } from '../../src/cli/server-commands.ts';
import { ServerLogs } from '../../src/upstream/server-log.ts';
import { anAuthorizationServer, aProtectedServer, browse, CANARY } from '../upstream/authorization-server.ts';
import { aClock, aFolder, aLogger, serverId } from '../upstream/parts.ts';

const SECRET = `${CANARY}-configured`;

interface Place {
  readonly home: string;
  readonly config: string;
}

function aPlace(servers: Record<string, unknown>): Place {
  const folder = aFolder();
  const config = join(folder, 'mcp-gateway.yaml');
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: servers }));
  const home = join(folder, 'home');
  mkdirSync(home);
  return { home, config };
}

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `server …` and hands on what it says on stderr while it runs. */
async function run({ home, config }: Place, args: readonly string[], onError?: (text: string) => void): Promise<Ran> {
  const said = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => {
    const written = new PassThrough().on('data', (chunk: Buffer) => {
      said[name] += chunk.toString();
      if (name === 'err') onError?.(said.err);
    });
    return written as unknown as NodeJS.WriteStream;
  };
  const terminal = { in: process.stdin, out: stream('out'), err: stream('err') };
  const environment = { variables: {}, workingFolder: home, userHome: home, home, cache: home, user: 'maya' };
  const program = new Command().exitOverride();
  let exit = 0;
  addServerCommands(program, { terminal, environment, setExit: (code) => (exit = code) });
  try {
    await program.parseAsync(['server', ...args, '--config', config], { from: 'user' });
  } catch (thrown) {
    exit = printError(terminal, thrown);
  }
  await new Promise(setImmediate);
  return { exit, ...said };
}

/** Opens the address that `login` prints, once. */
function withBrowser(): (text: string) => void {
  let isOpened = false;
  return (text) => {
    const url = /^ {2}(http\S+)$/m.exec(text)?.[1];
    if (url === undefined || isOpened) return;
    isOpened = true;
    void browse(url);
  };
}

async function aShop() {
  const as = await anAuthorizationServer();
  const { url } = await aProtectedServer(as);
  return { as, place: aPlace({ shop: { url: url.href }, local: { command: 'node', args: [SECRET] } }) };
}

test('a server is signed in to in the browser, listed as such, and signed out of', async () => {
  const { as, place } = await aShop();
  const login = await run(place, ['login', 'shop', '--no-browser'], withBrowser());
  expect([login.exit, login.out]).toEqual([0, 'Signed in to shop.\n']);
  const listed = await run(place, ['ls']);
  expect(listed.out.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | ').slice(0, 40))).toEqual([
    'server | transport | sign-in | last call',
    expect.stringMatching(/^shop \| http \| signed in \| - \| not acc/) as string,
    'local | stdio | - | - | not accepted | -',
    '',
  ]);
  const logout = await run(place, ['logout', 'shop']);
  expect([logout.exit, logout.out]).toEqual([0, 'Signed out of shop, and its tokens are revoked.\n']);
  expect([as.access.size, as.refresh.size]).toEqual([0, 0]);
  expect((await run(place, ['logout', 'shop'])).out).toBe('You were not signed in to shop.\n');
  expect(JSON.stringify([login, listed, logout])).not.toContain(CANARY);
});

test('every command gives one JSON object', async () => {
  const { place } = await aShop();
  const login = await run(place, ['login', 'shop', '--no-browser', '--json'], withBrowser());
  expect(JSON.parse(login.out)).toEqual({
    schema: 'mcp-gateway/server-login/v1',
    ok: true,
    server: 'shop',
    signIn: 'signed_in',
  });
  const { servers } = JSON.parse((await run(place, ['ls', '--json'])).out) as { servers: unknown[] };
  expect(servers[1]).toEqual({
    id: 'local',
    transport: 'stdio',
    at: 'node',
    signIn: 'not_needed',
    policy: 'auto',
    shelf: null,
    lastCall: null,
    package: '',
    bundle: '',
    pins: null,
  });
  const logout = JSON.parse((await run(place, ['logout', 'shop', '--json'])).out) as object;
  expect(logout).toMatchObject({ ok: true, wasSignedIn: true, isRevoked: true });
});

test('a sign-in that is not granted ends with the exit code for signing in', async () => {
  const { as, place } = await aShop();
  as.settings.error = 'access_denied';
  const login = await run(place, ['login', 'shop', '--no-browser'], withBrowser());
  expect([login.exit, login.out]).toEqual([4, '']);
  expect(login.err).toContain('error SIGN_IN_REQUIRED The sign-in to "shop" was not granted (access_denied).');
});

test('a server that is not configured, or that takes no sign-in, is said to be so', async () => {
  const { place } = await aShop();
  const unknown = await run(place, ['login', 'shopp']);
  expect([unknown.exit, unknown.err]).toEqual([
    2,
    'error USAGE there is no server "shopp" in the configuration\n  = help: It has shop, local.\n',
  ]);
  expect((await run(place, ['login', 'local'])).err).toContain('There is no signing in to "local".');
  expect((await run(place, ['logs', '../shop'])).exit).toBe(2);
});

test('the last lines of a server are printed, without what would reach the terminal', async () => {
  const { place } = await aShop();
  expect((await run(place, ['logs', 'local'])).out).toBe('');
  const logs = new ServerLogs({ home: place.home, secrets: [], clock: aClock, logger: aLogger() });
  for (const line of ['one', 'two', 'three \u001b[31m']) logs.add(serverId('local'), line);
  await logs.close();
  const { out } = await run(place, ['logs', 'local', '--limit', '2']);
  expect(out.replaceAll(/\S+Z /g, '')).toBe('two\nthree  [31m\n');
  const { lines } = JSON.parse((await run(place, ['logs', 'local', '--json'])).out) as { lines: string[] };
  expect(lines).toHaveLength(3);
});
