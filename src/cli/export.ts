import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError, messageOf } from '../core/errors.ts';
import { type ChangedRow, evidenceLines, type ExportTelling, recordLines } from '../app/export-lines.ts';
import { storePlaceOf } from '../app/store-place.ts';
import type { ExportFormat } from '../review/export-formats.ts';
import { ChainKeys } from '../state/chain-key.ts';
import { obtainCheckpointKey } from '../state/checkpoint-key.ts';
import { DecisionReader } from '../state/decision-reader.ts';
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
  const reader = new DecisionReader(storePlaceOf(config));
  const written = { count: 0, changed: 0 };
  const out = options.out === undefined ? undefined : resolve(environment.workingFolder, options.out);
  try {
    const keys = new ChainKeys(environment.home);
    const telling = leavingOut(context, written);
    const lines =
      options.format === 'jsonl'
        ? evidenceLines(reader.evidence({ filter: options, keys }), telling)
        : recordLines(reader.sealed({ filter: options, keys, withOutcomes: true }), {
            ...telling,
            format: options.format,
            version: VERSION,
          });
    if (out === undefined) await pipeline(Readable.from(lines), terminal.out, { end: false });
    else await writeFile(out, lines);
  } finally {
    await reader.close();
  }
  if (written.changed > 0) context.setExit(EXIT.findings);
  if (out === undefined) return;
  await writeFile(sealPath(out), [await sealExport(out, obtainCheckpointKey(environment.home), clock.now())]);
  tellWhere(terminal, { ...written, out: options.out ?? out, options });
}

function leavingOut(context: CommandContext, written: Written): ExportTelling {
  return { onChanged: (item) => leaveOut(context, item, written), onWritten: () => (written.count += 1) };
}

interface Written {
  count: number;
  changed: number;
}

function leaveOut({ terminal }: CommandContext, { seq, id, why }: ChangedRow, written: Written): void {
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
