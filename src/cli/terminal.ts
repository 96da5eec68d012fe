import { styleText } from 'node:util';

/** Where a command reads and writes, and what that place can show. Answers go to `out`, everything else to `err`. */
export interface Terminal {
  readonly in: NodeJS.ReadStream;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal only; `NO_COLOR` and `FORCE_COLOR` are respected. */
export function paint(terminal: Terminal, style: Style, text: string): string {
  return styleText(style, text, { stream: terminal.out, validateStream: true });
}

export function printLine(terminal: Terminal, text: string): void {
  terminal.out.write(`${text}\n`);
}

/** One object with `schema` and `ok`, as every `--json` prints. */
export function printJson(terminal: Terminal, schema: string, body: object): void {
  printLine(terminal, JSON.stringify({ schema: `mcp-gateway/${schema}/v1`, ok: true, ...body }));
}

/**
 * Columns two spaces apart, as wide as their widest cell, the last one cut to the width of the terminal.
 * Control characters are removed: much of what is shown was written by others.
 */
export function printTable(terminal: Terminal, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const cells = rows.map((row) => row.map(visible));
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const width = terminal.out.isTTY ? terminal.out.columns : Number.POSITIVE_INFINITY;
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  printLine(terminal, paint(terminal, 'dim', line(header).slice(0, width)));
  for (const row of cells) printLine(terminal, line(row).slice(0, width));
}

/** Lines no wider than the terminal, broken between words; what follows the first is indented under it. */
export function printWrapped(terminal: Terminal, label: string, text: string): void {
  const width = Math.max((terminal.out.isTTY ? terminal.out.columns : Infinity) - LABEL_WIDTH, 20);
  const lines = wrap(visible(text), width);
  for (const [index, line] of lines.entries()) {
    printLine(terminal, `${paint(terminal, 'dim', (index === 0 ? label : '').padEnd(LABEL_WIDTH))}${line}`);
  }
}

const LABEL_WIDTH = 7;

function wrap(text: string, width: number): readonly string[] {
  return text.split(' ').reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1) ?? '';
    const joined = last === '' ? word : `${last} ${word}`;
    return joined.length <= width ? [...lines.slice(0, -1), joined] : [...lines, word];
  }, []);
}

/** Text from elsewhere without control characters and without characters that reorder or hide what is shown. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
