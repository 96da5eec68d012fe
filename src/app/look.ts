import {
  type BundleLoader,
  type BundleOrigin,
  type CheckedBundle,
  checkBundle,
  findBundle,
  readLibrary,
  rememberedValidation,
} from './bundles.ts';
import { unitOf } from './lock.ts';
import { SHIPPED_ANSWERS } from './policies.ts';
import { bundleOfServer, type FoundServer, findServers } from './servers.ts';
import { originAtHand } from './sources.ts';
import { doubtsAbout } from '../catalog/doubts.ts';
import { effectOf } from '../catalog/effect.ts';
import { type OfferedTool, offeredTools } from '../catalog/offered-tools.ts';
import type { Config } from '../config/paths.ts';
import type { ToolEffect } from '../core/action.ts';
import { addressText } from '../core/bundle-address.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { maskedText, secretsByLine } from '../core/masked-text.ts';
import type { ServerId } from '../core/names.ts';
import { RPC } from '../core/rpc.ts';
import type { LockedPackage, ServerUnit } from '../core/server-lock.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { CatalogStore } from '../state/catalog-store.ts';
import type { Host } from '../upstream/stdio.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import { Upstreams } from '../upstream/upstreams.ts';

export interface LookOptions {
  readonly home: string;
  readonly cache: string;
  readonly version: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: CatalogStore;
  readonly signIns: SignIns;
  readonly commands: Readonly<Record<string, string>>;
  /** What no message may hold, the longest first: a server may say what it was given. */
  readonly secrets: readonly string[];
  /** The package to run instead of what the command line names; undefined leaves it to that. */
  readonly accepted: LockedPackage | undefined;
  /** Whether what the command line stands for is asked anew. */
  readonly isFresh: boolean;
}

/** What a server is and offers, seen by starting it once. */
export interface LookedAt {
  readonly found: FoundServer;
  readonly unit: ServerUnit;
  readonly tools: readonly LookedTool[];
  readonly bundle: LookedBundle;
  /** What it tells every model of itself; empty where it says nothing. */
  readonly instructions: string;
  /** From its start to the list of its tools. */
  readonly listedAfterMs: number;
}

export interface LookedTool extends OfferedTool {
  readonly effect: ToolEffect;
  /** What looks wrong about what it says of itself, each as a sentence. */
  readonly doubts: readonly string[];
}

export type LookedBundle =
  /** `path`: a path, or an address without its query. */
  | { readonly kind: 'good'; readonly path: string; readonly checked: CheckedBundle }
  | { readonly kind: 'bad'; readonly path: string; readonly problem: string }
  | { readonly kind: 'none' };

/**
 * Starts a server once, calls nothing, and says what it offers and what governs it. What it offers is remembered, so that no
 * client waits for its start. Rejects with UPSTREAM_* or SIGN_IN_REQUIRED, with the last lines of its stderr.
 */
export async function lookAt(id: ServerId, config: Config, options: LookOptions): Promise<LookedAt> {
  const server = config.mcpServers[id];
  if (server === undefined) throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`);
  const { home, host, logger, memory, commands, accepted, isFresh } = options;
  const [found] = await findServers(
    { ...config, mcpServers: { [id]: server } },
    {
      home,
      host,
      logger,
      memory,
      commands,
      acceptedPackage: () => accepted,
      isFresh,
      signal: new AbortController().signal,
    },
  );
  if (found === undefined) throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`);
  const startedMs = options.clock.monotonic();
  const { definitions, instructions } = await askServer(found, config, options);
  const listedAfterMs = Math.round(options.clock.monotonic() - startedMs);
  const bundle = await bundleOf(found, config.policies.layers.server.signed, options);
  await memory.writeCatalog(id, definitions);
  const manifest = bundle.kind === 'good' ? bundle.checked.bundle.manifest.metadata.gateway.tools : {};
  const tools = offeredTools(id, definitions, server.tools).map((tool): LookedTool => {
    const { name, definition } = tool;
    const effect = effectOf(name, definition, declared(manifest));
    const doubts = effect === declared(manifest)[name]?.effect ? [] : doubtsAbout(name, definition);
    return { ...tool, effect, doubts };
  });
  return {
    found,
    unit: unitOf(found, bundle.kind === 'good' ? bundle.checked.bundle : undefined),
    tools,
    bundle,
    listedAfterMs,
    instructions,
  };
}

type Declared = Readonly<Record<string, { readonly effect?: ToolEffect }>>;

function declared(tools: Readonly<Record<string, { readonly effect?: ToolEffect | undefined }>>): Declared {
  return Object.fromEntries(
    Object.entries(tools).flatMap(([tool, { effect }]) => (effect === undefined ? [] : [[tool, { effect }]])),
  );
}

async function askServer(
  { id, definition }: FoundServer,
  config: Config,
  { version, host, clock, logger, memory, signIns, secrets }: LookOptions,
): Promise<{ readonly definitions: JsonObject[]; readonly instructions: string }> {
  const lines: string[] = [];
  const upstreams = new Upstreams([definition], {
    version,
    host,
    clock,
    logger,
    instanceHost: NOBODY,
    maxMessageBytes: config.gateway.limits.resultBytes,
    memory: {
      read: (server) => memory.readFact(server, 'server'),
      write: (server, facts) => memory.writeFact(server, 'server', facts),
    },
    onErrorLine: (_server, line) => void lines.push(line),
    authorizerFor: (server, principal) => signIns.authorizerFor(server, principal),
  });
  try {
    const definitions = [...(await upstreams.forDiscovery(id).readList('tools'))].filter(isJsonObject);
    return { definitions, instructions: upstreams.describe(id)?.instructions ?? '' };
  } catch (thrown) {
    throw notStarted(thrown, lines, secrets);
  } finally {
    await upstreams.close();
  }
}

/** Nobody is there whom a server could ask. */
const NOBODY: ConstructorParameters<typeof Upstreams>[1]['instanceHost'] = {
  onNotification: () => undefined,
  onRequest: async () => ({ kind: 'failure', error: { code: RPC.methodNotFound, message: 'Nobody is there to ask.' } }),
};

const MOST_LINES = 8;

/** However it ended: it could not be started, and these are its last words. */
function notStarted(thrown: unknown, lines: readonly string[], secrets: readonly string[]): unknown {
  if (!(thrown instanceof GatewayError) || !thrown.code.startsWith('UPSTREAM_')) return thrown;
  const said = lines.slice(-MOST_LINES).map((line) => `  | ${line}`);
  const message = said.length === 0 ? thrown.message : [thrown.message, 'It said last:', ...said].join('\n');
  const mend = thrown.mend === undefined ? {} : { mend: thrown.mend };
  return new GatewayError('UPSTREAM_UNAVAILABLE', maskedText(message, secretsByLine(secrets)), {
    cause: thrown,
    ...mend,
  });
}

/** Of an address what was fetched: nobody is asked here, so that what is looked at is what a gateway has. */
async function bundleOf(
  found: FoundServer,
  isLayerSigned: boolean,
  { cache, home }: LookOptions,
): Promise<LookedBundle> {
  const { id, config, bundle } = found;
  if (config.policy.source.kind === 'none' || bundle.kind === 'none') return { kind: 'none' };
  const { origin: wanted, demand } = bundleOfServer(found, isLayerSigned) ?? {};
  if (wanted === undefined || demand === undefined)
    return { kind: 'bad', path: '', problem: 'it ships a bundle that cannot be had' };
  const toolchain = new Toolchain({ cacheFolder: cache, shippedFolder: SHIPPED_ANSWERS });
  const loader: BundleLoader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  const path = placeOf(wanted);
  try {
    const origin = (await originAtHand(wanted, home)) ?? wanted;
    const { data } = config.policy;
    const checked = await checkBundle(await findBundle({ id, origin, data, demand }, loader), loader);
    return { kind: 'good', path, checked };
  } catch (thrown) {
    const help = thrown instanceof GatewayError && wanted.kind === 'remote' ? thrown.mend : undefined;
    return { kind: 'bad', path, problem: [messageOf(thrown), help].filter(Boolean).join('; ') };
  } finally {
    await toolchain.close();
  }
}

/** A path, or an address without its query. */
function placeOf(origin: BundleOrigin): string {
  if (origin.kind === 'path') return origin.path;
  return origin.kind === 'remote' ? addressText(origin.remote.address) : '';
}
