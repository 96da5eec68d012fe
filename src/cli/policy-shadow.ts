import { shadowedBy, shadowLines } from '../app/shadow.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import type { Config } from '../config/paths.ts';
import { timeText } from '../review/record-words.ts';
import { nameOf, type ShadowLine, ShadowReport } from '../review/shadow-report.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { paint, printJson, printLine, type Terminal, visible } from './terminal.ts';

export interface ShadowOptions extends ConfigOption {
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly json?: boolean;
}

const DEFAULT_SPAN_MS = 7 * 86_400_000;

export async function shadow(context: CommandContext, options: ShadowOptions): Promise<void> {
  const { terminal } = context;
  const { config } = readConfig(context, options);
  const since = options.since ?? Date.now() - DEFAULT_SPAN_MS;
  const lines = await linesSince(since, config);
  const isShadowed = new Set(shadowedBy(config).map(nameOf));
  const shown = lines.map((line) => ({ ...line, in_force: isShadowed.has(nameOf(line)) }));
  if (options.json === true)
    return printJson(terminal, 'policy-shadow', { since: new Date(since).toISOString(), shadow: shown });
  return print(terminal, shown, since);
}

/** What was shadowed, and is by the configuration as it is now. */
async function linesSince(since: number, config: Config): Promise<readonly ShadowLine[]> {
  const place = storePlaceOf(config);
  // Before its first start a gateway has no log.
  if (!(await hasStore(place))) return new ShadowReport(shadowedBy(config)).lines;
  const reader = new DecisionReader(place);
  try {
    return await shadowLines(reader, config, since);
  } finally {
    await reader.close();
  }
}

interface Shown extends ShadowLine {
  /** Whether the configuration has it in shadow now. */
  readonly in_force: boolean;
}

function print(terminal: Terminal, lines: readonly Shown[], since: number): void {
  const day = timeText(new Date(since).toISOString());
  if (lines.length === 0) return printLine(terminal, `Nothing is in shadow, nor was since ${day}.`);
  for (const line of lines) {
    const { decisions, changed, in_force: isInForce } = line;
    const was = isInForce ? '' : ' (not in shadow any more)';
    const name = paint(terminal, 'bold', visible(nameOf(line)));
    if (decisions === 0) {
      printLine(terminal, `${name}${was}: has had nothing to say since ${day}`);
      continue;
    }
    printLine(terminal, `${name}${was}: would have changed ${changed} of ${decisions} decisions since ${day}`);
    for (const [kind, { count, example }] of Object.entries(line.classes)) {
      const { id, server, tool, agent, was: before, would } = example;
      const what = [server, tool].filter((part) => part !== '').join('/');
      printLine(
        terminal,
        `  ${kind.replaceAll('_', ' ')} ${count}, such as ${id}: ${visible(`${agent} ${what}`.trim())}`,
      );
      printLine(terminal, visible(`    was ${before}; would have been ${would}`));
    }
  }
}
