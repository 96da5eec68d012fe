import type { Rule } from '../../src/policy/annotation.ts';
import type { RuleInForce } from '../../src/review/find-rules.ts';
import { aRule } from '../policy/rules.ts';

type Differing = Partial<Omit<RuleInForce, 'name' | 'bundle' | 'rule'>> & { readonly rule?: Partial<Rule> };

/** A rule by its full name, otherwise as little as a rule can be. */
export function aRuleInForce(name: string, { rule, ...differing }: Differing = {}): RuleInForce {
  const [bundle = '', id = ''] = name.split('/');
  return {
    name,
    bundle,
    layer: 'server',
    mode: 'enforce',
    sets: ['deny'],
    data: [],
    ...differing,
    rule: aRule(id, rule),
  };
}
