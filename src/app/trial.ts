import { availableParallelism } from 'node:os';
import { agentsIn } from './agents.ts';
import { readLibrary, rememberedValidation } from './bundles.ts';
import { serversUnder } from './directory.ts';
import { argumentCheck, labelSettings, resultHandling } from './gateway.ts';
import type { AppOptions } from './options.ts';
import { loadPolicies, SHIPPED_ANSWERS, type WantedBundle } from './policies.ts';
import { findServers, type FoundServer } from './servers.ts';
import { wantedBundles } from './wanted.ts';
import { storePlaceOf } from './store-place.ts';
import { ArgumentChecker } from '../catalog/arguments.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { LAYERS } from '../core/opinion.ts';
import { Directory } from '../gateway/directory.ts';
import type { ToolRoute } from '../gateway/tool-route.ts';
import type { ArgumentCheck } from '../gateway/tool-way.ts';
import { tryCalls, type TryCall } from '../gateway/trial.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { DecisionReader } from '../state/decision-reader.ts';

export interface TrialOptions extends Pick<AppOptions, 'config' | 'home' | 'cache' | 'host' | 'clock' | 'logger'> {
  /** Paths of bundles that take the place of others, by the id of the bundle. */
  readonly candidates?: ReadonlyMap<string, string>;
}

/** Tool definitions by server. */
export type ToolLists = ReadonlyMap<ServerId, readonly JsonObject[]>;

/** Where calls of certain tools are tried under one generation. */
export interface TrialGround {
  readonly tryCall: TryCall;
  /** The same with another generation of the same bundles, such as one that lacks a rule. */
  readonly under: (policy: PolicySet) => TryCall;
  /** By `<server>/<tool>`; a tool that the configuration leaves out is not in it. */
  readonly routes: ReadonlyMap<string, ToolRoute>;
  readonly check: ArgumentCheck;
}

/** Everything that calls are tried with: bundles compiled, no server started, no store written. */
export interface Trials {
  readonly policy: PolicySet;
  /** The generation with the candidates in their places; absent where there are none. */
  readonly candidate: PolicySet | undefined;
  readonly groundFor: (policy: PolicySet, tools: ToolLists) => Promise<TrialGround>;
  readonly close: () => Promise<void>;
}

/** Compiles what the configuration names. Throws BUNDLE_INVALID where some of it cannot be put in force. */
export async function openTrials(options: TrialOptions): Promise<Trials> {
  const { config, cache } = options;
  const toolchain = new Toolchain({
    cacheFolder: cache,
    shippedFolder: SHIPPED_ANSWERS,
    maxProcesses: Math.min(2, availableParallelism()),
  });
  const checker = new ArgumentChecker();
  const close = async (): Promise<void> => void (await Promise.allSettled([toolchain.close(), checker.close()]));
  try {
    const found = await findWithout(options);
    const wanted = wantedBundles(config, found);
    const policy = await loadGood(wanted, toolchain, options);
    const { candidates } = options;
    const candidate =
      candidates === undefined || candidates.size === 0
        ? undefined
        : await loadGood(withCandidates(wanted, candidates), toolchain, options);
    return {
      policy,
      candidate,
      groundFor: (under, tools) => groundFor(under, tools, { found, checker, options }),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Finds bundles and packages of the servers without writing down what was found. */
function findWithout(options: TrialOptions): Promise<readonly FoundServer[]> {
  const { config, home, host, logger } = options;
  const memory = {
    readFact: (server: string, name: string) => remembered(config, (reader) => reader.fact(server, name)),
    writeFact: async () => undefined,
  };
  return findServers(config, { home, host, logger, memory, signal: new AbortController().signal });
}

/** What a gateway last saw a server list; undefined where none has. */
export async function rememberedTools(config: Config, server: ServerId): Promise<readonly JsonObject[] | undefined> {
  const definitions = await remembered(config, (reader) => reader.catalog(server));
  return Array.isArray(definitions) ? definitions.filter(isJsonObject) : undefined;
}

/** Undefined where there is no store yet. */
async function remembered<T>(config: Config, read: (reader: DecisionReader) => Promise<T>): Promise<T | undefined> {
  let reader: DecisionReader | undefined;
  try {
    reader = new DecisionReader(storePlaceOf(config));
    return await read(reader);
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'STORE_UNAVAILABLE') return undefined;
    throw thrown;
  } finally {
    await reader?.close();
  }
}

function withCandidates(
  wanted: readonly WantedBundle[],
  candidates: ReadonlyMap<string, string>,
): readonly WantedBundle[] {
  const ids = wanted.map(({ id }) => id);
  for (const id of candidates.keys()) {
    if (ids.includes(id)) continue;
    throw new GatewayError('USAGE', `no bundle "${id}" takes part, so there is none to put a candidate in place of`, {
      mend: `The bundles are ${ids.join(', ')}.`,
    });
  }
  return wanted.map((bundle) => {
    const path = candidates.get(bundle.id);
    return path === undefined ? bundle : { ...bundle, origin: { kind: 'path', path } };
  });
}

/** A bundle that cannot be used would deny everything it governs, and hide what is to be found out. */
async function loadGood(
  wanted: readonly WantedBundle[],
  toolchain: Toolchain,
  { config, clock, logger }: TrialOptions,
): Promise<PolicySet> {
  const problems: string[] = [];
  const collecting: Logger = {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error: (message, fields) => {
      const { bundle, problem } = fields ?? {};
      problems.push(`${String(bundle ?? '')}: ${String(problem ?? message)}`);
    },
  };
  const { layers, evaluationFuel, engine } = config.policies;
  const policy = await loadPolicies(wanted, {
    loader: { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) },
    required: LAYERS.filter((layer) => layers[layer].required),
    evaluationFuel,
    engine,
    clock,
    logger: collecting,
  });
  if (problems.length === 0) return policy;
  throw new GatewayError('BUNDLE_INVALID', problems.join('\n'), {
    mend: '`mcp-gateway bundle check` says more of one bundle.',
  });
}

interface Grounding {
  readonly found: readonly FoundServer[];
  readonly checker: ArgumentChecker;
  readonly options: TrialOptions;
}

async function groundFor(
  policy: PolicySet,
  tools: ToolLists,
  { found, checker, options }: Grounding,
): Promise<TrialGround> {
  const { config, logger } = options;
  const directory = new Directory({
    servers: serversUnder(found, policy),
    names: { toolNames: 'prefixed', filters: new Map(found.map(({ id, config: { tools: filter } }) => [id, filter])) },
    source: {
      readList: async (server, list) => (list === 'tools' ? (tools.get(server) ?? []) : []),
      onListChanged: () => () => undefined,
      capabilitiesOf: () => undefined,
    },
    memory: { read: async () => undefined, write: async () => undefined },
    prepare: async ({ pin, inputSchema }) => void (await checker.prepare(pin, inputSchema)),
    forget: () => undefined,
    startWaitMs: LONGEST_LISTING_MS,
    logger,
  });
  await directory.start();
  await directory.settled('tools');
  directory.close();
  const check = remembering(argumentCheck(checker));
  const parts = {
    directory,
    agents: agentsIn(config),
    check,
    results: resultHandling(checker, options),
    labels: labelSettings(config),
    approvalTimeoutMs: config.approvals.timeout,
    logger,
  };
  const under = (other: PolicySet): TryCall => tryCalls({ ...parts, policy: other });
  const routes = [...directory.tools.values()].map((route) => [`${route.server.id}/${route.tool}`, route] as const);
  return { tryCall: under(policy), under, routes: new Map(routes), check };
}

/** They are at hand, and only their schemas take time. */
const LONGEST_LISTING_MS = 60_000;

/** The same arguments are tried again and again, with every principal and without every rule; some are checked in a thread. */
function remembering(check: ArgumentCheck): ArgumentCheck {
  const found = new WeakMap<JsonObject, Map<string, ReturnType<ArgumentCheck>>>();
  return (route, args) => {
    const known = found.get(args) ?? new Map<string, ReturnType<ArgumentCheck>>();
    found.set(args, known);
    const finding = known.get(route.pin) ?? check(route, args);
    known.set(route.pin, finding);
    return finding;
  };
}
