import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { beforeAll, describe, expect, test } from 'vitest';
import { aPlace, atEndOfFile, decisionsOf, PATIENCE, type Place, PROGRAM, runProgram } from '../e2e/program.ts';

// Five servers that many people have, as they are published, behind a gateway that nobody has configured further. Their
// policies come from the shelf. What is held: an ordinary day asks its user three questions at most, the next one none.

type Call = readonly [tool: string, args?: Record<string, unknown>];

/** `npm run test:interop` makes this environment. */
const PYTHON = resolve('test/interop/python/.venv/bin/python');

const untilEnd = atEndOfFile();
let place: Place;
/** Where the user works, and the repository in it. */
let work: string;
let site: string;

beforeAll(() => {
  place = aPlace((folder) => {
    work = join(folder, 'work');
    site = join(work, 'site');
    return JSON.stringify({ version: 1, gateway: { startWait: '110s' }, mcpServers: servers() });
  }, untilEnd);
  makeWork();
});

/** As their README files say, pasted. */
function servers(): Record<string, unknown> {
  const npx = (...args: string[]) => ({ command: 'npx', args: ['-y', ...args] });
  return {
    files: npx('@modelcontextprotocol/server-filesystem@2026.8.31', work),
    memory: {
      ...npx('@modelcontextprotocol/server-memory@2026.8.31'),
      env: { MEMORY_FILE_PATH: join(work, 'memory.jsonl') },
    },
    thinking: npx('@modelcontextprotocol/server-sequential-thinking@2026.8.31'),
    everything: npx('@modelcontextprotocol/server-everything@2026.8.31'),
    git: { command: PYTHON, args: ['-m', 'mcp_server_git', '--repository', site] },
  };
}

function makeWork(): void {
  mkdirSync(site, { recursive: true });
  writeFileSync(join(work, '.env'), 'TOKEN=secret');
  for (const name of ['plan.md', 'notes.md', 'guests.csv']) writeFileSync(join(work, name), `# ${name}\n`);
  writeFileSync(join(site, 'index.html'), '<h1>Tea</h1>\n');
  const git = (...args: string[]): Buffer => execFileSync('git', args, { cwd: site, stdio: 'pipe' });
  git('init', '--initial-branch', 'main');
  git('config', 'user.email', 'mia@northwind.example');
  git('config', 'user.name', 'Mia');
  git('add', '--all');
  git('commit', '--message', 'Begin');
}

interface Day {
  readonly call: (call: Call) => Promise<{ readonly isError: boolean; readonly text: string }>;
  /** Questions that the user was asked so far. */
  readonly asked: readonly string[];
  readonly end: () => Promise<void>;
}

/** A client starts the gateway, as they do in the morning; its user agrees to whatever they are asked. */
async function begin(): Promise<Day> {
  const asked: string[] = [];
  const client = new Client({ name: 'a-client', version: '1.0.0' }, { capabilities: { elicitation: { form: {} } } });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.message);
    return { action: 'accept', content: { answer: 'approve' } };
  });
  // npm is the person's own, and so is what it is told by their environment and in their home.
  const env = { ...personsEnvironment(), ...place.env, HOME: process.env['HOME'] ?? '' };
  const args = [PROGRAM, 'serve', '--stdio', '--config', place.config];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }));
  await expect.poll(() => serversListed(client), { timeout: 110_000, interval: 500 }).toHaveLength(5);
  return {
    call: async ([tool, given = {}]) => {
      const { content, isError = false } = await client.callTool({ name: tool, arguments: given });
      return { isError, text: content.map((part) => ('text' in part ? part.text : '')).join('\n') };
    },
    asked,
    end: () => client.close(),
  };
}

function personsEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

async function serversListed(client: Client): Promise<readonly string[]> {
  const { tools } = await client.listTools();
  return [...new Set(tools.map(({ name }) => name.split('__')[0] ?? ''))];
}

const inWork = (name: string): { path: string } => ({ path: join(work, name) });
const repository = (): { repo_path: string } => ({ repo_path: site });

/** Fifty calls of one day; `n` keeps those of the next apart. */
function ordinaryCalls(n: number): readonly Call[] {
  return [...onFiles(n), ...onNotes(n), ...thoughts(n), ...onTheTestServer(n), ...onTheRepository(n)];
}

function onFiles(n: number): readonly Call[] {
  return [
    ['files__list_allowed_directories'],
    ['files__list_directory', { path: work }],
    ['files__list_directory_with_sizes', { path: work }],
    ['files__directory_tree', { path: work }],
    ['files__search_files', { path: work, pattern: '*.md' }],
    ['files__get_file_info', inWork('plan.md')],
    ['files__read_text_file', inWork('plan.md')],
    ['files__read_text_file', { ...inWork('notes.md'), head: 10 }],
    ['files__read_multiple_files', { paths: [join(work, 'plan.md'), join(work, 'guests.csv')] }],
    ['files__create_directory', inWork(`day-${n}`)],
    ['files__write_file', { ...inWork(`day-${n}/menu.md`), content: '# Menu\n\n- Tea\n' }],
    ['files__edit_file', { ...inWork(`day-${n}/menu.md`), edits: [{ oldText: '- Tea', newText: '- Green tea' }] }],
    ['files__write_file', { ...inWork(`day-${n}/guests.md`), content: 'Mia\nSam\n' }],
    ['files__move_file', { source: join(work, `day-${n}/guests.md`), destination: join(work, `day-${n}/people.md`) }],
  ];
}

function onNotes(n: number): readonly Call[] {
  const name = `Tea party ${n}`;
  return [
    ['memory__read_graph'],
    ['memory__create_entities', { entities: [{ name, entityType: 'event', observations: ['In May'] }] }],
    ['memory__create_entities', { entities: [{ name: `Mia ${n}`, entityType: 'person', observations: [] }] }],
    ['memory__create_relations', { relations: [{ from: `Mia ${n}`, to: name, relationType: 'hosts' }] }],
    ['memory__add_observations', { observations: [{ entityName: name, contents: ['Twelve guests', 'Outside'] }] }],
    ['memory__search_nodes', { query: 'tea' }],
    ['memory__search_nodes', { query: 'Mia' }],
    ['memory__open_nodes', { names: [name] }],
    ['memory__delete_observations', { deletions: [{ entityName: name, observations: ['Outside'] }] }],
    ['memory__add_observations', { observations: [{ entityName: name, contents: ['In the hall'] }] }],
    ['memory__open_nodes', { names: [name, `Mia ${n}`] }],
  ];
}

function thoughts(n: number): readonly Call[] {
  return [1, 2, 3, 4, 5].map((thoughtNumber) => [
    'thinking__sequentialthinking',
    { thought: `Thought of day ${n}`, thoughtNumber, totalThoughts: 5, nextThoughtNeeded: thoughtNumber < 5 },
  ]);
}

function onTheTestServer(n: number): readonly Call[] {
  return [
    ['everything__echo', { message: `day ${n}` }],
    ['everything__get-sum', { a: n, b: 2 }],
    ['everything__get-sum', { a: n, b: 3 }],
    ['everything__get-structured-content', { location: 'Chicago' }],
    ['everything__get-annotated-message', { messageType: 'success' }],
    ['everything__get-resource-links', { count: 2 }],
    ['everything__get-tiny-image'],
    ['everything__toggle-simulated-logging'],
  ];
}

function onTheRepository(n: number): readonly Call[] {
  const branch = `day-${n}`;
  return [
    ['git__git_status', repository()],
    ['git__git_create_branch', { ...repository(), branch_name: branch }],
    ['git__git_checkout', { ...repository(), branch_name: branch }],
    ['files__write_file', { ...inWork(`site/day-${n}.html`), content: '<p>Tea</p>\n' }],
    ['git__git_diff_unstaged', repository()],
    ['git__git_add', { ...repository(), files: [`day-${n}.html`] }],
    ['git__git_reset', repository()],
    ['git__git_add', { ...repository(), files: [`day-${n}.html`] }],
    ['git__git_diff_staged', repository()],
    ['git__git_commit', { ...repository(), message: `Add day ${n}` }],
    ['git__git_log', { ...repository(), max_count: 5 }],
    ['git__git_show', { ...repository(), revision: 'HEAD' }],
  ];
}

async function spend(n: number): Promise<readonly string[]> {
  const calls = ordinaryCalls(n);
  expect(calls).toHaveLength(50);
  const day = await begin();
  for (const call of calls) expect([call[0], await day.call(call)]).toEqual([call[0], SUCCESS]);
  await day.end();
  return day.asked;
}

const SUCCESS = expect.objectContaining({ isError: false }) as unknown;

describe('five servers that nobody has configured', () => {
  test('an ordinary day asks three questions at most', { timeout: 300_000 }, async () => {
    const asked = await spend(1);
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(asked.map((question) => /files|memory|git/.exec(question)?.[0])).toEqual(['files', 'memory', 'git']);
  });

  test('the next day asks none', { timeout: 120_000 }, async () => {
    expect(await spend(2)).toEqual([]);
  });

  test('each is governed by its bundle of the shelf, and one can see that', async () => {
    const { stdout } = await runProgram(place, ['server', 'ls', '--json', '--config', place.config]);
    const { servers: listed } = JSON.parse(stdout) as { servers: { id: string; shelf: { name: string } | null }[] };
    expect(listed.map(({ id, shelf }) => [id, shelf?.name])).toEqual([
      ['files', 'filesystem'],
      ['memory', 'memory'],
      ['thinking', 'sequential-thinking'],
      ['everything', 'everything'],
      ['git', 'git'],
    ]);
    const calls = (await decisionsOf(place)).filter(({ action }) => action === 'tool_call');
    const governed = calls.map(({ server, layers }) => layers.some((layer) => layer.bundle === server));
    expect(governed).not.toContain(false);
  });

  test('what could hurt is refused, and nobody is asked', { timeout: 120_000 }, async () => {
    const day = await begin();
    for (const [call, rule] of HARMFUL) {
      const { isError, text } = await day.call(call());
      expect([isError, text]).toEqual([true, expect.stringContaining('Refused:')]);
      await expect.poll(async () => (await decisionsOf(place))[0]?.matched_rules, PATIENCE).toContain(rule);
    }
    await day.end();
    expect(day.asked).toEqual([]);
  });
});

const METADATA_OF_A_CLOUD = 'http://169.254.169.254/latest/meta-data/';
const HARMFUL: readonly (readonly [call: () => Call, rule: string])[] = [
  [() => ['files__read_text_file', inWork('.env')], 'files/FILE-203'],
  [() => ['files__write_file', { ...inWork('site/.git/hooks/a'), content: '' }], 'files/FILE-204'],
  [() => ['everything__get-env'], 'everything/EVERY-201'],
  [() => ['everything__gzip-file-as-resource', { data: METADATA_OF_A_CLOUD }], 'everything/EVERY-202'],
  [() => ['git__git_diff', { ...repository(), target: '--output=a' }], 'git/GIT-202'],
];
