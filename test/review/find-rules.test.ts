import { expect, test } from 'vitest';
import { findRules, type RuleInForce, wordsIn } from '../../src/review/find-rules.ts';
import { regoOf } from '../../src/review/rule-text.ts';
import { aRuleInForce } from './rules.ts';

const EXPORT = aRuleInForce('law/CO-101', {
  layer: 'compliance',
  rule: { title: 'Personal data is not exported', owner: 'dpo' },
  data: ['customer_pii'],
});
const MERGE = aRuleInForce('code/CODE-201', {
  layer: 'server',
  rule: { title: 'Branches are protected', remedy: 'open_a_pull_request' },
});
const LIMIT = aRuleInForce('pace/WF-1', {
  layer: 'workflow',
  rule: { title: 'Only so many exports a day', control: 'ISO-27001-A.8' },
});
const ALL = [LIMIT, EXPORT, MERGE];

function named(rules: readonly RuleInForce[]): readonly string[] {
  return rules.map(({ name }) => name);
}

test.each([
  ['a word of the title', 'personal', ['law/CO-101']],
  ['a word in the plural', 'branch', ['code/CODE-201']],
  ['the beginning of a word', 'export', ['pace/WF-1', 'law/CO-101']],
  ['another case, other marks', 'CUSTOMER data', ['law/CO-101']],
  ['what an admin calls the data that the rule reads', 'customer_pii', ['law/CO-101']],
  ['a control', 'ISO 27001', ['pace/WF-1']],
  ['an id', 'CODE-201', ['code/CODE-201']],
  ['an owner', 'dpo', ['law/CO-101']],
  ['a layer', 'workflow', ['pace/WF-1']],
  ['what to do instead', 'pull request', ['code/CODE-201']],
])('a rule is found by %s', (_, term, names) => {
  const { match, rules } = findRules(ALL, term);
  expect(match).toBe('all');
  expect(named(rules)).toEqual(names);
});

test('where no rule has every word, those with some of them are told as such', () => {
  expect(findRules(ALL, 'protected hamsters')).toEqual({ match: 'some', rules: [MERGE] });
});

test('a term of which no rule speaks finds none, and neither does one without a word', () => {
  expect(findRules(ALL, 'hamsters')).toEqual({ match: 'none', rules: [] });
  expect(findRules(ALL, '  … ')).toEqual({ match: 'none', rules: [] });
  expect(wordsIn(ALL)).toContain('personal');
});

const FILE = `package code

# METADATA
# title: One line
# custom: {id: A}
deny contains {"id": "A"} if input.x

# METADATA
# custom: {id: B}
deny contains {
	"id": "B",
} if {
	input.y
}

other := 1
`;

test.each([
  ['a rule in one line', 3, ['deny contains {"id": "A"} if input.x']],
  ['a rule with a head over several lines', 8, ['deny contains {', '\t"id": "B",', '} if {', '\tinput.y', '}']],
  ['nothing where the file ends', 90, []],
])('behind an annotation stands %s', (_, row, lines) => {
  expect(regoOf(FILE, row)).toEqual(lines);
});
