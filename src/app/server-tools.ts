import { findServers, type FindOptions } from './servers.ts';
import type { Config } from '../config/paths.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { RPC } from '../core/rpc.ts';
import type { Authorizer } from '../upstream/authorizer.ts';
import type { InstanceHost } from '../upstream/instance-host.ts';
import { resolveServer } from '../upstream/package.ts';
import type { ServerDefinition } from '../upstream/server-definition.ts';
import type { Host } from '../upstream/stdio.ts';
import { Upstreams } from '../upstream/upstreams.ts';

/** A server that can be started, and whose package it is. */
export interface AskedServer {
  readonly definition: ServerDefinition;
  /** Empty where it has none. */
  readonly package: string;
  readonly version: string;
}

export interface AskOptions {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  readonly version: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The credentials for a server that wants a sign-in. */
  readonly authorizerFor?: (server: ServerId) => Authorizer | undefined;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Starts a server and reads its tools as it defines them. Rejects with SIGN_IN_REQUIRED or one of UPSTREAM_*. */
export async function readServerTools(
  { definition }: AskedServer,
  options: AskOptions,
): Promise<readonly JsonObject[]> {
  const { version, host, clock, logger, signal, authorizerFor } = options;
  const said: string[] = [];
  const upstreams = new Upstreams([definition], {
    version,
    host,
    clock,
    logger,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    instanceHost: NOBODY,
    memory: { read: async () => undefined, write: async () => undefined },
    authorizerFor: (server) => authorizerFor?.(server),
    onErrorLine: (_server, line) => said.push(line),
  });
  try {
    return await upstreams.forDiscovery(definition.id).readList('tools', signal);
  } catch (thrown) {
    throw withLastWords(thrown, said);
  } finally {
    await upstreams.close();
  }
}

const MOST_WORDS = 20;

/** Nobody keeps a log of this start, so what the server said stands with the error. */
function withLastWords(thrown: unknown, said: readonly string[]): unknown {
  if (!(thrown instanceof GatewayError) || thrown.code !== 'UPSTREAM_CLOSED') return thrown;
  const lines = said.slice(-MOST_WORDS).map((line) => `\n  ${line}`);
  return new GatewayError(
    'UPSTREAM_CLOSED',
    `${thrown.message}${lines.length > 0 ? ` It said:${lines.join('')}` : ''}`,
    {
      mend: 'Start it as a client would: with its arguments, in its folder, and with the environment that it wants.',
      cause: thrown,
    },
  );
}

/** A server of the configuration. Throws USAGE where it has none of that id. */
export async function configuredServer(config: Config, id: ServerId, options: AskOptions): Promise<AskedServer> {
  const server = config.mcpServers[id];
  if (server === undefined) throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`);
  const [found] = await findServers({ ...config, mcpServers: { [id]: server } }, { ...options, memory: FORGETFUL });
  if (found === undefined) throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`);
  return found;
}

export interface GivenCommand {
  readonly id: ServerId;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** A server that is started with a command line. Throws BUNDLE_UNREADABLE where it names a bundle that cannot be had. */
export async function commandServer(
  { id, command, args, cwd }: GivenCommand,
  options: AskOptions,
): Promise<AskedServer> {
  const { home, host, signal } = options;
  const resolved = await resolveServer({ command, args }, { home, host, cwd, signal });
  const program = { command: resolved.command, args: resolved.args };
  const transport = { kind: 'stdio', ...program, cwd, env: host.environment } as const;
  return { definition: { id, transport }, package: resolved.package, version: resolved.version };
}

/** What an earlier start found out is of no use here: the package is what runs now. */
const FORGETFUL: FindOptions['memory'] = { readFact: async () => undefined, writeFact: async () => undefined };

/** Nobody listens, and nobody answers questions. */
const NOBODY: InstanceHost = {
  onNotification: () => undefined,
  onRequest: async () => ({ kind: 'failure', error: { code: RPC.methodNotFound, message: 'nobody is here' } }),
};
