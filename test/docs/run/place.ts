import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runIn } from '../../../src/cli/program.ts';
import type { Toolchain } from '../../../src/rego/toolchain.ts';
import { callsIn } from '../pages.ts';

/** Where the demo leaves its log. */
const DEMO = resolve('.mcp-gateway/demo');

/** A folder of its own, in which the commands of one page are typed. */
export interface PagePlace {
  readonly folder: string;
  /** What `~` stands for; `MCP_GATEWAY_HOME` is `~/.mcp-gateway`. */
  readonly userHome: string;
  readonly toolchain: Toolchain;
}

/** How a command ended, and what stood on the terminal. */
export interface Typed {
  readonly exit: number;
  readonly said: string;
}

/** `empty`; or `demo`: a checkout in which the demo has just been played. Ends with `removePlace`. */
export function makePlace(kind: 'empty' | 'demo', toolchain: Toolchain): PagePlace {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-page-'));
  const userHome = join(folder, '.me');
  mkdirSync(userHome);
  if (kind === 'demo') {
    cpSync(join(DEMO, 'home'), homeIn({ userHome }), { recursive: true });
    chmodSync(homeIn({ userHome }), 0o700);
    for (const name of ['mcp-gateway.yaml', 'policy-bundles']) cpSync(name, join(folder, name), { recursive: true });
    for (const name of ['servers', 'node_modules', 'package.json']) symlinkSync(resolve(name), join(folder, name));
  }
  return { folder, userHome, toolchain };
}

function homeIn({ userHome }: Pick<PagePlace, 'userHome'>): string {
  return join(userHome, '.mcp-gateway');
}

export function removePlace({ folder }: PagePlace): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Plays the demo, whose log several pages read. */
export function playDemo(): void {
  execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'demo/day-at-work.ts'], { stdio: 'ignore' });
  if (!existsSync(join(DEMO, 'home/decisions.db'))) throw new Error('the demo left no log');
}

/** `file` is relative to the folder, or begins with `~/`. */
export function writeInto({ folder, userHome }: PagePlace, file: string, text: string): void {
  const path = file.startsWith('~/') ? join(userHome, file.slice(2)) : join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Types a command line. One that is a call of the gateway alone runs in this process, any other in a shell. */
export async function typeIn(place: PagePlace, command: string): Promise<Typed> {
  const [words = [], ...more] = callsIn(command);
  const isPlain =
    command.startsWith('mcp-gateway ') && more.length === 0 && !/[|<>$]/.test(command.replace(/ #.*$/, ''));
  return isPlain ? inProcess(place, words) : inShell(place, command);
}

async function inProcess({ folder, userHome, toolchain }: PagePlace, words: readonly string[]): Promise<Typed> {
  let said = '';
  const stream = new PassThrough().on('data', (chunk: Buffer) => (said += chunk.toString()));
  const out = stream as unknown as NodeJS.WriteStream;
  const variables = { PATH: process.env['PATH'] };
  const cache = join(tmpdir(), 'mcp-gateway-test-cache');
  const environment = { variables, workingFolder: folder, userHome, home: homeIn({ userHome }), cache, user: 'maya' };
  const exit = await runIn({ terminal: { in: process.stdin, out, err: out }, environment, toolchain }, words);
  await new Promise(setImmediate);
  return { exit, said };
}

function inShell({ folder, userHome }: PagePlace, command: string): Promise<Typed> {
  const programs = join(folder, '.programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(
    join(programs, 'mcp-gateway'),
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/main.js')}' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const env = {
    PATH: `${programs}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: userHome,
    MCP_GATEWAY_HOME: homeIn({ userHome }),
    MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
  };
  return new Promise((settle) => {
    const child = execFile('/bin/sh', ['-c', command], { env, cwd: folder }, (error, stdout, stderr) =>
      settle({ exit: typeof error?.code === 'number' ? error.code : error ? 1 : 0, said: stdout + stderr }),
    );
    child.stdin?.end();
  });
}
