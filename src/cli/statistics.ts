import type { Count, DecisionStatistics } from '../state/decision-statistics.ts';
import { printLine, printTable, type Terminal } from './terminal.ts';

const MOST_ROWS = 10;

/** Counts and times for a person. */
export function printStatistics(terminal: Terminal, statistics: DecisionStatistics): void {
  const { total, effects, decideUs, recordUs } = statistics;
  const shares = effects.map(({ name, count }) => `${name} ${percent(count, total)}`).join('   ');
  printLine(terminal, `${total} decisions   ${shares}`);
  printLine(
    terminal,
    `decide p50 ${ms(decideUs.p50)}, p99 ${ms(decideUs.p99)}   record p50 ${ms(recordUs.p50)}, p99 ${ms(recordUs.p99)}`,
  );
  printCounts(terminal, 'reason', statistics.reasons);
  printCounts(terminal, 'tool', statistics.tools);
  printCounts(terminal, 'outcome', statistics.outcomes);
}

function printCounts(terminal: Terminal, title: string, counts: readonly Count[]): void {
  if (counts.length === 0) return;
  printLine(terminal, '');
  const rows = counts.slice(0, MOST_ROWS).map(({ name, count }) => [String(count), name]);
  printTable(terminal, ['count', title], rows);
}

function percent(count: number, total: number): string {
  return `${((count / Math.max(total, 1)) * 100).toFixed(1)} %`;
}

function ms(us: number): string {
  return `${(us / 1000).toFixed(2)} ms`;
}
