import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildMatrix } from '../app/matrix.ts';
import { openTrials } from '../app/trial.ts';
import { readCases } from '../config/case-file.ts';
import { changesIn, type Matrix } from '../review/matrix.ts';
import { matrixCsv } from '../review/matrix-csv.ts';
import { matrixHtml } from '../review/matrix-html.ts';
import { caseFiles } from './case-files.ts';
import type { ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printMatrix } from './matrix-terminal.ts';
import { announced, progressLine } from './progress.ts';
import { jsonText, printJson, printLine, printPage } from './terminal.ts';
import { trialOptions } from './trial-options.ts';

export interface MatrixOptions extends ConfigOption {
  /** Paths by the id of the bundle. */
  readonly candidate?: ReadonlyMap<string, string>;
  readonly principals: readonly string[];
  readonly format: 'terminal' | 'csv' | 'html' | 'json';
  readonly out?: string;
  readonly failOnChange?: boolean;
  readonly json?: boolean;
}

export async function matrix(context: CommandContext, options: MatrixOptions): Promise<void> {
  const { terminal, environment } = context;
  const { path: _, ...opening } = trialOptions(context, options);
  const { config, clock } = opening;
  const { workingFolder } = environment;
  const named = options.principals.flatMap((one) => caseFiles(resolve(workingFolder, one)));
  const files = named.map((file) => readCases(file, workingFolder));
  const candidates = new Map(
    [...(options.candidate ?? [])].map(([id, place]) => [id, resolve(workingFolder, place)] as const),
  );
  const trials = await announced(terminal, 'policies are being compiled …', openTrials({ ...opening, candidates }));
  const line = progressLine(terminal, 'calls:');
  try {
    const built = await buildMatrix({ config, files, nowMs: clock.now() }, trials, line.show);
    line.clear();
    if (isFailing(built, options)) context.setExit(EXIT.findings);
    write(context, built, options);
  } finally {
    line.clear();
    await trials.close();
  }
}

function write({ terminal, environment }: CommandContext, built: Matrix, options: MatrixOptions): void {
  const { json, format, out } = options;
  const wanted = json === true ? 'json' : format;
  if (wanted === 'terminal' && out === undefined) return printMatrix(terminal, built);
  if (wanted === 'json' && out === undefined) {
    return printJson(terminal, 'policy-matrix', { ok: !isFailing(built, options), ...jsonOf(built) });
  }
  const text =
    wanted === 'csv' ? matrixCsv(built) : wanted === 'html' ? matrixHtml(built) : `${jsonText(jsonOf(built))}\n`;
  if (out === undefined) return printPage(terminal, text);
  writeFileSync(resolve(environment.workingFolder, out), text);
  return printLine(terminal, `${out} has ${built.cells.length} cells, ${changesIn(built).length} calls changed`);
}

function isFailing(built: Matrix, { failOnChange }: MatrixOptions): boolean {
  return failOnChange === true && changesIn(built).length > 0;
}

function jsonOf(built: Matrix): object {
  const { time, generations, principals, tools, cells, unsampled } = built;
  const [generation, candidate] = generations;
  return { time, generation, candidate, principals, tools, cells, changes: changesIn(built), unsampled };
}
