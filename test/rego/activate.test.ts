import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle, line } from './a-bundle.ts';

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

const POLICY = `package app

# METADATA
# custom: {id: A-1}
deny contains {"id": "A-1"} if input.x > 1
`;

const withTests = (tests: string) =>
  aBundle({ files: { 'policy.rego': POLICY, 'policy_test.rego': `package app_test\n\n${tests}\n` } });

const TESTS = `test_good if data.app.deny != set() with input.x as 2
test_bad if data.app.deny == set() with input.x as 2
test_broken if to_number("a") == 1
todo_test_not_yet if false`;

test('what is examined is what inspecting tells', async () => {
  const request = { bundle: withTests(TESTS), library: {} };
  const examined = await toolchain.activate(request);
  const inspected = await toolchain.inspect(request);
  if (examined.kind === 'refused' || inspected.kind === 'refused') throw new Error('refused');
  expect(examined.inspection).toEqual(inspected.inspection);
});

test('the tests that do not pass are told with their places, and no others', async () => {
  expect(await toolchain.activate({ bundle: withTests(TESTS), library: {} })).toMatchObject({
    failedTests: [
      { name: 'test_bad', file: 'policy_test.rego', row: 4, column: 1 },
      { name: 'test_broken', row: 5, error: { code: 'eval_builtin_error', row: 5, column: 16 } },
    ],
  });
});

test('a bundle without tests has none that fail', async () => {
  expect(await toolchain.activate({ bundle: aBundle(), library: {} })).toMatchObject({
    kind: 'examined',
    failedTests: [],
  });
});

test('a bundle that breaks the contract is refused for what checking it says', async () => {
  const inputSchema = { type: 'object', properties: { y: {} }, additionalProperties: false };
  const request = { bundle: withTests('test_x if true'), library: {}, inputSchema };
  const examined = await toolchain.activate(request);
  const problems = await toolchain.check(request);
  expect(examined).toEqual({ kind: 'refused', problems });
  expect(problems.map(line).join('\n')).toMatch(/^policy\.rego:5:\d+ rego_type_error /);
});
