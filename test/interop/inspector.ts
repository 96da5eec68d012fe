import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PACKAGES = resolve('test/interop/node_modules');
/** The inspector runs on a Node of its own; the gateway on the one that runs the tests. */
const NODE = join(PACKAGES, 'node/bin/node');
const LAUNCHER = join(PACKAGES, '@modelcontextprotocol/inspector/clients/launcher/build/index.js');

export interface Inspected {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the inspector's CLI once, in a home of its own. */
export async function inspect(args: readonly string[]): Promise<Inspected> {
  const home = mkdtempSync(join(tmpdir(), 'mcp-gateway-inspector-'));
  try {
    return await run([LAUNCHER, '--cli', ...args], { PATH: process.env['PATH'] ?? '', HOME: home });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Inspected> {
  return new Promise((settle) => {
    execFile(NODE, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      settle({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}
