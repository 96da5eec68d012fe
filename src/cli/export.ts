import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError, messageOf } from '../core/errors.ts';
import { type ExportFormat, exportWriter } from '../review/export-formats.ts';
import { noOutcome } from '../review/shown-record.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { obtainCheckpointKey } from '../state/checkpoint-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { decisionLine, recordIn, rowLine } from '../state/evidence-line.ts';
import { sealExport, sealPath } from '../state/export-seal.ts';
import type { ListOptions } from './decision.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { EXIT } from './exit.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printNote, type Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

export interface ExportOptions extends ListOptions {
  readonly format: ExportFormat;
  readonly out?: string;
}

/**
 * Writes decisions with their outcomes, oldest first, for other programs. A row that was changed is left out and told of.
 * A file gets a signed seal beside it.
 */
export async function exportDecisions(context: CommandContext, options: ExportOptions): Promise<void> {
  const { terminal, environment } = context;
  const { config } = readConfig(context, options);
  const reader = new DecisionReader({ path: config.decisions.store.path });
  const written = { count: 0, changed: 0 };
  const out = options.out === undefined ? undefined : resolve(environment.workingFolder, options.out);
  try {
    const exporting = { options, reader, written };
    const lines = options.format === 'jsonl' ? evidenceLines(context, exporting) : linesOf(context, exporting);
    if (out === undefined) await pipeline(Readable.from(lines), terminal.out, { end: false });
    else await writeFile(out, lines);
  } finally {
    reader.close();
  }
  if (written.changed > 0) context.setExit(EXIT.findings);
  if (out === undefined) return;
  await writeFile(sealPath(out), [await sealExport(out, obtainCheckpointKey(environment.home), clock.now())]);
  tellWhere(terminal, { ...written, out: options.out ?? out, options });
}

interface Exporting {
  readonly options: ExportOptions;
  readonly reader: DecisionReader;
  readonly written: { count: number; changed: number };
}

async function* evidenceLines(
  context: CommandContext,
  { options, reader, written }: Exporting,
): AsyncGenerator<string> {
  const keys = new ChainKeys(context.environment.home);
  for await (const page of reader.evidence({ filter: options, keys })) {
    let text = '';
    for (const item of page) {
      if (item.kind === 'changed') leaveOut(context, item, written);
      if (item.kind === 'row') text += rowLine(item.row);
      if (item.kind !== 'decision') continue;
      text += decisionLine(item.decision, item.outcome ?? noOutcome(recordIn(item.decision)));
      written.count += 1;
    }
    if (text !== '') yield text;
  }
}

async function* linesOf(context: CommandContext, { options, reader, written }: Exporting): AsyncGenerator<string> {
  const { head, lineOf } = exportWriter(options.format, VERSION);
  if (head !== '') yield head;
  const keys = new ChainKeys(context.environment.home);
  for await (const page of reader.sealed({ filter: options, keys, withOutcomes: true })) {
    let text = '';
    for (const item of page) {
      if (item.kind === 'changed') {
        leaveOut(context, item, written);
        continue;
      }
      text += lineOf(item.record);
      written.count += 1;
    }
    if (text !== '') yield text;
  }
}

interface Changed {
  readonly seq: number;
  readonly id: string;
  readonly why: string;
}

function leaveOut({ terminal }: CommandContext, { seq, id, why }: Changed, written: Exporting['written']): void {
  written.changed += 1;
  printNote(terminal, `error #${seq} ${id} is left out: ${why}`);
}

/** What went to a file; what went to the terminal speaks for itself. */
function tellWhere(
  terminal: Terminal,
  { out, options, ...written }: { out: string; options: ExportOptions; count: number; changed: number },
): void {
  const { format, json } = options;
  if (json === true) printJson(terminal, 'decision-export', { ok: written.changed === 0, out, format, ...written });
  else printLine(terminal, `${counted(written.count, 'decision')} written to ${out}.`);
}

/** For its owner's eyes only: it holds the arguments of calls. */
async function writeFile(path: string, lines: AsyncIterable<string> | Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), createWriteStream(path, { mode: 0o600 }));
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('STORE_UNAVAILABLE', `${path} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}
