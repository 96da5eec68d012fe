import { resolve } from 'node:path';
import { type BundleLoader, readLibrary, rememberedValidation } from '../app/bundles.ts';
import { type Candidate, dataFor, type DiffWish, diffPolicies } from '../app/diff.ts';
import { bundlesOf } from '../app/generation.ts';
import { impactOf } from '../app/impact.ts';
import { SHIPPED_ANSWERS, type WantedBundle } from '../app/policies.ts';
import { storePlaceOf } from '../app/store-place.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import type { Activation } from '../core/generation.ts';
import { NO_SIGNATURE_DEMANDED } from '../core/signature.ts';
import { Toolchain } from '../rego/toolchain.ts';
import { withoutSecrets } from '../review/policy-diff-secrets.ts';
import { diffLines } from '../review/policy-diff-text.ts';
import { activationNamed } from '../review/rollback.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, visible } from './terminal.ts';

export interface DiffOptions extends ConfigOption {
  readonly candidate?: readonly Candidate[];
  readonly json?: boolean;
  readonly markdown?: boolean;
  /** From when on recorded decisions are made again; milliseconds since the epoch. */
  readonly since: number;
  /** False where they are not. */
  readonly impact: boolean;
}

const MOST_ACTIVATIONS = 10_000;

export async function diff(
  context: CommandContext,
  names: readonly (string | undefined)[],
  options: DiffOptions,
): Promise<void> {
  const { terminal, environment } = context;
  const { config, secrets } = readConfig(context, options);
  const reader = new DecisionReader(storePlaceOf(config));
  const toolchain = new Toolchain({ cacheFolder: environment.cache, shippedFolder: SHIPPED_ANSWERS });
  const loader: BundleLoader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  try {
    const { generations } = reader;
    const here = (path: string): string => resolve(environment.workingFolder, path);
    const candidate = options.candidate?.map(({ id, path }) => ({ id, path: here(path) }));
    const sides = sidesOf(names, candidate, await generations.activations(MOST_ACTIVATIONS));
    const comparing = { context, config, reader, loader, since: options.since };
    const wish: DiffWish = {
      ...sides,
      config,
      ...(options.impact && { impactOf: () => impactBetween(sides, comparing) }),
    };
    const found = withoutSecrets(await diffPolicies(wish, { generations, loader }), secrets);
    if (options.json === true) return printJson(terminal, 'policy-diff', found);
    const lines = diffLines(found, options.markdown === true ? 'markdown' : 'text');
    for (const line of lines) printLine(terminal, visible(line));
  } finally {
    await reader.close();
    await toolchain.close();
  }
}

interface Comparing {
  readonly context: CommandContext;
  readonly config: Config;
  readonly reader: DecisionReader;
  readonly loader: BundleLoader;
  readonly since: number;
}

/** Both sides as they were kept, with the candidates in their places. */
async function impactBetween(
  { from, to }: Sides,
  { context, config, reader, loader, since }: Comparing,
): ReturnType<typeof impactOf> {
  const before = await bundlesOf(from, reader.generations);
  const candidates = 'facts' in to ? [] : to;
  const after = 'facts' in to ? await bundlesOf(to, reader.generations) : before;
  const withCandidates = after.map((bundle): WantedBundle => {
    const candidate = candidates.find(({ id }) => id === bundle.id);
    if (candidate === undefined) return bundle;
    const demand = NO_SIGNATURE_DEMANDED;
    return { ...bundle, origin: { kind: 'path', path: candidate.path }, data: dataFor(bundle.id, config), demand };
  });
  const { required, evaluationFuel } = from.facts;
  return impactOf(
    { from: before, to: withCandidates, reader, keys: new ChainKeys(context.environment.home), since },
    { loader, required, evaluationFuel, engine: config.policies.engine, clock },
  );
}

interface Sides {
  readonly from: Activation;
  readonly to: Activation | readonly Candidate[];
}

/** Without names, what is in force against what was before, or against the candidates. */
function sidesOf(
  [from, to]: readonly (string | undefined)[],
  candidate: readonly Candidate[] | undefined,
  activations: readonly Activation[],
): Sides {
  const [newest, before] = activations;
  if (newest === undefined) {
    throw new GatewayError('RECORD_NOT_FOUND', 'nothing was in force on this store yet', {
      mend: 'Start the gateway once.',
    });
  }
  if (candidate !== undefined) {
    if (to !== undefined) throw new GatewayError('USAGE', 'a candidate takes the place of the second generation');
    return { from: from === undefined ? newest : activationNamed(from, activations), to: candidate };
  }
  const old = from === undefined ? before : activationNamed(from, activations);
  if (old === undefined) {
    throw new GatewayError('RECORD_NOT_FOUND', 'nothing was in force before', {
      mend: 'Give a candidate: --candidate ID=PATH.',
    });
  }
  return { from: old, to: to === undefined ? newest : activationNamed(to, activations) };
}
