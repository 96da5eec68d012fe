import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { mutate, type Mutation, type RanFile, readyFile, runChecks } from '../app/cases.ts';
import { openTrials, rememberedTools, type Trials } from '../app/trial.ts';
import { casesJsonSchema, type LoadedCases, readCases } from '../config/case-file.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { writeJson } from '../core/lossless-json.ts';
import { isServerId } from '../core/names.ts';
import { githubReport, junitReport } from '../review/case-report.ts';
import { caseFiles } from './case-files.ts';
import type { ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printMutation, printRun, reportedCases } from './policy-test-report.ts';
import { announced, progressLine } from './progress.ts';
import { printJson, printLine, printNote, printPage } from './terminal.ts';
import { trialOptions } from './trial-options.ts';

export interface TestOptions extends ConfigOption {
  readonly filter?: string;
  readonly json?: boolean;
  readonly format: 'pretty' | 'json' | 'junit' | 'github';
  readonly mutate?: boolean;
  readonly maxSurvivors: number;
  readonly writeTools?: string;
  readonly schema?: boolean;
}

export async function test(context: CommandContext, files: readonly string[], options: TestOptions): Promise<void> {
  const { terminal } = context;
  if (options.schema === true) return printLine(terminal, JSON.stringify(casesJsonSchema(), null, 2));
  const { path, ...opening } = trialOptions(context, options);
  const { config } = opening;
  if (options.writeTools !== undefined) return writeTools(context, options.writeTools, config);
  const { workingFolder } = context.environment;
  const loaded = filesFor(files, { config, path, workingFolder }).map((file) => readCases(file, workingFolder));
  const trials = await announced(terminal, 'policies are being compiled …', openTrials(opening));
  try {
    const ran = await runAll(context, loaded, { config, trials, options });
    const hasFailed = ran.some(({ checked }) => checked.some(({ differences }) => differences.length > 0));
    const mutation = options.mutate === true && !hasFailed ? await mutateAll(context, ran, trials) : undefined;
    const hasSurvivors = (mutation?.survivors.length ?? 0) > options.maxSurvivors;
    if (hasFailed || hasSurvivors) context.setExit(EXIT.findings);
    return print(context, { ran, trials, mutation, options, ok: !hasFailed && !hasSurvivors });
  } finally {
    await trials.close();
  }
}

interface Looking {
  readonly config: Config;
  /** Of the configuration. */
  readonly path: string;
  readonly workingFolder: string;
}

/** Those that are named, of a folder all of them; else those in the folders `cases` beside the organisation's bundles. */
function filesFor(named: readonly string[], { config, path, workingFolder }: Looking): readonly string[] {
  if (named.length > 0) return [...new Set(named.flatMap((one) => caseFiles(resolve(workingFolder, one))))];
  const folders = config.policies.org.flatMap(({ source }) => (source.kind === 'path' ? [dirname(source.path)] : []));
  const usual = [...new Set([dirname(path), ...folders])].map((folder) => join(folder, 'cases'));
  const files = usual.filter((folder) => existsSync(folder)).flatMap(caseFiles);
  if (files.length > 0) return files;
  throw new GatewayError('USAGE', `there are no decision cases in ${usual.join(', ')}`, {
    mend: 'Name a file: mcp-gateway policy test cases/payments.yaml. `docs/testing-policies.md` shows how one looks.',
  });
}

interface Running {
  readonly config: Config;
  readonly trials: Trials;
  readonly options: TestOptions;
}

async function runAll(
  context: CommandContext,
  files: readonly LoadedCases[],
  { config, trials, options: { filter = '' } }: Running,
): Promise<readonly RanFile[]> {
  const line = progressLine(context.terminal, 'cases:');
  const wanted = filter.toLowerCase();
  const ran: RanFile[] = [];
  for (const loaded of files) {
    const ready = await readyFile(loaded, config, trials);
    const checks = ready.checks.filter(({ name, principal, tool }) =>
      `${name} ${principal} ${tool}`.toLowerCase().includes(wanted),
    );
    const file = { ...ready, checks };
    ran.push({ file, checked: await runChecks(file, line.show) });
  }
  line.clear();
  return ran;
}

async function mutateAll({ terminal }: CommandContext, ran: readonly RanFile[], { policy }: Trials): Promise<Mutation> {
  const line = progressLine(terminal, 'rules taken out:');
  try {
    return await mutate(ran, policy, line.show);
  } finally {
    line.clear();
  }
}

interface Printing {
  readonly ran: readonly RanFile[];
  readonly trials: Trials;
  readonly mutation: Mutation | undefined;
  readonly options: TestOptions;
  readonly ok: boolean;
}

function print({ terminal }: CommandContext, { ran, trials, mutation, options, ok }: Printing): void {
  const cases = ran.flatMap((one) => reportedCases(one, trials.policy));
  const format = options.json === true ? 'json' : options.format;
  switch (format) {
    case 'junit':
      return printPage(terminal, junitReport(cases));
    case 'github':
      return printPage(terminal, githubReport(cases));
    case 'json': {
      const failed = cases.filter((one) => !one.ok).length;
      const summary = { cases: cases.length, passed: cases.length - failed, failed };
      return printJson(terminal, 'policy-test', { ok, summary, cases, mutation: mutation ?? null });
    }
    case 'pretty':
      printRun(terminal, ran, trials.policy);
      if (mutation !== undefined) printMutation(terminal, mutation);
      else if (options.mutate === true)
        printLine(terminal, 'No rule was taken out: what fails already would hide what fails for that.');
  }
}

async function writeTools({ terminal, environment }: CommandContext, file: string, config: Config): Promise<void> {
  const servers = Object.keys(config.mcpServers).filter(isServerId);
  const lists = await Promise.all(servers.map(async (id) => [id, await rememberedTools(config, id)] as const));
  const known = lists.flatMap(([id, tools]) => (tools === undefined ? [] : [[id, tools] as const]));
  const missing = lists.flatMap(([id, tools]) => (tools === undefined ? [id] : []));
  if (missing.length > 0) printNote(terminal, `warning no gateway has listed the tools of ${missing.join(', ')} yet`);
  writeFileSync(resolve(environment.workingFolder, file), `${writeJson(Object.fromEntries(known))}\n`);
  printLine(terminal, `${file} has the tools of ${known.map(([id]) => id).join(', ') || 'no server'}`);
}
