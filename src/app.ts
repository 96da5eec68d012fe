import { availableParallelism } from 'node:os';
import { agentBundles } from './app-agents.ts';
import { readLibrary, rememberedValidation } from './app-bundles.ts';
import { ListReader, openDirectory } from './app-directory.ts';
import { gatewayParts } from './app-gateway.ts';
import { keepGeneration } from './app-generation.ts';
import type { AppOptions } from './app-options.ts';
import {
  loadPolicies,
  type PolicyOptions,
  SHIPPED_ANSWERS,
  starterBundles,
  type WantedBundle,
} from './app-policies.ts';
import { bundleOfServer, findServers, type FoundServer, modesOf } from './app-servers.ts';
import { openSignIns } from './app-sign-ins.ts';
import { ArgumentChecker } from './catalog/arguments.ts';
import type { Config } from './config/paths.ts';
import { GatewayError } from './core/errors.ts';
import { LAYERS } from './core/opinion.ts';
import { Gateway, type GatewayParts } from './gateway/gateway.ts';
import type { Directory } from './gateway/directory.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { Toolchain } from './rego/toolchain.ts';
import { wordsFact, writeWords } from './review/rule-words.ts';
import { Store } from './state/store.ts';
import type { InstanceHost } from './upstream/instance-host.ts';
import type { SignIns } from './upstream/sign-ins.ts';
import { ServerLogs } from './upstream/server-log.ts';
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
  const parts = bringUp(live, options, () => gateway.host);
  const gateway: Gateway = new Gateway(parts);
  const ready = parts.then(() => undefined);
  // Whoever asks is told; where nobody does, because the gateway is ended before it is up, it is no fault.
  ready.catch(() => undefined);
  return {
    gateway,
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
  signIns?: SignIns;
  logs?: ServerLogs;
  upstreams?: Upstreams;
  directory?: Directory;
  parts?: GatewayParts;
  policy?: PolicySet;
}

async function bringUp(live: Live, options: AppOptions, hostOf: () => InstanceHost): Promise<GatewayParts> {
  const { config, home, host, logger } = options;
  const { store, checker, closing } = live;
  const { signal } = closing;
  const found = await findServers(config, { home, host, logger, memory: store.catalog, signal });
  signal.throwIfAborted();
  const signIns = openSignIns(store, options);
  live.signIns = signIns;
  const logs = new ServerLogs(options);
  live.logs = logs;
  const upstreams = openUpstreams(found, { store, signIns, logs, instanceHost: hostOf() }, options);
  live.upstreams = upstreams;
  await upstreams.recalled();
  // Servers start while policies are compiled.
  const reader = new ListReader(
    { upstreams, signIns },
    found.map(({ id }) => id),
  );
  const toPolicies = policyOptions(live, options);
  const policy = await loadPolicies(wantedBundles(config, found), toPolicies);
  signal.throwIfAborted();
  live.policy = policy;
  await rememberWords(store, policy);
  const activated = { policy, loader: toPolicies.loader, at: options.clock.now(), instance: store.instance };
  await keepGeneration(store.generations, { ...activated, why: 'start' });
  const directory = await openDirectory({ found, policy, reader, memory: store.catalog, checker }, options);
  live.directory = directory;
  const parts = gatewayParts({ store, checker, found, upstreams, signIns, policy, directory }, options);
  live.parts = parts;
  return parts;
}

interface UpstreamParts {
  readonly store: Store;
  readonly signIns: SignIns;
  readonly logs: ServerLogs;
  readonly instanceHost: InstanceHost;
}

function openUpstreams(
  found: readonly FoundServer[],
  { store, signIns, logs, instanceHost }: UpstreamParts,
  { version, host, clock, logger, config }: AppOptions,
): Upstreams {
  return new Upstreams(
    found.map(({ definition }) => definition),
    {
      version,
      host,
      clock,
      logger,
      instanceHost,
      maxMessageBytes: config.gateway.limits.resultBytes,
      memory: {
        read: (server) => store.catalog.readFact(server, SERVER_FACTS),
        write: (server, facts) => store.catalog.writeFact(server, SERVER_FACTS, facts),
      },
      onErrorLine: (server, line) => logs.add(server, line),
      authorizerFor: (server, principal) => signIns.authorizerFor(server, principal),
    },
  );
}

/** Under which name it is remembered what a server says of itself and in which eras it can be spoken with. */
const SERVER_FACTS = 'server';

/** Every bundle that is to take part: the organisation’s, those of servers and agents, and the starters. */
export function wantedBundles(config: Config, found: readonly FoundServer[]): readonly WantedBundle[] {
  const organisation = config.policies.org.map(
    ({ id, layer, source, for: scope, mode, rules, data }): WantedBundle => ({
      id,
      layer,
      place: { kind: 'organisation', scope },
      origin: source.kind === 'path' ? { kind: 'path', path: source.path } : undefined,
      mode,
      ruleModes: modesOf(rules),
      data,
    }),
  );
  const own = found.flatMap((server) => bundleOfServer(server) ?? []);
  return [...organisation, ...own, ...agentBundles(config), ...starterBundles(config.policies.layers)];
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

async function closeAll(live: Live): Promise<void> {
  const { store, toolchain, checker, closing, signIns, logs, upstreams, directory, parts } = live;
  closing.abort(new GatewayError('CANCELLED', 'The gateway is being ended.'));
  directory?.close();
  parts?.dialogue.close();
  signIns?.close();
  await Promise.allSettled([parts?.conversations.close(), upstreams?.close(), toolchain.close(), checker.close()]);
  await logs?.close();
  await store.close();
}
