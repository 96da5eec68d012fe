import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError, messageOf } from '../core/errors.ts';
import { type ExportFormat, type ExportWriter, exportWriter } from '../review/export-formats.ts';
import { readChainKey } from '../state/chain-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { ListOptions } from './decision.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { printJson, printLine, printNote, type Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

export interface ExportOptions extends ListOptions {
  readonly format: ExportFormat;
  readonly out?: string;
}

/** Writes decisions with their outcomes, oldest first, for other programs. A row that was changed is left out and told of. */
export async function exportDecisions(context: CommandContext, options: ExportOptions): Promise<void> {
  const { terminal, environment } = context;
  const { config } = readConfig(context, options);
  const reader = new DecisionReader({ path: config.decisions.store.path });
  const written = { count: 0, changed: 0 };
  try {
    const lines = linesOf(context, { options, reader, written }, exportWriter(options.format, VERSION));
    if (options.out === undefined) await pipeline(Readable.from(lines), terminal.out, { end: false });
    else await writeFile(resolve(environment.workingFolder, options.out), lines);
  } finally {
    reader.close();
  }
  if (written.changed > 0) context.setExit(EXIT.findings);
  if (options.out !== undefined) tellWhere(terminal, { ...written, out: options.out, options });
}

interface Exporting {
  readonly options: ExportOptions;
  readonly reader: DecisionReader;
  readonly written: { count: number; changed: number };
}

async function* linesOf(
  { terminal, environment }: CommandContext,
  { options, reader, written }: Exporting,
  { head, lineOf }: ExportWriter,
): AsyncGenerator<string> {
  if (head !== '') yield head;
  const key = readChainKey(environment.home);
  for await (const page of reader.sealed({ filter: options, key, withOutcomes: true })) {
    let text = '';
    for (const item of page) {
      if (item.kind === 'whole') {
        text += lineOf(item.record);
        written.count += 1;
      } else {
        written.changed += 1;
        printNote(terminal, `error #${item.seq} ${item.id} is left out: ${item.why}`);
      }
    }
    if (text !== '') yield text;
  }
}

/** What went to a file; what went to the terminal speaks for itself. */
function tellWhere(
  terminal: Terminal,
  { out, options, ...written }: { out: string; options: ExportOptions; count: number; changed: number },
): void {
  const { format, json } = options;
  if (json === true) printJson(terminal, 'decision-export', { ok: written.changed === 0, out, format, ...written });
  else printLine(terminal, `${written.count} ${written.count === 1 ? 'decision' : 'decisions'} written to ${out}.`);
}

/** For its owner's eyes only: it holds the arguments of calls. */
async function writeFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), createWriteStream(path, { mode: 0o600 }));
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('STORE_UNAVAILABLE', `${path} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
  }
}
