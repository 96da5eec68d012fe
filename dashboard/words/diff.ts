export interface DiffLine {
  readonly kind: 'same' | 'before' | 'after';
  readonly text: string;
}

/** Longer texts than this are shown whole, one after the other: the comparison takes lines × lines. */
const MAX_LINES = 400;

/** Two texts line by line; what both have stands once. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  if (old.length > MAX_LINES || fresh.length > MAX_LINES) return [...all(old, 'before'), ...all(fresh, 'after')];
  const common = commonLengths(old, fresh);
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < old.length && column < fresh.length) {
    if (old[row] === fresh[column]) {
      lines.push({ kind: 'same', text: old[row] ?? '' });
      row += 1;
      column += 1;
    } else if ((common[row + 1]?.[column] ?? 0) >= (common[row]?.[column + 1] ?? 0)) {
      lines.push({ kind: 'before', text: old[row] ?? '' });
      row += 1;
    } else {
      lines.push({ kind: 'after', text: fresh[column] ?? '' });
      column += 1;
    }
  }
  return [...lines, ...all(old.slice(row), 'before'), ...all(fresh.slice(column), 'after')];
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}

function all(lines: readonly string[], kind: DiffLine['kind']): readonly DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}

/** How many lines two rests have in common, by where the rests begin. */
function commonLengths(old: readonly string[], fresh: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: old.length + 1 }, () => Array.from({ length: fresh.length + 1 }, () => 0));
  for (let row = old.length - 1; row >= 0; row -= 1) {
    const [here = [], below = []] = [table[row], table[row + 1]];
    for (let column = fresh.length - 1; column >= 0; column -= 1) {
      here[column] =
        old[row] === fresh[column] ? (below[column + 1] ?? 0) + 1 : Math.max(below[column] ?? 0, here[column + 1] ?? 0);
    }
  }
  return table;
}
