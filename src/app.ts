import { availableParallelism } from 'node:os';
import { readLibrary, rememberedValidation } from './app/bundles.ts';
import { type BrokenConfiguration, followConfiguration, stampOfConfiguration } from './app/configuration.ts';
import { configuredPolicies, type PolicyBase } from './app/configured.ts';
import { ListReader, openDirectory } from './app/directory.ts';
import { feedOf } from './app/feeds.ts';
import { type DoorAddress, gateOf } from './app/gate.ts';
import { gatewayParts } from './app/gateway.ts';
import { keepGeneration } from './app/generation.ts';
import { LockInForce } from './app/lock.ts';
import type { AppOptions } from './app/options.ts';
import { Generations } from './app/generations.ts';
import type { StaleBundle } from './app/stands.ts';
import { SHIPPED_ANSWERS } from './app/policies.ts';
import { Pauses } from './app/pauses.ts';
import { quarantineRecorder } from './app/quarantines.ts';
import { findServers } from './app/servers.ts';
import { openSignIns } from './app/sign-ins.ts';
import { openUpstreams } from './app/upstreams.ts';
import { storePlaceOf } from './app/store-place.ts';
import { ArgumentChecker } from './catalog/arguments.ts';
import { GatewayError, messageOf } from './core/errors.ts';
import type { Observer } from './core/observer.ts';
import type { Gate } from './downstream/gate.ts';
import type { Identity } from './downstream/identity.ts';
import { Gateway, type GatewayParts } from './gateway/gateway.ts';
import type { Directory } from './gateway/directory.ts';
import type { PolicySet } from './policy/policy-set.ts';
import { Toolchain } from './rego/toolchain.ts';
import { wordsFact, writeWords } from './review/rule-words.ts';
import { Store } from './state/store.ts';
import type { Telemetry } from './telemetry/start.ts';
import type { InstanceHost } from './upstream/instance-host.ts';
import type { SignIns } from './upstream/sign-ins.ts';
import { ServerLogs } from './upstream/server-log.ts';
import type { Upstreams } from './upstream/upstreams.ts';

/** Two halve the first start, and hold 300 MB each for its seconds; a machine with one core has no use for the second. */
const TOOLCHAIN_PROCESSES = Math.min(2, availableParallelism());

/** Ten bundles of five files cost some 5 ms of CPU a look. */
const LOOK_EVERY_MS = 2_000;

/** A gateway without doors: they are opened onto `gateway`, before it is ready if need be. */
export interface RunningGateway {
  readonly gateway: Gateway;
  /** What it remembers and records, for what is opened beside it. */
  readonly store: Store;
  /** Resolves when policies are in force; rejects when none can be. */
  readonly ready: Promise<void>;
  /** Who is let in over HTTP, and as whom. Where nobody has to show anything, it is `everybody`. */
  gateFor(everybody: Identity, resource: DoorAddress): Gate;
  /** Whether calls can be decided and recorded now; nothing secret. */
  readiness(): Readiness;
  close(): Promise<void>;
}

export type Readiness = {
  readonly ready: boolean;
  readonly generation: string;
  readonly instance: string;
  /** Bundles whose newest state is not in force. */
  readonly stale: readonly StaleBundle[];
  /** Present while the configuration file cannot be taken up as it is. */
  readonly configuration?: BrokenConfiguration;
};

/** Opens the store, then brings policies and servers up behind. Throws STORE_UNAVAILABLE, STORE_NEWER or CHAIN_KEY. */
export async function startApp(given: AppOptions): Promise<RunningGateway> {
  const { config, home, cache, clock, logger } = given;
  const { durability, retain: retainMs } = config.decisions;
  const store = await Store.open({ ...storePlaceOf(config), home, durability, retainMs, clock, logger });
  // Several hosts agree on what has expired by the time of the store that they share.
  const options = { ...given, clock: store.clock };
  const toolchain = new Toolchain({
    cacheFolder: cache,
    shippedFolder: SHIPPED_ANSWERS,
    maxProcesses: TOOLCHAIN_PROCESSES,
  });
  const live: Live = { store, toolchain, checker: new ArgumentChecker(), closing: new AbortController() };
  if (config.telemetry !== undefined) live.telemetry = watched(live, options);
  if (config.decisions.export.length > 0) live.exporting = exporting(live, options);
  const parts = bringUp(live, options, () => gateway.host);
  const gateway: Gateway = new Gateway(parts);
  const ready = parts.then(() => undefined);
  // Whoever asks is told; where nobody does, because the gateway is ended before it is up, it is no fault.
  ready.catch(() => undefined);
  return {
    gateway,
    store,
    ready,
    gateFor: (everybody, resource) => gateOf(store, options, { everybody, resource }),
    readiness: () => readinessOf(live),
    close: () => closeAll(live),
  };
}

function readinessOf({ parts, store, generations, configuration }: Live): Readiness {
  const broken = configuration?.();
  return {
    ready: parts !== undefined,
    generation: parts?.policy.current.generation ?? '',
    instance: store.instance,
    stale: generations?.stale() ?? [],
    ...(broken && { configuration: broken }),
  };
}

/** Loaded only where it is configured. No gateway stays away because nobody watches it. */
async function watched(live: Live, options: AppOptions): Promise<Telemetry | undefined> {
  const { store } = live;
  const sights = {
    store,
    upstreams: () => live.upstreams,
    parts: () => live.parts,
    stale: () => live.generations?.stale() ?? [],
    configuration: () => live.configuration?.(),
  };
  try {
    return await (await import('./app/telemetry.ts')).beginTelemetry(sights, options);
  } catch (thrown) {
    options.logger.error('telemetry could not be begun; the gateway goes on without', { problem: messageOf(thrown) });
    return undefined;
  }
}

async function observerOf({ telemetry, closing }: Live): Promise<Observer | undefined> {
  const begun = await telemetry;
  closing.signal.throwIfAborted();
  return begun?.observer;
}

async function exporting({ store, closing, telemetry }: Live, options: AppOptions): Promise<void> {
  try {
    const { exportDecisions } = await import('./app/decision-exports.ts');
    const instruments = (await telemetry)?.instruments;
    await exportDecisions({ store, signal: closing.signal, instruments }, options);
  } catch (thrown) {
    options.logger.error('decisions are not sent elsewhere', { problem: messageOf(thrown) });
  }
}

/** What has a life; the optional ones come while the gateway is brought up. */
interface Live {
  readonly store: Store;
  readonly toolchain: Toolchain;
  readonly checker: ArgumentChecker;
  /** Aborted when the gateway ends: nothing is started any more. */
  readonly closing: AbortController;
  /** Resolves when somebody watches, or with nothing; absent where nobody shall. */
  telemetry?: Promise<Telemetry | undefined> | undefined;
  /** Resolves when no decision is sent elsewhere any more. */
  exporting?: Promise<void>;
  lock?: LockInForce;
  signIns?: SignIns;
  logs?: ServerLogs;
  upstreams?: Upstreams;
  directory?: Directory;
  parts?: GatewayParts;
  generations?: Generations;
  configuration?: () => BrokenConfiguration | undefined;
}

async function bringUp(live: Live, options: AppOptions, hostOf: () => InstanceHost): Promise<GatewayParts> {
  const { config, home, host, logger, lookEveryMs: everyMs = LOOK_EVERY_MS } = options;
  const { store, checker, closing } = live;
  const { signal } = closing;
  const stamp = await stampOfConfiguration(options.configuration ?? { files: [] });
  const { lockPath: path, commands } = options;
  const lock = new LockInForce({ path, textDrift: config.policies.pins.text, logger });
  live.lock = lock;
  const acceptedPackage: LockInForce['packageOf'] = (id, command) => lock.packageOf(id, command);
  const finding = { home, host, logger, memory: store.catalog, commands, acceptedPackage, signal };
  const found = await findServers(config, finding);
  signal.throwIfAborted();
  const signIns = openSignIns(store, options);
  live.signIns = signIns;
  const logs = new ServerLogs(options);
  live.logs = logs;
  const { telemetry } = live;
  const upstreams = openUpstreams(found, { store, signIns, logs, instanceHost: hostOf(), telemetry }, options);
  live.upstreams = upstreams;
  await upstreams.recalled();
  // Servers start while policies are compiled.
  const reader = new ListReader(
    { upstreams, signIns },
    found.map(({ id }) => id),
  );
  const base = policyBase(live, options);
  const { startWait: startWaitMs } = config.gateway;
  const feeding = { ...base, home, environment: host.environment, startWaitMs, everyMs };
  const generations = new Generations(configuredPolicies(config, found, base), {
    store: store.generations,
    put: async (next, why) => {
      await keep(next, why, { store, base });
      await live.parts?.policy.replace(next);
    },
    feedOf: (wanted) => feedOf(wanted, feeding),
    everyMs,
    signal,
  });
  live.generations = generations;
  const policy = await generations.begin();
  signal.throwIfAborted();
  await keep(policy, 'start', { store, base });
  const onQuarantined = quarantineRecorder({ store, clock: options.clock, secrets: options.secrets, logger });
  const offering = { found, policy, reader, memory: store.catalog, checker, lock, onQuarantined };
  const directory = await openDirectory(offering, options);
  live.directory = directory;
  if (signal.aborted) directory.close();
  signal.throwIfAborted();
  const changed = (): void => void live.parts?.policy.refresh();
  const pauses = await Pauses.begin({ store, changed, everyMs: everyMs / 2, signal }, options);
  await pauses.recordShadow();
  const { at: bypass } = pauses;
  const observer = await observerOf(live);
  const standing = { store, checker, found, upstreams, signIns, policy, directory, lock, bypass, observer };
  const parts = gatewayParts(standing, options);
  live.parts = parts;
  const policiesOf = (next: AppOptions['config']): Policies => configuredPolicies(next, found, base);
  followChanges(live, options, { parts, pauses, lock, generations, stamp, everyMs, policiesOf });
  return parts;
}

type Policies = ReturnType<typeof configuredPolicies>;

interface Following {
  readonly parts: GatewayParts;
  readonly pauses: Pauses;
  readonly lock: LockInForce;
  readonly generations: Generations;
  readonly stamp: Awaited<ReturnType<typeof stampOfConfiguration>>;
  readonly everyMs: number;
  readonly policiesOf: (config: AppOptions['config']) => Policies;
}

/** From now on takes up what changes in the store, in the lock file, in bundles and in the configuration. */
function followChanges(live: Live, options: AppOptions, following: Following): void {
  const { parts, pauses, lock, generations, stamp, everyMs, policiesOf } = following;
  void pauses.watch();
  lock.watch(() => parts.policy.refresh());
  generations.watch();
  live.configuration = followConfiguration(options, {
    apply: (next) => {
      pauses.allow(next.policies.pause);
      return generations.reconfigure(policiesOf(next));
    },
    stamp,
    everyMs,
    signal: live.closing.signal,
  });
}

interface Keeping {
  readonly store: Store;
  readonly base: PolicyBase;
}

/** Before it decides anything: so every decision can be explained and made again. */
async function keep(policy: PolicySet, why: string, { store, base }: Keeping): Promise<void> {
  await rememberWords(store, policy);
  const { loader, clock } = base;
  const activated = { policy, loader, at: clock.now(), instance: store.instance, why };
  await store.decidesBy(await keepGeneration(store.generations, activated));
}

function policyBase({ toolchain }: Live, { clock, logger }: AppOptions): PolicyBase {
  return { loader: { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) }, clock, logger };
}

/** What the rules say of themselves is kept by digest, so that an old decision is explained in its own words. */
async function rememberWords({ catalog }: Store, { participants }: PolicySet): Promise<void> {
  for (const { id, loaded } of participants) {
    if (loaded !== undefined) await catalog.writeFact(id, wordsFact(loaded.bundle.digest), writeWords(loaded.rules));
  }
}

async function closeAll(live: Live): Promise<void> {
  const { store, toolchain, checker, closing, lock, signIns, logs, upstreams, directory, parts } = live;
  closing.abort(new GatewayError('CANCELLED', 'The gateway is being ended.'));
  lock?.close();
  directory?.close();
  parts?.dialogue.close();
  signIns?.close();
  await Promise.allSettled([parts?.conversations.close(), upstreams?.close(), toolchain.close(), checker.close()]);
  await logs?.close();
  await live.exporting;
  // What is read of the store for the last time is read before it closes.
  await (await live.telemetry)?.close();
  await store.close();
}
