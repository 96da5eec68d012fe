import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { managedFiles } from '../clients/managed.ts';
import type { Launch } from '../clients/own-entry.ts';
import { GatewayError } from '../core/errors.ts';
import type { ConnectOptions } from './connect.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine, printPage, visible } from './terminal.ts';

/** Writes what an administrator deploys; no client on this machine is touched. Throws USAGE where a file is there already. */
export function writeManaged({ environment, terminal }: CommandContext, launch: Launch, options: ConnectOptions): void {
  const folder = resolve(environment.workingFolder, typeof options.managed === 'string' ? options.managed : 'managed');
  const files = managedFiles(launch).map((file) => ({ ...file, path: join(folder, file.name) }));
  if (options.print === true || options.dryRun === true) {
    if (options.json === true) return printJson(terminal, 'connect', { managed: files });
    for (const { name, text } of files) printPage(terminal, `# ${name}\n${text}\n`);
    return;
  }
  const taken = files.find(({ path }) => existsSync(path));
  if (taken !== undefined && options.force !== true) {
    throw new GatewayError('USAGE', `${taken.path} is there already`, { mend: 'Name another folder, or add --force.' });
  }
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of files) writeFileSync(path, text);
  const written = files.map(({ path, goesTo }) => ({ path, goesTo }));
  if (options.json === true) return printJson(terminal, 'connect', { managed: written });
  for (const { path, goesTo } of written) printLine(terminal, visible(`${path}\n  for ${goesTo}`));
}
