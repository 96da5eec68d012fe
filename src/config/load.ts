import { GatewayError } from '../core/errors.ts';
import { check } from './check.ts';
import { findConfig, type FindOptions } from './find.ts';
import { absolutePaths, type Config, type PathOptions } from './paths.ts';
import { renderProblems, type Problem, type Severity, severityOf } from './problems.ts';
import { readTrees, type ReadOptions } from './read-trees.ts';
import { secretsIn } from './secrets.ts';
import { writtenCommands } from './written-commands.ts';

/** The environment also gives the values of `${VAR}`. */
export type LoadOptions = FindOptions & PathOptions & Pick<ReadOptions, 'readSecret'>;

export interface LoadedConfig {
  readonly config: Config;
  /** Absolute path of the file. */
  readonly path: string;
  /** That file and all it includes, absolute, for watching. */
  readonly files: readonly string[];
  /** SHA-256 of each server's command line or address as it is written, by server. */
  readonly commands: Readonly<Record<string, string>>;
  /** Values that must never be shown, the longest first. */
  readonly secrets: readonly string[];
  /** What is doubtful but no error, as text for people; empty where nothing is. */
  readonly warnings: string;
  /** What holds and is good to know, as text for whoever asks for it; empty where nothing is. */
  readonly notes: string;
}

/**
 * The configuration, found, read, checked and with every path absolute.
 * Throws `CONFIG_NOT_FOUND`, or `CONFIG_INVALID` with all problems of all files as its message.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const path = findConfig(options);
  const trees = readTrees(path, options);
  if (trees.root === undefined) throw invalid(trees.problems, []);
  const secrets = secretsIn(trees.root);
  const checked = check(trees.root);
  const problems = [...trees.problems, ...checked.problems];
  if (checked.kind === 'bad' || problems.some(isError)) throw invalid(problems, secrets);
  return {
    config: absolutePaths(checked.config, checked.root, options),
    path,
    files: trees.files,
    commands: writtenCommands(checked.root),
    secrets,
    warnings: textOf('warning', problems, secrets),
    notes: textOf('note', problems, secrets),
  };
}

function isError(problem: Problem): boolean {
  return severityOf(problem) === 'error';
}

function textOf(severity: Severity, problems: readonly Problem[], secrets: readonly string[]): string {
  const meant = problems.filter((problem) => severityOf(problem) === severity);
  return meant.length === 0 ? '' : renderProblems(meant, secrets);
}

function invalid(problems: readonly Problem[], secrets: readonly string[]): GatewayError {
  return new GatewayError('CONFIG_INVALID', renderProblems(problems, secrets));
}
