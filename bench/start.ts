import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, INITIALIZE, stdioConnection } from './connection.ts';
import { httpConnection, sseConnection, statelessConnection } from './http-connection.ts';
import { WARM_CACHE, WORK } from './place.ts';
import type { Front, Target } from './targets.ts';
import { TOOL } from './workload.ts';

/** A target with one session open. */
export interface Running {
  readonly pid: number;
  readonly connection: Connection;
  /** What the target calls the echo. */
  readonly tool: string;
  /** From the start of the process to the list of tools in the client's hands. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** A folder of the target's own below the benchmark's; kept from one start to the next. */
  readonly home: string;
  readonly cache?: string;
}

const START_LIMIT_MS = 120_000;

/** Starts a target and opens a session with it. Throws when there is no list of tools after two minutes. */
export async function startTarget(target: Target, { home, cache = WARM_CACHE }: StartOptions): Promise<Running> {
  const folder = `${WORK}${home}`;
  mkdirSync(folder, { recursive: true });
  const port = target.front.kind === 'stdio' ? 0 : await freePort();
  const args = target.commandLine(folder, port);
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: environment(folder, cache),
    stdio: ['pipe', 'pipe', openSync(`${folder}/errors.log`, 'w')],
  });
  try {
    const { connection, tool } = await within(START_LIMIT_MS, () => openSession(target, child, port));
    const startMs = performance.now() - startedAt;
    return { pid: child.pid ?? 0, connection, tool, startMs, stop: () => stop(child, connection) };
  } catch (cause) {
    child.kill('SIGKILL');
    throw new Error(`${target.name} gives no list of tools; see ${folder}/errors.log`, { cause });
  }
}

function freePort(): Promise<number> {
  return new Promise((settle) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function environment(folder: string, cache: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    MCP_GATEWAY_HOME: `${folder}/home`,
    MCP_GATEWAY_CACHE: cache,
  };
}

interface Session {
  readonly connection: Connection;
  readonly tool: string;
}

async function openSession({ front }: Target, child: ChildProcess, port: number): Promise<Session> {
  if (front.kind === 'stdio') {
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('the target has no pipes');
    return greet(stdioConnection(stdin, stdout));
  }
  const url = `http://127.0.0.1:${port}${front.path}`;
  child.stdout?.resume();
  // Nobody tells when it listens, so the session is tried until there is one.
  for (;;) {
    try {
      return await sessionAt(url, front.kind);
    } catch (cause) {
      if (child.exitCode !== null) throw cause;
      await sleep(5);
    }
  }
}

async function sessionAt(url: string, kind: Exclude<Front['kind'], 'stdio'>): Promise<Session> {
  if (kind === 'stateless') return findTool(statelessConnection(url));
  return greet(kind === 'sse' ? await sseConnection(url) : httpConnection(url));
}

async function greet(connection: Connection): Promise<Session> {
  const { error } = await connection.request('initialize', INITIALIZE);
  if (error !== undefined) throw new Error(JSON.stringify(error));
  await connection.notify('notifications/initialized');
  return findTool(connection);
}

async function findTool(connection: Connection): Promise<Session> {
  // Some gateways answer before their servers have; their first lists are empty.
  for (;;) {
    const { result } = await connection.request('tools/list', {});
    const tool = result?.tools?.find(({ name }) => name === TOOL || name.endsWith(`__${TOOL}`));
    if (tool !== undefined) return { connection, tool: tool.name };
    await sleep(5);
  }
}

async function within<Result>(limitMs: number, work: () => Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const late = sleep(limitMs, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`no answer within ${limitMs} ms`);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    ended.abort();
    late.catch(() => undefined);
  }
}

function stop(child: ChildProcess, connection: Connection): Promise<void> {
  return new Promise((ended) => {
    child.once('exit', () => ended());
    connection.close();
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
  });
}
