import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The built program, as a person starts it. */
export const PROGRAM = resolve('dist/main.js');

/** A folder of its own with a configuration and the gateway's home, removed after the test. */
export interface Place {
  readonly folder: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

export function aPlace(configIn: (folder: string) => string): Place {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = join(folder, 'mcp-gateway.yaml');
  writeFileSync(file, configIn(folder));
  return { folder, config: file, env: environment(folder) };
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

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export function runProgram(place: Place, args: readonly string[]): Promise<Finished> {
  return new Promise((settle) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args, '--config', place.config],
      { env: place.env, cwd: place.folder, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) =>
        settle({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** The decisions in the log of a place, newest first, as `decision ls --json` prints them. */
export async function decisionsOf<Record>(place: Place): Promise<readonly Record[]> {
  const { stdout, stderr } = await runProgram(place, ['decision', 'ls', '--limit', 'all', '--json']);
  if (stdout === '') throw new Error(`no answer: ${stderr}`);
  return (JSON.parse(stdout) as { decisions: readonly Record[] }).decisions;
}

export interface HttpGateway {
  readonly url: string;
  readonly process: ChildProcess;
}

/** Starts `serve --http` on a free port and resolves when it listens. */
export function serveHttp(place: Place, args: readonly string[] = []): Promise<HttpGateway> {
  const child = spawn(
    process.execPath,
    [PROGRAM, 'serve', '--http', '127.0.0.1:0', '--config', place.config, ...args],
    {
      env: place.env,
      cwd: place.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  onTestFinished(() => end(child));
  return new Promise((settle, fail) => {
    let seen = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const url = /"url":"(http:[^"]+)"/.exec(seen)?.[1];
      if (url !== undefined) settle({ url, process: child });
    });
    child.once('exit', (code) => fail(new Error(`serve ended with ${code}: ${seen}`)));
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((ended) => {
    child.once('exit', () => ended());
    child.kill('SIGTERM');
  });
}
