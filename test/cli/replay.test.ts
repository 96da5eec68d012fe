import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp } from '../../src/app.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ReplayReport } from '../../src/review/replay-report.ts';
import { chooseDriver } from '../../src/state/drivers.ts';
import { aCaller, anExchange } from '../gateway/makers.ts';
import { silent } from '../state/records.ts';
import { type Ran, runCommand } from './command.ts';

const PAGE = readFileSync('docs/replay.md', 'utf8');
const HOME = mkdtempSync(join(tmpdir(), 'mcp-gateway-replay-'));
const CACHE = join(tmpdir(), 'mcp-gateway-test-cache');
const STORE = join(HOME, 'decisions.db');
afterAll(() => rmSync(HOME, { recursive: true, force: true, maxRetries: 5 }));

beforeAll(async () => {
  for (const name of ['policies/workflow/policy.rego', 'policies/workflow/.manifest', 'next/workflow/policy.rego'])
    write(name, fileOnPage(name));
  write('next/workflow/.manifest', fileOnPage('policies/workflow/.manifest'));
  write('mcp-gateway.yaml', configuration());
  await playDay();
});

/** What stands on the page in a block after a file's name. */
function fileOnPage(name: string): string {
  const block = PAGE.slice(PAGE.indexOf(`\`${name}\``)).match(/```\w+\n([\s\S]*?)```/)?.[1];
  if (block === undefined) throw new Error(`the page has no ${name}`);
  return block;
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(HOME, name)), { recursive: true });
  writeFileSync(join(HOME, name), text);
}

/** JSON is YAML. */
function configuration(store = STORE): string {
  const server = { command: 'node', args: [resolve('servers/code-host/server.mjs'), join(HOME, 'code'), '--seed'] };
  return JSON.stringify({
    version: 1,
    gateway: { startWait: '60s' },
    mcpServers: { 'code-host': server },
    policies: { org: [{ id: 'workflow', layer: 'workflow', source: join(HOME, 'policies/workflow') }] },
    decisions: { store: { path: store } },
  });
}

/** The last one does not fit the schema of the tool, so that nobody is asked about it. */
const MESSAGES = ['CHK-12 Mend it', 'Mend it', ''];

/** A list, and commits to a branch and to main. */
async function playDay(): Promise<void> {
  const path = join(HOME, 'mcp-gateway.yaml');
  const place = { home: HOME, userHome: HOME };
  const { config, secrets } = loadConfig({ path, environment: {}, workingFolder: HOME, ...place });
  const app = await startApp({
    config,
    secrets,
    home: HOME,
    cache: CACHE,
    version: '0',
    owner: 'ana',
    login: 'ana',
    host: { platform: process.platform, nodePath: process.execPath, environment: process.env },
    timezone: 'UTC',
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger: silent,
  });
  await app.ready;
  const meta = { meta: {}, answers: undefined, task: undefined } as const;
  await app.gateway.answer({ method: 'tools/list', cursor: undefined, meta: {} }, aCaller('coder'), anExchange());
  for (const branch of ['fix', 'main']) {
    for (const message of MESSAGES) {
      const args = { repository: 'checkout', branch, path: 'index.js', content: 'x', message };
      await app.gateway.answer(
        { method: 'tools/call', name: 'commit_file', args, ...meta },
        aCaller('coder'),
        anExchange(),
      );
    }
  }
  await app.close();
}

function run(args: readonly string[], home = HOME): Promise<Ran> {
  const add: typeof addPolicyCommands = (program, context) => {
    addPolicyCommands(program, context);
    addDecisionCommands(program, context);
  };
  return runCommand(add, args, { home, cache: CACHE });
}

function replay(...args: readonly string[]): Promise<Ran> {
  return run(['policy', 'replay', '--config', join(HOME, 'mcp-gateway.yaml'), ...args]);
}

async function report(
  ...args: readonly string[]
): Promise<ReplayReport & { readonly ok: boolean; readonly exit: number }> {
  const { exit, out } = await replay('--json', ...args);
  return { ...(JSON.parse(out) as ReplayReport & { readonly ok: boolean }), exit };
}

const CANDIDATE = ['--candidate', 'workflow=next/workflow'];

test('the page holds: every command of it runs as it says', async () => {
  const commands = [...PAGE.matchAll(/^\$ mcp-gateway (.*)$/gm)].map(([, line = '']) => line.split('#'));
  expect(commands.length).toBeGreaterThan(5);
  for (const [line = '', comment = ''] of commands) {
    const args = line.trim().split(/\s+/);
    const { exit, err } = await run([...args, '--config', join(HOME, 'mcp-gateway.yaml')]);
    expect({ line, exit, err }).toEqual({ line, exit: Number(/exit code (\d)/.exec(comment)?.[1] ?? 0), err: '' });
  }
  expect(readFileSync(join(HOME, 'replay.md'), 'utf8')).toContain('| allowed → denied | 1 |');
});

test('an untouched gateway gives every decision of its day again', async () => {
  const { ok, exit, replayed, recorded, classes } = await report();
  expect({ ok, exit, replayed }).toEqual({ ok: true, exit: 0, replayed: 7 });
  expect(recorded).toEqual({ reproduced: 7, recombined: [], alarms: [], more_alarms: 0 });
  expect(classes).toMatchObject({ same: 7, not_replayable: 0 });
});

test('a candidate that denies one thing more is told with its rule and an example in its words', async () => {
  const { classes, groups, active } = await report(...CANDIDATE);
  expect(classes).toMatchObject({ same: 5, allow_to_deny: 1, reasons_only: 1 });
  expect(active.classes).toMatchObject({ same: 7 });
  const group = groups.find((one) => one.class === 'allow_to_deny');
  expect(group).toMatchObject({
    rules: ['workflow/WF-102'],
    count: 1,
    where: [{ agent: 'coder', server: 'code-host', tool: 'commit_file' }],
    example: { was: { effect: 'allow' }, would_be: { effect: 'deny', reasons: ['no_ticket'] } },
  });
  expect(group?.example.explanation.join('\n')).toContain('A commit to the checkout names its ticket');
  const { out } = await replay(...CANDIDATE);
  expect(out).toContain('workflow/WF-102');
  expect(out).toContain('Begin the message with the ticket, as in CHK-12.');
});

test('an export is replayed to the same classes, and says that nobody could be asked again', async () => {
  const file = join(HOME, 'all.jsonl');
  expect(await run(['decision', 'export', '--config', join(HOME, 'mcp-gateway.yaml'), '--out', file])).toMatchObject({
    exit: 0,
    out: `7 decisions written to ${file}.\n`,
  });
  write('elsewhere.yaml', configuration(join(HOME, 'none.db')));
  const elsewhere = ['--config', join(HOME, 'elsewhere.yaml')];
  const { classes, recorded } = await report('--log', file, ...CANDIDATE, ...elsewhere);
  expect(classes).toMatchObject({ same: 5, allow_to_deny: 1, reasons_only: 1 });
  expect(recorded).toMatchObject({ reproduced: 7, recombined: [{ why: 'an export has no bundles', count: 4 }] });
});

test.for([
  { name: 'an unknown id', args: ['--candidate', 'workflov=next/workflow'], exit: 2, says: 'Did you mean workflow?' },
  { name: 'an id that is there', args: ['--add', 'workflow=next/workflow'], exit: 2, says: '--candidate workflow=' },
  { name: 'no path', args: ['--candidate', 'workflow'], exit: 2, says: 'id=path' },
  { name: 'an unknown class', args: ['--fail-on', 'deny_to_alow=0'], exit: 2, says: 'Did you mean deny_to_allow?' },
  { name: 'no threshold', args: ['--fail-on', 'deny_to_allow'], exit: 2, says: 'class=number' },
  { name: 'a folder that is no bundle', args: ['--candidate', 'workflow=code'], exit: 1, says: 'code' },
  { name: 'a broken bundle', args: ['--candidate', 'workflow=broken'], exit: 3, says: 'policy.rego:8:22' },
  { name: 'a bundle of another layer', args: ['--candidate', 'workflow=other'], exit: 3, says: 'compliance' },
  { name: 'a file that is no export', args: ['--log', 'mcp-gateway.yaml'], exit: 1, says: 'mcp-gateway.yaml:1' },
])('refused is $name, with the mend', async ({ args, exit, says }) => {
  const source = fileOnPage('policies/workflow/policy.rego');
  write('broken/policy.rego', source.replace('deny contains', 'deny containing'));
  write('broken/.manifest', fileOnPage('policies/workflow/.manifest'));
  write('other/policy.rego', source);
  write(
    'other/.manifest',
    fileOnPage('policies/workflow/.manifest').replace('"workflow", "governs"', '"compliance", "governs"'),
  );
  const ran = await replay(...args);
  expect(ran).toMatchObject({ exit });
  expect(ran.err).toContain(says);
});

test('where nothing was decided there is nothing to replay', async () => {
  expect(await replay('--since', '2100-01-01')).toMatchObject({ exit: 0, out: 'There is no decision to replay.\n' });
});

describe('a store that somebody has touched', () => {
  /** The replay of a copy of the store, after some SQL. */
  async function afterwards(sql: readonly string[], home = HOME): Promise<Ran> {
    const copy = join(HOME, `${sql.length}-copy.db`);
    cpSync(STORE, copy);
    const database = chooseDriver().open(copy, 'write');
    for (const statement of sql) database.exec(statement);
    database.close();
    write('copy.yaml', configuration(copy));
    return run(['policy', 'replay', '--json', '--config', join(HOME, 'copy.yaml')], home);
  }

  test('a row that was changed is an alarm, and is not replayed', async () => {
    const sql = [
      'drop trigger log_kept',
      `update log set body = replace(body, '"effect":"deny"', '"effect":"allow"') where seq = (select min(seq) from log where effect = 'deny')`,
    ];
    const { exit, out } = await afterwards(sql);
    expect(exit).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      replayed: 6,
      recorded: { reproduced: 6, alarms: [{ what: ['the row is not what was written'] }] },
    });
  });

  test('where its bundles are gone, only what they had said is combined again', async () => {
    const { exit, out } = await afterwards([
      'delete from kept_policy',
      `update activations set facts = replace(facts, '"enforce"', '"warn"')`,
      'select 1',
    ]);
    expect(exit).toBe(0);
    const { recorded } = JSON.parse(out) as ReplayReport;
    expect(recorded).toMatchObject({ reproduced: 7, recombined: [{ count: 4 }], alarms: [] });
    expect(recorded.recombined[0]?.why).toMatch(/its bundle .* is not kept/);
  });

  test('one that was sealed with another key is refused', async () => {
    const other = join(HOME, 'other-home');
    mkdirSync(other, { mode: 0o700 });
    writeFileSync(join(other, 'chain.key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const { exit, err } = await afterwards(['select 1'], other);
    expect({ exit, err }).toMatchObject({ exit: 1, err: expect.stringContaining('MCP_GATEWAY_HOME') });
  });
});

test('an export has a line for each decision, in the form that is asked for', async () => {
  const exported = async (format: string): Promise<readonly string[]> => {
    const { out } = await run(['decision', 'export', '--format', format, '--config', join(HOME, 'mcp-gateway.yaml')]);
    return out.trimEnd().split('\n');
  };
  const records = (await exported('jsonl')).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records.map(({ action }) => action)).toEqual(['tool_list', ...Array.from({ length: 6 }, () => 'tool_call')]);
  expect(records[1]).toMatchObject({ effect: 'allow', outcome: { status: 'tool_error' } });
  const [head, ...rows] = await exported('csv');
  expect(head).toMatch(/^time,id,effect,/);
  expect(rows).toHaveLength(7);
  const events = (await exported('opa')).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events[1]).toMatchObject({
    decision_id: records[1]?.['id'],
    bundles: { 'code-host': {}, workflow: {} },
    result: { allow: true },
    input: { action: { tool: 'commit_file' } },
  });
});
