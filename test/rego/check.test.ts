import { afterAll, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle, line } from './a-bundle.ts';

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

/** Rego below `package app`, from line 3 on, and what is wrong with it. */
const REFUSED: readonly (readonly [law: string, policy: string, problem: RegExp])[] = [
  [
    'a syntax error has its place',
    'deny contains {',
    /^policy.rego:4:1 rego_parse_error unexpected eof token: expected/,
  ],
  ['a rule of Rego v0 is refused', 'deny[x] { x := 1 }', /3:1 rego_parse_error .*keyword is required/],
  ['Rego v2 is refused', 'import rego.v2', /3:8 rego_parse_error .*rego\.v2/],
  ['a keyword from after Rego v1 is refused', 'import future.keywords.not', /3:8 rego_parse_error/],
  ['an unused variable is refused', 'x := 1 if y := 2', /3:11 rego_compile_error assigned var y unused/],
  ['an unknown function is refused', 'x if nothing(1)', /3:6 rego_type_error undefined function nothing/],
  ['a rule that depends on itself is refused', 'x if not x', /3:1 rego_recursion_error/],
  ['a rule cannot depend on the decision through a variable', 'x := data.app[input.k].a', /3:1 rego_recursion_error/],

  ["another root's data is refused", 'x := data.other.y', /3:6 bundle_data_reference data\.other\.y lies outside/],
  ['data by a variable is refused', 'x := data[input.k].y', /3:6 bundle_data_reference .*must be a constant/],
  ['data as a whole is refused', 'x := count(data)', /3:12 bundle_data_reference data as a whole/],
  ['data as a whole by another name is refused', 'import data as d\nx := d.other', /3:1 bundle_data_reference/],
  ["an import of another root's data is refused", 'import data.other as o\nx := o.y', /3:1 bundle_data_reference/],
  ["replacing another root's data is refused", 'x if input.y with data.other as 1', /3:19 bundle_data_reference/],
  ["another root's data inside a reference is refused", 'x := data.app.m[data.other.y]', /3:17 bundle_data_reference/],
  ["another root's data inside a text is refused", 'x := $"{data.other.y}"', /3:9 bundle_data_reference/],
  [
    "another root's data inside a comprehension is refused",
    'x := [y | y := data.other[_]]',
    /3:16 bundle_data_reference/,
  ],
  ["another root's data in the head of a rule is refused", 'm[data.other.y] := 1', /3:3 bundle_data_reference/],
  ['another version of the library is refused', 'x := data.gateway.v2.y', /3:6 bundle_data_reference/],

  ['a rule with a reserved name is refused', 'gateway_x := 1', /3:1 bundle_reserved_name/],
  ['a rule set that is a value is refused', 'deny := true', /3:1 bundle_rule_set deny must be a set/],
  ['a rule set that is an object is refused', 'deny["x"] := 1 if input.y', /3:1 bundle_rule_set/],
  ['a rule set with a name below it is refused', 'allow.x contains 1', /3:1 bundle_rule_set/],
  ['a rule set that is a function is refused', 'permit(x) := x', /3:1 bundle_rule_set/],
  ['a rule set with a default is refused', 'default hide := false', /3:1 bundle_rule_set/],

  [
    'the network is refused',
    'x := http.send({"method": "get", "url": "u"})',
    /3:6 bundle_builtin .*http\.send is refused/,
  ],
  ['chance is refused', 'x := rand.intn("a", 9)', /3:6 bundle_builtin .*rand\.intn is refused/],
  [
    'a built-in that the runtime lacks is named',
    'x := yaml.marshal(1)',
    /3:6 bundle_builtin .*yaml\.marshal is not admitted/,
  ],
  ['a built-in is found inside a function', 'f(t) := io.jwt.decode(t)', /3:9 bundle_builtin .*io\.jwt\.decode is not/],
  [
    'a built-in cannot come in as a replacement',
    'x if f(1) with f as trace\nf(_) := true',
    /bundle_builtin .*trace is refused/,
  ],
  [
    'the chain of annotations is refused',
    'x := rego.metadata.chain()',
    /3:6 bundle_builtin .*rego\.metadata\.chain is refused/,
  ],

  [
    'hiding by an argument is refused',
    'hide contains {"id": "A"} if input.action.args.x',
    /3:1 bundle_hide_dependency .*action\.args/,
  ],
  [
    'hiding by a helper is followed',
    'hide contains {"id": "A"} if h\n\nh if { false } else if input.budgets.b',
    /3:1 bundle_hide_dependency .*budgets/,
  ],
  [
    'hiding by the whole action is refused',
    'hide contains {"id": "A"} if { a := input.action; a.tool == "t" }',
    /bundle_hide_dependency/,
  ],
  [
    'hiding by a computed field is refused',
    'hide contains {"id": "A"} if input[input.x]',
    /3:1 bundle_hide_dependency .*input as a whole/,
  ],
  [
    'hiding by the clock is refused',
    'hide contains {"id": "A"} if time.now_ns() > 1',
    /3:1 bundle_hide_dependency .*the time/,
  ],
  [
    'hiding by the time of the input is refused',
    'hide contains {"id": "A"} if input.environment.weekday == "Sunday"',
    /bundle_hide_dependency/,
  ],
];

test.each(REFUSED)('%s', async (_, policy, problem) => {
  const problems = await toolchain.check({ bundle: aBundle({ policy }), library: {} });
  expect(problems.map(line).join('\n')).toMatch(problem);
});

const ACCEPTED: readonly (readonly [law: string, policy: string])[] = [
  ['the bundle may read its own data by a variable', 'x := data.app.config[input.k]'],
  ['the bundle may read the library', 'x := data.gateway.v1.twice(2)'],
  ['the bundle may import the library', 'import data.gateway.v1\nx := v1.twice(2)'],
  ['`import rego.v1` says what is true anyway', 'import rego.v1\nx := 1'],
  ['print is for tests and stays', 'x if print(input.y)'],
  ['a rule may have the name of a built-in that the runtime lacks', 'json.verify_schema := 1'],
  ['a function may shadow a built-in', 'upper(x) := x\ny := upper("a")'],
  ['the clock can be read by other rules than hide', 'deny contains {"id": "A"} if time.now_ns() > 1'],
  [
    'hiding by agent and tool is right',
    'hide contains {"id": "A"} if { input.agent.id == "a"; input.action.tool == "t" }',
  ],
];

test.each(ACCEPTED)('%s', async (_, policy) => {
  const library = { 'twice.rego': 'package gateway.v1\n\ntwice(x) := x * 2\n' };
  expect((await toolchain.check({ bundle: aBundle({ policy }), library })).map(line)).toEqual([]);
});

const ROOTS: readonly (readonly [root: string, problem: RegExp])[] = [
  ['gateway', /the root "gateway" is reserved/],
  ['system', /the root "system" is reserved/],
  ['import', /the root "import" is reserved/],
  ['App', /must match/],
  ['a-b', /must match/],
];

test.each(ROOTS)('the root %s is refused', async (root, problem) => {
  const problems = await toolchain.check({ bundle: aBundle({ root, files: {} }), library: {} });
  expect(problems.map(line).join('\n')).toMatch(problem);
});

const FILES: readonly (readonly [law: string, files: Record<string, string>, problem: RegExp])[] = [
  [
    'a package outside the root is refused',
    { 'a.rego': 'package other\nx := 1' },
    /^a.rego:1:1 bundle_root package other/,
  ],
  [
    'a package named like a rule set is refused',
    { 'a.rego': 'package app.deny\nx := 1' },
    /^a.rego:1:1 bundle_rule_set/,
  ],
  [
    'a package with a reserved name is refused',
    { 'a.rego': 'package app.gateway_x\ny := 1' },
    /^a.rego:1:1 bundle_reserved_name/,
  ],
  ['an empty file is refused', { 'a.rego': '# nothing\n' }, /^a.rego:1:1 rego_parse_error empty module/],
  [
    'a test in the policy package is refused',
    { 'a_test.rego': 'package app\ntest_x if true' },
    /^a_test.rego:1:1 bundle_test/,
  ],
  [
    'a test package in another file is refused',
    { 'a.rego': 'package app_test\ntest_x if true' },
    /^a.rego:1:1 bundle_test/,
  ],
  [
    'a test may not use the network either',
    { 'a_test.rego': 'package app_test\ntest_x if http.send({})' },
    /^a_test.rego:2:11 bundle_builtin/,
  ],
];

test.each(FILES)('%s', async (_, files, problem) => {
  const problems = await toolchain.check({ bundle: aBundle({ files }), library: {} });
  expect(problems.map(line).join('\n')).toMatch(problem);
});

test('tests may read any data and call what the runtime lacks', async () => {
  const text = 'package app_test\ntest_x if { data.other; yaml.is_valid("a") }';
  expect(await toolchain.check({ bundle: aBundle({ files: { 'a_test.rego': text } }), library: {} })).toEqual([]);
});

const DATA: readonly (readonly [law: string, data: Record<string, unknown>, problem: RegExp])[] = [
  [
    "data at a rule's path is refused",
    { app: { deny: [] } },
    /^policy.rego:3:1 bundle_data data\.app\.deny is in the way/,
  ],
  [
    "data below a rule's path is refused",
    { app: { table: { x: { y: 1 } } } },
    /^policy.rego:4:1 bundle_data data\.app\.table\.x /,
  ],
  [
    "data that contains a rule's path is refused",
    { app: { table: 1 } },
    /^policy.rego:4:1 bundle_data data\.app\.table /,
  ],
  ['data outside the root is refused', { app: {}, other: 1 }, /bundle_data data\.other lies outside/],
  ['data that is no object is refused', { app: 1 }, /^policy.rego:3:1 bundle_data data\.app /],
  [
    'data with a reserved name is refused',
    { app: { gateway_decision_v1: {} } },
    /bundle_reserved_name data\.app\.gateway_decision_v1/,
  ],
];

test.each(DATA)('%s', async (_, data, problem) => {
  const policy = 'deny contains {"id": "A"}\ntable.x := 1';
  const problems = await toolchain.check({ bundle: aBundle({ policy, data }), library: {} });
  expect(problems.map(line).join('\n')).toMatch(problem);
});

test('data beside the rules is fine', async () => {
  const data = { app: { config: { deny: [1] } } };
  expect(await toolchain.check({ bundle: aBundle({ data }), library: {} })).toEqual([]);
});

test('problems of all files come together, in their order', async () => {
  const files = {
    'b.rego': 'package b\nx := 1',
    'a.rego': 'package a\n\ny := data.z.u',
    'c.rego': 'package app\nv := data',
  };
  const problems = await toolchain.check({ bundle: aBundle({ files }), library: {} });
  expect(problems.map((problem) => `${problem.file}:${problem.row}:${problem.column}`)).toEqual([
    'a.rego:1:1',
    'a.rego:3:6',
    'b.rego:1:1',
    'c.rego:2:6',
  ]);
});

const inputSchema = {
  type: 'object',
  properties: {
    action: {
      type: 'object',
      properties: { tool: { type: 'string' }, args: { type: 'object', additionalProperties: true } },
    },
  },
  additionalProperties: false,
};

test('with a schema a field that can never exist is refused', async () => {
  const bundle = aBundle({ policy: 'deny contains {"id": "A"} if input.actoin.tool == "x"' });
  const problems = await toolchain.check({ bundle, library: {}, inputSchema });
  expect(problems.map(line).join('\n')).toMatch(/3:30 rego_type_error undefined ref: input\.actoin\.tool/);
});

test('with a schema arguments stay open', async () => {
  const bundle = aBundle({ policy: 'deny contains {"id": "A"} if input.action.args.anything.at.all == 1' });
  expect(await toolchain.check({ bundle, library: {}, inputSchema })).toEqual([]);
});

test('what is admitted can be narrowed', async () => {
  const bundle = aBundle({ policy: 'x := semver.is_valid(input.v)' });
  const problems = await toolchain.check({ bundle, library: {}, builtins: ['sprintf'] });
  expect(problems.map(line).join('\n')).toMatch(/semver\.is_valid is not admitted/);
});

test('what is refused cannot be admitted', async () => {
  const bundle = aBundle({ policy: 'x := opa.runtime()' });
  const problems = await toolchain.check({ bundle, library: {}, builtins: ['opa.runtime'] });
  expect(problems.map(line).join('\n')).toMatch(/opa\.runtime is refused/);
});
