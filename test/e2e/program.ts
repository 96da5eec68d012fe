import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, onTestFinished } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import { reproduces } from '../../src/policy/combine-record.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';

/** The built program, as a person starts it. */
export const PROGRAM = resolve('dist/main.js');

/** Keeps work for the end of what it belongs to; what was kept last is done first. */
export type AtEnd = (work: () => Promise<void>) => void;

/** For what the tests of a file share. Called once, at the top of the file. */
export function atEndOfFile(): AtEnd {
  const kept: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const work of kept.toReversed()) await work();
  });
  return (work) => void kept.push(work);
}

/** A folder of its own with a configuration and the gateway's home. */
export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Removed at the end, after every record in its store has been recombined. */
export function aPlace(configIn: (folder: string) => string, atEnd: AtEnd = onTestFinished): Place {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
  const file = join(folder, 'mcp-gateway.yaml');
  const place = { folder, config: file, env: environment(folder) };
  writeFileSync(file, configIn(folder));
  atEnd(async () => {
    try {
      await recombineAll(place);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
  return place;
}

/** A store that a test has spoilt has no records. */
async function recombineAll(place: Place): Promise<void> {
  try {
    await decisionsOf(place);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
  }
}

/** The compile cache is shared by all places of a run, as it is by all starts of a person's gateway. */
function environment(folder: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    MCP_GATEWAY_HOME: join(folder, 'home'),
    MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
  };
}

export function storeOf({ folder }: Place): string {
  return join(folder, 'home', 'decisions.db');
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end in the folder of the place, where it finds the configuration; nothing is piped in. */
export function runProgram(place: Place, args: readonly string[]): Promise<Finished> {
  return new Promise((settle) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, ...args],
      { env: place.env, cwd: place.folder, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) =>
        settle({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** The decisions in the log of a place, newest first; each must follow from what it keeps. */
export async function decisionsOf(place: Place): Promise<readonly SealedRecord[]> {
  const reader = new DecisionReader({ path: storeOf(place) });
  try {
    const records = await reader.list({ limit: Number.MAX_SAFE_INTEGER });
    expect(records.filter((record) => !reproduces(record))).toEqual([]);
    return records;
  } finally {
    await reader.close();
  }
}

/** The decisions about one tool, newest first. */
export async function decisionsAbout(place: Place, tool: string): Promise<readonly SealedRecord[]> {
  return (await decisionsOf(place)).filter((record) => record.tool === tool);
}

/** The last call of a tool, once its outcome is there: it is written soon after the answer has left. */
export async function outcomeOf(place: Place, tool: string): Promise<SealedRecord | undefined> {
  const lastCall = async (): Promise<SealedRecord | undefined> => {
    return (await decisionsAbout(place, tool)).find(({ action }) => action !== 'tool_result');
  };
  await expect.poll(async () => (await lastCall())?.outcome, PATIENCE).toBeTruthy();
  return lastCall();
}

/** For what comes by itself: long enough for a busy machine. */
export const PATIENCE = { timeout: 30_000, interval: 50 } as const;

export interface HttpGateway {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has logged so far. */
  stderr(): string;
}

export interface Serving {
  readonly args?: readonly string[];
  /** A program that starts the gateway as its own process, with its arguments: `['prlimit', '--nofile=64']`. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly atEnd?: AtEnd;
}

/** Starts `serve --http` on a free port and resolves when it listens. */
export function serveHttp(
  place: Place,
  { args = [], under = [], env = {}, atEnd = onTestFinished }: Serving = {},
): Promise<HttpGateway> {
  const serve = [process.execPath, PROGRAM, 'serve', '--http', '127.0.0.1:0', '--config', place.config, ...args];
  const [command = '', ...rest] = [...under, ...serve];
  const child = spawn(command, rest, {
    env: { ...place.env, ...env },
    cwd: place.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  atEnd(() => end(child));
  return new Promise((settle, fail) => {
    let seen = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const url = /"url":"(http:[^"]+)"/.exec(seen)?.[1];
      if (url !== undefined) settle({ url, process: child, stderr: () => seen });
    });
    child.once('exit', (code) => fail(new Error(`serve ended with ${code}: ${seen}`)));
  });
}

/** Asks a process to end and waits until it has. */
export function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((ended) => {
    child.once('exit', () => ended());
    child.kill('SIGTERM');
  });
}
