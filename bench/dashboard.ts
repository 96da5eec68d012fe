import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type DashboardGround, openDashboard } from '../src/app/dashboard.ts';
import { makeLink } from '../src/app/dashboard-people.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Logger } from '../src/core/logger.ts';
import { ChainKeys } from '../src/state/chain-key.ts';
import { SqliteConnection } from '../src/state/sqlite-connection.ts';
import { decisionIds } from '../src/state/decision-id.ts';
import { chooseDriver } from '../src/state/drivers.ts';
import { decisionRow, outcomeRow } from '../src/state/log-rows.ts';
import { LogWriter } from '../src/state/log-writer.ts';
import { Store } from '../src/state/store.ts';
import { median } from './statistics.ts';

// `npx tsx bench/dashboard.ts [decisions]`: a store with a million decisions over thirty days, made once in the folder for
// temporary files, and how long every page over it takes. Its log is a real one: sealed, with outcomes.
const DECISIONS = Number(process.argv[2] ?? 1_000_000);
const HOME = join(tmpdir(), `mcp-gateway-bench-dashboard-${String(DECISIONS)}`);
const STORE = join(HOME, 'decisions.db');
const DAYS = 30;
const ROUNDS = 15;
const BAR_MS = 200;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const logger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (message, fields) => console.error(message, fields),
};

function ignore(): void {
  // Figures only.
}

const TEMPLATE = {
  generation: 'bench',
  principal: {
    agent: {
      scope: '',
      owner_team: '',
      model: '',
      client: {
        name: 'bench',
        version: '1',
      },
      delegated_by: [],
    },
    user: {
      groups: [],
      data_classifications_authorized: [],
    },
  },
  client: {
    name: 'bench',
    version: '1',
    protocol: '2025-11-25',
  },
  action: 'tool_call',
  session: 's1',
  call: '',
  reason_internal: '',
  remediation: '',
  layers: [],
  lifted: [],
  combine: {
    version: 1 as const,
    required: [],
    carries: [],
    modes: {},
    own: [],
    bypass: '' as const,
    now: 0,
    approvals: [],
    reservations: [],
  },
  obligations: {
    audit_required: false,
    redact: {
      record: [],
      result: [],
    },
    approvals: [],
    counters: [],
    rate_limits: [],
    deadline_ms: 0,
    labels: [],
  },
  budgets: {},
  input: {},
  input_hash: '',
  dropped: [],
  replayable: { kind: 'fully' },
  shadow: null,
  trace_id: '',
} as const;

await makeStore();
const store = await Store.open({ path: STORE, home: HOME, durability: 'normal', clock, logger });
const configPath = join(HOME, 'mcp-gateway.yaml');
writeFileSync(configPath, JSON.stringify({ version: 1, mcpServers: {}, dashboard: { port: 0 } }));
const read: DashboardGround['read'] = () =>
  loadConfig({ path: configPath, environment: process.env, workingFolder: HOME, home: HOME, userHome: HOME });
const door = await openDashboard({
  store,
  configPath,
  read,
  clock,
  logger,
  config: read().config,
  login: 'bench',
  version: '0',
  home: HOME,
  cache: join(HOME, 'cache'),
  workingFolder: HOME,
  userHome: HOME,
  host: {
    platform: process.platform,
    nodePath: process.execPath,
    environment: process.env,
  },
});
try {
  await measure();
} finally {
  await door.close();
  await store.close();
}

async function makeStore(): Promise<void> {
  if (existsSync(join(HOME, 'made'))) return;
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true, mode: 0o700 });
  await (await Store.open({ path: STORE, home: HOME, durability: 'normal', clock, logger })).close();
  const connection = new SqliteConnection({
    driver: chooseDriver(),
    path: STORE,
    access: 'write',
    durability: 'normal',
  });
  const writer = new LogWriter(connection, new ChainKeys(HOME));
  await writer.open();
  const begun = performance.now();
  const stepMs = (DAYS * 86_400_000) / DECISIONS;
  for (let from = 0; from < DECISIONS; from += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, DECISIONS - from) }, (_, index) => rowsOf(from + index, stepMs));
    await writer.commit(rows.flat());
  }
  await connection.close();
  writeFileSync(join(HOME, 'made'), '');
  console.log(`store: ${megabytes(STORE)} MB, made in ${seconds(begun)} s`);
}

function rowsOf(number: number, stepMs: number): Parameters<LogWriter['commit']>[0][number][] {
  const at = Date.now() - DAYS * 86_400_000 + number * stepMs;
  const then = { now: () => at, monotonic: () => at };
  // One in ten is denied; one in a thousand of a server and a user of whom there is hardly anything else.
  const isDenied = number % 10 === 3;
  const isRare = number % 1_000 === 7;
  const tool = isRare ? 'rare_tool' : `tool_${String(number % 40)}`;
  const server = isRare ? 'rare' : `server-${String(number % 6)}`;
  const record = {
    ...TEMPLATE,
    id: decisionIds(then)(),
    time: new Date(at).toISOString(),
    principal: {
      agent: {
        ...TEMPLATE.principal.agent,
        id: `agent-${String(number % 7)}`,
      },
      user: {
        ...TEMPLATE.principal.user,
        id: isRare ? 'rare' : `user-${String(number % 50)}`,
      },
    },
    server,
    tool,
    effect: isDenied ? ('deny' as const) : ('allow' as const),
    reasons: isDenied ? [`reason_${String(number % 13)}`, 'gateway.no_grant.server'] : [],
    matched_rules: [isDenied ? `compliance/CO-${String(number % 13)}` : 'server/S-1'],
    latency_us: { decide: 80 + (number % 97) * 3 },
  } as const;
  const decision = decisionRow(record, JSON.stringify(record), 'bench');
  if (isDenied) return [decision];
  const outcome = {
    id: record.id,
    status: 'ok',
    withheld: false,
    ms: 3,
    record_us: 40 + (number % 31),
    settled: [],
  } as const;
  return [decision, outcomeRow(outcome, 'bench', then)];
}

async function measure(): Promise<void> {
  const token = await makeLink(store, clock, {
    person: 'bench',
    groups: [],
    key: '',
    readsOnly: false,
    actor: 'user:bench',
    via: 'terminal',
  });
  const headers = { origin: door.url, 'content-type': 'application/json' };
  const signedIn = await fetch(`${door.url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ token }) });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  const get = async (path: string): Promise<string> =>
    (await fetch(`${door.url}${path}`, { headers: { cookie } })).text();
  await untilCounted(get);
  const { rows } = JSON.parse(await get('/api/decisions?effect=deny&limit=1')) as {
    rows: { id: string; seq: number }[];
  };
  const [row = { id: '', seq: 0 }] = rows;
  const since = (days: number): string => encodeURIComponent(new Date(Date.now() - days * 86_400_000).toISOString());
  const middle = String(Math.floor(row.seq / 2));
  const pages = [
    '/api/session',
    '/api/overview',
    `/api/overview?since=${since(7)}`,
    `/api/overview?since=${since(30)}`,
    '/api/decisions',
    `/api/decisions?before=${middle}`,
    '/api/decisions?effect=deny',
    `/api/decisions?effect=deny&before=${middle}`,
    '/api/decisions?server=rare',
    '/api/decisions?user=rare&effect=pending',
    '/api/decisions?user=rare&tool=tool_1',
    '/api/decisions?tool=tool_1*&reason=reason_1*&agent=agent-3',
    `/api/decisions?since=${since(20)}&until=${since(19)}&user=user-3`,
    `/api/decisions/${row.id}`,
    `/api/decisions/${row.id}/case`,
    '/api/changes',
    '/api/approvals',
    '/api/servers',
    '/api/clients',
    '/api/agents',
    `/api/report?from=${since(30)}`,
    `/api/report.csv?from=${since(30)}`,
  ];
  for (const path of pages) await measurePage(path, get);
}

async function measurePage(path: string, get: (path: string) => Promise<string>): Promise<void> {
  const times: number[] = [];
  let longestMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    let last = begun;
    // What a call on this thread would have waited for: how late a timer of no time comes.
    const late = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    await get(path);
    clearInterval(late);
    times.push(performance.now() - begun);
  }
  const [p50, most] = [median(times), Math.max(...times)];
  const verdict = most <= BAR_MS ? '' : '  OVER THE BAR';
  const shown = path.replaceAll(/\d{4}-\d\d-\d\dT[^&]*/g, '…').replaceAll(/[0-9a-f-]{36}/g, ':id');
  console.log(
    `${p50.toFixed(1).padStart(7)} ${most.toFixed(1).padStart(7)} ms  thread held ${longestMs.toFixed(1).padStart(5)} ms  ${shown}${verdict}`,
  );
}

async function untilCounted(get: (path: string) => Promise<string>): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const { health } = JSON.parse(await get('/api/overview')) as { health: { what: string; state: string }[] };
    if (health.find(({ what }) => what === 'store')?.state === 'ok') break;
    await wait(500);
  }
  console.log(`index: ${megabytes(`${STORE}-index`)} MB, made in ${seconds(begun)} s`);
}

function megabytes(path: string): string {
  return (statSync(path).size / 1024 / 1024).toFixed(0);
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(0);
}
