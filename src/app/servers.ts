import { originOf } from './addresses.ts';
import * as z from 'zod';
import { SHIPPED_BUNDLES } from './bundles.ts';
import type { LockInForce } from './lock.ts';
import type { WantedBundle } from './policies.ts';
import { demandOf } from './signing.ts';
import { findOnShelf, SHELF_FACT, type ShelfFinding } from './shelf.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import type { LockedPackage } from '../core/server-lock.ts';
import type { GovernedServer } from '../gateway/governed-server.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { CatalogStore } from '../state/catalog-store.ts';
import { resolveServer, type ResolvedServer } from '../upstream/package.ts';
import type { ServerDefinition } from '../upstream/server-definition.ts';
import type { Host } from '../upstream/stdio.ts';

type ServerConfig = Config['mcpServers'][string];

/** A configured server, with what was found beside it. */
export interface FoundServer {
  readonly id: ServerId;
  readonly config: ServerConfig;
  readonly definition: ServerDefinition;
  readonly package: string;
  readonly version: string;
  /** As in a lock file of npm; empty for what was not installed by the gateway. */
  readonly integrity: string;
  /** SHA-256 of its command line or address as it is written, hex. */
  readonly command: string;
  /** As configured, else as it ships, else from the shelf. */
  readonly bundle: OwnBundle;
}

/** `lost` is a bundle that the server says it has and that cannot be had: then nothing stands in for it. */
type OwnBundle = { readonly kind: 'at'; readonly path: string } | { readonly kind: 'none' } | { readonly kind: 'lost' };

export interface FindOptions {
  readonly home: string;
  readonly host: Host;
  readonly logger: Logger;
  readonly memory: Pick<CatalogStore, 'readFact' | 'writeFact'>;
  /** SHA-256 of each server's command line or address as it is written, by server. */
  readonly commands?: Readonly<Record<string, string>> | undefined;
  /** The package that was accepted for a server with this command line; it counts before what the command line names. */
  readonly acceptedPackage?: (id: string, command: string) => LockedPackage | null | undefined;
  /** Whether npm is asked anew what a command line stands for. */
  readonly isFresh?: boolean;
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
export function bundleOfServer({ id, config, bundle }: FoundServer, isLayerSigned: boolean): WantedBundle | undefined {
  const { source, onMissing, mode, rules, data, signer } = config.policy;
  if (source.kind === 'none') return undefined;
  if (bundle.kind === 'none' && onMissing === 'starter') return undefined;
  const found: WantedBundle['origin'] = bundle.kind === 'at' ? { kind: 'path', path: bundle.path } : undefined;
  // The shelf comes with the program, as the starters do.
  const isShelf = bundle.kind === 'at' && bundle.path.startsWith(SHIPPED_BUNDLES);
  const demand = demandOf(signer, isLayerSigned && !isShelf);
  const origin = found ?? originOf({ ...config.policy, id, layer: 'server' }, demand);
  const place = { kind: 'server', server: id } as const;
  return { id, layer: 'server', place, origin, mode, ruleModes: modesOf(rules), data, demand };
}

/** The server as the gateway sees it under a generation of policies. */
export function governedServer(found: FoundServer, policy: PolicySet, lock?: LockInForce): GovernedServer {
  const { id, config, package: name, version } = found;
  const pins = lock?.pinsOf(found, policy);
  const own = policy.participants.find(({ place }) => place.kind === 'server' && place.server === id);
  const tools = Object.entries(own?.loaded?.bundle.manifest.metadata.gateway.tools ?? {});
  return {
    id,
    facts: { id, package: name, version, region: config.region, trust: config.trust, pinned: pins !== undefined },
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
    pins,
    policy,
  };
}

export function modesOf<M>(rules: Readonly<Record<string, { readonly mode: M }>>): Readonly<Record<string, M>> {
  return Object.fromEntries(Object.entries(rules).map(([rule, { mode }]) => [rule, mode]));
}

async function findServer(id: ServerId, config: ServerConfig, options: FindOptions): Promise<FoundServer> {
  const { transport, policy, timeout: timeoutMs, instance } = config;
  const discoveryOffers = allOffers(config.allow);
  const written = options.commands?.[id] ?? '';
  const configured = configuredBundle(policy.source);
  if (transport.kind !== 'stdio') {
    const road = { kind: transport.kind, url: new URL(transport.url), headers: transport.headers };
    const definition = { id, transport: road, timeoutMs, instance, discoveryOffers };
    const bundle = configured ?? ({ kind: 'none' } as const);
    return { id, config, definition, package: '', version: '', integrity: '', command: written, bundle };
  }
  const accepted = options.acceptedPackage?.(id, written) ?? undefined;
  const isShelfAsked = policy.source.kind === 'auto';
  const { bundle, command, args, ...found } = await resolveProgram(
    id,
    { ...transport, accepted },
    { ...options, isShelfAsked },
  );
  const road = { ...transport, command, args };
  const refusal = refusalOf(accepted, found);
  const definition = { id, transport: road, timeoutMs, instance, discoveryOffers, refusal };
  return { id, config, definition, ...found, command: written, bundle: configured ?? bundle };
}

/** A package that was accepted runs, or nothing does: what npx would fetch instead is what nobody has looked at. */
function refusalOf(
  accepted: LockedPackage | undefined,
  { package: name, integrity }: Pick<FoundServer, 'package' | 'integrity'>,
): string | undefined {
  if (accepted === undefined || accepted.integrity === '') return undefined;
  if (name === accepted.name && integrity === accepted.integrity) return undefined;
  return `its package is not the ${accepted.name} ${accepted.version} that was accepted, or cannot be installed`;
}

/** What an address has is found by whoever asks there; until then nothing stands in for it. */
function configuredBundle(source: ServerConfig['policy']['source']): OwnBundle | undefined {
  if (source.kind === 'path') return { kind: 'at', path: source.path };
  return source.kind === 'remote' ? { kind: 'lost' } : undefined;
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
  readonly integrity: string;
  readonly bundle: OwnBundle;
}

type Program = Pick<ResolvedProgram, 'command' | 'args'> & {
  readonly cwd: string;
  readonly accepted: LockedPackage | undefined;
};

interface ResolveOptions extends FindOptions {
  /** Where the configuration names a bundle, or wants none, the shelf is not asked. */
  readonly isShelfAsked: boolean;
}

async function resolveProgram(id: ServerId, given: Program, options: ResolveOptions): Promise<ResolvedProgram> {
  const { command, args, cwd, accepted } = given;
  const { home, host, logger, memory, isFresh, signal, isShelfAsked } = options;
  try {
    const fact = `package of ${JSON.stringify([command, ...args])}`;
    const known = KnownPackage.safeParse(await memory.readFact(id, fact));
    const finding = { home, host, cwd, known: known.data, accepted, isFresh, signal };
    const resolved = await resolveServer({ command, args }, finding);
    if (resolved.note !== '') logger.warn('a server runs as it was given', { server: id, why: resolved.note });
    const { package: name, version, integrity } = resolved;
    if (integrity !== '') await memory.writeFact(id, fact, { version, integrity });
    const isAsked = isShelfAsked && resolved.bundle === undefined;
    const { path, ...shelf } = isAsked ? await lookOnShelf(id, resolved, logger) : NOTHING_FOUND;
    await memory.writeFact(id, SHELF_FACT, shelf);
    const bundle = bundleAt(resolved.bundle?.path ?? path);
    return { command: resolved.command, args: resolved.args, package: name, version, integrity, bundle };
  } catch (thrown) {
    logger.error('what ships with a server cannot be read; its calls are denied', {
      server: id,
      problem: messageOf(thrown),
    });
    return { command, args, package: '', version: '', integrity: '', bundle: { kind: 'lost' } };
  }
}

function bundleAt(path: string | undefined): OwnBundle {
  return path === undefined ? { kind: 'none' } : { kind: 'at', path };
}

const NOTHING_FOUND: ShelfFinding = { kind: 'none' };

/** Said in the log, because nothing in the configuration shows it. */
async function lookOnShelf(server: ServerId, resolved: ResolvedServer, logger: Logger): Promise<ShelfFinding> {
  const { packageKind: kind, package: name, version } = resolved;
  if (kind === '') return NOTHING_FOUND;
  const finding = await findOnShelf({ kind, name, version });
  if (finding.kind === 'none') return finding;
  const facts = { server, bundle: finding.name, package: name, version, versions: finding.versions };
  if (finding.kind === 'bundle') logger.info('a bundle of the shelf governs a server', facts);
  else logger.warn('the bundle of the shelf is for other versions of a server; the starter stands in', facts);
  return finding;
}

/** Which package a command line was resolved to, as the store remembers it. */
const KnownPackage = z.object({ version: z.string(), integrity: z.string() });

function serverId(id: string): ServerId {
  if (isServerId(id)) return id;
  throw new GatewayError('CONFIG_INVALID', `"${id}" is not a server id`);
}
