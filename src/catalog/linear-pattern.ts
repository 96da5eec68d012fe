/** An escape, a class, or any one character that is no operator. */
const ATOM =
  /\\[dDwWsS]|\\[\\.\-/^$*+?()[\]{}|]|\[\^?(?:[^\\[\]]|\\[dDwWsS]|\\[\\.\-/^$*+?()[\]{}|])+\]|[^\\^$*+?()[\]{}|]/y;
const QUANTIFIER = /\*|\+|\?|\{(\d+)(,)?(\d+)?\}/y;

/** Steps that a pattern may need in all where it has no repetition without bound, and for each character where it has. */
const MAX_STEPS = 10_000;
const MAX_STEPS_A_CHARACTER = 32;

/**
 * Whether matching takes time in proportion to the text with any engine: anchored at its start, a plain sequence of
 * characters and classes without groups or alternatives, at most one repetition without bound, and little around it.
 * Most patterns in tools are of this kind; the others are matched where they can be stopped.
 */
export function isLinearPattern(pattern: string): boolean {
  if (!pattern.startsWith('^')) return false;
  let [at, unbounded, ways, length] = [1, 0, 1, 1];
  const end = pattern.endsWith('$') && !pattern.endsWith('\\$') ? pattern.length - 1 : pattern.length;
  while (at < end) {
    const afterAtom = endOf(ATOM, pattern, at);
    if (afterAtom === undefined) return false;
    QUANTIFIER.lastIndex = afterAtom;
    const quantifier = QUANTIFIER.exec(pattern);
    const [low, high] = quantifier === null ? [1, 1] : boundsOf(quantifier);
    at = afterAtom + (quantifier?.[0].length ?? 0);
    length += high === Infinity ? low : high;
    if (high === Infinity) unbounded += 1;
    else ways *= Math.max(1, high - low + 1);
  }
  const allowed = unbounded === 0 ? MAX_STEPS : MAX_STEPS_A_CHARACTER;
  return at === end && unbounded <= 1 && ways * length <= allowed;
}

function endOf(part: RegExp, pattern: string, at: number): number | undefined {
  part.lastIndex = at;
  const match = part.exec(pattern);
  return match === null ? undefined : at + match[0].length;
}

/** Fewest and most repetitions. */
function boundsOf([text, low, comma, high]: RegExpExecArray): readonly [number, number] {
  if (text === '?') return [0, 1];
  if (low === undefined) return [text === '+' ? 1 : 0, Infinity];
  if (comma === undefined) return [Number(low), Number(low)];
  return [Number(low), high === undefined ? Infinity : Number(high)];
}
