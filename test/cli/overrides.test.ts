import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { type RunningGateway, startApp } from '../../src/app.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { loadConfig } from '../../src/config/load.ts';
import { aCaller, anExchange } from '../gateway/makers.ts';
import { silent } from '../state/records.ts';
import { type Ran, runCommand } from './command.ts';

const PAGE = readFileSync('docs/overrides.md', 'utf8');
const FOLDER = mkdtempSync(join(tmpdir(), 'mcp-gateway-overrides-'));
const PLACE = { home: join(FOLDER, 'home'), cache: join(tmpdir(), 'mcp-gateway-test-cache') };
const ENDS = Date.parse('2026-03-06T17:00:00Z');
const WEDNESDAY = Date.parse('2026-03-04T12:00:00Z');

/** What stands on the page in a block after a file's name. */
function fileOnPage(name: string): string {
  const block = PAGE.slice(PAGE.indexOf(`\`${name}\``)).match(/```\w+\n([\s\S]*?)```/)?.[1];
  if (block === undefined) throw new Error(`the page has no ${name}`);
  return block;
}

type Permit = Readonly<Record<string, unknown>>;

const EXAMPLE = parse(fileOnPage('mcp-gateway.yaml')) as {
  readonly policies: { readonly org: readonly { readonly data: { readonly permits: readonly Permit[] } }[] };
};
const [WRITTEN = {}] = EXAMPLE.policies.org[0]?.data.permits ?? [];

interface Configured {
  readonly permits?: readonly Permit[];
  readonly source?: string;
  /** Of which log; by default one that no gateway has written to. */
  readonly log?: string;
}

/** A configuration with a bundle of the folder, the page's by default. */
function configure(name: string, { permits = [], source = 'overrides', log = 'none.db' }: Configured): string {
  const path = join(FOLDER, name);
  const server = { command: 'node', args: [resolve('servers/code-host/server.mjs'), join(FOLDER, 'code'), '--seed'] };
  const org = [{ id: 'override', layer: 'override', source: join(FOLDER, source), data: { permits } }];
  const parts = { gateway: { startWait: '60s' }, decisions: { store: { path: join(FOLDER, log) } } };
  writeFileSync(path, JSON.stringify({ version: 1, ...parts, mcpServers: { 'code-host': server }, policies: { org } }));
  return path;
}

let now = WEDNESDAY;
let app: RunningGateway;
let config: string;

beforeAll(async () => {
  mkdirSync(PLACE.home);
  mkdirSync(join(FOLDER, 'overrides'));
  for (const name of ['.manifest', 'policy.rego', 'policy_test.rego'])
    writeFileSync(join(FOLDER, 'overrides', name), fileOnPage(`overrides/${name}`));
  config = configure('mcp-gateway.yaml', { permits: [WRITTEN], log: 'decisions.db' });
  app = await start(config);
});

async function start(path: string): Promise<RunningGateway> {
  const { config: loaded, secrets } = loadConfig({ path, environment: {}, workingFolder: FOLDER, ...homes() });
  const started = await startApp({
    config: loaded,
    secrets,
    ...PLACE,
    version: '0',
    owner: 'ana',
    login: 'ana',
    host: { platform: process.platform, nodePath: process.execPath, environment: process.env },
    timezone: 'UTC',
    clock: { now: () => now, monotonic: () => performance.now() },
    logger: silent,
  });
  await started.ready;
  return started;
}

function homes() {
  return { home: PLACE.home, userHome: FOLDER };
}

afterAll(async () => {
  await app.close();
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 5 });
});

afterEach(() => void vi.useRealTimers());

/** A commit to a branch of the code host at this time; what was decided. */
async function commit(at: number, branch = 'main'): Promise<string> {
  now = at;
  const args = { repository: 'checkout', branch, path: 'index.js', content: `${at}`, message: 'Mend it' };
  const request = {
    method: 'tools/call',
    name: 'commit_file',
    args,
    meta: {},
    answers: undefined,
    task: undefined,
  } as const;
  const answer = await app.gateway.answer(request, aCaller('coder'), anExchange());
  return /"effect":"(\w+)"/.exec(JSON.stringify(answer))?.[1] ?? JSON.stringify(answer);
}

/** The command as somebody runs it at this time. */
function overrides(at: number, args: readonly string[] = [], path = config): Promise<Ran> {
  vi.useFakeTimers({ toFake: ['Date'], now: at });
  return runCommand(addPolicyCommands, ['policy', 'overrides', '--config', path, ...args], PLACE);
}

interface Listed {
  readonly overrides: readonly Record<string, unknown>[];
  readonly silent_rules: readonly string[];
  readonly unusable: readonly Record<string, unknown>[];
}

async function listed(at: number, args: readonly string[] = [], path = config): Promise<Listed & { exit: number }> {
  const { exit, out } = await overrides(at, ['--json', ...args], path);
  return { ...(JSON.parse(out) as Listed), exit };
}

function explain(args: readonly string[], columns?: number): Promise<Ran> {
  const place = columns === undefined ? PLACE : { ...PLACE, columns };
  return runCommand(addDecisionCommands, ['decision', 'explain', '--config', config, ...args], place);
}

describe('the bundle of docs/overrides.md', () => {
  test('lifts the denial for the call it names while it lasts, to the second', async () => {
    expect(await commit(ENDS - 1)).toBe('allow');
    expect(await commit(ENDS)).toBe('deny');
    expect(await commit(WEDNESDAY, 'MAIN')).toBe('deny');
    expect(await commit(Date.parse('2026-03-02T07:00:00Z') - 1)).toBe('deny');
    expect(await commit(Date.parse('2026-03-02T07:00:00Z'))).toBe('allow');
  });

  test('an ended permit is told with its end, and a lifted denial with who lifted it', async () => {
    expect(await commit(ENDS)).toBe('deny');
    const denied = await explain([]);
    expect(denied.out).toContain(
      'override/EXC-101 names code-host/CODE-201 and does not lift it: it ended 2026-03-06 17:00',
    );
    expect(await commit(WEDNESDAY)).toBe('allow');
    const json = await runCommand(
      addDecisionCommands,
      ['decision', 'ls', '--limit', '1', '--json', '--config', config],
      PLACE,
    );
    const [{ id }] = (JSON.parse(json.out) as { decisions: [{ id: string }] }).decisions;
    const allowed = JSON.parse((await explain([id, '--json'])).out) as Record<string, unknown>;
    expect(allowed).toMatchObject({
      schema: 'mcp-gateway/decision-explain/v1',
      ok: true,
      id,
      effect: 'allow',
      lifted: [{ denial: 'code-host/CODE-201', by: 'override/EXC-101', people: 'unverified' }],
      follows: true,
    });
  });

  test.for([80, 120])('an explanation is no wider than a terminal of %i columns', async (columns) => {
    await commit(ENDS);
    const { out } = await explain([], columns);
    expect(out).toContain('DENIED  coder may not call commit_file on code-host.');
    expect(out.split('\n').filter((line) => line.length > columns)).toEqual([]);
  });
});

describe('policy overrides', () => {
  test('prints what the page shows', async () => {
    const { exit, out } = await overrides(WEDNESDAY);
    const shown = /\$ mcp-gateway policy overrides\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const withoutUses = (text: string): string => text.replace(/^used .*$/m, 'used');
    expect(exit).toBe(0);
    expect(withoutUses(out)).toBe(withoutUses(shown));
    expect(out).toMatch(/^used {4}\d+ times, last 2026-03-/m);
  });

  test('lists what is in force with who, why, until when and how often used', async () => {
    const { overrides: found, silent_rules, unusable } = await listed(ENDS - 60_000);
    expect(found).toMatchObject([
      {
        rule: 'override/EXC-101',
        owner: 'incident management',
        lifts: ['code-host/CODE-201'],
        state: 'in_force',
        ends_in_s: 60,
        ends_soon: true,
        people: 'unverified',
        known_from: 'configuration',
        more: { agent: 'coder', tool: 'commit_file' },
      },
    ]);
    expect(found[0]?.['uses']).toBeGreaterThan(2);
    expect([silent_rules, unusable]).toEqual([[], []]);
  });

  test('knows to the second what is over and what has not begun', async () => {
    const states = async (at: number): Promise<unknown> =>
      (await listed(at, ['--all'])).overrides.map(({ state }) => state);
    expect(await states(ENDS - 1)).toEqual(['in_force']);
    expect(await states(ENDS)).toEqual(['ended']);
    expect(await states(WEDNESDAY - 7 * 86_400_000)).toEqual(['not_begun']);
    expect((await overrides(ENDS)).out).toContain('None now; --all lists the others.');
  });

  test('lists what ends within a time', async () => {
    expect((await listed(WEDNESDAY, ['--ending-within', '72h'])).overrides).toHaveLength(1);
    expect((await listed(WEDNESDAY, ['--ending-within', '2d'])).overrides).toEqual([]);
    expect((await overrides(WEDNESDAY, ['--ending-within', 'soon'])).exit).not.toBe(0);
  });

  test('says of a permit that can never hold what is wrong with it, and exits with 3', async () => {
    const path = configure('void.yaml', {
      permits: [
        { ...WRITTEN, approved_by: 'DANA@northwind.example' },
        { ...WRITTEN, lifts: ['protected_branch'] },
        { ...WRITTEN, expires_at: '2027-03-06T18:00:00+01:00' },
      ],
    });
    const { exit, overrides: found } = await listed(WEDNESDAY, [], path);
    const stated = found.map(({ state, why }) => `${String(state)}: ${String(why)}`);
    expect(exit).toBe(3);
    expect(stated.toSorted()).toEqual([
      'void: it is longer than 30 days',
      'void: lifts: names no full rule and no liftable reason',
      'void: one person has asked for it and approved it',
    ]);
  });

  test('says of a permit that was taken back that it is gone', async () => {
    const path = configure('gone.yaml', { log: 'decisions.db' });
    const { overrides: found, silent_rules } = await listed(WEDNESDAY, ['--all'], path);
    expect(found).toMatchObject([{ state: 'gone', known_from: 'log', rule: 'override/EXC-101' }]);
    expect(silent_rules).toEqual([]);
  });

  test('knows a permit that is written in Rego from the log, and asks its bundle whether it says it still', async () => {
    mkdirSync(join(FOLDER, 'literal'));
    writeFileSync(join(FOLDER, 'literal', '.manifest'), fileOnPage('overrides/.manifest'));
    const permit = JSON.stringify({ id: 'EXC-101', ...termsOf(WRITTEN) });
    const head = '# METADATA\n# title: In Rego\n# custom: {id: EXC-101}\n';
    const rule = `permit contains ${permit} if input.action.args.branch == "main"\n`;
    writeFileSync(join(FOLDER, 'literal', 'policy.rego'), `package exceptions\n\n${head}${rule}`);
    const path = configure('literal.yaml', { source: 'literal', log: 'decisions.db' });
    expect((await listed(WEDNESDAY, [], path)).overrides).toMatchObject([
      { state: 'in_force', known_from: 'log', title: 'In Rego', more: {} },
    ]);
    const without = configure('silent.yaml', { source: 'literal' });
    expect(await listed(WEDNESDAY, [], without)).toMatchObject({ overrides: [], silent_rules: ['override/EXC-101'] });
  });

  test('says which bundle cannot be used, and exits with 3', async () => {
    const path = configure('unusable.yaml', { source: 'nowhere' });
    const { exit, unusable } = await listed(WEDNESDAY, [], path);
    expect([exit, unusable]).toMatchObject([3, [{ bundle: 'override' }]]);
    expect((await overrides(WEDNESDAY, [], path)).err).toContain('error the override bundle override cannot be used');
  });
});

function termsOf({ lifts, requested_by, approved_by, justification, not_before, expires_at }: Permit): Permit {
  return { lifts, requested_by, approved_by, justification, not_before, expires_at };
}
