import type { CharacterTest } from './regex-class.ts';

/** An expression in RE2's syntax, taken apart. Source: Go's `regexp/syntax`. */
export type Regex =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'assertion'; readonly holds: Assertion }
  | { readonly kind: 'group'; readonly index: number; readonly inner: Regex }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  | {
      readonly kind: 'repeat';
      readonly inner: Regex;
      readonly least: number;
      readonly most: number;
      readonly isGreedy: boolean;
    };

export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge';

/** How often the innermost part stands there once all counts are written out. */
export function repeatsOf(regex: Regex): number {
  if (regex.kind === 'repeat') {
    const count = regex.most === Infinity ? regex.least : regex.most;
    return Math.max(count, 1) * repeatsOf(regex.inner);
  }
  if (regex.kind === 'group') return repeatsOf(regex.inner);
  if (regex.kind === 'sequence') return Math.max(1, ...regex.parts.map(repeatsOf));
  if (regex.kind === 'choice') return Math.max(1, ...regex.options.map(repeatsOf));
  return 1;
}
