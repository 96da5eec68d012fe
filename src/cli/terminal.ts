import { styleText } from 'node:util';
import { visibleJson } from '../core/visible-json.ts';
import { tableLines, wrap } from './table-lines.ts';

/** Where a command reads and writes, and what that place can show. Answers go to `out`, everything else to `err`. */
export interface Terminal {
  readonly in: NodeJS.ReadStream;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  /** Whether nothing is said beside the answer, but errors. */
  readonly isQuiet?: boolean;
  /** Whether nobody is asked, even where somebody could be. */
  readonly asksNobody?: boolean;
  /** Whether nothing is coloured, even where it could be. */
  readonly isPlain?: boolean;
}

/** Whether there is a person who can be shown something and asked about it. */
export function isAnswered(terminal: Terminal): boolean {
  return terminal.out.isTTY && isAsked(terminal);
}

/** Whether there is a person who sees a question, which goes to stderr, and can answer it. */
export function isAsked({ in: input, err, asksNobody }: Terminal): boolean {
  return input.isTTY && err.isTTY && asksNobody !== true;
}

type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal only; `NO_COLOR` and `FORCE_COLOR` are respected. */
export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.isPlain === true ? text : styleText(style, text, { stream: terminal.out, validateStream: true });
}

export function printLine(terminal: Terminal, text: string): void {
  terminal.out.write(`${harmless(text)}\n`);
}

/** A whole text as it stands, such as a page or a report. */
export function printPage(terminal: Terminal, text: string): void {
  terminal.out.write(harmless(text));
}

/** Says something beside the answer. */
export function printNote(terminal: Terminal, text: string): void {
  if (terminal.isQuiet === true) return;
  terminal.err.write(`${harmless(text)}\n`);
}

/** JSON as people read it, for a terminal or a file. */
export function printPrettyJson(terminal: Terminal, value: unknown): void {
  printLine(terminal, visibleJson(JSON.stringify(value, null, 2)));
}

/** One object with `schema` and `ok`, as every `--json` prints. */
export function printJson(terminal: Terminal, schema: string, body: object): void {
  printLine(terminal, jsonText({ schema: `mcp-gateway/${schema}/v1`, ok: true, ...body }));
}

/** One line of JSON in which nothing is that a terminal would obey; its value is the same. */
export function jsonText(value: object): string {
  return visibleJson(JSON.stringify(value));
}

/**
 * Columns two spaces apart, as wide as their widest cell; what has no room on a terminal goes on below.
 * Control characters are removed: much of what is shown was written by others.
 */
export function printTable(terminal: Terminal, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const width = terminal.out.isTTY ? terminal.out.columns : Number.POSITIVE_INFINITY;
  const lines = tableLines(
    header,
    rows.map((row) => row.map(visible)),
    width,
  );
  printLine(terminal, paint(terminal, 'dim', lines.head));
  for (const line of lines.rows) printLine(terminal, line);
}

/**
 * Rows under one label: all columns but the last as wide as their widest cell, the last one broken between words under
 * itself. Numbers stand to the right.
 */
export function printAligned(terminal: Terminal, label: string, rows: readonly (readonly string[])[]): void {
  const cells = rows.map((row) => row.map(visible));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  for (const [index, row] of cells.entries()) {
    const fixed = row.slice(0, -1).map((cell, column) => {
      const width = widths[column] ?? 0;
      return NUMBER.test(cell) ? cell.padStart(width) : cell.padEnd(width);
    });
    const start = fixed.map((cell) => `${cell}  `).join('');
    const lines = wrap(row.at(-1) ?? '', Math.max(textWidth(terminal) - start.length, 20));
    for (const [line, text] of lines.entries()) {
      const before = line === 0 ? start : ' '.repeat(start.length);
      printLine(terminal, `${labelText(terminal, index + line === 0 ? label : '')}${before}${text}`);
    }
  }
}

const NUMBER = /^[\d.]+( ms)?$/;

/** Lines no wider than the terminal, broken between words; what follows the first is indented under it. */
export function printWrapped(terminal: Terminal, label: string, text: string): void {
  for (const [index, line] of wrap(visible(text), Math.max(textWidth(terminal), 20)).entries()) {
    printLine(terminal, `${labelText(terminal, index === 0 ? label : '')}${line}`);
  }
}

/** The lines of a text that begins behind an indent of so many columns, none wider than the terminal. */
export function linesOf({ out }: Terminal, text: string, indent: number): readonly string[] {
  return wrap(text, Math.max((out.isTTY ? out.columns : Infinity) - indent, 20));
}

const HANGING = 4;

/** One paragraph on stderr: broken between words on a terminal, and one line elsewhere. */
export function printParagraph({ err }: Terminal, start: string, text: string): void {
  const isWrapped = err.isTTY && !text.includes('\n');
  // The start stands as it is, however long the words behind it are.
  const lines = isWrapped ? wrap(`${start.trimEnd()} ${text}`.trimStart(), Math.max(err.columns - HANGING, 20)) : [];
  const [first = '', ...rest] = lines;
  const margin = ' '.repeat(start.length - start.trimStart().length);
  const wrapped = [`${margin}${first}`, ...rest.map((line) => `${' '.repeat(HANGING)}${line}`)];
  err.write(`${(isWrapped ? wrapped : [`${start}${text}`]).join('\n')}\n`);
}

const LABEL_WIDTH = 8;

/** What is left beside the label. */
function textWidth({ out }: Terminal): number {
  return (out.isTTY ? out.columns : Infinity) - LABEL_WIDTH;
}

function labelText(terminal: Terminal, label: string): string {
  return paint(terminal, 'dim', label.padEnd(LABEL_WIDTH));
}

/** Text from elsewhere without control characters and without characters that reorder or hide what is shown. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Bold, dim, red, green, yellow, cyan and their ends, as `paint` writes them; black on black would hide a text. */
const OWN_STYLE = /^\[(?:[12]|22|3[12369])m$/;
const UNSAFE = /\p{Cc}\[\d{1,2}m|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const ESCAPE = '\u001b';

/** What is left out by nobody is left out here: all that a terminal obeys, but for ends of lines, tabs and our own colours. */
function harmless(text: string): string {
  return text.replaceAll(UNSAFE, (found) => (isOurs(found) ? found : ' '));
}

function isOurs(found: string): boolean {
  return found === '\n' || found === '\t' || (found.startsWith(ESCAPE) && OWN_STYLE.test(found.slice(1)));
}
