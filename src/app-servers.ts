import * as z from 'zod';
import type { WantedBundle } from './app-policies.ts';
import type { Config } from './config/paths.ts';
import { GatewayError, messageOf } from './core/errors.ts';
import type { JsonObject } from './core/json.ts';
import type { Logger } from './core/logger.ts';
import { isServerId, type ServerId } from './core/names.ts';
import type { GovernedServer } from './gateway/governed-server.ts';
import type { PolicySet } from './policy/policy-set.ts';
import type { CatalogStore } from './state/catalog-store.ts';
import { resolveServer } from './upstream/package.ts';
import type { ServerDefinition } from './upstream/server-definition.ts';
import type { Host } from './upstream/stdio.ts';

type ServerConfig = Config['mcpServers'][string];

/** A configured server, with what was found beside it. */
export interface FoundServer {
  readonly id: ServerId;
  readonly config: ServerConfig;
  readonly definition: ServerDefinition;
  readonly package: string;
  readonly version: string;
  /** As configured, else as it ships. */
  readonly bundle: OwnBundle;
}

/** `lost` is a bundle that the server says it has and that cannot be had: then nothing stands in for it. */
type OwnBundle = { readonly kind: 'at'; readonly path: string } | { readonly kind: 'none' } | { readonly kind: 'lost' };

export interface FindOptions {
  readonly home: string;
  readonly host: Host;
  readonly logger: Logger;
  readonly memory: Pick<CatalogStore, 'readFact' | 'writeFact'>;
  /** Ends what is being installed. */
  readonly signal: AbortSignal;
}

/** Finds what belongs to each server: its program, its package, its bundle. A server that cannot be found runs as given. */
export function findServers(config: Config, options: FindOptions): Promise<readonly FoundServer[]> {
  return Promise.all(
    Object.entries(config.mcpServers).map(([id, server]) => findServer(serverId(id), server, options)),
  );
}

/** The bundle that governs a server, as a participant of the server layer; undefined where the starter shall stand in. */
export function bundleOfServer({ id, config, bundle }: FoundServer): WantedBundle | undefined {
  const { source, onMissing, mode, rules, data } = config.policy;
  if (source.kind === 'none') return undefined;
  if (bundle.kind === 'none' && onMissing === 'starter') return undefined;
  const origin: WantedBundle['origin'] = bundle.kind === 'at' ? { kind: 'path', path: bundle.path } : undefined;
  return { id, layer: 'server', place: { kind: 'server', server: id }, origin, mode, ruleModes: modesOf(rules), data };
}

/** The server as the gateway sees it under a generation of policies. */
export function governedServer({ id, config, package: name, version }: FoundServer, policy: PolicySet): GovernedServer {
  const own = policy.participants.find(({ place }) => place.kind === 'server' && place.server === id);
  const tools = Object.entries(own?.loaded?.bundle.manifest.metadata.gateway.tools ?? {});
  return {
    id,
    facts: { id, package: name, version, region: config.region, trust: config.trust },
    hasBundle: own !== undefined,
    effects: Object.fromEntries(
      tools.flatMap(([tool, { effect }]) => (effect === undefined ? [] : [[tool, { effect }]])),
    ),
    dataClasses: Object.fromEntries(tools.map(([tool, declared]) => [tool, declared.data_classes])),
    argumentClasses: Object.fromEntries(
      tools.map(([tool, { args }]) => [tool, mapValues(args, ({ data_classes }) => data_classes)]),
    ),
    unknownArguments: config.unknownArguments,
    allow: config.allow,
  };
}

export function modesOf<M>(rules: Readonly<Record<string, { readonly mode: M }>>): Readonly<Record<string, M>> {
  return Object.fromEntries(Object.entries(rules).map(([rule, { mode }]) => [rule, mode]));
}

async function findServer(id: ServerId, config: ServerConfig, options: FindOptions): Promise<FoundServer> {
  const { transport, policy, timeout: timeoutMs, instance } = config;
  const discoveryOffers = allOffers(config.allow);
  const configured: OwnBundle | undefined =
    policy.source.kind === 'path' ? { kind: 'at', path: policy.source.path } : undefined;
  if (transport.kind !== 'stdio') {
    const road = { kind: transport.kind, url: new URL(transport.url), headers: transport.headers };
    const definition = { id, transport: road, timeoutMs, instance, discoveryOffers };
    return { id, config, definition, package: '', version: '', bundle: configured ?? { kind: 'none' } };
  }
  const { command, args, package: name, version, bundle } = await resolveProgram(id, transport, options);
  const definition = { id, transport: { ...transport, command, args }, timeoutMs, instance, discoveryOffers };
  return { id, config, definition, package: name, version, bundle: configured ?? bundle };
}

function mapValues<V, W>(values: Readonly<Record<string, V>>, change: (value: V) => W): Readonly<Record<string, W>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

/** What the most able client could offer to a server that may ask for this. */
function allOffers({ sampling, elicitation, roots }: ServerConfig['allow']): JsonObject {
  return {
    ...(sampling ? { sampling: {} } : {}),
    ...(elicitation ? { elicitation: { form: {}, url: {} } } : {}),
    ...(roots ? { roots: { listChanged: true } } : {}),
  };
}

interface ResolvedProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly package: string;
  readonly version: string;
  readonly bundle: OwnBundle;
}

type Program = Pick<ResolvedProgram, 'command' | 'args'> & { readonly cwd: string };

async function resolveProgram(id: ServerId, given: Program, options: FindOptions): Promise<ResolvedProgram> {
  const { command, args, cwd } = given;
  const { home, host, logger, memory, signal } = options;
  try {
    const fact = `package of ${JSON.stringify([command, ...args])}`;
    const known = KnownPackage.safeParse(await memory.readFact(id, fact));
    const resolved = await resolveServer({ command, args }, { home, host, cwd, known: known.data, signal });
    if (resolved.note !== '') logger.warn('a server runs as it was given', { server: id, why: resolved.note });
    const { package: name, version, integrity, bundle } = resolved;
    if (integrity !== '') await memory.writeFact(id, fact, { version, integrity });
    const own: OwnBundle = bundle === undefined ? { kind: 'none' } : { kind: 'at', path: bundle.path };
    return { command: resolved.command, args: resolved.args, package: name, version, bundle: own };
  } catch (thrown) {
    logger.error('what ships with a server cannot be read; its calls are denied', {
      server: id,
      problem: messageOf(thrown),
    });
    return { command, args, package: '', version: '', bundle: { kind: 'lost' } };
  }
}

/** Which package a command line was resolved to, as the store remembers it. */
const KnownPackage = z.object({ version: z.string(), integrity: z.string() });

function serverId(id: string): ServerId {
  if (isServerId(id)) return id;
  throw new GatewayError('CONFIG_INVALID', `"${id}" is not a server id`);
}
