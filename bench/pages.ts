import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ManyDecisions } from './decisions.ts';
import { ROOT, WARM_CACHE } from './place.ts';
import { usageOf } from './processes.ts';
import { median } from './statistics.ts';
import { RARE } from './templates.ts';

const PROGRAM = `${ROOT}dist/main.js`;
const ROUNDS = 15;
const COMMAND_ROUNDS = 5;
const DAY_MS = 86_400_000;

/** What the built program takes for each question that a person has, as tables of Markdown. */
export async function measurePages(many: ManyDecisions): Promise<string> {
  const config = writeConfiguration(many);
  const dashboard = await openDashboard(many, config);
  try {
    const counted = await untilCounted(dashboard, many.home);
    const pages = await pagesOf(dashboard);
    const rows: string[] = [];
    for (const path of pages) rows.push(rowOf(shown(path), await timesOf(ROUNDS, () => dashboard.get(path))));
    const [some] = (JSON.parse(await dashboard.get('/api/decisions?effect=deny&limit=1')) as Rows).rows;
    const commands = await commandRows(many, config, some?.id ?? '');
    return [counted, '', ...HEAD('page'), ...rows, '', ...HEAD('command'), ...commands].join('\n');
  } finally {
    dashboard.child.kill('SIGTERM');
  }
}

const HEAD = (what: string): readonly string[] => [`| ${what} | median | slowest |`, '|---|---|---|'];

interface Rows {
  readonly rows: readonly { readonly id: string; readonly seq: number; readonly time: string }[];
  readonly next?: number;
}

function writeConfiguration({ place, home }: ManyDecisions): string {
  const file = join(home, 'mcp-gateway.yaml');
  const store = 'url' in place ? { driver: 'postgres', url: place.url } : { driver: 'sqlite', path: place.path };
  const port = 20_000 + (process.pid % 20_000);
  const dashboard = { port };
  writeFileSync(file, JSON.stringify({ version: 1, mcpServers: {}, dashboard, decisions: { store } }));
  return file;
}

interface Dashboard {
  readonly child: ChildProcessWithoutNullStreams;
  readonly get: (path: string) => Promise<string>;
}

function environmentOf({ home }: ManyDecisions): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, MCP_GATEWAY_HOME: home, MCP_GATEWAY_CACHE: WARM_CACHE };
}

async function openDashboard(many: ManyDecisions, config: string): Promise<Dashboard> {
  const child = spawn(process.execPath, [PROGRAM, 'dashboard', '--config', config, '--log-level', 'warn'], {
    env: environmentOf(many),
  });
  child.stderr.pipe(process.stderr);
  let said = '';
  for await (const text of child.stdout) {
    said += String(text);
    if (said.includes('/login#') && said.endsWith('\n')) break;
  }
  const [, url = '', token = ''] = /Open (\S+)\/login#(\S+)/.exec(said) ?? [];
  const headers = { origin: url, 'content-type': 'application/json' };
  const signedIn = await fetch(`${url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ token }) });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`${url}${path}`, { headers: { cookie } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${text}`);
    return text;
  };
  return { child, get };
}

/** Until every decision is counted; and how long pages took meanwhile. */
async function untilCounted({ child, get }: Dashboard, home: string): Promise<string> {
  const begun = performance.now();
  const times: number[] = [];
  let residentBytes = 0;
  for (;;) {
    const asked = performance.now();
    await get('/api/decisions');
    const { health } = JSON.parse(await get('/api/overview')) as {
      readonly health: readonly { readonly what: string; readonly state: string; readonly words: string }[];
    };
    times.push((performance.now() - asked) / 2);
    residentBytes = Math.max(residentBytes, usageOf(child.pid ?? 0)?.residentBytes ?? 0);
    const store = health.find(({ what }) => what === 'store');
    if (store?.state === 'ok') break;
    process.stderr.write(`${store?.words ?? ''}\n`);
    await wait(2_000);
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const index = readdirSync(home).filter((name) => name.endsWith('-index'));
  const size = index.reduce((sum, name) => sum + statSync(join(home, name)).size, 0);
  const pages = `a page took ${median(times).toFixed(0)} ms in the median meanwhile, ${Math.max(...times).toFixed(0)} ms at most`;
  return `Index: ${megabytes(size)}, made in ${seconds} s; resident ${megabytes(residentBytes)} at most; ${pages}.`;
}

async function pagesOf({ get }: Dashboard): Promise<readonly string[]> {
  const newest = JSON.parse(await get('/api/decisions?limit=200')) as Rows;
  const since = (days: number): string => encodeURIComponent(new Date(Date.now() - days * DAY_MS).toISOString());
  const old = JSON.parse(await get(`/api/decisions?until=${since(90)}&limit=1`)) as Rows;
  const [row] = (JSON.parse(await get('/api/decisions?effect=deny&limit=1')) as Rows).rows;
  const [before, middle] = [String(newest.next), String(old.rows[0]?.seq)];
  return [
    '/api/session',
    '/api/overview',
    ...[7, 30, 90].map((days) => `/api/overview?since=${since(days)}`),
    '/api/decisions',
    `/api/decisions?before=${before}`,
    `/api/decisions?before=${middle}`,
    '/api/decisions?effect=deny',
    `/api/decisions?effect=deny&before=${middle}`,
    '/api/decisions?agent=agent-0001',
    '/api/decisions?agent=agent-1999',
    '/api/decisions?tool=tool_287',
    '/api/decisions?reason=account_number',
    '/api/decisions?reason=amount*&agent=agent-0100',
    `/api/decisions?server=${RARE.server}`,
    `/api/decisions?user=${RARE.user}&effect=pending`,
    `/api/decisions?user=${RARE.user}&tool=tool_1`,
    '/api/decisions?agent=agent-1999&tool=tool_287',
    '/api/decisions?agent=nobody',
    `/api/decisions?since=${since(100)}&until=${since(99)}&agent=agent-0003`,
    `/api/decisions?since=${since(0.01)}&effect=deny`,
    `/api/decisions/${row?.id ?? ''}`,
    `/api/decisions/${row?.id ?? ''}/case`,
    '/api/approvals',
    '/api/servers',
    '/api/clients',
    '/api/agents',
    `/api/report?from=${since(30)}`,
  ];
}

async function commandRows(many: ManyDecisions, config: string, id: string): Promise<readonly string[]> {
  const commands = [
    ['ls'],
    ['ls', '--effect', 'deny'],
    ['ls', '--agent', 'agent-0001'],
    ['ls', '--agent', 'agent-1999'],
    ['ls', '--tool', 'tool_287'],
    ['ls', '--server', RARE.server],
    ['ls', '--agent', 'nobody'],
    ['ls', '--since', '1h'],
    ['ls', '--since', '100d', '--until', '99d', '--agent', 'agent-0003'],
    ['show', id],
    ['explain', id],
    ['explain'],
    ['stats', '--since', '24h'],
  ];
  const rows: string[] = [];
  for (const words of commands) {
    const name = shown(`decision ${words.join(' ')}`);
    rows.push(await commandRow(name, () => commanded(many, ['decision', ...words, '--config', config])));
  }
  return rows;
}

/** What fails is a figure, too. */
async function commandRow(name: string, work: () => Promise<unknown>): Promise<string> {
  try {
    return rowOf(name, await timesOf(COMMAND_ROUNDS, work));
  } catch (thrown) {
    process.stderr.write(`${name}: ${String(thrown)}\n`);
    return `| ${name} | fails | |`;
  }
}

async function commanded(many: ManyDecisions, args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [PROGRAM, ...args], {
    env: environmentOf(many),
    maxBuffer: 1 << 28,
  });
}

async function timesOf(rounds: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times;
}

function rowOf(name: string, times: readonly number[]): string {
  const line = `| ${name} | ${median(times).toFixed(0)} ms | ${Math.max(...times).toFixed(0)} ms |`;
  process.stderr.write(`${line}\n`);
  return line;
}

function shown(path: string): string {
  const plain = decodeURIComponent(path).replaceAll(/\d{4}-\d\d-\d\dT[^&]*/g, '…');
  return `\`${plain
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id')
    .replace('/api/', '/')
    .replace(/before=\d+/, 'before=…')}\``;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}
