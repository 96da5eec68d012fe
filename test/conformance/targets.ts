import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { oneUpstream, twoUpstreams, UPSTREAM } from './configuration.ts';
import { start, type Started } from './started.ts';

/** What the suite is run against. */
export const TARGETS = ['direct', 'gateway', 'gateway-stdio', 'gateway-two'] as const;
export type Target = (typeof TARGETS)[number];

export interface Running extends Started {
  /** Configuration, log and store of the gateway, and what the programs wrote. Stays when they have ended. */
  readonly folder: string;
}

/** Starts all that a target needs. `program` is the built gateway. */
export async function startTarget(target: Target, program: string = resolve('dist/main.js')): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-conformance-'));
  if (target === 'gateway-stdio') {
    return { folder, ...(await startGateway(program, folder, oneUpstream({ kind: 'stdio' }))) };
  }
  const upstream = await startUpstream(folder);
  if (target === 'direct') return { folder, ...upstream };
  const configure = target === 'gateway' ? oneUpstream : twoUpstreams;
  try {
    const gateway = await startGateway(program, folder, configure({ kind: 'http', url: upstream.url }));
    const close = async (): Promise<void> => {
      await gateway.close();
      await upstream.close();
    };
    return { folder, url: gateway.url, close };
  } catch (thrown) {
    await upstream.close();
    throw thrown;
  }
}

function startUpstream(folder: string): Promise<Started> {
  return start({ args: UPSTREAM, address: /^(http:\S+)$/m, log: join(folder, 'upstream.log') });
}

/** The cache of compiled policies is shared by all runs, as it is by all starts of a person's gateway. */
function startGateway(program: string, folder: string, configuration: string): Promise<Started> {
  const file = join(folder, 'mcp-gateway.yaml');
  writeFileSync(file, configuration);
  return start({
    args: [program, 'serve', '--http', '127.0.0.1:0', '--config', file],
    env: {
      HOME: folder,
      MCP_GATEWAY_HOME: join(folder, 'home'),
      MCP_GATEWAY_CACHE: join(tmpdir(), 'mcp-gateway-test-cache'),
    },
    address: /"url":"(http:[^"]+)"/,
    log: join(folder, 'gateway.log'),
  });
}
