import { GatewayError } from '../core/errors.ts';
import type { RegoProblem } from '../core/rego.ts';

/** BUNDLE_INVALID, with the problems themselves for whoever shows them otherwise. */
export class InvalidBundle extends GatewayError {
  /** Sorted by place. */
  readonly problems: readonly RegoProblem[];

  constructor(message: string, mend: string, problems: readonly RegoProblem[]) {
    super('BUNDLE_INVALID', message, { mend });
    this.name = 'InvalidBundle';
    this.problems = problems;
  }
}

/** Everything that is wrong with a bundle, at once, each thing with its place. */
export function invalidBundle(bundle: string, source: string, problems: readonly RegoProblem[]): InvalidBundle {
  const sorted = problems.toSorted(byPlace);
  const lines = sorted.map((problem) => `\n  ${describeProblem(problem)}`);
  const mend = `${problems.some(isOldRego) ? OLD_REGO : 'Correct what is named'}, then run: mcp-gateway bundle check ${source}`;
  return new InvalidBundle(`bundle ${bundle} (${source}) cannot be used:${lines.join('')}`, mend, sorted);
}

/** What OPA says where Rego v1 has a word that v0 had not. */
function isOldRego({ code, message }: RegoProblem): boolean {
  return code === 'rego_parse_error' && /`(?:if|contains)` keyword is required/.test(message);
}

const OLD_REGO =
  'This is Rego v0, and gateways read Rego v1. Write `if` before the body of a rule and `contains` before the element of a ' +
  'set, `allow contains {…} if {…}`, and leave `import future.keywords` out; plain OPA does it for a whole folder with ' +
  '`opa fmt --write --v0-v1`';

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
