import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { type BundleSet, type Durability, writeConfiguration } from './configuration.ts';
import { BENCH, RECORDING_FLOOR, ROOT, UPSTREAM } from './place.ts';
import { SERVER } from './workload.ts';

/** Something to send calls through. */
export interface Target {
  readonly name: string;
  readonly front: Front;
  /** Arguments of Node. `folder` is the target's own, `port` is free and the target's to listen on. */
  readonly commandLine: (folder: string, port: number) => readonly string[];
}

/** How a client reaches it. */
export type Front =
  | { readonly kind: 'stdio' }
  /** `stateless` is Streamable HTTP of 2026-07-28, without a session. */
  | { readonly kind: 'http' | 'stateless' | 'sse'; readonly path: string };

const STDIO: Front = { kind: 'stdio' };
const HTTP: Front = { kind: 'http', path: '/mcp' };

/** In the order in which they are measured, each round anew. */
export const TARGETS: readonly Target[] = [
  { name: 'direct-stdio', front: STDIO, commandLine: () => [UPSTREAM] },
  { name: 'direct-http', front: HTTP, commandLine: (_, port) => [UPSTREAM, '--http', String(port)] },
  { name: 'floor-stdio', front: STDIO, commandLine: () => floor('stdio') },
  { name: 'floor-http', front: HTTP, commandLine: (_, port) => floor(`http:${port}`) },
  recordingFloor('stdio', 'starter'),
  recordingFloor('http', 'starter'),
  recordingFloor('http', 'starter', 'full'),
  recordingFloor('http', 'heavy'),
  ...(['stdio', 'http'] as const).flatMap((door) =>
    (['starter', 'heavy'] as const).flatMap((bundles) =>
      (['normal', 'full'] as const).map((durability) => gateway(door, bundles, durability)),
    ),
  ),
  {
    ...gateway('http', 'starter', 'normal'),
    name: 'http-stateless-normal',
    front: { kind: 'stateless', path: '/mcp' },
  },
  {
    name: 'mcp-hub',
    front: { kind: 'sse', path: '/mcp' },
    commandLine: (folder, port) => {
      const config = `${folder}/servers.json`;
      const servers = { [SERVER]: { command: process.execPath, args: [UPSTREAM] } };
      writeFileSync(config, JSON.stringify({ mcpServers: servers }));
      return [`${PEERS}mcp-hub/dist/cli.js`, '--port', String(port), '--config', config];
    },
  },
  {
    name: 'mcp-proxy',
    front: HTTP,
    commandLine: (_, port) => [
      `${PEERS}mcp-proxy/dist/bin/mcp-proxy.mjs`,
      '--host=127.0.0.1',
      `--port=${port}`,
      '--server=stream',
      '--',
      process.execPath,
      UPSTREAM,
    ],
  },
];

const PEERS = `${BENCH}peers/node_modules/`;

/** The other gateways come from npm the first time, into a folder that git ignores. */
export function installPeers(): void {
  if (existsSync(`${PEERS}mcp-hub`) && existsSync(`${PEERS}mcp-proxy`)) return;
  const quiet = ['--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  execFileSync('npm', ['install', '--prefix', `${BENCH}peers`, ...quiet], { stdio: 'inherit' });
}

function floor(front: string): readonly string[] {
  return [`${BENCH}floor.mjs`, front, process.execPath, UPSTREAM];
}

function recordingFloor(door: 'stdio' | 'http', bundles: BundleSet, durability: Durability = 'normal'): Target {
  return {
    name: `recording-floor-${door}-${bundles}-${durability}`,
    front: door === 'stdio' ? STDIO : HTTP,
    commandLine: (_, port) => [RECORDING_FLOOR, door === 'stdio' ? door : `http:${port}`, bundles, durability],
  };
}

function gateway(door: 'stdio' | 'http', bundles: BundleSet, durability: Durability): Target {
  return {
    name: `${door}-${bundles}-${durability}`,
    front: door === 'stdio' ? STDIO : HTTP,
    commandLine: (folder, port) => {
      const config = `${folder}/mcp-gateway.yaml`;
      writeConfiguration(config, bundles, durability);
      const served = door === 'stdio' ? ['--stdio'] : ['--http', `127.0.0.1:${port}`];
      return [`${ROOT}dist/main.js`, 'serve', ...served, '--config', config, '--log-level', 'warn'];
    },
  };
}
