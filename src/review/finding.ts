/** How bad a finding is: an error keeps a bundle from being used or packed, a note is shown where it is asked for. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing about a bundle that its author should look at. */
export interface Finding {
  /** Stable: `rego_*` is OPA's, `bundle_*` the contract's, `lint_*` the lint's. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Path in the bundle; empty for the bundle as a whole. */
  readonly file: string;
  /** From 1; 0 where there is no place in the file. */
  readonly row: number;
  readonly column: number;
}

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** By file and place, so that a person can work through them and two runs print the same. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (left, right) =>
      compareText(left.file, right.file) ||
      left.row - right.row ||
      left.column - right.column ||
      ORDER[left.severity] - ORDER[right.severity] ||
      compareText(left.message, right.message),
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
