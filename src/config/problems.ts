import type { Place, SourceFile, TreePath } from './tree.ts';

/** What kinds of problem there are, for scripts and for searching. */
export type ProblemCode =
  | 'E_SYNTAX'
  | 'E_DUPLICATE_KEY'
  | 'E_TOO_LARGE'
  | 'E_FILE'
  | 'E_ENV_UNSET'
  | 'E_SECRET'
  | 'E_SUBSTITUTION'
  | 'E_VALUE'
  | 'E_NAME'
  | 'E_UNKNOWN_KEY'
  | 'E_NOT_BUILT'
  | 'E_CONFLICT'
  | 'E_UNSAFE_BINDING'
  | 'W_UNKNOWN_SERVER'
  | 'W_WITHOUT_EFFECT'
  | 'N_BEYOND_PARENT';

export interface Problem {
  readonly code: ProblemCode;
  /** Where in the configuration, such as `policies.org.2.layer`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly help?: string;
  readonly place: Place;
}

/** A problem that a check has found in the values; its place is looked up by its path. */
export interface Complaint {
  readonly code: ProblemCode;
  readonly path: TreePath;
  readonly message: string;
  readonly help: string;
  /** Whether the key is at fault rather than its value. */
  readonly isAboutKey?: boolean;
}

/** What is wrong, what is doubtful, and what holds and should be known: a note keeps nobody from anything. */
export type Severity = 'error' | 'warning' | 'note';

const FRAME_WIDTH = 160;
const MASK = '•';

/**
 * Problems as people read them: sorted, each with `file:line:column`, the line it is about and what helps; at the end
 * how many. The values in `secrets` are masked wherever they would be shown.
 */
export function renderProblems(problems: readonly Problem[], secrets: readonly string[] = []): string {
  const sorted = problems.toSorted(byPlace);
  const files = [...new Set(sorted.map((problem) => problem.place.file.name))];
  return `${sorted.map((problem) => render(problem, secrets)).join('\n\n')}\n\n${countOf(sorted)} in ${files.join(', ')}`;
}

export function pathText(path: TreePath): string {
  return path.map(String).join('.');
}

/** Line and column, both from 1. */
function positionOf(place: Place): { readonly line: number; readonly column: number } {
  const before = place.file.text.slice(0, place.start);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

/** `name:line:column`. */
export function positionText(place: Place): string {
  const { line, column } = positionOf(place);
  return `${place.file.name}:${line}:${column}`;
}

function byPlace(left: Problem, right: Problem): number {
  return (
    compare(left.place.file.name, right.place.file.name) ||
    left.place.start - right.place.start ||
    compare(left.message, right.message)
  );
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function render(problem: Problem, secrets: readonly string[]): string {
  const where = problem.path === '' ? '' : `${problem.path}: `;
  const head = `${positionText(problem.place)} ${severityOf(problem)} ${problem.code} ${where}${problem.message}`;
  return masked(visible([head, ...frameOf(problem)].join('\n')), secrets);
}

export function severityOf({ code }: Problem): Severity {
  if (code.startsWith('W_')) return 'warning';
  return code.startsWith('N_') ? 'note' : 'error';
}

function frameOf(problem: Problem): readonly string[] {
  const { line, column } = positionOf(problem.place);
  const gutter = ' '.repeat(String(line).length + 3);
  const help = problem.help === undefined ? [] : [`${gutter}= help: ${problem.help}`];
  const source = lineAt(problem.place.file, line);
  if (source === '') return help;
  const from = Math.max(0, column - 1 - FRAME_WIDTH / 2);
  const shown = source.slice(from, from + FRAME_WIDTH);
  const length = Math.max(1, Math.min(problem.place.end - problem.place.start, from + shown.length - column + 1));
  const marks = ' '.repeat(column - 1 - from) + '^'.repeat(length);
  return [`${gutter}|`, `  ${line} | ${shown}`, `${gutter}| ${marks}`, ...help];
}

function lineAt(file: SourceFile, line: number): string {
  return (file.text.split('\n')[line - 1] ?? '').replace(/\r$/, '');
}

/** A file may hold characters that move a terminal's cursor or hide text. */
function visible(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(/[^\P{C}\n]/gu, '\u{fffd}');
}

function masked(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, MASK.repeat(secret.length)), text);
}

function countOf(problems: readonly Problem[]): string {
  const counts = (['error', 'warning', 'note'] as const).map((severity) =>
    numbered(problems.filter((problem) => severityOf(problem) === severity).length, severity),
  );
  return counts.filter((count) => count !== '').join(' and ');
}

function numbered(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
