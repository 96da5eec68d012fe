import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { aPlace, type AtEnd, end, type Place } from './program.ts';

const EVERYTHING = resolve('node_modules/@modelcontextprotocol/server-everything/dist/index.js');
/** Serves both eras; written on SDK 2.x. */
const REFERENCE = resolve('test/conformance/upstream.ts');

/**
 * A gateway's configuration with upstreams of every kind: `old` (SDK 1.x) over stdio, Streamable HTTP and HTTP+SSE, `both`
 * (SDK 2.x, both eras) over stdio and Streamable HTTP. A bundle leaves everything open, and all may ask the client.
 */
export async function everyUpstream(atEnd: AtEnd): Promise<Place> {
  const [oldHttp, oldSse] = [await freePort(), await freePort()];
  await started([EVERYTHING, 'streamableHttp'], { ready: /listening on port/, port: oldHttp, atEnd });
  await started([EVERYTHING, 'sse'], { ready: /running on port/, port: oldSse, atEnd });
  const address = await started(['--import', tsx(), REFERENCE], { ready: /http:\S+/, port: 0, atEnd });
  const servers = {
    'old-stdio': { command: process.execPath, args: [EVERYTHING, 'stdio'] },
    'old-http': { type: 'http', url: `http://127.0.0.1:${String(oldHttp)}/mcp` },
    'old-sse': { type: 'sse', url: `http://127.0.0.1:${String(oldSse)}/sse` },
    'both-io': { command: process.execPath, args: ['--import', tsx(), REFERENCE, '--stdio'] },
    'both-web': { type: 'http', url: address },
  };
  return aPlace(() => JSON.stringify(configuration(servers)), atEnd);
}

/** JSON is YAML. */
export function configuration(servers: Readonly<Record<string, object>>): object {
  const policy = { source: resolve('fixtures/bundles/open') };
  const allow = { sampling: true, elicitation: true, roots: true };
  const governed = Object.entries(servers).map(([id, server]) => [
    id,
    { ...server, policy, allow, unknownArguments: 'allow' },
  ]);
  return {
    version: 1,
    // However busy the machine is, the first list shows all.
    gateway: { startWait: '60s' },
    decisions: { durability: 'normal' },
    mcpServers: Object.fromEntries(governed),
  };
}

function tsx(): string {
  return new URL(import.meta.resolve('tsx')).href;
}

interface Starting {
  /** What it prints when it listens; the match is what is resolved with. */
  readonly ready: RegExp;
  readonly port: number;
  readonly atEnd: AtEnd;
}

function started(args: readonly string[], { ready, port, atEnd }: Starting): Promise<string> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atEnd(() => end(child));
  return new Promise((settle, fail) => {
    let seen = '';
    const hear = (text: string): void => {
      seen += text;
      const [match] = ready.exec(seen) ?? [];
      if (match !== undefined) settle(match);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('exit', (code) => fail(new Error(`${args.join(' ')} ended with ${String(code)}: ${seen}`)));
  });
}
