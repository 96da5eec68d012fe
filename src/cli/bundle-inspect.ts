import { inspectBundle } from '../app/authoring.ts';
import type { BundleFacts } from '../review/bundle-facts.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import { announced, COMPILING } from './progress.ts';
import type { CommandContext } from './context.ts';
import { paint, printJson, printLine, printTable, type Terminal, visible } from './terminal.ts';

export interface InspectOptions {
  readonly json?: boolean;
}

/** What is in a bundle: its rules, what each of them reads, counters, data, settings, built-ins. */
export async function inspect(context: CommandContext, path: string, { json }: InspectOptions): Promise<void> {
  const files = await readNamed(context, path);
  const inspected = await announced(
    context.terminal,
    COMPILING,
    withLoader(context, (loader) => inspectBundle(files, loader)),
  );
  const { terminal } = context;
  if (json === true) return printJson(terminal, 'bundle-inspect', { path, ...inspected });
  printHead(terminal, inspected);
  printLine(terminal, '');
  printTable(
    terminal,
    ['rule', 'says', 'title', 'reads'],
    inspected.rules.map(({ id, ruleSets, title, reads }) => [id, ruleSets.join(', '), title, reads.join(' ')]),
  );
  if (inspected.counters.length > 0) {
    printLine(terminal, '');
    printTable(
      terminal,
      ['counter', 'unit', 'limit', 'window', 'for each'],
      inspected.counters.map(({ name, unit, limit, window, key }) => [name, unit, limit, window, key.join(' ')]),
    );
  }
  if (inspected.settings.length > 0) {
    printLine(terminal, '');
    printTable(
      terminal,
      ['setting', 'type', 'default', 'what it says'],
      inspected.settings.map(({ name, type, value, description }) => [name, type, value, description]),
    );
  }
}

function printHead(
  terminal: Terminal,
  { layer, root, revision, digest, governs, server, inputs, dataReads, builtins, usesTime }: BundleFacts,
): void {
  const rows = [
    ['layer', layer],
    ['root', root],
    ['revision', revision],
    ['digest', digest],
    ['server', server === null ? '' : [server.package, server.versions].filter((part) => part !== '').join(' ')],
    ['governs', governs.join(', ')],
    ['input', inputs.join(', ') || 'nothing'],
    ['data', dataReads.join(', ')],
    ['built-ins', builtins.join(', ')],
    ['clock', usesTime ? 'looks at the time' : ''],
  ];
  for (const [name = '', value = ''] of rows) {
    if (value !== '') printLine(terminal, `${paint(terminal, 'dim', name.padEnd(10))} ${visible(value)}`);
  }
}
