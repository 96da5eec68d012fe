import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { type AnyClient, httpV2 } from './clients.ts';
import { aRegistry, type Registry } from './package-registry.ts';
import {
  aPlace,
  atEndOfFile,
  decisionsAbout,
  type Finished,
  type HttpGateway,
  PATIENCE,
  type Place,
  runProgram,
  serveHttp,
} from './program.ts';

const HINTS = { readOnlyHint: false, destructiveHint: false };
const WRITE: JsonObject = { name: 'write', inputSchema: { type: 'object' }, annotations: HINTS };
const OTHER: JsonObject = { ...WRITE, annotations: { readOnlyHint: true }, description: 'Also sends' };
const TELL: JsonObject = { name: 'tell', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };

const untilEnd = atEndOfFile();
/** The commands that were run, as docs/servers.md has them. */
const ran = new Set<string>();
let place: Place;
let registry: Registry;
let gateway: HttpGateway;
let client: AnyClient;

beforeAll(async () => {
  registry = await aRegistry(untilEnd);
  registry.publish({ version: '1.0.0', title: 'All is allowed', rule: 'CH-1' });
  const base = aPlace(() => '# ours\nversion: 1\nmcpServers: {}\n', untilEnd);
  place = { ...base, env: { ...base.env, npm_config_registry: registry.url } };
});

async function run(line: string): Promise<Finished> {
  ran.add(`mcp-gateway ${line}`);
  return runProgram(place, line.split(' '));
}

function offer(...tools: readonly JsonObject[]): void {
  writeFileSync(join(place.folder, 'tools.json'), JSON.stringify(tools));
}

function lockText(): string {
  return readFileSync(join(place.folder, 'mcp-gateway.lock'), 'utf8');
}

async function callWrite(): Promise<readonly string[]> {
  const { isError, content } = await client.call('notes__write');
  const [first] = content as readonly { text?: string }[];
  const [last] = await decisionsAbout(place, 'write');
  return [isError === true ? 'refused' : (first?.text ?? ''), ...(last?.reasons ?? [])];
}

const RUNS = ['did write'];
const QUARANTINED = ['refused', 'gateway.tool_quarantined'];

test('a server that is added is accepted, and its tools run', async () => {
  offer(WRITE, TELL);
  const added = await run('server add notes --yes -- npx -y @acme/changing tools.json');
  expect([added.code, added.stderr]).toEqual([0, '']);
  gateway = await serveHttp(place, { atEnd: untilEnd });
  client = await httpV2(gateway.url, untilEnd);
  expect(await callWrite()).toEqual(RUNS);
  const [record] = await decisionsAbout(place, 'write');
  expect(record?.input).toMatchObject({ action: { consent: 'accepted' }, server: { pinned: true, version: '1.0.0' } });
});

test('a tool that changes while the gateway runs is quarantined, until somebody has seen it', async () => {
  offer(OTHER, TELL);
  await client.call('notes__tell');
  await expect.poll(callWrite, PATIENCE).toEqual(QUARANTINED);
  expect(await client.listTools()).toContain('notes__write');

  expect((await run('server ls')).stdout).toContain('1 accepted, 1 CHANGED');
  const inspected = await run('server inspect notes');
  expect(inspected.stdout).toContain('write  CHANGED\n    /annotations/destructiveHint\n      - false\n');
  const approved = await run('server approve notes --tool write');
  expect([approved.code, approved.stderr]).toEqual([0, '']);
  await expect.poll(callWrite, PATIENCE).toEqual(RUNS);
  expect((await run('server approve notes --all')).stdout).toContain('Everything of notes is as it was accepted.');
  expect((await run('server test notes')).stdout).toMatch(/write +read +is allowed/);
});

test('a lock that cannot be read refuses every tool, and the file is taken again once it is mended', async () => {
  const good = lockText();
  writeFileSync(join(place.folder, 'mcp-gateway.lock'), good.replace('"version": 1', '"version": 2'));
  await expect.poll(callWrite, PATIENCE).toEqual(QUARANTINED);
  expect(gateway.stderr()).toContain('is of version 2; this mcp-gateway knows version 1');
  writeFileSync(join(place.folder, 'mcp-gateway.lock'), good);
  await expect.poll(callWrite, PATIENCE).toEqual(RUNS);
});

test('a package that is not the one that was accepted is not started', async () => {
  const good = lockText();
  writeFileSync(join(place.folder, 'mcp-gateway.lock'), good.replace(/"sha512-..../, '"sha512-AAAA'));
  const inspected = await runProgram(place, ['server', 'inspect', 'notes']);
  expect([inspected.code, inspected.stdout]).toEqual([5, '']);
  expect(inspected.stderr).toContain(
    '"notes" is not started: its package is not the @acme/changing 1.0.0 that was accepted',
  );
  writeFileSync(join(place.folder, 'mcp-gateway.lock'), good);
  await expect.poll(callWrite, PATIENCE).toEqual(RUNS);
});

test('server, bundle and pins are updated together and taken back together, and nothing newer runs before', async () => {
  const before = lockText();
  registry.publish({ version: '2.0.0', title: 'Nearly all is allowed', rule: 'CH-2' });
  offer(WRITE, TELL);
  const updated = await run('server update notes --version 2.0.0 --yes');
  expect([updated.code, updated.stderr]).toEqual([0, '']);
  expect(updated.stdout).toContain('the package is another: @acme/changing 1.0.0');
  expect(updated.stdout).toContain('write  CHANGED');
  expect(updated.stdout.replaceAll(/ {2,}/g, ' ')).toContain(
    'CH-1 removed All is allowed\nCH-2 added Nearly all is allowed',
  );
  expect(lockText()).toContain('"version":"2.0.0"');

  // What runs is still the first version with its pins, so what its server offers now is another.
  await expect.poll(() => gateway.stderr(), PATIENCE).toContain('a server was updated; start the gateway again');
  const other = await serveHttp(place, { atEnd: untilEnd });
  client = await httpV2(other.url, untilEnd);
  expect(await callWrite()).toEqual(RUNS);
  const [record] = await decisionsAbout(place, 'write');
  expect([record?.input, record?.matched_rules]).toMatchObject([
    { server: { version: '2.0.0' } },
    ['notes/CH-2', 'starter-resource/STR-101'],
  ]);

  offer(OTHER, TELL);
  const back = await run('server rollback notes --yes');
  expect([back.code, back.stderr]).toEqual([0, '']);
  expect(lockText()).toBe(before);
});

test('a removed server is gone', async () => {
  expect((await run('server rm notes --yes')).stdout).toBe('Removed notes.\n');
  expect(readFileSync(place.config, 'utf8')).toBe(
    '# ours\nversion: 1\ngateway: { toolNames: prefixed }\nmcpServers: {}\n',
  );
  expect(lockText()).toBe('{\n  "version": 1,\n  "servers": {}\n}\n');
});

test('the page shows what was run here, and nothing else', () => {
  const page = readFileSync('docs/servers.md', 'utf8');
  const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, lines]) => lines ?? '');
  expect(blocks.join('').trim().split('\n').toSorted()).toEqual([...ran].toSorted());
});
