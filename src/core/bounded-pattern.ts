/** An escape, a class, or any one character that is no operator. */
const ATOM =
  /\\[bBdDwWsS]|\\[\\.\-/^$*+?()[\]{}|]|\[\^?(?:[^\\[\]]|\\[dDwWsS]|\\[\\.\-/^$*+?()[\]{}|])+\]|[^\\^$*+?()[\]{}|]/y;
const QUANTIFIER = /\?|\{(\d+)(?:,(\d+))?\}/y;

/** Steps that a pattern may need from one place in a text. */
const MAX_STEPS = 200;

export type BoundedPattern =
  | { readonly kind: 'bounded'; readonly pattern: RegExp }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * A pattern that may be searched for anywhere in a long text that others wrote: alternatives of plain sequences of
 * characters and classes, each repeated a bounded number of times, without groups. From no place does it look further
 * than a fixed number of steps, so its time grows with the text and not beyond, whichever engine runs it.
 */
export function boundedPattern(source: string): BoundedPattern {
  let steps = 0;
  for (const alternative of alternativesOf(source)) {
    const read = readSequence(alternative);
    if (read.kind === 'refused') return read;
    steps += read.steps;
  }
  if (steps > MAX_STEPS) return { kind: 'refused', why: 'it can go too many ways; repeat less, or less variably' };
  try {
    return { kind: 'bounded', pattern: new RegExp(source, 'g') };
  } catch {
    return { kind: 'refused', why: 'it is no regular expression' };
  }
}

/** Split at each `|` that is an operator. */
function alternativesOf(source: string): readonly string[] {
  const alternatives: string[] = [];
  let [start, at, isInClass] = [0, 0, false];
  for (; at < source.length; at += 1) {
    const character = source[at];
    if (character === '\\') at += 1;
    else if (character === '[') isInClass = true;
    else if (character === ']') isInClass = false;
    else if (character === '|' && !isInClass) {
      alternatives.push(source.slice(start, at));
      start = at + 1;
    }
  }
  return [...alternatives, source.slice(start)];
}

type Sequence = { readonly kind: 'read'; readonly steps: number } | Extract<BoundedPattern, { kind: 'refused' }>;

function readSequence(sequence: string): Sequence {
  let [at, ways, length, least] = [0, 1, 0, 0];
  while (at < sequence.length) {
    const afterAtom = endOf(ATOM, sequence, at);
    if (afterAtom === undefined) return { kind: 'refused', why: whyNot(sequence[at] ?? '') };
    const isEdge = /^\\[bB]$/.test(sequence.slice(at, afterAtom));
    QUANTIFIER.lastIndex = afterAtom;
    const quantifier = QUANTIFIER.exec(sequence);
    const [low, high] = quantifier === null ? [1, 1] : boundsOf(quantifier);
    if (low > high) return { kind: 'refused', why: 'it is no regular expression' };
    at = afterAtom + (quantifier?.[0].length ?? 0);
    if (!isEdge) least += low;
    length += high;
    ways *= high - low + 1;
  }
  return least === 0 ? { kind: 'refused', why: 'it fits nothing at all' } : { kind: 'read', steps: ways * length };
}

function whyNot(operator: string): string {
  if (operator === '*' || operator === '+') return 'it repeats without end; write a most, such as {1,64}';
  if (operator === '(' || operator === ')') return 'it has groups; write alternatives side by side';
  if (operator === '^' || operator === '$') return 'it is tied to the start or the end; use \\b';
  return `it has ${operator} where that cannot stand`;
}

function endOf(part: RegExp, text: string, at: number): number | undefined {
  part.lastIndex = at;
  const match = part.exec(text);
  return match === null ? undefined : at + match[0].length;
}

/** Fewest and most repetitions. */
function boundsOf([text, low, high]: RegExpExecArray): readonly [number, number] {
  if (text === '?') return [0, 1];
  return [Number(low), Number(high ?? low)];
}
