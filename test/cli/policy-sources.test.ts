import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp } from '../../src/app.ts';
import { storePlaceOf } from '../../src/app/store-place.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { loadConfig } from '../../src/config/load.ts';
import { lockPathOf, writeLock } from '../../src/config/lock-file.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import type { LockedServer } from '../../src/core/server-lock.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { BundleService, startService, type WebService } from '../source/a-bundle-service.ts';
import { Registry } from '../source/a-registry.ts';
import { Repository } from '../source/a-repository.ts';
import { EU_DATA, HOURS, MORE_HOURS, packed, TEAMS } from '../source/published.ts';
import { expectPrinted, type PageAddresses, pageCommands, pageConfiguration } from '../source/sources-page.ts';
import { type Ran, runCommand } from './command.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-sources-'));
const TOKEN = 'only-for-bundles';
const PASSWORD = 'only-for-the-registry';
const VARIABLES = { ...process.env, BUNDLES_TOKEN: TOKEN };
const PLACE = { home: join(FOLDER, 'home'), cache: join(tmpdir(), 'mcp-gateway-test-cache'), variables: VARIABLES };
const CONFIG = join(FOLDER, 'mcp-gateway.yaml');

const service = new BundleService(packed(HOURS), 'v1');
const registry = new Registry([{ content: packed(EU_DATA) }]);
const closing: WebService[] = [];
let addresses: PageAddresses;

beforeAll(async () => {
  mkdirSync(PLACE.home);
  const web = await startService(service.answer);
  const artefacts = await startService(registry.answer);
  closing.push(web, artefacts);
  registry.url = artefacts.url;
  registry.guard = { challenge: (url) => `Bearer realm="${url}token",service="northwind"`, token: 'short-lived' };
  const repository = new Repository(FOLDER);
  repository.commit(Object.fromEntries(Object.entries(TEAMS).map(([path, text]) => [`bundles/teams/${path}`, text])));
  repository.publish();
  addresses = {
    service: web.url,
    repository: `git+file://${repository.bare}`,
    registry: new URL(artefacts.url).host,
  };
  writeFileSync(join(FOLDER, 'registry.password'), `${PASSWORD}\n`);
  // Git on this machine is shown nothing, and everything else stands as on the page.
  writeFileSync(CONFIG, pageConfiguration(addresses));
});

afterAll(() => {
  for (const web of closing) web.close();
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 5 });
});

function policy(...args: readonly string[]): Promise<Ran> {
  return runCommand(addPolicyCommands, ['policy', ...args, '--config', CONFIG], PLACE);
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly why: string;
  readonly digest: string;
  readonly revision: string;
}

async function rows(): Promise<readonly Row[]> {
  const { out } = await policy('ls', '--json');
  const { bundles } = JSON.parse(out) as { readonly bundles: readonly Row[] };
  return bundles.filter(({ id }) => !id.startsWith('starter-'));
}

async function row(id: string): Promise<Row> {
  const found = (await rows()).find((one) => one.id === id);
  if (found === undefined) throw new Error(`${id} is not listed`);
  return found;
}

/** Digests of the bundles of a generation, empty where one is missing; what a start said of them. */
async function start(): Promise<{
  readonly digests: Readonly<Record<string, string>>;
  readonly said: readonly string[];
}> {
  const { home, cache } = PLACE;
  const { config, secrets } = loadConfig({
    path: CONFIG,
    environment: VARIABLES,
    workingFolder: FOLDER,
    home,
    userHome: FOLDER,
  });
  const said: string[] = [];
  const app = await startApp({
    config,
    secrets,
    home,
    cache,
    version: '0',
    owner: 'ana',
    login: 'ana',
    host: { platform: process.platform, nodePath: process.execPath, environment: VARIABLES },
    timezone: 'UTC',
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger: keeping(said),
  });
  await app.ready;
  await app.close();
  const reader = new DecisionReader(storePlaceOf(config));
  const [newest] = await reader.generations.activations(1);
  await reader.close();
  return { digests: Object.fromEntries(newest?.facts.bundles.map(({ id, digest }) => [id, digest]) ?? []), said };
}

function keeping(said: string[]): Logger {
  const keep = (message: string, fields: LogFields = {}): void =>
    void said.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: keep, info: keep, warn: keep, error: keep };
}

/** The state of a bundle on disk, changed. */
function rewriteState(id: string, change: (state: Readonly<Record<string, unknown>>) => object): void {
  const folder = readdirSync(join(PLACE.home, 'bundles')).find((name) => name.startsWith(`${id}-`)) ?? '';
  const file = join(PLACE.home, 'bundles', folder, 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  writeFileSync(file, JSON.stringify({ ...state, ...change(state) }));
}

test('a bundle of which nothing is at hand is missing, and a start goes on without it', async () => {
  service.outage = (_, response) => response.writeHead(503).end();
  expect(await row('hours')).toMatchObject({ state: 'missing', why: expect.stringMatching(/^nothing is at hand/) });
  const { digests, said } = await start();
  expect(digests).toMatchObject({ hours: '', teams: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(said.join('\n')).toMatch(
    /a bundle cannot be used; what it governs is denied.*hours\.tar\.gz cannot be read: it answers with status 503/,
  );
  service.outage = undefined;
  rmSync(join(PLACE.home, 'bundles'), { recursive: true });
});

test('the commands of docs/sources.md print what stands there', async () => {
  for (const { args, prints } of pageCommands()) {
    if (args.join(' ') === 'policy outdated') service.publish(packed(MORE_HOURS), 'v2');
    const { out, err, exit } = await policy(...args.slice(1));
    expect([args, err, exit]).toEqual([args, '', args[1] === 'outdated' ? 3 : 0]);
    expectPrinted(out, prints, addresses);
  }
});

test('an address that was pulled is fetched no more than it has to', async () => {
  const { out, exit } = await policy('pull', 'hours');
  expect([exit, out]).toEqual([0, `hours  v2, nothing newer at ${addresses.service}hours.tar.gz\n`]);
  expect(closing[0]?.seen.at(-1)?.headers).toMatchObject({ 'if-none-match': '"v2"', authorization: `Bearer ${TOKEN}` });
  expect((await policy('verify')).out).toMatch(/kept bundles are what they were\.\n$/);
});

test('a start takes what is kept, while no source is there', async () => {
  service.outage = (_, response) => response.destroy();
  const { digests, said } = await start();
  service.outage = undefined;
  const kept = Object.fromEntries((await rows()).map(({ id, digest }) => [id, digest]));
  expect(digests).toMatchObject(kept);
  expect(said.filter((line) => line.includes('cannot be used'))).toEqual([]);
});

const OTHER_FORMAT = { ...HOURS, '.manifest': '{"apiVersion":"v1","kind":"Policy"}' };
const OLD_REGO = { ...HOURS, 'policy.rego': 'package hours\n\ndeny[x] { x := input.y }\n' };
const OTHER_LAYER = { ...HOURS, '.manifest': HOURS['.manifest']?.replace('workflow', 'resource') ?? '' };
const SWELLING = { ...HOURS, 'data.json': `{"hours":{"x":"${'a'.repeat(2 * 1024 * 1024)}"}}` };

const OF_A_SERVER = { ...HOURS, '.manifest': HOURS['.manifest']?.replace('workflow', 'server') ?? '' };

describe('what cannot be put in force', () => {
  test.each<[string, () => Buffer | string, RegExp]>([
    ['no archive', () => 'these are no bytes of an archive, at all', /it is not gzip/],
    ['half an archive', () => packed(HOURS).subarray(0, 200), /cannot be read/],
    ['an archive of something else', () => gzipSync('no tar in here'), /cannot be read/],
    ['a manifest of another format', () => packed(OTHER_FORMAT), /\.manifest/],
    ['Rego of another version', () => packed(OLD_REGO), /policy\.rego:3/],
    ['another layer', () => packed(OTHER_LAYER), /says that it is of layer resource/],
    ['an archive that swells', () => packed(SWELLING), /100 times its packed size/],
  ])('%s is named with its place, and what is kept stays', async (name, make, why) => {
    service.publish(Buffer.from(make()), name);
    const { err, exit } = await policy('pull', 'hours');
    expect(exit).toBe(5);
    expect(err).toMatch(why);
    expect(err).toMatch(/ {2}= v2 stays\n$/);
    expect(await row('hours')).toMatchObject({ state: 'stale', revision: '"v2"', why: expect.stringMatching(why) });
  });

  test.each<[string, BundleService['outage'], RegExp]>([
    [
      'a web page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /a web page/,
    ],
    ['nothing', (_, response) => response.writeHead(404).end(), /there is nothing at this address \(404\)/],
  ])('%s is named, and what is kept stays', async (_, outage, why) => {
    service.outage = outage;
    const { err } = await policy('pull', 'hours');
    const { exit, err: whyNot } = await policy('outdated');
    service.outage = undefined;
    expect([err, whyNot]).toEqual([expect.stringMatching(why), expect.stringMatching(why)]);
    expect(exit).toBe(5);
    expect(await row('hours')).toMatchObject({ state: 'stale', revision: '"v2"' });
  });

  test('never names what is shown to an address', async () => {
    const state = JSON.stringify(await rows()) + (await policy('pull')).err;
    expect(state).not.toMatch(new RegExp(`${TOKEN}|${PASSWORD}|short-lived`));
  });
});

test('a bundle that nobody has confirmed for too long denies what it governs', async () => {
  const dayMs = 86_400_000;
  rewriteState('hours', () => ({ confirmedMs: Date.now() - dayMs - 60_000 }));
  service.outage = (_, response) => response.writeHead(503).end();
  expect(await row('hours')).toMatchObject({
    state: 'missing',
    why: expect.stringMatching(/longer ago than maxAge allows/),
  });
  const { digests, said } = await start();
  service.outage = undefined;
  expect(digests['hours']).toBe('');
  expect(said.join('\n')).toMatch(/was last confirmed at .*longer ago than maxAge/);
});

test('what somebody has changed on disk is told, and not used', async () => {
  service.publish(packed(MORE_HOURS), 'v3');
  expect((await policy('pull')).exit).toBe(0);
  rewriteState('teams', () => ({ digest: 'ab'.repeat(32) }));
  const { out, err, exit } = await policy('verify');
  expect([exit, err]).toEqual([3, expect.stringMatching(/^changed teams: what was kept of a policy bundle/)]);
  expect(out).toMatch(/hours +disk +[0-9a-f]{12} +unsigned +good/);
  expect(await row('teams')).toMatchObject({ state: 'missing' });
  expect((await policy('pull', 'teams')).exit).toBe(0);
  expect((await policy('verify')).exit).toBe(0);
});

describe('of servers that were accepted', () => {
  const folder = join(FOLDER, 'accepted');
  const config = join(folder, 'mcp-gateway.yaml');
  const verify = (): Promise<Ran> => runCommand(addPolicyCommands, ['policy', 'verify', '--config', config], PLACE);
  const text = (command: string): string =>
    `version: 1\ndecisions: { store: { path: none.db } }\nmcpServers:\n  notes: { command: ${command}, policy: { source: ./notes } }\n`;
  let locked: LockedServer;

  beforeAll(async () => {
    mkdirSync(join(folder, 'notes'), { recursive: true });
    for (const [path, content] of Object.entries(OF_A_SERVER)) writeFileSync(join(folder, 'notes', path), content);
    writeFileSync(config, text('notes'));
    const { out } = await runCommand(addPolicyCommands, ['policy', 'ls', '--json', '--config', config], PLACE);
    const { bundles } = JSON.parse(out) as { readonly bundles: readonly Row[] };
    const digest = bundles.find(({ id }) => id === 'notes')?.digest ?? '';
    const { commands } = loadConfig({
      path: config,
      environment: {},
      workingFolder: folder,
      home: folder,
      userHome: folder,
    });
    locked = { package: null, command: commands['notes'] ?? '', bundle: { digest }, signer: '', tools: {} };
  });

  test('the bundle at hand and the command line have to be those that were accepted', async () => {
    writeLock(lockPathOf(config), { notes: locked });
    expect(await verify()).toMatchObject({
      exit: 0,
      err: '',
      out: expect.stringMatching(/notes +lock +[0-9a-f]{12} +unsigned +good/),
    });
    writeFileSync(config, text('others'));
    expect(await verify()).toMatchObject({ exit: 3, err: expect.stringMatching(/^changed notes: its command line/) });
    writeFileSync(config, text('notes'));
  });

  test.for<readonly [string, () => Readonly<Record<string, LockedServer>>, RegExp]>([
    [
      'another bundle',
      () => ({ notes: { ...locked, bundle: { digest: 'ab'.repeat(32) } } }),
      /^changed notes: its bundle is [0-9a-f]{12}, abababababab was accepted\n$/,
    ],
    [
      'no bundle',
      () => ({ notes: { ...locked, bundle: null } }),
      /^changed notes: .* it was accepted without a bundle\n$/,
    ],
    ['a server that is gone', () => ({ gone: locked }), /^gone gone: .* the configuration has no such server\n$/],
  ])('where %s was accepted, the server is named', async ([, lock, why]) => {
    writeLock(lockPathOf(config), lock());
    expect(await verify()).toMatchObject({ exit: 3, err: expect.stringMatching(why) });
  });

  test('a lock that cannot be read is never one that agrees', async () => {
    writeFileSync(lockPathOf(config), '{');
    expect(await verify()).toMatchObject({ out: '', err: expect.stringMatching(/^error LOCK_INVALID/) });
  });
});

test('only a bundle that there is, and that has an address, can be pulled', async () => {
  expect((await policy('pull', 'hour')).err).toMatch(
    /^error USAGE there is no bundle "hour"\n.*hours, teams, eu-data\./,
  );
  expect((await policy('pull', 'starter-server')).err).toMatch(
    /^error USAGE the bundle "starter-server" has no address/,
  );
  expect((await policy('show', 'hour')).err).toMatch(/^error USAGE there is no bundle "hour"/);
});
