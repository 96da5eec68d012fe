import { GatewayError } from '../core/errors.ts';
import type { RegoProblem } from '../core/rego.ts';

/** Everything that is wrong with a bundle, at once, each thing with its place. */
export function invalidBundle(bundle: string, source: string, problems: readonly RegoProblem[]): GatewayError {
  const lines = problems.toSorted(byPlace).map((problem) => `\n  ${describeProblem(problem)}`);
  return new GatewayError('BUNDLE_INVALID', `bundle ${bundle} (${source}) cannot be used:${lines.join('')}`, {
    mend: `Correct what is named, then run: mcp-gateway bundle check ${source}`,
  });
}

/** `policy.rego:3:5: message`, or without the parts that are not known. */
function describeProblem({ file, row, column, message }: RegoProblem): string {
  if (file === '') return message;
  return row === 0 ? `${file}: ${message}` : `${file}:${row}:${column}: ${message}`;
}

/** A problem of a file as a whole, or of the bundle where `file` is empty. */
export function problemOf(bundle: string, code: string, [file, message]: readonly [string, string]): RegoProblem {
  return { bundle, code, message, file, row: 0, column: 0 };
}

function byPlace(left: RegoProblem, right: RegoProblem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.row - right.row || left.column - right.column;
}
