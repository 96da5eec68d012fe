import { afterAll, expect, test } from 'vitest';
import type { BundleInspection } from '../../src/core/rego.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle, line } from './a-bundle.ts';

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

async function inspected(policy: string): Promise<BundleInspection> {
  const result = await toolchain.inspect({ bundle: aBundle({ policy }), library: {} });
  if (result.kind === 'refused') throw new Error(result.problems.map(line).join('\n'));
  return result.inspection;
}

test('an annotation is told with its id, its place and all its custom members', async () => {
  const { annotations } = await inspected(`# METADATA
# title: No
# description: Never.
# custom:
#   id: A-1
#   remediation: Ask {who}.
#   alternatives: [read_file]
deny contains {"id": "A-1"} if input.x`);
  expect(annotations).toEqual([
    {
      id: 'A-1',
      scope: 'rule',
      path: 'app.deny',
      title: 'No',
      description: 'Never.',
      custom: { id: 'A-1', remediation: 'Ask {who}.', alternatives: ['read_file'] },
      file: 'policy.rego',
      row: 3,
      column: 1,
    },
  ]);
});

/** What a rule may look like, the ids that are known of it, and whether one stays unknown. */
const IDS: readonly (readonly [form: string, rule: string, ids: readonly string[], hasUnknownId: boolean])[] = [
  ['an object', 'deny contains {"id": "A", "k": input.x}', ['A'], false],
  ['a variable of the body', 'deny contains e if { e := {"id": "A"} }', ['A'], false],
  ['a union', 'deny contains object.union({"id": "A"}, {"k": 1})', ['A'], false],
  ['a union whose right side wins', 'deny contains object.union({"id": "A"}, {"id": "B"})', ['B'], false],
  ['the annotations', '# METADATA\n# custom: {id: A}\ndeny contains rego.metadata.rule().custom', ['A'], false],
  [
    'the annotations and more',
    '# METADATA\n# custom: {id: A}\ndeny contains object.union(rego.metadata.rule().custom, {"k": input.x})',
    ['A'],
    false,
  ],
  ['a computed id', 'deny contains {"id": input.x}', [], true],
  ['a computed element', 'deny contains e if some e in data.app.config.elements', [], true],
  ['a computed member name', 'deny contains {input.k: "A"}', [], true],
  ['no id', 'deny contains {"reason": "r"}', [], false],
];

test.each(IDS)('the id is read from %s', async (...row) => {
  const [, rule, ids, hasUnknownId] = row;
  const { rules } = await inspected(rule);
  expect(rules).toMatchObject([{ path: 'app.deny', ruleSet: 'deny', kind: 'set', ids, hasUnknownId }]);
});

test('a rule outside the rule sets has no ids, and it is told whether anything needs it', async () => {
  const { rules } = await inspected(
    'deny contains {"id": "A"} if used(1)\nused(x) if x > 0\nalows contains {"id": "B"} if input.y\nm.a := 1',
  );
  expect(rules).toMatchObject([
    { path: 'app.deny', row: 3, isReached: true, ids: ['A'] },
    { path: 'app.used', row: 4, ruleSet: '', kind: 'function', isReached: true, ids: [] },
    { path: 'app.alows', row: 5, ruleSet: '', kind: 'set', isReached: false, ids: [] },
    { path: 'app.m.a', row: 6, ruleSet: '', kind: 'value', isReached: false },
  ]);
});

test('rules of one id are united, and each rule is told by itself', async () => {
  const { ids, rules, ruleSets, entrypoint } = await inspected(`deny contains {"id": "A"} if input.action.tool == "t"
deny contains {"id": "A"} if h(input.user)
deny contains {"id": "B"} if input.environment.time_ms > 1
allow contains {"id": "C"} if data.app.config.open
h(user) if user.id in data.app.config.users`);
  expect(ids).toMatchObject({
    A: { inputs: ['action.tool', 'user'], dataReads: ['app.config.users'], usesTime: false },
    B: { inputs: ['environment.time_ms'], usesTime: true },
  });
  expect(rules[0]).toMatchObject({ inputs: ['action.tool'], dataReads: [] });
  expect(ruleSets).toMatchObject({ allow: { inputs: [], dataReads: ['app.config.open'] } });
  expect(Object.keys(ruleSets).toSorted()).toEqual(['allow', 'deny']);
  expect(entrypoint).toMatchObject({
    inputs: ['action.tool', 'environment.time_ms', 'user'],
    dataReads: ['app.config.open', 'app.config.users'],
    usesTime: true,
  });
});

test('a bundle that does not pass is not inspected', async () => {
  const result = await toolchain.inspect({ bundle: aBundle({ policy: 'x := data' }), library: {} });
  expect(result).toMatchObject({ kind: 'refused', problems: [{ code: 'bundle_data_reference' }] });
});
