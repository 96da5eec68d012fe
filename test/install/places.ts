import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { journal, JOURNAL_POLICY } from '../e2e/servers.ts';

const PACKAGES = resolve('test/install/node_modules');

/** A Node, and the npm that it is used with. */
export interface Runtime {
  readonly node: string;
  readonly npm: string;
}

export const NODES = {
  /** The one that runs the tests. */
  own: process.execPath,
  22: join(PACKAGES, 'node22/bin/node'),
  24: join(PACKAGES, 'node24/bin/node'),
} as const;

export const NPMS = {
  11: join(PACKAGES, 'npm11/bin/npm-cli.js'),
  12: join(PACKAGES, 'npm12/bin/npm-cli.js'),
} as const;

/** A home in which nothing of ours is, with a server of one tool. */
export interface Home {
  readonly folder: string;
  readonly config: string;
}

export function aHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-install-'));
  const config = join(folder, 'mcp-gateway.yaml');
  writeFileSync(
    config,
    `version: 1\nmcpServers:\n  journal: { ${journal(folder)}, policy: { source: ${JOURNAL_POLICY} } }\n`,
  );
  return { folder, config };
}

/** The environment of somebody with that Node first on the path, and with that home. */
export function environment({ folder }: Home, { node }: Pick<Runtime, 'node'>): Record<string, string> {
  return {
    PATH: [dirname(node), process.env['PATH'] ?? ''].join(delimiter),
    HOME: folder,
    MCP_GATEWAY_HOME: join(folder, 'home'),
    MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
  };
}

/** npm, with the settings and the cache of whoever runs the tests. */
export function runNpm({ node, npm }: Runtime, args: readonly string[], cwd: string): Promise<Written> {
  const env = { ...process.env, PATH: [dirname(node), process.env['PATH'] ?? ''].join(delimiter) };
  return run(node, [npm, '--no-audit', '--no-fund', '--prefer-offline', ...args], { cwd, env });
}

export interface Written {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; throws with all that it wrote when it fails. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Written> {
  return new Promise((settle, fail) => {
    execFile(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) settle({ stdout, stderr });
      else fail(new Error(`${command} ${args.join(' ')}: ${error.message}\n${stdout}${stderr}`));
    }).stdin?.end();
  });
}

/** What a client meets that starts the gateway by that command: its tools, and the answer of one of them. */
export async function meet(
  home: Home,
  {
    command,
    args,
    env,
  }: { readonly command: string; readonly args: readonly string[]; readonly env: Record<string, string> },
): Promise<{ readonly name: string | undefined; readonly tools: readonly string[]; readonly answer: unknown }> {
  const client = new Client({ name: 'a-client', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({ command, args: [...args], env, cwd: home.folder, stderr: 'inherit' }),
  );
  try {
    const { tools } = await client.listTools();
    const { content } = await client.callTool({ name: 'write', arguments: { text: 'from a new installation' } });
    return { name: client.getServerVersion()?.name, tools: tools.map(({ name }) => name), answer: content };
  } finally {
    await client.close();
  }
}
