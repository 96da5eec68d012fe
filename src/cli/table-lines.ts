/** The lines of a table. */
export interface TableLines {
  readonly head: string;
  readonly rows: readonly string[];
}

/** Columns, as wide as their widest cell, two spaces apart. */
interface Table {
  readonly header: readonly string[];
  readonly cells: readonly (readonly string[])[];
  readonly widths: readonly number[];
}

const GAP = '  ';
const INDENT = '    ';
/** A last column that has less room than this goes on a line of its own. */
const LEAST_LAST = 24;

/**
 * Nothing of a table is left out, however narrow the terminal: where it is too wide, a long last column goes on under itself,
 * and else the columns that have no room follow each row on lines of their own, each value behind the title of its column.
 * Columns that are empty in every row are the first to go.
 */
export function tableLines(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  width: number,
): TableLines {
  const table = tableOf(header, cells);
  const whole = widthOf(table.widths) <= width ? table : filled(table);
  if (widthOf(whole.widths) <= width) {
    return { head: lineOf(whole, whole.header), rows: whole.cells.map((row) => lineOf(whole, row)) };
  }
  return hanging(whole, width) ?? folded(whole, width);
}

function tableOf(header: Table['header'], cells: Table['cells']): Table {
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  return { header, cells, widths };
}

/** Less the columns in which no row has anything. */
function filled({ header, cells }: Table): Table {
  const isKept = (_: string, column: number): boolean => cells.some((row) => !isEmpty(row[column]));
  return tableOf(
    header.filter(isKept),
    cells.map((row) => row.filter(isKept)),
  );
}

function isEmpty(cell: string | undefined): boolean {
  return cell === undefined || cell === '' || cell === '-';
}

/** Undefined where the last column has too little room, or a word in it is longer than that. */
function hanging({ header, cells, widths }: Table, width: number): TableLines | undefined {
  const before = widthOf(widths.slice(0, -1)) + GAP.length;
  const room = width - before;
  const longest = Math.max(0, ...cells.flatMap((row) => (row.at(-1) ?? '').split(' ').map(({ length }) => length)));
  if (header.length < 2 || room < LEAST_LAST || longest > room) return undefined;
  const table = { header, cells, widths: [...widths.slice(0, -1), room] };
  const rows = cells.flatMap((row) => {
    const [first = '', ...rest] = wrap(row.at(-1) ?? '', room);
    return [lineOf(table, [...row.slice(0, -1), first]), ...rest.map((line) => `${' '.repeat(before)}${line}`)];
  });
  return { head: lineOf(table, header), rows };
}

function folded(table: Table, width: number): TableLines {
  const { header, cells, widths } = table;
  const fitting = widths.findLastIndex((_, column) => widthOf(widths.slice(0, column + 1)) <= width) + 1;
  const shown = Math.max(fitting, 1);
  const rows = cells.flatMap((row) => {
    const rest = header.slice(shown).flatMap((title, index) => {
      const value = row[shown + index] ?? '';
      return isEmpty(value) ? [] : [`${title}: ${value}`];
    });
    const lines = joined(rest, width - INDENT.length).map((line) => `${INDENT}${line}`);
    return [lineOf(table, row.slice(0, shown)), ...lines];
  });
  return { head: lineOf(table, header.slice(0, shown)), rows };
}

/** As many on a line as have room, none of them torn apart unless it is too long for a line of its own. */
function joined(parts: readonly string[], width: number): readonly string[] {
  return parts.reduce<readonly string[]>((lines, part) => {
    const last = lines.at(-1);
    const longer = last === undefined ? undefined : `${last}${GAP}${part}`;
    if (longer !== undefined && longer.length <= width) return [...lines.slice(0, -1), longer];
    return [...lines, ...wrap(part, width)];
  }, []);
}

function lineOf({ widths }: Table, row: readonly string[]): string {
  const line = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
  return line.join(GAP).trimEnd();
}

function widthOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(widths.length - 1, 0);
}

/** Lines no wider than this, broken between words. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split(' ').reduce<readonly string[]>((lines, word) => {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    return longer.length <= width ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}
