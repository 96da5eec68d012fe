import { ENOUGH, type PolicyStatistics, policyStatistics, type RateOfGeneration } from '../review/policy-statistics.ts';
import { timeText } from '../review/record-words.ts';
import type { CommandContext } from './context.ts';
import { readPolicy, type ReadingOptions } from './reading-policy.ts';
import { paint, printJson, printLine, printTable, type Terminal } from './terminal.ts';

export interface StatsOptions extends ReadingOptions {
  readonly json?: boolean;
}

/** Says how the policies in force work: rules that never speak, rules that always do, what bundles cost. */
export async function stats(context: CommandContext, options: StatsOptions): Promise<void> {
  const { terminal } = context;
  const { inForce, activity } = await readPolicy(context, options);
  const statistics = policyStatistics(inForce.rules, activity);
  if (options.json === true) {
    const { generation, unusable } = inForce;
    const since = new Date(options.since).toISOString();
    return printJson(terminal, 'policy-stats', { generation, since, unusable, ...statistics });
  }
  const { rules } = inForce;
  const since = timeText(new Date(options.since).toISOString());
  printLine(terminal, `${statistics.decisions} decisions since ${since}, ${rules.length} rules in force`);
  if (statistics.decisions === 0) return;
  printRate(terminal, statistics);
  printBundles(terminal, statistics);
  printRules(terminal, statistics);
}

function printRate(terminal: Terminal, { denial_rate }: PolicyStatistics): void {
  if (denial_rate === null) return;
  const { now, before } = denial_rate;
  const change = (rateOf(now) - rateOf(before)) * 100;
  const sign = change > 0 ? '+' : '';
  printLine(
    terminal,
    `denied ${percent(now)} under generation ${shortHash(now.generation)}, ` +
      `${percent(before)} under ${shortHash(before.generation)} before it (${sign}${change.toFixed(1)} points)`,
  );
}

function rateOf({ denied, decisions }: RateOfGeneration): number {
  return denied / Math.max(decisions, 1);
}

function percent(generation: RateOfGeneration): string {
  return `${(rateOf(generation) * 100).toFixed(1)} %`;
}

function printBundles(terminal: Terminal, { bundles }: PolicyStatistics): void {
  heading(terminal, 'What the bundles take');
  const rows = bundles.map(({ bundle, answered, failed, p50_us, p99_us }) => {
    return [String(answered), String(failed), `${p50_us} µs`, `${p99_us} µs`, bundle];
  });
  printTable(terminal, ['answered', 'failed', 'p50', 'p99', 'bundle'], rows);
}

function printRules(terminal: Terminal, { never_fired, always_fired, never_asked }: PolicyStatistics): void {
  if (never_fired.length > 0) {
    heading(terminal, 'Never fired, though their bundles were asked');
    printTable(
      terminal,
      ['rule', 'title'],
      never_fired.map(({ name, title }) => [name, title]),
    );
  }
  if (always_fired.length > 0) {
    heading(terminal, `Fired in every one of at least ${ENOUGH} decisions`);
    const rows = always_fired.map(({ fired, name, title }) => [String(fired), name, title]);
    printTable(terminal, ['fired', 'rule', 'title'], rows);
  }
  if (never_asked.length > 0) printLine(terminal, `\nNever asked: ${never_asked.join(', ')}`);
}

function heading(terminal: Terminal, text: string): void {
  printLine(terminal, `\n${paint(terminal, 'bold', text)}`);
}
import { shortHash } from '../core/generation.ts';
