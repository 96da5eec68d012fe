import { setTimeout as sleep } from 'node:timers/promises';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { INITIALIZE } from './connection.ts';
import { httpConnection } from './http-connection.ts';
import { BENCH, ROOT, UPSTREAM, WORK } from './place.ts';
import { type Running, startTarget } from './start.ts';
import { quantile } from './statistics.ts';
import type { Target } from './targets.ts';
import { ordinaryCall } from './workload.ts';

/** What many clients at one gateway do to one another. */
export interface Crowd {
  /** Of the calls to the servers that are not slow: with all quick, and with one of them slow. */
  readonly quickP99Ms: number;
  readonly besideSlowP99Ms: number;
  /** Bytes that one more session holds, which has listed its tools and rests, once all garbage is collected. */
  readonly bytesPerSession: number;
}

const SERVERS = 4;
const CLIENTS = 100;
const CALLS_IN_FLIGHT = 10;
const SLOW_MS = 2_000;
const IDLE_SESSIONS = 500;

/** 100 clients, each with ten calls in flight at one of four servers, of which one is slow the second time. */
export async function measureCrowd(durationMs: number): Promise<Crowd> {
  const quickP99Ms = await withGateway(0, (url) => p99Of(url, durationMs));
  const besideSlowP99Ms = await withGateway(SLOW_MS, (url) => p99Of(url, durationMs));
  const bytesPerSession = await withGateway(0, weighSessions);
  return { quickP99Ms, besideSlowP99Ms, bytesPerSession };
}

async function withGateway<Found>(
  slowMs: number,
  work: (url: string, running: Running) => Promise<Found>,
): Promise<Found> {
  let url = '';
  const target: Target = {
    name: 'crowd',
    front: { kind: 'http', path: '/mcp' },
    commandLine: (folder, port) => {
      url = `http://127.0.0.1:${port}/mcp`;
      const config = `${folder}/mcp-gateway.yaml`;
      writeFileSync(config, JSON.stringify(configuration(slowMs)));
      const program = ['--expose-gc', '--import', `${BENCH}weigh.mjs`, `${ROOT}dist/main.js`];
      return [...program, 'serve', '--http', `127.0.0.1:${port}`, '--config', config, '--log-level', 'warn'];
    },
  };
  const running = await startTarget(target, { home: 'crowd' });
  try {
    return await work(url, running);
  } finally {
    await running.stop();
  }
}

function configuration(slowMs: number): object {
  const servers = Array.from({ length: SERVERS }, (_, at) => [
    `s${at}`,
    {
      command: process.execPath,
      args: at === 0 ? [UPSTREAM, '--slow', String(slowMs)] : [UPSTREAM],
      instance: 'gateway',
    },
  ]);
  return { version: 1, mcpServers: Object.fromEntries(servers), decisions: { durability: 'normal' } };
}

/** Of all calls but those to the first server, which is the one that may be slow. */
async function p99Of(url: string, durationMs: number): Promise<number> {
  const latenciesMs: number[] = [];
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => visit(url, client, { durationMs, latenciesMs })));
  return quantile(latenciesMs, 0.99);
}

interface Visit {
  readonly durationMs: number;
  readonly latenciesMs: number[];
}

async function visit(url: string, client: number, { durationMs, latenciesMs }: Visit): Promise<void> {
  const connection = httpConnection(url);
  await connection.request('initialize', INITIALIZE);
  await connection.notify('notifications/initialized');
  const server = client % SERVERS;
  const endsAt = performance.now() + durationMs;
  const lane = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const sentAt = performance.now();
      const { error } = await connection.request('tools/call', {
        name: `s${server}__echo`,
        arguments: ordinaryCall(client),
      });
      if (error !== undefined) throw new Error(JSON.stringify(error));
      if (server !== 0) latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, lane));
  connection.close();
}

async function weighSessions(url: string, { pid }: Running): Promise<number> {
  // The first hundred fill pools and caches that all later ones share.
  await openSessions(url, 100);
  const before = await heldBytes(pid);
  await openSessions(url, IDLE_SESSIONS);
  return ((await heldBytes(pid)) - before) / IDLE_SESSIONS;
}

async function openSessions(url: string, count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += 1) {
    const connection = httpConnection(url);
    await connection.request('initialize', INITIALIZE);
    await connection.notify('notifications/initialized');
    await connection.request('tools/list', {});
    connection.close();
  }
}

/** What the gateway holds once its sockets have closed; see `weigh.mjs`. */
async function heldBytes(pid: number): Promise<number> {
  const file = `${WORK}crowd/held-bytes`;
  await sleep(3_000);
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(file)) await sleep(20);
  return Number(readFileSync(file, 'utf8'));
}
