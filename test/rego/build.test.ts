import { createRequire } from 'node:module';
import { afterAll, expect, test } from 'vitest';
import type { BuiltModule, BundleSource } from '../../src/core/rego.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle, line } from './a-bundle.ts';

interface Reference {
  readonly entrypoints: Readonly<Record<string, number>>;
  setData(data: unknown): void;
  evaluate(input: unknown, entrypoint: string): unknown;
}

interface ReferenceEngine {
  loadPolicy(wasm: Uint8Array): Promise<Reference>;
}

// The package is CommonJS and hides its export from an import.
const reference = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as ReferenceEngine;

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

const library = { 'v1/twice.rego': 'package gateway.v1\n\ntwice(x) := x * 2\n' };

async function built(bundles: readonly BundleSource[]): Promise<BuiltModule> {
  const result = await toolchain.build({ bundles, library });
  if (result.kind === 'refused') throw new Error(result.problems.map(line).join('\n'));
  return result.module;
}

/** What the module says, sets sorted as the interpreter sorts them. */
async function decisions(bundles: readonly BundleSource[], input: unknown): Promise<Record<string, unknown>> {
  const module = await built(bundles);
  const policy = await reference.loadPolicy(module.wasm);
  policy.setData({ bundle: Object.fromEntries(bundles.map(({ id, data }) => [id, data])) });
  return Object.fromEntries(
    bundles.map(({ id }) => [id, policy.evaluate(input, module.bundles[id]?.entrypointPath ?? '')]),
  );
}

const EMPTY = { allow: [], capabilities: [], deny: [], hide: [], labels: [], obligations: [], permit: [] };

test('the entrypoint names each rule set and is empty where there is none', async () => {
  const bundle = aBundle({ policy: 'deny contains {"id": "A"} if input.x' });
  expect(await decisions([bundle], { x: true })).toEqual({ app: [{ result: { ...EMPTY, deny: [{ id: 'A' }] } }] });
  expect(await decisions([bundle], {})).toEqual({ app: [{ result: EMPTY }] });
});

test('data at the path of an absent rule set is no decision', async () => {
  const bundle = aBundle({ policy: 'x := 1', data: { app: { allow: [{ id: 'A' }], permit: [{ id: 'B' }] } } });
  expect(await decisions([bundle], {})).toEqual({ app: [{ result: EMPTY }] });
});

test('two bundles with one root see their own rules and data only', async () => {
  const policy = 'deny contains {"id": name} if input.x\nname := data.app.config.name';
  const one = aBundle({ id: 'one', policy, data: { app: { config: { name: '1' } } } });
  const two = aBundle({ id: 'two-2', policy, data: { app: { config: { name: '2' } } } });
  expect(await decisions([one, two], { x: 1 })).toEqual({
    one: [{ result: { ...EMPTY, deny: [{ id: '1' }] } }],
    'two-2': [{ result: { ...EMPTY, deny: [{ id: '2' }] } }],
  });
});

test('entrypoints are in the order of the request and carry the names that the module lists', async () => {
  const module = await built([aBundle({ id: 'z' }), aBundle({ id: 'a' })]);
  const { entrypoints } = await reference.loadPolicy(module.wasm);
  for (const bundle of Object.values(module.bundles)) {
    expect(entrypoints[bundle.entrypointPath]).toBe(bundle.entrypoint);
  }
  expect(module.bundles['z']?.entrypoint).toBe(0);
  expect(module.bundles['a']).toMatchObject({ entrypoint: 1, dataPrefix: ['bundle', 'a'], ruleSets: ['deny'] });
});

/** Every way to name something: what is linked must decide as what was written. */
const EVERYTHING: BundleSource = aBundle({
  id: 'every-thing',
  files: {
    'main.rego': `package app

import data.app.config
import data.app.lists as sub
import data.gateway.v1 as lib
import input.action as act

# METADATA
# custom: {id: E-1, reason: listed}
allow contains object.union(rego.metadata.rule().custom, {"n": lib.twice(config.n)}) if act.tool in sub.tools

deny contains {"id": "E-2", "k": k} if {
	some k, v in data.app.config.limits
	every limit in v { limit < act.size }
}

deny contains {"id": "E-3", "text": $"{data.app.config.name} {level}"} if not data.app.lists.ok[act.tool]

deny contains {"id": "E-4"} if level == "low" with data.app.config.levels as ["low"] with input.action.size as 0

obligations contains {"id": "E-5", "all": [x | x := data.app.config.limits[_][_]], "o": {k: 1 | some k in sub.tools}}

level := data.app.config.levels[act.size] if act.size < 2

else := "none"

default size(_) := -1

size(x) := count(x)

labels contains {"id": "E-6", "size": size(data.app.config[act.field])}
`,
    'lists.rego': `package app.lists

tools contains t if some t in data.app.config.tools

ok[tool] := true if some tool in tools

ok.special if data.app.level == "none"
`,
    'lists_test.rego': 'package app_test\ntest_x if true',
  },
  data: {
    app: { config: { n: 4, name: 'N', tools: ['get', 'put'], levels: ['low', 'high'], limits: { a: [1, 2], b: [9] } } },
  },
});

const INPUTS = [
  { action: { tool: 'get', size: 3, field: 'tools' } },
  { action: { tool: 'rm', size: 1, field: 'limits' } },
  { action: { tool: 'special', size: 10, field: 'absent' } },
  { action: {} },
];

test('what is linked decides in WebAssembly as in the interpreter', async () => {
  const bundles = [EVERYTHING, aBundle({ id: 'other' })];
  const interpreted = await toolchain.evaluate({
    bundles,
    library,
    entrypoint: EVERYTHING.id,
    inputs: INPUTS.map((input) => ({ input })),
  });
  if (interpreted.kind === 'refused') throw new Error(interpreted.problems.map(line).join('\n'));
  for (const [index, input] of INPUTS.entries()) {
    const [decision] = (await decisions(bundles, input))[EVERYTHING.id] as [{ result: unknown }];
    expect(sorted(decision.result)).toEqual(sorted(interpreted.results[index]?.value));
  }
});

test('the interpreter decides on what is linked as the tests saw it written', async () => {
  const [first] = INPUTS;
  const expected = {
    allow: [{ id: 'E-1', reason: 'listed', n: 8 }],
    deny: [{ id: 'E-2', k: 'a' }, { id: 'E-4' }],
    labels: [{ id: 'E-6', size: 2 }],
    obligations: [{ id: 'E-5', all: [1, 2, 9], o: { get: 1, put: 1 } }],
  };
  const result = await toolchain.evaluate({
    bundles: [EVERYTHING],
    library,
    entrypoint: EVERYTHING.id,
    inputs: [{ input: first }],
  });
  expect(result).toEqual({ kind: 'evaluated', results: [{ value: { ...EMPTY, ...expected } }] });
});

test('two builds of the same bundles are the same bytes', async () => {
  const bundles = [EVERYTHING, aBundle({ id: 'other' }), aBundle({ id: 'third', root: 'third' })];
  const first = await built(bundles);
  const again = await built(bundles);
  expect(Buffer.from(again.wasm).equals(first.wasm)).toBe(true);
});

test('tests are not compiled in', async () => {
  const withTests = aBundle({
    files: { 'a.rego': 'package app\nx := 1', 'a_test.rego': 'package app_test\ntest_x if true' },
  });
  const without = aBundle({ files: { 'a.rego': 'package app\nx := 1' } });
  expect(Buffer.from((await built([withTests])).wasm).equals((await built([without])).wasm)).toBe(true);
});

test('a problem names the bundle it is in', async () => {
  const result = await toolchain.build({ bundles: [aBundle(), aBundle({ id: 'bad', policy: 'x := data' })], library });
  expect(result).toMatchObject({ kind: 'refused', problems: [{ bundle: 'bad', file: 'policy.rego', row: 3 }] });
});

test('what a bundle needs and reads is told', async () => {
  const policy = `deny contains {"id": "A"} if { input.agent.id == "a"; semver.is_valid(input.action.args[input.k]); time.now_ns() > 1 }
allow contains {"id": "B"} if helper(input.user.groups)
helper(groups) if data.app.config.owners[_] in groups
unused := input.environment.region`;
  const module = await built([
    aBundle({ policy }),
    aBundle({ id: 'whole', policy: 'deny contains {"id": "A"} if walk(input, [_, "x"])' }),
  ]);
  expect(module.bundles['app']).toMatchObject({
    inputs: ['action.args', 'agent.id', 'k', 'user.groups'],
    dataReads: ['app.config.owners'],
    requiresBuiltins: ['semver.is_valid', 'time.now_ns'],
    usesTime: true,
  });
  expect(module.bundles['whole']).toMatchObject({ inputs: [''], dataReads: [], usesTime: true });
});

test('a built-in that fails is an error of the interpreter, with its place', async () => {
  const bundle = aBundle({ policy: 'deny contains {"id": "A"} if regex.match(input.x, "a")' });
  const inputs = [{ input: { x: '(' } }, { input: { x: 'a' } }];
  const result = await toolchain.evaluate({ bundles: [bundle], library, entrypoint: 'app', inputs });
  expect(result).toMatchObject({
    results: [
      { error: { code: 'eval_builtin_error', file: 'policy.rego', row: 3, column: 30 } },
      { value: { deny: [{ id: 'A' }] } },
    ],
  });
});

test('the interpreter sees the time it is given and big numbers as they are', async () => {
  const bundle = aBundle({ policy: 'deny contains {"id": "A", "now": sprintf("%d", [time.now_ns()])}' });
  const inputs = [{ input: {}, timeNs: '1700000000123456789' }];
  const result = await toolchain.evaluate({ bundles: [bundle], library, entrypoint: 'app', inputs });
  expect(result).toMatchObject({ results: [{ value: { deny: [{ id: 'A', now: '1700000000123456789' }] } }] });
});

test('what a bundle is said not to read makes no difference', async () => {
  const module = await built([EVERYTHING]);
  const { inputs = [] } = module.bundles[EVERYTHING.id] ?? {};
  expect(inputs).toEqual(['action.field', 'action.size', 'action.tool']);
  for (const input of INPUTS) {
    const noisy = { ...input, agent: { id: 'a' }, action: { ...input.action, other: [1] } };
    expect(await decisions([EVERYTHING], noisy)).toEqual(await decisions([EVERYTHING], input));
  }
});

/** Sets come out of WebAssembly unsorted. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
