import { type Cell, cellsOf, unsampled } from './case-checks.ts';
import { toolsFor } from './case-tools.ts';
import type { Progress } from './cases.ts';
import { rememberedTools, type ToolLists, type TrialGround, type Trials } from './trial.ts';
import type { LoadedCases } from '../config/case-file.ts';
import type { Config } from '../config/paths.ts';
import type { CaseFile } from '../config/schema-cases.ts';
import { GatewayError } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import type { JsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import { cellOf, type DecidedCall, type Matrix } from '../review/matrix.ts';

export interface MatrixSources {
  readonly config: Config;
  /** Files with principals, tools and samples; none takes them from the configuration and what a gateway last saw. */
  readonly files: readonly LoadedCases[];
  /** When the calls are made where no file says, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Tries every principal with every tool and every sample. Throws CONFIG_INVALID, and USAGE where nothing can be tried. */
export async function buildMatrix(sources: MatrixSources, trials: Trials, onProgress: Progress): Promise<Matrix> {
  const planned = await planFor(sources, trials);
  refuseTwoOfOneName(planned);
  const total = planned.reduce((sum, { cells }) => sum + cells.length, 0);
  const decided: DecidedCall[] = [];
  for (const { cells, now, candidate } of planned) {
    for (const { principal, tool, sample, trial } of cells) {
      const { record } = await now.tryCall(trial);
      const later = await candidate?.tryCall(trial);
      decided.push({ principal, tool, sample, now: record, candidate: later?.record });
      onProgress(decided.length, total);
    }
  }
  const { policy, candidate } = trials;
  const [first] = planned;
  return {
    ...gathered(decided),
    time: new Date(first?.file.time ?? sources.nowMs).toISOString(),
    generations: [shortHash(policy.generation), candidate === undefined ? '' : shortHash(candidate.generation)],
    unsampled: [...new Set(planned.flatMap((plan) => plan.unsampled))],
  };
}

/** What is tried for one file. */
interface Plan {
  readonly file: CaseFile;
  readonly now: TrialGround;
  readonly candidate: TrialGround | undefined;
  readonly cells: readonly Cell[];
  readonly unsampled: readonly string[];
}

async function planFor(sources: MatrixSources, trials: Trials): Promise<readonly Plan[]> {
  const { config, files } = sources;
  if (files.length === 0) return [await planOne(configured(sources), await lastSeen(config), { config, trials })];
  // What one file knows of a tool's arguments serves all: else it would be tried with the least that it takes, too.
  const samples = Object.assign({}, ...files.map(({ cases }) => cases.samples)) as CaseFile['samples'];
  const plans: Plan[] = [];
  for (const file of files) {
    const tools = await toolsFor(file, config);
    plans.push(await planOne({ ...file.cases, samples }, tools, { config, trials }));
  }
  return plans;
}

interface Planning {
  readonly config: Config;
  readonly trials: Trials;
}

async function planOne(file: CaseFile, tools: ToolLists, { config, trials }: Planning): Promise<Plan> {
  const { policy, candidate, groundFor } = trials;
  const now = await groundFor(policy, tools);
  const expanding = { config, ground: now };
  return {
    file,
    now,
    candidate: candidate === undefined ? undefined : await groundFor(candidate, tools),
    cells: cellsOf({ cases: file }, expanding),
    unsampled: await unsampled({ cases: file }, expanding),
  };
}

/** Every agent that the configuration names, with its user, and one that it does not name. */
function configured({ config, nowMs }: MatrixSources): CaseFile {
  const { agent } = config.gateway.principal;
  const named = [...new Set([...(agent.id === undefined ? [] : [agent.id]), ...Object.keys(config.agents)])];
  const profile = { scope: '', owner_team: '', model: '', client: '' };
  const known = named.map(
    (id) => [id, { agent: id, ...profile, ...(id === agent.id ? profileOf(agent) : {}) }] as const,
  );
  const principals = Object.fromEntries([...known, [OTHER, { agent: OTHER, ...profile }] as const]);
  return {
    version: 1,
    about: '',
    time: nowMs,
    principals,
    samples: {},
    unlisted: 'unchecked',
    cases: [],
    unmissed: {},
  };
}

const OTHER = 'any other agent';

function profileOf({ scope, owner_team, model }: Config['gateway']['principal']['agent']): {
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
} {
  return { scope, owner_team, model };
}

async function lastSeen(config: Config): Promise<ToolLists> {
  const lists = new Map<ServerId, readonly JsonObject[]>();
  for (const id of Object.keys(config.mcpServers).filter(isServerId)) {
    const tools = await rememberedTools(config, id);
    if (tools !== undefined) lists.set(id, tools);
  }
  if (lists.size > 0) return lists;
  throw new GatewayError('USAGE', 'it is not known what tools there are: no gateway has listed them yet', {
    mend: 'Start the gateway with this configuration once, or name a file of cases with --principals.',
  });
}

/** One name for two people would make one row of both. */
function refuseTwoOfOneName(plans: readonly Plan[]): void {
  const seen = new Map<string, string>();
  for (const [name, principal] of plans.flatMap(({ file }) => Object.entries(file.principals))) {
    const text = JSON.stringify(principal);
    if ((seen.get(name) ?? text) !== text) {
      throw new GatewayError('USAGE', `the files have two principals called "${name}"`, {
        mend: 'Give them different names, or make a matrix of one file.',
      });
    }
    seen.set(name, text);
  }
}

function gathered(decided: readonly DecidedCall[]): Pick<Matrix, 'principals' | 'tools' | 'cells'> {
  const groups = new Map<string, DecidedCall[]>();
  for (const call of decided) {
    const key = `${call.tool}\n${call.principal}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [call]);
    else if (group.every(({ sample }) => sample !== call.sample)) group.push(call);
  }
  const principals = [...new Set(decided.map(({ principal }) => principal))];
  const tools = [...new Set(decided.map(({ tool }) => tool))].toSorted();
  const cells = tools.flatMap((tool) =>
    principals.flatMap((principal) => {
      const calls = groups.get(`${tool}\n${principal}`);
      return calls === undefined ? [] : [cellOf(principal, tool, calls)];
    }),
  );
  return { principals, tools, cells };
}
