import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { type Ran, runCommand } from '../cli/command.ts';
import { BundleService, startService, type WebService } from '../source/a-bundle-service.ts';
import { Repository } from '../source/a-repository.ts';
import { EU_DATA, HOURS, MORE_HOURS, packed, TEAMS } from '../source/published.ts';
import { expectPrinted, type PageAddresses, pageCommands, pageConfiguration } from '../source/sources-page.ts';
import { gitHost } from './git-host.ts';
import { type RealRegistry, startRegistry } from './registry.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-registry-'));
const ORAS = resolve('test/services/oras/oras');
const READER = { username: 'reader', password: 'only-for-the-registry' };
const VARIABLES = { ...process.env, BUNDLES_TOKEN: 'only-for-bundles', HOME: FOLDER };
const PLACE = { home: join(FOLDER, 'home'), cache: join(tmpdir(), 'mcp-gateway-test-cache'), variables: VARIABLES };
const CONFIG = join(FOLDER, 'mcp-gateway.yaml');
const PUSHES = [...readFileSync('docs/sources.md', 'utf8').matchAll(/^oras (push .*)$/gm)].map(([, push = '']) => push);

const service = new BundleService(packed(HOURS), 'v1');
const closing: { close(): void }[] = [];
let registry: RealRegistry;
let web: WebService;
let addresses: PageAddresses;

beforeAll(async () => {
  mkdirSync(PLACE.home);
  registry = await startRegistry(join(FOLDER, 'registry'), READER);
  web = await startService(service.answer);
  const repository = new Repository(FOLDER);
  repository.commit(Object.fromEntries(Object.entries(TEAMS).map(([path, text]) => [`bundles/teams/${path}`, text])));
  repository.publish();
  const code = await startService(gitHost({ root: FOLDER, authorization: '' }));
  closing.push(registry, web, code);
  addresses = { service: web.url, repository: `git+${code.url}dumb/policy.git`, registry: registry.host };
  writeFileSync(join(FOLDER, 'registry.password'), READER.password);
  for (const [path, text] of Object.entries(EU_DATA)) writeFileSync(join(FOLDER, path), text);
  writeFileSync(join(FOLDER, 'eu-data.tar.gz'), packed(EU_DATA));
  writeFileSync(CONFIG, pageConfiguration(addresses));
});

afterAll(() => {
  for (const one of closing) one.close();
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 5 });
});

/** As the page says it, to the registry that is there; the digest of what was pushed. */
async function push(command: string): Promise<string> {
  const args = command.replace('localhost:5000', registry.host).split(' ');
  const { username, password } = READER;
  // Asynchronously: whoever gives it a token runs in this process.
  const { stdout } = await promisify(execFile)(ORAS, [...args, '--username', username, '--password', password], {
    cwd: FOLDER,
    env: VARIABLES,
  });
  return /Digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
}

function policy(config: string, ...args: readonly string[]): Promise<Ran> {
  return runCommand(addPolicyCommands, ['policy', ...args, '--config', config], PLACE);
}

/** What `policy pull` says of one bundle with this address. */
async function pullFrom(address: string): Promise<{ readonly after: string; readonly problem: string }> {
  const config = join(FOLDER, 'one.json');
  const bundle = { id: 'eu-data', layer: 'compliance', source: address, credentials: READER };
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, policies: { org: [bundle] } }));
  const { out } = await policy(config, 'pull', '--json');
  const { bundles } = JSON.parse(out) as { readonly bundles: readonly { after: string; problem: string }[] };
  return bundles[0] ?? { after: '', problem: 'nothing was said' };
}

test('the page holds with a real registry, a web server and a repository over http', async () => {
  await push(PUSHES[0] ?? '');
  for (const { args, prints } of pageCommands()) {
    if (args.join(' ') === 'policy outdated') service.publish(packed(MORE_HOURS), 'v2');
    const { out, err, exit } = await policy(CONFIG, ...args.slice(1));
    expect([args, err, exit]).toEqual([args, '', args[1] === 'outdated' ? 3 : 0]);
    expectPrinted(out, prints, addresses);
  }
  expect(registry.tokensAsked().at(-1)).toContain('scope=repository%3Apolicy%2Feu-data%3Apull');
});

test('what oras pushes is understood in both forms, by tag and by digest', async () => {
  const name = `oci://${registry.host}/policy/eu-data`;
  const one = await push(PUSHES[0] ?? '');
  const other = await push(PUSHES[1] ?? '');
  expect(PUSHES).toHaveLength(2);
  for (const [address, digest] of [
    [`${name}:v1`, one],
    [`${name}:v2`, other],
    [`${name}@${one}`, one],
    [`${name}:v1@${other}`, other],
  ])
    expect([address, await pullFrom(address ?? '')]).toMatchObject([address, { after: digest, problem: '' }]);
});

test('a tag that was moved is followed', async () => {
  const before = await pullFrom(`oci://${registry.host}/policy/eu-data:v1`);
  const changed = { ...EU_DATA, 'data.json': '{"eu_data":{"config":{"regions":["eu"]}}}' };
  writeFileSync(join(FOLDER, 'eu-data.tar.gz'), packed(changed));
  const digest = await push(PUSHES[0] ?? '');
  expect(digest).not.toBe(before.after);
  expect(await pullFrom(`oci://${registry.host}/policy/eu-data:v1`)).toMatchObject({ after: digest });
});

test('a folder that oras packs under its name is refused, with what to push instead', async () => {
  mkdirSync(join(FOLDER, 'eu-data'));
  for (const [path, text] of Object.entries(EU_DATA)) writeFileSync(join(FOLDER, 'eu-data', path), text);
  await push('push --plain-http localhost:5000/policy/eu-data:folder eu-data');
  const { problem } = await pullFrom(`oci://${registry.host}/policy/eu-data:folder`);
  expect(problem).toMatch(/a folder that oras has packed under its name.*oras push HOST\/NAME:TAG/);
});

test('a tag that is not there and a password that is wrong are told', async () => {
  expect((await pullFrom(`oci://${registry.host}/policy/eu-data:none`)).problem).toMatch(/no such artefact \(404\)/);
  const config = join(FOLDER, 'wrong.json');
  const credentials = { ...READER, password: 'wrong-password' };
  const bundle = {
    id: 'eu-data',
    layer: 'compliance',
    source: `oci://${registry.host}/policy/eu-data:v1`,
    credentials,
  };
  writeFileSync(config, JSON.stringify({ version: 1, mcpServers: {}, policies: { org: [bundle] } }));
  const { err, exit } = await policy(config, 'pull');
  expect([exit, err]).toEqual([5, expect.stringMatching(/refuses the credentials/)]);
  expect(err).not.toContain('wrong-password');
});
