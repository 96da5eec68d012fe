import { passesParam } from '../app/methods.ts';
import { peersOf } from '../app/peers.ts';
import { startApp, type RunningGateway } from '../app.ts';
import type { LoadedConfig } from '../config/load.ts';
import { lockPathOf } from '../config/lock-file.ts';
import type { Config } from '../config/paths.ts';
import { HttpTransport, SseTransport } from '../config/schema-gateway.ts';
import { isLoopbackAddress } from '../core/bundle-address.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type HttpDoor, type HttpOptions, serveHttp } from '../downstream/http.ts';
import type { Identity } from '../downstream/identity.ts';
import { claimStdout, serveStdio, type StdioLimits } from '../downstream/stdio.ts';
import { type ConfigOption, readConfig } from './config.ts';
import { EXIT } from './exit.ts';
import { stderrLogger } from './log.ts';
import type { CommandContext } from './context.ts';
import type { LogFormat } from './log-options.ts';
import { VERSION } from './version.ts';

export interface ServeOptions extends ConfigOption {
  readonly stdio?: boolean;
  readonly http?: string | true;
  readonly sse?: boolean;
  readonly agent?: string;
  readonly shadow?: boolean;
  readonly logLevel: string;
  readonly logFormat?: LogFormat;
}

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export async function serve(context: CommandContext, options: ServeOptions): Promise<void> {
  const told = toldToEnd();
  // First of all: whatever writes to stdout from here on is not part of the conversation.
  const output = options.stdio === true ? claimStdout(process.stdout, process.stderr) : undefined;
  const loaded = readConfig(context, options);
  const { config, secrets, path, commands, files } = loaded;
  const identity = identityFor(config, options, context);
  refuseExposure(config, options);
  refuseShadow(config, options);
  const logger = stderrLogger(options.logLevel, secrets, options.logFormat);
  const { variables, home, cache } = context.environment;
  const host = { platform: process.platform, nodePath: process.execPath, environment: variables };
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const owner = config.gateway.principal.user.id ?? context.environment.user;
  const login = context.environment.user;
  const app = await startApp({
    config,
    lockPath: lockPathOf(path),
    commands,
    secrets,
    configuration: { files, read: () => readConfig(context, { config: path }) },
    home,
    cache,
    version: VERSION,
    owner,
    login,
    host,
    timezone,
    isShadow: options.shadow === true,
    isAtDesktop: options.stdio === true && options.http === undefined,
    clock,
    logger,
  });
  const serving: Serving = { app, config, identity, logger, told };
  const dashboard = config.dashboard.enabled ? await showDashboard(context, loaded, { app, logger }) : undefined;
  try {
    const doors = await openDoors(serving, options, output);
    context.setExit(await untilEnded(doors, serving));
  } finally {
    await dashboard?.close();
    await app.close();
  }
}

/** Nothing of it is loaded where it is not shown. */
async function showDashboard(
  context: CommandContext,
  loaded: LoadedConfig,
  { app, logger }: Pick<Serving, 'app' | 'logger'>,
): Promise<{ readonly close: () => Promise<void> }> {
  const { followDashboard } = await import('../app/dashboard.ts');
  const { groundOf } = await import('./dashboard.ts');
  return followDashboard(groundOf(context, { loaded, store: app.store, logger }));
}

interface Serving {
  readonly app: RunningGateway;
  readonly config: Config;
  readonly identity: Identity;
  readonly logger: Logger;
  readonly told: Promise<NodeJS.Signals>;
}

/**
 * Heard from the first moment on, so that whatever has been started by then is ended in order. A second signal ends the
 * process at once, as if nobody had listened.
 */
function toldToEnd(): Promise<NodeJS.Signals> {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((ended) => {
    const tell = (name: NodeJS.Signals): void => {
      for (const each of names) process.off(each, tell);
      ended(name);
    };
    for (const name of names) process.on(name, tell);
  });
}

/** Something that serves; `closed` resolves when it ends by itself. */
interface Door {
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** `--agent` before `gateway.principal.agent`, and that before the name that the client gives. */
function identityFor(config: Config, { agent: named }: ServeOptions, { environment }: CommandContext): Identity {
  const { agent, user } = config.gateway.principal;
  if (named !== undefined) refuseUnknownAgent(named, config);
  const id = named ?? agent.id ?? '';
  // What stands beside another id is said of that one.
  const { scope, owner_team, model } = agent.id === undefined || agent.id === id ? agent : NO_PROFILE;
  return {
    agent: { id, scope, owner_team, model, delegated_by: [] },
    user: {
      id: user.id ?? environment.user,
      groups: user.groups,
      data_classifications_authorized: user.data_classes,
    },
  };
}

const NO_PROFILE = { scope: '', owner_team: '', model: '' };

/** Where the configuration tells no agents apart, identity bundles may know the name. */
function refuseUnknownAgent(agent: string, { agents }: Config): void {
  const known = Object.keys(agents);
  if (known.length === 0 || known.includes(agent)) return;
  throw new GatewayError('USAGE', `there is no agent "${agent}" in the configuration`, {
    mend: `The agents are ${known.join(', ')}.`,
  });
}

/** The doors that were asked for; where none was, HTTP as it is configured. */
async function openDoors(
  serving: Serving,
  options: ServeOptions,
  output: ReturnType<typeof claimStdout> | undefined,
): Promise<readonly Door[]> {
  const { http, stdio } = serving.config.gateway.transports;
  if (output !== undefined && !stdio) {
    throw new GatewayError('USAGE', 'the configuration does not let the gateway speak over stdio', {
      mend: 'Leave out --stdio, or set gateway.transports.stdio to true.',
    });
  }
  const wantsHttp = options.http !== undefined || options.sse === true || (output === undefined && http !== false);
  if (!wantsHttp && output === undefined) {
    throw new GatewayError('USAGE', 'nothing says how clients shall reach the gateway', {
      mend: 'Give --stdio or --http, or set gateway.transports.http in the configuration.',
    });
  }
  const doors = output === undefined ? [] : [openStdio(serving, output)];
  return wantsHttp ? [...doors, await openHttp(serving, options)] : doors;
}

/** How long requests in flight have to finish when a door closes. */
const DRAIN_MS = 10_000;

function limitsOf({ gateway: { limits } }: Config): StdioLimits {
  return {
    maxBytes: limits.messageBytes,
    maxDepth: limits.depth,
    maxKeys: limits.keys,
    maxStringBytes: limits.stringBytes,
    maxInFlight: limits.inFlight,
    maxWaiting: limits.waiting,
    maxHeldBytes: limits.heldBytes,
    drainMs: DRAIN_MS,
  };
}

/** Without a request or an open stream a session ends. */
const IDLE_MS = 30 * 60_000;

function httpLimitsOf(config: Config): HttpOptions['limits'] {
  const { sessions, connections, headerBytes, sendTime } = config.gateway.limits;
  return {
    ...limitsOf(config),
    maxSessions: sessions,
    idleMs: IDLE_MS,
    maxConnections: connections,
    maxHeaderBytes: headerBytes,
    sendMs: sendTime,
  };
}

function openStdio({ app, config, identity, logger }: Serving, output: ReturnType<typeof claimStdout>): Door {
  const serverInfo = { name: config.gateway.name, version: VERSION };
  const limits = limitsOf(config);
  const passes = passesParam(config.gateway.methods);
  const { gateway } = app;
  return serveStdio({ gateway, identity, serverInfo, limits, logger, passes, input: process.stdin, output });
}

async function openHttp({ app, config, identity, logger }: Serving, options: ServeOptions): Promise<Door> {
  const { transports, name } = config.gateway;
  const { host, port, path, allowedHosts, publicUrl: written, peerUrl } = addressOf(options.http, transports.http);
  const sse = options.sse === true ? SseTransport.parse({}) : transports.sse;
  const publicUrl = written === undefined ? undefined : new URL(written);
  const resource = { path, ssePath: sse === false ? undefined : sse.path, publicUrl };
  const door: HttpDoor = await serveHttp({
    gateway: app.gateway,
    serverInfo: { name, version: VERSION },
    host,
    port,
    path,
    allowedHosts,
    publicUrl,
    sse: sse === false ? undefined : { path: sse.path, messagesPath: '/messages' },
    limits: httpLimitsOf(config),
    gate: app.gateFor(identity, resource),
    readiness: () => app.readiness(),
    passes: passesParam(config.gateway.methods),
    peers: peersOf(app.store, clock, peerUrl === undefined ? undefined : new URL(peerUrl)),
    clock,
    logger,
  });
  await app.store.servesAt(door.peerAddress);
  logger.info('serving', { url: door.url });
  return { closed: new Promise<void>(() => undefined), close: () => door.close() };
}

/** `--http 3700`, `--http 127.0.0.1:3700` or `--http` alone, over what the file says. */
function addressOf(
  given: string | true | undefined,
  configured: Config['gateway']['transports']['http'],
): Exclude<Config['gateway']['transports']['http'], false> {
  const base = configured === false ? HttpTransport.parse({}) : configured;
  if (given === undefined || given === true) return base;
  const parts = /^(?:(.+):)?(\d{1,5})$/.exec(given);
  const host = parts?.[1]?.replace(/^\[(.+)\]$/, '$1') ?? base.host;
  const port = Number(parts?.[2]);
  if (parts === null || port > 65_535) {
    throw new GatewayError('USAGE', `"${given}" is not an address`, {
      mend: 'Write [HOST:]PORT, such as 127.0.0.1:3700.',
    });
  }
  return { ...base, host, port };
}

/** What the file says has been looked at before. */
function refuseExposure({ gateway: { auth, transports } }: Config, { http }: ServeOptions): void {
  if (http === undefined || auth !== undefined) return;
  const { host } = addressOf(http, transports.http);
  if (isLoopbackAddress(host)) return;
  throw new GatewayError(
    'UNSAFE_BINDING',
    `${host} can be reached from other hosts, and nobody is asked who they are`,
    {
      mend: 'Configure gateway.auth, or listen on 127.0.0.1.',
    },
  );
}

function refuseShadow({ policies }: Config, { shadow }: ServeOptions): void {
  if (shadow !== true || policies.pause) return;
  throw new GatewayError('USAGE', 'the configuration does not let policies be put in shadow (policies.pause)', {
    mend: 'Leave out --shadow.',
  });
}

/** Serves until a door ends by itself or the process is told to end; then everything is closed, in order. */
async function untilEnded(doors: readonly Door[], { app, logger, told }: Serving): Promise<number> {
  // A gateway that cannot get ready says so and goes on: every call is then refused with the reason.
  app.ready.catch((thrown: unknown) => {
    if (thrown instanceof GatewayError && thrown.code === 'CANCELLED') return;
    logger.error('policies are not in force', { problem: messageOf(thrown) });
  });
  const end = await Promise.race([told, ...doors.map(({ closed }) => closed)]);
  await Promise.allSettled(doors.map((door) => door.close()));
  return end === 'SIGINT' ? EXIT.interrupted : EXIT.done;
}
