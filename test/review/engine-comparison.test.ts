import { beforeAll, expect, test } from 'vitest';
import { readLibrary } from '../../src/app/bundles.ts';
import type { BundleInspection } from '../../src/core/rego.ts';
import { compareEngines, type ComparisonRequest } from '../../src/review/engine-comparison.ts';
import { toolchain } from '../shared-toolchain.ts';

const POLICY = `package app

deny contains {"id": "A-1", "reason": "late", "at": time.now_ns()} if {
	time.now_ns() > data.app.config.until
	is_named
}

deny contains {"id": "A-2", "reason": "sum"} if sum([number | some number in numbers.range(1, 300)]) == input.n

hide contains {"id": "A-3", "reason": "hidden"} if input.action.tool in data.app.config.hidden

is_named if input.action.tool != ""

twice(x) := x * 2
`;

const TESTS = `package app_test

import data.app

call := {"action": {"tool": "a"}, "n": 1, "server": {"id": "s"}}

test_late if count(app.deny) == 1 with input as call with time.now_ns as 2000 with data.app.config.until as 1000

test_early if app.deny == set() with input as call with time.now_ns as 500

test_hidden if app.hide == {{"id": "A-3", "reason": "hidden"}} with input as call with data.app.config as {"hidden": ["a"]}

test_plain_rule if app.is_named with input as {"action": {"tool": "b"}, "server": {"id": "s"}}

test_function if app.twice(2) == 4

test_that_prints_what_it_likes if {
	print("mcp-gateway listens", "to this")
	app.is_named with input as {"action": {"tool": "b"}, "server": {"id": "s"}}
}
`;

const source = {
  id: 'app',
  root: 'app',
  files: { 'policy.rego': POLICY, 'policy_test.rego': TESTS },
  data: { app: { config: { until: 1_000, hidden: [] } } },
};
const library = readLibrary();
let inspection: BundleInspection;
beforeAll(async () => {
  const inspected = await toolchain.inspect({ bundle: source, library });
  if (inspected.kind === 'refused') throw new Error(JSON.stringify(inspected.problems));
  inspection = inspected.inspection;
});

function request(more: Partial<ComparisonRequest> = {}): ComparisonRequest {
  return { source, library, inspection, monotonic: () => 0, ...more };
}

test('both engines are asked with the input, the data and the time that each test sets', async () => {
  expect(await compareEngines(request(), toolchain)).toEqual({
    compared: 5,
    differences: [],
    notCompared: ['app_test.test_function'],
  });
});

test('an engine that comes to no end is a difference, with what each says', async () => {
  const { compared, differences } = await compareEngines(request({ fuel: 500, filter: 'test_late' }), toolchain);
  expect(compared).toBe(1);
  expect(differences).toMatchObject([
    { tests: ['app_test.test_late'], gateway: 'no answer: it used up its fuel of 500' },
  ]);
  expect(differences[0]?.opa).toContain('{"at":2000,"id":"A-1","reason":"late"}');
});
