import { availableParallelism } from 'node:os';
import { readLibrary, rememberedValidation } from './app-bundles.ts';
import { gatewayParts } from './app-gateway.ts';
import type { AppOptions } from './app-options.ts';
import {
  loadPolicies,
  type PolicyOptions,
  SHIPPED_ANSWERS,
  starterBundles,
  type WantedBundle,
} from './app-policies.ts';
import { bundleOfServer, findServers, type FoundServer, governedServer, modesOf } from './app-servers.ts';
import { ArgumentChecker } from './catalog/arguments.ts';
import type { Config } from './config/paths.ts';
import { GatewayError } from './core/errors.ts';
import type { JsonObject } from './core/json.ts';
import type { ServerId } from './core/names.ts';
import { LAYERS } from './core/opinion.ts';
import { Gateway, type GatewayParts } from './gateway/gateway.ts';
import { Toolbox } from './gateway/toolbox.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { Toolchain } from './rego/toolchain.ts';
import { wordsFact, writeWords } from './review/rule-words.ts';
import { Store } from './state/store.ts';
import { Upstreams } from './upstream/upstreams.ts';

/** Two halve the first start, and hold 300 MB each for its seconds; a machine with one core has no use for the second. */
const TOOLCHAIN_PROCESSES = Math.min(2, availableParallelism());

/** A gateway without doors: they are opened onto `gateway`, before it is ready if need be. */
export interface RunningGateway {
  readonly gateway: Gateway;
  /** Resolves when policies are in force; rejects when none can be. */
  readonly ready: Promise<void>;
  /** Whether calls can be decided and recorded now; nothing secret. */
  readiness(): { readonly ready: boolean; readonly generation: string; readonly instance: string };
  close(): Promise<void>;
}

/** Opens the store, then brings policies and servers up behind. Throws STORE_UNAVAILABLE, STORE_NEWER or CHAIN_KEY. */
export async function startApp(options: AppOptions): Promise<RunningGateway> {
  const { config, home, cache, clock, logger } = options;
  const { store: place, durability } = config.decisions;
  const store = await Store.open({ path: place.path, home, durability, clock, logger });
  const toolchain = new Toolchain({
    cacheFolder: cache,
    shippedFolder: SHIPPED_ANSWERS,
    maxProcesses: TOOLCHAIN_PROCESSES,
  });
  const live: Live = { store, toolchain, checker: new ArgumentChecker(), closing: new AbortController() };
  const parts = bringUp(live, options);
  const ready = parts.then(() => undefined);
  // Whoever asks is told; where nobody does, because the gateway is ended before it is up, it is no fault.
  ready.catch(() => undefined);
  return {
    gateway: new Gateway(parts),
    ready,
    readiness: () => ({
      ready: live.policy !== undefined,
      generation: live.policy?.generation ?? '',
      instance: store.instance,
    }),
    close: () => closeAll(live),
  };
}

/** What has a life; the optional ones come while the gateway is brought up. */
interface Live {
  readonly store: Store;
  readonly toolchain: Toolchain;
  readonly checker: ArgumentChecker;
  /** Aborted when the gateway ends: nothing is started any more. */
  readonly closing: AbortController;
  upstreams?: Upstreams;
  toolbox?: Toolbox;
  policy?: PolicySet;
}

async function bringUp(live: Live, options: AppOptions): Promise<GatewayParts> {
  const { config, home, host, logger, version, clock } = options;
  const { signal } = live.closing;
  const found = await findServers(config, { home, host, logger, memory: live.store.catalog, signal });
  signal.throwIfAborted();
  const { resultBytes: maxMessageBytes } = config.gateway.limits;
  const upstreams = new Upstreams(
    found.map(({ definition }) => definition),
    { version, host, clock, logger, maxMessageBytes },
  );
  live.upstreams = upstreams;
  // Servers start while policies are compiled.
  const early = new Map(found.map(({ id }) => [id, readTools(upstreams, id)]));
  // They are awaited only then; a server that has failed by that time must not end the process.
  for (const asked of early.values()) asked.catch(() => undefined);
  const policy = await loadPolicies(wantedBundles(config, found), policyOptions(live, options));
  signal.throwIfAborted();
  live.policy = policy;
  await rememberWords(live.store, policy);
  const toolbox = await openToolbox(live, options, { found, policy, upstreams, early });
  return gatewayParts({ store: live.store, checker: live.checker, upstreams, policy, toolbox }, options);
}

/** The tools of a server, read from an instance that is then given to whoever calls first. */
async function readTools(upstreams: Upstreams, server: ServerId): Promise<readonly JsonObject[]> {
  return upstreams.forDiscovery(server).listTools();
}

function wantedBundles(config: Config, found: readonly FoundServer[]): readonly WantedBundle[] {
  const organisation = config.policies.org.map(
    ({ id, layer, source, for: scope, mode, rules, data }): WantedBundle => ({
      id,
      layer,
      place: { kind: 'organisation', scope },
      path: source.kind === 'path' ? source.path : undefined,
      mode,
      ruleModes: modesOf(rules),
      data,
    }),
  );
  const own = found.flatMap((server) => bundleOfServer(server) ?? []);
  return [...organisation, ...own, ...starterBundles(config.policies.layers)];
}

function policyOptions({ toolchain }: Live, { config, clock, logger }: AppOptions): PolicyOptions {
  const { layers, evaluationFuel, engine } = config.policies;
  return {
    loader: { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) },
    required: LAYERS.filter((layer) => layers[layer].required),
    evaluationFuel,
    engine,
    clock,
    logger,
  };
}

/** What the rules say of themselves is kept by digest, so that an old decision is explained in its own words. */
async function rememberWords({ catalog }: Store, { participants }: PolicySet): Promise<void> {
  for (const { id, loaded } of participants) {
    if (loaded !== undefined) await catalog.writeFact(id, wordsFact(loaded.bundle.digest), writeWords(loaded.rules));
  }
}

interface Arrived {
  readonly found: readonly FoundServer[];
  readonly policy: PolicySet;
  readonly upstreams: Upstreams;
  /** Lists of tools that have been asked for already. */
  readonly early: Map<ServerId, Promise<readonly JsonObject[]>>;
}

async function openToolbox(live: Live, { config, logger }: AppOptions, arrived: Arrived): Promise<Toolbox> {
  const { found, policy, upstreams, early } = arrived;
  const listTools = (server: ServerId): Promise<readonly JsonObject[]> => {
    const asked = early.get(server);
    early.delete(server);
    return asked ?? readTools(upstreams, server);
  };
  const toolbox = new Toolbox({
    servers: new Map(found.map((server) => [server.id, governedServer(server, policy)])),
    catalog: {
      toolNames: config.gateway.toolNames,
      filters: new Map(found.map(({ id, config: server }) => [id, server.tools])),
    },
    source: { listTools, onToolsChanged: (listener) => upstreams.onToolsChanged(listener) },
    memory: live.store.catalog,
    prepare: async ({ pin, inputSchema }) => void (await live.checker.prepare(pin, inputSchema)),
    startWaitMs: config.gateway.startWait,
    logger,
  });
  live.toolbox = toolbox;
  await toolbox.start();
  return toolbox;
}

async function closeAll({ store, toolchain, checker, closing, upstreams, toolbox }: Live): Promise<void> {
  closing.abort(new GatewayError('CANCELLED', 'The gateway is being ended.'));
  toolbox?.close();
  await Promise.allSettled([upstreams?.close(), toolchain.close(), checker.close()]);
  await store.close();
}
