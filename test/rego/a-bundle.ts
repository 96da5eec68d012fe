import type { BundleSource, RegoProblem } from '../../src/core/rego.ts';

/** A bundle with the root `app` and one file; say only what matters. */
export function aBundle(parts: Partial<BundleSource> & { policy?: string } = {}): BundleSource {
  const { policy = DENY_ALL, ...given } = parts;
  const root = given.root ?? 'app';
  return { id: root, root, files: { 'policy.rego': `package ${root}\n\n${policy}\n` }, data: {}, ...given };
}

const DENY_ALL = 'deny contains {"id": "A-1", "reason": "always"}';

/** A problem in one line, as a person reads it. */
export function line(problem: RegoProblem): string {
  return `${problem.file}:${problem.row}:${problem.column} ${problem.code} ${problem.message}`;
}
