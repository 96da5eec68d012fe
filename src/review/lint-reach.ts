import type { LintRule } from './lint-rule.ts';

export const UNREACHED_RULE: LintRule = {
  code: 'lint_unreached_rule',
  severity: 'warning',
  about:
    'A rule on which no rule set depends: it decides nothing. A rule set with a wrong letter in its name looks like this.',
  find: ({ inspection }) => {
    const seen = new Set<string>();
    return inspection.rules.flatMap(({ isReached, ruleSet, path, file, row, column }) => {
      if (isReached || ruleSet !== '' || seen.has(path)) return [];
      seen.add(path);
      return [{ message: `${path} decides nothing: no rule set depends on it`, file, row, column }];
    });
  },
};
