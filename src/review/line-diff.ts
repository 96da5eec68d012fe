/** Lines of context around a change. */
const CONTEXT = 3;

type Step = { readonly kind: ' ' | '-' | '+'; readonly text: string };

/** What makes the second text of the first, in the unified format; empty where they are one. */
export function lineDiff(before: string, after: string, file: string): string {
  if (before === after) return '';
  const steps = stepsBetween(linesOf(before), linesOf(after));
  const hunks = hunksOf(steps).map(({ from, until }) => hunkText(steps, from, until));
  return [`--- ${file}`, `+++ ${file}`, ...hunks].join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** What both begin and end with is put aside first: of files that are formatted little is left between. */
function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const shorter = Math.min(before.length, after.length) - start;
  while (end < shorter && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const same = (lines: readonly string[]): readonly Step[] => lines.map((text) => ({ kind: ' ', text }));
  return [
    ...same(before.slice(0, start)),
    ...changedSteps(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(before.slice(before.length - end)),
  ];
}

/** By the longest common part, as far as that is worth its table. */
function changedSteps(before: readonly string[], after: readonly string[]): readonly Step[] {
  const removed = before.map((text): Step => ({ kind: '-', text }));
  const added = after.map((text): Step => ({ kind: '+', text }));
  if (before.length * after.length > 4_000_000) return [...removed, ...added];
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (left: number, right: number): number => longest[left * width + right] ?? 0;
  for (let left = before.length - 1; left >= 0; left -= 1) {
    for (let right = after.length - 1; right >= 0; right -= 1) {
      longest[left * width + right] =
        before[left] === after[right]
          ? at(left + 1, right + 1) + 1
          : Math.max(at(left + 1, right), at(left, right + 1));
    }
  }
  const steps: Step[] = [];
  let [left, right] = [0, 0];
  while (left < before.length && right < after.length) {
    if (before[left] === after[right]) {
      steps.push({ kind: ' ', text: before[left] ?? '' });
      left += 1;
      right += 1;
    } else if (at(left + 1, right) >= at(left, right + 1)) {
      steps.push({ kind: '-', text: before[left] ?? '' });
      left += 1;
    } else {
      steps.push({ kind: '+', text: after[right] ?? '' });
      right += 1;
    }
  }
  return [...steps, ...removed.slice(left), ...added.slice(right)];
}

interface Hunk {
  readonly from: number;
  readonly until: number;
}

/** Changes that are near to one another stand in one hunk. */
function hunksOf(steps: readonly Step[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  for (const [index, { kind }] of steps.entries()) {
    if (kind === ' ') continue;
    const [from, until] = [Math.max(0, index - CONTEXT), Math.min(steps.length, index + CONTEXT + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && from <= last.until) hunks[hunks.length - 1] = { from: last.from, until };
    else hunks.push({ from, until });
  }
  return hunks;
}

function hunkText(steps: readonly Step[], from: number, until: number): string {
  const count = (part: readonly Step[], left: '-' | '+'): number =>
    part.filter(({ kind }) => kind === ' ' || kind === left).length;
  const [ahead, own] = [steps.slice(0, from), steps.slice(from, until)];
  const place = (side: '-' | '+'): string => `${side}${count(ahead, side) + 1},${count(own, side)}`;
  return [`@@ ${place('-')} ${place('+')} @@`, ...own.map(({ kind, text }) => `${kind}${text}`)].join('\n');
}
