import { type CellVerdict, changesIn, type Matrix, type MatrixCell, verdictText } from '../review/matrix.ts';
import { timeText } from '../review/record-words.ts';
import { paint, printLine, printWrapped, type Terminal, visible } from './terminal.ts';

const SIGNS: Readonly<Record<CellVerdict, string>> = { allow: '+', deny: '-', pending: '?', hidden: '.', depends: '~' };
const STYLES = { allow: 'green', deny: 'red', pending: 'yellow', hidden: 'dim', depends: 'cyan' } as const;
const WORDS: Readonly<Record<CellVerdict, string>> = {
  allow: 'allowed',
  deny: 'denied',
  pending: 'waits for approval',
  hidden: 'not there',
  depends: 'depends on arguments',
};

/** A page is as wide as the terminal, and this wide where it goes into a file. */
const PLAIN_WIDTH = 80;
const COLUMN = 4;
const MOST_NAME = 40;

/** Tools down, principals across by number; below it what depends on the arguments, and what changes. */
export function printMatrix(terminal: Terminal, matrix: Matrix): void {
  const { principals, tools, cells, time, generations } = matrix;
  const [now, candidate] = generations;
  const isCompared = candidate !== '';
  printLine(terminal, `Who may call what at ${timeText(time)}`);
  printLine(
    terminal,
    isCompared ? `by generation ${now}, and by ${candidate} with the candidates\n` : `by generation ${now}\n`,
  );
  for (const [index, name] of principals.entries())
    printLine(terminal, `${String(index + 1).padStart(COLUMN)}  ${visible(name)}`);
  const legend = (Object.keys(SIGNS) as CellVerdict[]).map(
    (verdict) => `${signOf(terminal, verdict)} ${WORDS[verdict]}`,
  );
  printLine(terminal, `\n${legend.join('  ')}${isCompared ? '\n! decided otherwise by the candidates' : ''}`);
  const nameWidth = Math.min(MOST_NAME, Math.max(...tools.map((tool) => tool.length)));
  const width = terminal.out.isTTY ? terminal.out.columns : PLAIN_WIDTH;
  const across = Math.max(1, Math.floor((width - nameWidth) / COLUMN));
  const byPlace = new Map(cells.map((cell) => [`${cell.tool}\n${cell.principal}`, cell]));
  for (let from = 0; from < principals.length; from += across) {
    const shown = principals.slice(from, from + across);
    const head = shown.map((_, index) => String(from + index + 1).padStart(COLUMN)).join('');
    printLine(terminal, `\n${' '.repeat(nameWidth)}${paint(terminal, 'dim', head)}`);
    for (const tool of tools) {
      const row = shown.map((principal) => cellText(terminal, byPlace.get(`${tool}\n${principal}`))).join('');
      printLine(terminal, `${cut(visible(tool), nameWidth).padEnd(nameWidth)}${row}`);
    }
  }
  printDepending(terminal, matrix);
  if (isCompared) printChanges(terminal, matrix);
  for (const tool of matrix.unsampled)
    printWrapped(
      terminal,
      'note',
      `No valid arguments could be made for ${tool}, so it shows as denied; write samples.`,
    );
}

function signOf(terminal: Terminal, verdict: CellVerdict): string {
  return paint(terminal, STYLES[verdict], SIGNS[verdict]);
}

function cellText(terminal: Terminal, cell: MatrixCell | undefined): string {
  if (cell === undefined) return ' '.repeat(COLUMN);
  const verdict = cell.candidate ?? cell.now;
  const mark = cell.calls.some(({ because }) => because.length > 0) || verdict !== cell.now ? '!' : ' ';
  return `${' '.repeat(COLUMN - 2)}${mark}${signOf(terminal, verdict)}`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function printDepending(terminal: Terminal, { cells }: Matrix): void {
  const depending = cells.filter((cell) => (cell.candidate ?? cell.now) === 'depends');
  if (depending.length > 0) printLine(terminal, '\nDepends on the arguments');
  for (const { principal, tool, calls } of depending) {
    printLine(terminal, visible(`${principal}, ${tool}`));
    for (const { sample, now, candidate } of calls)
      printWrapped(terminal, '', `${sample}: ${verdictText(candidate ?? now)}`);
  }
}

function printChanges(terminal: Terminal, matrix: Matrix): void {
  const changes = changesIn(matrix);
  const calls = matrix.cells.reduce((sum, cell) => sum + cell.calls.length, 0);
  printLine(terminal, `\nThe candidates decide ${changes.length} of ${calls} calls otherwise`);
  for (const { principal, tool, sample, now, candidate = now, because } of changes) {
    printLine(terminal, visible(`${principal}, ${tool}`));
    printWrapped(terminal, '', `${sample}: ${verdictText(now)} → ${verdictText(candidate)}`);
    if (because.length > 0) printWrapped(terminal, 'because', because.join(', '));
  }
}
