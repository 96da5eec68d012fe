import { type Finding, sortFindings } from './finding.ts';
import { NO_DESCRIPTION, NO_OWNER, NO_REMEDIATION, UNKNOWN_PARAMETER } from './lint-annotations.ts';
import { NEGATED_ARGUMENT, TEXT_OF_ARGUMENT, UNCHECKED_ARGUMENT } from './lint-arguments.ts';
import { UNUSED_DATA } from './lint-data.ts';
import { FAILING_BUILTIN } from './lint-failing.ts';
import { EMPTY_FIELD, IMPOSSIBLE_VALUE, NEVER_ABSENT, UNGOVERNED, UNKNOWN_TOOL } from './lint-never.ts';
import { BAD_PATTERN, PATTERN_IN_LOOP } from './lint-patterns.ts';
import { UNREACHED_RULE } from './lint-reach.ts';
import type { LintRule } from './lint-rule.ts';
import type { LintSubject } from './lint-subject.ts';
import { UNKNOWN_FIELD } from './lint-unknown-field.ts';
import { PRODUCT, WHOLE_WALK } from './lint-work.ts';

/** All that the lint looks for, in the order of the documentation. */
export const LINT_RULES: readonly LintRule[] = [
  BAD_PATTERN,
  UNKNOWN_FIELD,
  NO_REMEDIATION,
  UNKNOWN_PARAMETER,
  UNCHECKED_ARGUMENT,
  FAILING_BUILTIN,
  IMPOSSIBLE_VALUE,
  UNGOVERNED,
  EMPTY_FIELD,
  NEVER_ABSENT,
  UNKNOWN_TOOL,
  UNREACHED_RULE,
  UNUSED_DATA,
  WHOLE_WALK,
  PRODUCT,
  PATTERN_IN_LOOP,
  NO_OWNER,
  NO_DESCRIPTION,
  TEXT_OF_ARGUMENT,
  NEGATED_ARGUMENT,
];

/**
 * What an author should look at in a bundle that compiles, sorted by place. A comment `# lint-ignore: <code>` on the line of
 * a finding, or on the one above it, takes it out.
 */
export function lint(subject: LintSubject): readonly Finding[] {
  const all = LINT_RULES.flatMap(({ code, severity, find }) =>
    find(subject).map((found) => ({ code, severity, ...found })),
  );
  const seen = new Set<string>();
  const kept = all.filter((finding) => {
    const key = JSON.stringify(finding);
    if (seen.has(key) || isIgnored(finding, subject)) return false;
    seen.add(key);
    return true;
  });
  return sortFindings(kept);
}

function isIgnored({ code, file, row }: Finding, { bundle }: LintSubject): boolean {
  const lines = (bundle.modules[file] ?? '').split('\n');
  return [lines[row - 1], lines[row - 2]].some((line) => {
    const [, codes = ''] = /#\s*lint-ignore:([\w\s,]+)/.exec(line ?? '') ?? [];
    return codes.split(/[\s,]+/).includes(code);
  });
}
