import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle } from './a-bundle.ts';

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

const POLICY = `package app

# METADATA
# custom: {id: A-1}
deny contains {"id": "A-1"} if input.x in data.app.config.xs

allow contains {"id": "A-2"} if {
	input.x > 1
	input.y
}
`;

function bundleWith(tests: string) {
  const files = { 'policy.rego': POLICY, 'policy_test.rego': `package app_test\n\n${tests}\n` };
  return aBundle({ files, data: { app: { config: { xs: [1, 2] } } } });
}

test('each test is told with its outcome, its place and what it printed', async () => {
  const result = await toolchain.test({
    bundle: bundleWith(`test_good if { print("x is", 1); data.app.deny == {{"id": "A-1"}} with input.x as 1 }
test_bad if data.app.deny == set() with input.x as 1
test_broken if to_number("a") == 1
todo_test_not_yet if false
test_cases[name] if { some name, x in {"one": 1, "nine": 9}; count(data.app.deny) == 1 with input.x as x }`),
    library: {},
  });
  expect(result).toMatchObject({
    kind: 'tested',
    tests: [
      { name: 'test_good', outcome: 'pass', output: 'x is 1\n', file: 'policy_test.rego', row: 3, column: 1 },
      { name: 'test_bad', outcome: 'fail', row: 4, package: 'app_test' },
      { name: 'test_broken', outcome: 'error', row: 5, error: { code: 'eval_builtin_error', row: 5, column: 16 } },
      { name: 'todo_test_not_yet', outcome: 'skip', row: 6 },
      { name: 'test_cases', outcome: 'fail', row: 7, failedCases: ['nine'] },
    ],
  });
});

test('coverage is told by line and by rule, for the policy alone', async () => {
  const bundle = bundleWith('test_x if data.app.deny != set() with input.x as 2');
  const result = await toolchain.test({ bundle, library: { 'v1/f.rego': 'package gateway.v1\n\nf := 1\n' } });
  expect(result).toMatchObject({
    coverage: {
      files: { 'policy.rego': { covered: [5], notCovered: [7, 8, 9] } },
      percent: 25,
      rules: [
        { path: 'app.deny', ids: ['A-1'], fired: true, row: 5 },
        { path: 'app.allow', ids: ['A-2'], fired: false, row: 7 },
      ],
    },
  });
  expect(result.kind === 'tested' && Object.keys(result.coverage.files)).toEqual(['policy.rego']);
});

test('a rule whose last condition never held has not fired though its line ran', async () => {
  const result = await toolchain.test({
    bundle: bundleWith('test_x if data.app.deny == set() with input.x as 9'),
    library: {},
  });
  expect(result).toMatchObject({ coverage: { rules: [{ path: 'app.deny', fired: false }, {}] } });
});

test('a filter runs the tests whose names match', async () => {
  const bundle = bundleWith('test_one if true\ntest_two if true');
  const result = await toolchain.test({ bundle, library: {}, filter: 'two' });
  expect(result).toMatchObject({ tests: [{ name: 'test_two', outcome: 'pass' }] });
});

test('the library is tested by a bundle of tests alone', async () => {
  const files = { 'f_test.rego': 'package app_test\n\ntest_f if data.gateway.v1.f(1) == 2\n' };
  const library = { 'v1/f.rego': 'package gateway.v1\n\nf(x) := x + 1\n\ng := 1\n' };
  const result = await toolchain.test({ bundle: aBundle({ files }), library });
  expect(result).toMatchObject({
    tests: [{ name: 'test_f', outcome: 'pass' }],
    coverage: { files: { 'library:v1/f.rego': { covered: [3], notCovered: [5] } }, percent: 50 },
  });
});

test('a bundle that does not pass is not tested', async () => {
  const result = await toolchain.test({ bundle: bundleWith('test_x if nothing(1)'), library: {} });
  expect(result).toMatchObject({ kind: 'refused', problems: [{ file: 'policy_test.rego', row: 3 }] });
});

test('formatting is that of OPA, and names what it changed', async () => {
  const result = await toolchain.format({
    'a.rego': 'package a\nx  :=   1',
    'b.rego': 'package b\n\ny := 1\n',
    'c.rego': 'package c\nz = := 1',
  });
  expect(result).toMatchObject({
    files: { 'a.rego': 'package a\n\nx := 1\n', 'b.rego': 'package b\n\ny := 1\n' },
    changed: ['a.rego'],
    problems: [{ file: 'c.rego', row: 2, column: 5 }],
  });
});
