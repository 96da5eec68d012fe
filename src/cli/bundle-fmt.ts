import { statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import type { BundleFiles } from '../core/bundle-feed.ts';
import { formatRego } from '../review/format-rego.ts';
import { lineDiff } from '../review/line-diff.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { paint, printJson, printLine, type Terminal, visible } from './terminal.ts';

export interface FmtOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** Formats the Rego of a bundle as OPA does. Without `write` nothing is changed, and what would be is a finding. */
export async function fmt(context: CommandContext, path: string, options: FmtOptions): Promise<void> {
  const { terminal, environment } = context;
  const folder = resolve(environment.workingFolder, path);
  const given = regoOf(await readNamed(context, path));
  const formatted = await withLoader(context, ({ toolchain }) => formatRego(given, toolchain));
  const changed = [...given].flatMap(([file, before]) => {
    const after = formatted.get(file) ?? before;
    return after === before ? [] : [{ file, before, after }];
  });
  if (options.write === true) writeAll(folder, path, changed);
  else if (changed.length > 0) context.setExit(EXIT.findings);
  if (options.json === true) {
    const files = changed.map(({ file }) => file);
    return printJson(terminal, 'bundle-fmt', {
      ok: options.write === true || files.length === 0,
      path,
      changed: files,
      written: options.write === true,
    });
  }
  for (const { file, before, after } of changed) {
    if (options.diff === true) printDiff(terminal, lineDiff(before, after, file));
    else printLine(terminal, file);
  }
  const said =
    options.write === true
      ? `${changed.length} of ${given.size} files formatted`
      : `${changed.length} of ${given.size} files are not formatted`;
  const hint =
    changed.length > 0 && options.write !== true ? `; format them with: mcp-gateway bundle fmt ${path} --write` : '';
  return printLine({ ...terminal, out: terminal.err }, `${said}${hint}`);
}

function regoOf({ files }: BundleFiles): ReadonlyMap<string, string> {
  const rego = [...files].filter(([file]) => file.endsWith('.rego'));
  return new Map(rego.map(([file, bytes]) => [file, Buffer.from(bytes).toString()]));
}

interface Changed {
  readonly file: string;
  readonly after: string;
}

function writeAll(folder: string, path: string, changed: readonly Changed[]): void {
  if (!statSync(folder).isDirectory()) {
    throw new GatewayError('USAGE', `${path} is an archive: nothing can be written into it`, {
      mend: 'Format the folder that it was built from, then build it again.',
    });
  }
  for (const { file, after } of changed) writeFileSync(join(folder, file), after);
}

const COLOURS: Readonly<Record<string, 'green' | 'red' | 'cyan'>> = { '+': 'green', '-': 'red', '@': 'cyan' };

function printDiff(terminal: Terminal, diff: string): void {
  for (const line of diff.split('\n')) {
    const colour = COLOURS[line.charAt(0)];
    const text = visible(line.replaceAll('\t', '    '));
    printLine(terminal, colour === undefined ? text : paint(terminal, colour, text));
  }
}
