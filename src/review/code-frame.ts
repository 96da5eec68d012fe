/** A place in a text, from 1. */
export interface FramePlace {
  readonly row: number;
  readonly column: number;
}

/** The line of a place and a mark below it; no lines where the text does not have the place. Tabs are four wide. */
export function codeFrame(text: string, { row, column }: FramePlace): readonly string[] {
  const line = text.split('\n')[row - 1];
  if (row < 1 || line === undefined) return [];
  const gutter = `${row}`;
  const before = spread(line.slice(0, Math.max(0, column - 1)));
  const shown = spread(line).trimEnd();
  const from = Math.max(0, before.length - MOST_BEFORE);
  const mark = ' '.repeat(before.length - from);
  return [
    `  ${gutter} | ${from > 0 ? '…' : ''}${shown.slice(from, from + MOST_WIDTH)}`,
    `  ${' '.repeat(gutter.length)} | ${from > 0 ? ' ' : ''}${mark}^`,
  ];
}

/** A long line is shown around the place. */
const MOST_BEFORE = 80;
const MOST_WIDTH = 140;

function spread(text: string): string {
  return text.replaceAll('\t', '    ').replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
}
