import { resolve } from 'node:path';
import { type BundleLoader, readLibrary, rememberedValidation } from '../app/bundles.ts';
import { type Candidate, withCandidates } from '../app/candidates.ts';
import { type PolicyOptions, SHIPPED_ANSWERS } from '../app/policies.ts';
import { loadWhole, replayDecisions } from '../app/replay.ts';
import { findServers } from '../app/servers.ts';
import { wantedBundles } from '../app/wanted.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import type { Config } from '../config/paths.ts';
import type { Clock } from '../core/clock.ts';
import { LAYERS } from '../core/opinion.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { ReplayReport } from '../review/replay-report.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { ReadDecision } from '../state/sealed-decisions.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { stderrLogger } from './log.ts';
import { readExport } from './read-export.ts';
import { exceededBy, type Threshold } from './replay-thresholds.ts';
import { ReplayProgressLine } from './replay-progress.ts';
import { printReplay, writeMarkdown } from './shown-replay.ts';

export interface ReplayOptions extends ConfigOption {
  readonly candidate?: readonly NamedPath[];
  readonly add?: readonly NamedPath[];
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly server?: string;
  readonly tool?: string;
  readonly agent?: string;
  readonly closedLoop?: boolean;
  readonly failOn?: readonly Threshold[];
  /** An export in place of the store. */
  readonly log?: string;
  /** A file, or true for stdout. */
  readonly markdown?: string | true;
  readonly json?: boolean;
}

export interface NamedPath {
  readonly id: string;
  readonly path: string;
}

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Makes recorded decisions again, by the policies in force and by candidates. */
export async function replay(context: CommandContext, options: ReplayOptions): Promise<void> {
  const { config } = readConfig(context, options);
  const toolchain = new Toolchain({ cacheFolder: context.environment.cache, shippedFolder: SHIPPED_ANSWERS });
  const loader: BundleLoader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  const place = storePlaceOf(config);
  // An export is replayed where there is no store, or none that it belongs to.
  const reader = options.log === undefined || (await hasStore(place)) ? new DecisionReader(place) : undefined;
  try {
    const replaying: Replaying = { context, options, config, loader, reader };
    const { active, candidate } = await loadBoth(replaying);
    const report = await runReplay(replaying, { active, candidate });
    conclude(replaying, report);
  } finally {
    await reader?.close();
    await toolchain.close();
  }
}

interface Replaying {
  readonly context: CommandContext;
  readonly options: ReplayOptions;
  readonly config: Config;
  readonly loader: BundleLoader;
  readonly reader: DecisionReader | undefined;
}

interface Both {
  readonly active: PolicySet;
  readonly candidate: PolicySet | undefined;
}

async function loadBoth({ context, options, config, loader, reader }: Replaying): Promise<Both> {
  const { variables, home, workingFolder } = context.environment;
  const found = await findServers(config, {
    home,
    host: { platform: process.platform, nodePath: process.execPath, environment: variables },
    logger: stderrLogger('error'),
    memory: {
      readFact: async (owner, name) => reader?.fact(owner, name),
      // Only a gateway that serves decides which package it runs.
      writeFact: async () => undefined,
    },
    signal: new AbortController().signal,
  });
  const wanted = wantedBundles(config, found);
  const named = (paths: readonly NamedPath[] = [], isNew: boolean): readonly Candidate[] =>
    paths.map(({ id, path }) => ({ id, path: resolve(workingFolder, path), isNew }));
  const candidates = [...named(options.candidate, false), ...named(options.add, true)];
  const tried = candidates.length === 0 ? undefined : await withCandidates(candidates, { config, wanted }, loader);
  const settings = policySettings(config, loader);
  const active = await loadWhole(wanted, settings);
  return { active, candidate: tried && (await loadWhole(tried, settings)) };
}

function policySettings({ policies }: Config, loader: BundleLoader): Omit<PolicyOptions, 'logger'> {
  const { layers, evaluationFuel, engine } = policies;
  return { loader, required: LAYERS.filter((layer) => layers[layer].required), evaluationFuel, engine, clock };
}

async function runReplay({ context, options, loader, reader }: Replaying, both: Both): Promise<ReplayReport> {
  const { terminal } = context;
  const lastSeq = options.log === undefined ? ((await reader?.lastSeq()) ?? 0) : 0;
  const removed = options.log === undefined ? ((await reader?.removedUpTo()) ?? 0) : 0;
  if (removed > 0)
    terminal.err.write(`note: records up to #${removed} were removed (decisions.retain) and are not replayed\n`);
  const line = new ReplayProgressLine(terminal, { clock, lastSeq });
  try {
    return await replayDecisions(
      {
        records: recordsFor(context, options, reader),
        generations: reader?.generations,
        ...both,
        loop: options.closedLoop === true ? 'closed' : 'open',
        onProgress: (progress) => line.show(progress),
      },
      { loader, clock },
    );
  } finally {
    line.clear();
  }
}

function recordsFor(
  { environment }: CommandContext,
  { log, since, until, limit, server, tool, agent, closedLoop }: ReplayOptions,
  reader: DecisionReader | undefined,
): AsyncIterable<readonly ReadDecision[]> {
  const filter = { since, until, limit, server, tool, agent };
  if (log !== undefined) return readExport(resolve(environment.workingFolder, log), filter);
  if (reader === undefined) return nothing();
  const keys = new ChainKeys(environment.home);
  return reader.sealed({ filter, keys, withOutcomes: closedLoop === true });
}

async function* nothing(): AsyncGenerator<readonly ReadDecision[]> {
  // A store that is not there has been told of before.
}

function conclude({ context, options }: Replaying, report: ReplayReport): void {
  const { terminal } = context;
  const exceeded = exceededBy(report, options.failOn ?? []);
  const { alarms } = report.recorded;
  const ok = alarms.length + exceeded.length === 0;
  if (!ok) context.setExit(EXIT.findings);
  const loop = options.closedLoop === true ? 'closed' : 'open';
  const candidates = [...(options.candidate ?? []), ...(options.add ?? [])];
  const shown = { report, exceeded, candidates: candidates.map(({ id }) => id), loop } as const;
  if (options.markdown !== undefined) writeMarkdown(context, options.markdown, shown);
  if (options.json === true || options.markdown !== true) printReplay(terminal, shown, options.json === true);
}
