import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { readsThread } from '../../src/state/reads-thread.ts';
import { type AnyClient, stdioV2 } from '../e2e/clients.ts';
import { aPlace, type Finished, PATIENCE, type Place, runProgram } from '../e2e/program.ts';
import { aRule, journal, JOURNAL_POLICY, textsIn } from '../e2e/servers.ts';
import { PASSWORD, startPostgres } from './a-server.ts';

const LIMIT = 20;
const SECRET = encodeURIComponent(PASSWORD);

const server = await startPostgres();
afterAll(() => server.close());

let database: string;
beforeEach(async () => {
  database = await server.createDatabase();
});

/** A machine with the gateway: a folder, a home and a journal server of its own, and the store that all have. */
function aHost(env: Readonly<Record<string, string>> = {}): Place {
  const place = aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain, principal: { user: { id: ada } } }
mcpServers:
  journal:
    ${journal(folder).replace(', args', '\n    args')}
    policy: { source: ${JOURNAL_POLICY}, data: { forbidden_texts: [forbidden] } }
policies: { org: [{ id: team, layer: workflow, source: ${teamBundle(folder)} }] }
decisions:
  store: { driver: postgres, url: 'postgres://gateway:\${PGPASSWORD}@127.0.0.1:${server.port}/${database}' }
`,
  );
  return { ...place, env: { ...place.env, PGPASSWORD: SECRET, ...env } };
}

/** A budget for writing, and an approval for reading. */
function teamBundle(folder: string): string {
  const bundle = join(folder, 'team');
  mkdirSync(bundle);
  const counter = { name: 'written', unit: 'calls', key: ['user.id'], window: { kind: 'lifetime' }, limit: LIMIT };
  const gateway = { contract: 1, layer: 'workflow', governs: ['tool_call'], counters: [{ ...counter, reserve: 1 }] };
  writeFileSync(join(bundle, '.manifest'), JSON.stringify({ roots: ['team'], metadata: { gateway } }));
  const rules = [
    aRule(
      'W-1',
      'obligations contains {"id": "W-1", "type": "counter", "name": "written"} if input.action.tool == "write"',
    ),
    aRule(
      'W-2',
      'obligations contains {"id": "W-2", "type": "require_approval", "by": "group:leads"} if input.action.tool == "read"',
    ),
  ];
  writeFileSync(join(bundle, 'policy.rego'), `package team\n\n${rules.join('\n')}`);
  return bundle;
}

function homeOf({ folder }: Place): string {
  return join(folder, 'home');
}

/** What an administrator does before the second host is started. */
function shareKey(from: Place, to: Place): void {
  mkdirSync(homeOf(to), { recursive: true, mode: 0o700 });
  copyFileSync(join(homeOf(from), 'chain.key'), join(homeOf(to), 'chain.key'));
}

async function write(client: AnyClient, text: string): Promise<string> {
  const { content } = await client.call('write', { text });
  return content[0]?.text ?? '';
}

async function json(place: Place, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runProgram(place, [...args, '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('a gateway on PostgreSQL lists, allows and denies, and each command reads there what it did', async () => {
  const host = aHost();
  const client = await stdioV2(host);
  await expect.poll(() => client.listTools(), PATIENCE).toContain('write');
  expect(await write(client, 'hello')).toBe('written');
  expect(await write(client, 'forbidden')).toContain('forbidden_text');
  expect(textsIn(host)).toEqual(['hello']);

  const { decisions } = (await json(host, 'decision', 'ls')) as { decisions: readonly Shown[] };
  const calls = decisions.filter(({ action }) => action === 'tool_call');
  expect(calls.map(({ tool, effect }) => [tool, effect])).toEqual([
    ['write', 'deny'],
    ['write', 'allow'],
  ]);
  const shown = await runProgram(host, ['decision', 'show', calls[1]?.id ?? '']);
  expect(shown.stdout).toContain('JRN-101');
  expect(await json(host, 'decision', 'verify')).toMatchObject({ ok: true });
  expect((await json(host, 'budget', 'ls'))['budgets']).toMatchObject([{ counter: 'team/written', used: 1 }]);
  const status = await json(host, 'status');
  expect(status).toMatchObject({ ok: true, unknown: [], gateways: [{ host: expect.any(String) }] });
  const { findings } = (await json(host, 'doctor', '--offline')) as { findings: readonly Finding[] };
  const store = findings.filter(({ id }) => id.startsWith('store') || id === 'chain');
  expect(store.map(({ id, state }) => [id, state])).toEqual([
    ['store', 'ok'],
    ['store.rights', 'ok'],
    ['store.clock', 'ok'],
    ['chain', 'ok'],
  ]);
  expect(store[0]?.words).toContain(`database ${database} on 127.0.0.1:${server.port}, PostgreSQL `);
  expect(existsSync(join(homeOf(host), 'decisions.db'))).toBe(false);
});

interface Shown {
  readonly id: string;
  readonly action: string;
  readonly tool: string;
  readonly effect: string;
}

interface Finding {
  readonly id: string;
  readonly state: string;
  readonly words: string;
}

test('an approval that is asked for on one host is given on another, and the call runs once', async () => {
  const [here, there] = [aHost(), aHost()];
  const client = await stdioV2(here);
  shareKey(here, there);
  const asked = (await client.call('read')).content[0]?.text ?? '';
  expect(asked).toContain('waits for approval');
  const made = await runProgram(there, ['key', 'create', '--role', 'approver', '--groups', 'leads', '--user', 'dana']);
  const approver = { ...there, env: { ...there.env, MCP_GATEWAY_APPROVER_KEY: made.stdout.trim() } };
  const id = /Decision (\S+)/.exec(asked)?.[1] ?? '';
  expect((await json(there, 'approval', 'ls'))['approvals']).toMatchObject([{ id, status: 'pending' }]);
  expect(await runProgram(approver, ['approval', 'approve', id])).toMatchObject({ code: 0 });
  expect((await client.call('read')).content[0]?.text).not.toContain('waits for approval');
  expect((await client.call('read')).content[0]?.text).toContain('waits for approval');
});

test('a budget that gateways of two hosts race for is given out to the last point and no further', async () => {
  const hosts = [aHost(), aHost()] as const;
  const first = await stdioV2(hosts[0]);
  shareKey(...hosts);
  const clients = [first, await stdioV2(hosts[1])];
  await Promise.all(clients.map((client) => client.listTools()));
  const results = await Promise.all(
    Array.from({ length: LIMIT }).flatMap((_, index) => clients.map((client) => write(client, `${index}`))),
  );
  expect(results.filter((text) => text === 'written')).toHaveLength(LIMIT);
  expect(hosts.flatMap((host) => textsIn(host))).toHaveLength(LIMIT);
  const status = await json(hosts[1], 'status');
  const gateways = status['gateways'] as readonly { readonly generation: string; readonly facts: string }[];
  expect(gateways).toHaveLength(2);
  const one = { generation: expect.stringMatching(/^[0-9a-f]{64}$/), facts: gateways[0]?.facts };
  expect(gateways).toEqual([expect.objectContaining(one), expect.objectContaining(one)]);
  for (const host of hosts) expect(await json(host, 'decision', 'verify')).toMatchObject({ ok: true });
});

test('a host without the key of the store serves nothing, and says what to copy', async () => {
  const [here, there] = [aHost(), aHost()];
  await stdioV2(here);
  const { code, stdout, stderr } = await runProgram(there, ['serve', '--stdio']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error CHAIN_KEY .*another chain key[\s\S]*Copy chain\.key/);
});

test('while PostgreSQL is gone nothing is forwarded, and calls go through by themselves when it is back', async () => {
  const host = aHost();
  const client = await stdioV2(host);
  expect(await write(client, 'before')).toBe('written');
  await server.stop();
  try {
    expect(await write(client, 'meanwhile')).toContain('gateway.audit_unavailable');
    const { code, stderr } = await runProgram(host, ['decision', 'ls']);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`the store, database ${database} on 127.0.0.1:${server.port}, cannot be reached`);
  } finally {
    await server.start();
  }
  await expect.poll(() => write(client, 'after'), PATIENCE).toBe('written');
  expect(textsIn(host)).not.toContain('meanwhile');
  expect(await json(host, 'decision', 'verify')).toMatchObject({ ok: true });
});

test('a wrong password is said at the start, and no command shows it or the right one', async () => {
  const wrong = 'wrong-word-77';
  const host = aHost({ PGPASSWORD: wrong });
  const said: Finished[] = [];
  for (const args of [
    ['serve', '--stdio'],
    ['decision', 'ls'],
    ['decision', 'verify'],
    ['label', 'ls'],
    ['budget', 'ls'],
    ['approval', 'ls'],
    ['status'],
    ['doctor', '--offline'],
    ['config', 'show'],
    ['decision', 'rotate-key'],
  ]) {
    said.push(await runProgram(host, args));
  }
  expect(said[0]).toMatchObject({ code: 1, stdout: '' });
  expect(said[0]?.stderr).toMatch(/^error STORE_UNAVAILABLE the store, database .* does not let this user in/);
  for (const { stdout, stderr } of said) expect(`${stdout}${stderr}`).not.toMatch(/wrong-word|p%40ss|p@ss/);
});

test('pages read the log of PostgreSQL over an index in the home folder', async () => {
  const host = aHost();
  const client = await stdioV2(host);
  await write(client, 'hello');
  const place = { url: server.url(database) };
  const { reads, close } = readsThread({ place, home: homeOf(host) });
  onTestFinished(() => close());
  const { records } = await reads.list({ limit: 10, tool: 'write' });
  expect(records.map(({ tool }) => tool)).toEqual(['write']);
  const reader = new DecisionReader(place);
  onTestFinished(() => reader.close());
  expect((await reader.list({ limit: 10, tool: 'write' }))[0]?.id).toBe(records[0]?.id);
  const files = readdirSync(homeOf(host)).filter((name) => name.endsWith('-index'));
  expect(files).toEqual([expect.stringMatching(/^postgres-[0-9a-f]{16}-index$/)]);
});
