import type { Rule } from '../../src/policy/annotation.ts';

/** As little as a rule can be. */
export function aRule(id: string, part: Partial<Rule> = {}): Rule {
  return {
    id,
    title: '',
    description: '',
    remediation: '',
    remedy: '',
    alternatives: [],
    retry: 'never',
    appealPath: '',
    owner: '',
    control: '',
    liftable: true,
    reads: [],
    file: 'policy.rego',
    row: 1,
    ...part,
  };
}
