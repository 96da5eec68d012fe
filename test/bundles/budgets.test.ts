import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { checkBundle } from '../../src/app/bundles.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import { chargesOf } from '../../src/policy/charges.ts';
import { DeclaredCounter } from '../../src/policy/counter-schema.ts';
import { makeBundle, toSource } from '../../src/policy/bundle.ts';
import { buildPolicySet } from '../../src/policy/build-policy-set.ts';
import { buildRuleBook } from '../../src/policy/rule-book.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { aCombineFacts } from '../policy/decision-makers.ts';
import { compilerOf, EVERYWHERE, libraryFiles } from '../policy/shipped-bundles.ts';
import { silent } from '../state/records.ts';
import { inputSchema, readLibrary } from './shipped.ts';

const page = readFileSync('docs/budgets.md', 'utf8');
const library = readLibrary();
const bundle = makeBundle('workflow', { source: 'docs/budgets.md', files: exampleFiles() });

let policy: PolicySet;
beforeAll(async () => {
  const inspected = await toolchain.inspect({ bundle: toSource(bundle), library });
  if (inspected.kind === 'refused') throw new Error(JSON.stringify(inspected.problems));
  const { annotations, rules } = inspected.inspection;
  const read = annotations.map((one) => ({ ...one, custom: JSON.parse(JSON.stringify(one.custom)) }));
  const book = buildRuleBook({ bundle: 'workflow', layer: 'workflow', annotations: read, rules });
  const place = { kind: 'organisation', scope: EVERYWHERE } as const;
  const loaded = { bundle, rules: book.rules };
  policy = await buildPolicySet({
    participants: [{ id: 'workflow', layer: 'workflow', place, mode: 'enforce', ruleModes: {}, loaded }],
    library: libraryFiles(),
    toolchainDigest: toolchain.digest,
    compile: compilerOf(toolchain),
    clock: { now: () => 0, monotonic: () => 0 },
    logger: silent,
  });
});

test('the example keeps the contract of bundles, and every rule of it comes true in its tests', async () => {
  const source = toSource(bundle);
  expect(await toolchain.check({ bundle: source, library, inputSchema: inputSchema() })).toEqual([]);
  const tested = await toolchain.test({ bundle: source, library });
  if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
  expect(tested.tests.map(({ outcome }) => outcome)).toEqual(['pass', 'pass']);
  expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
});

test.for<readonly [string, string, Record<string, unknown>, readonly string[]]>([
  ['code-host', 'merge', {}, ['weekly_cost 0.5 of 20']],
  ['code-host', 'search_web', {}, ['weekly_cost 0.05 of 20']],
  ['code-host', 'read_file', {}, ['weekly_cost 0.01 of 20']],
  ['warehouse', 'export_table', { size: 'large' }, ['exports 3 of 5', 'weekly_cost 0.01 of 20']],
])('as the page says, %s.%s %j is charged %j', ([server, tool, args, expected]) => {
  const charges = charged(inputOf({ server, tool, args, used: 0 }));
  expect(charges.map(({ counter, cost, limit }) => `${counter.split('/')[1]} ${cost} of ${limit}`)).toEqual(expected);
});

test('as the page says, the rules read the budget that the gateway puts there', () => {
  const warned = ask(inputOf({ server: 'code-host', tool: 'merge', args: {}, used: 16 }));
  expect(warned.opinions[0]?.obligations).toContainEqual(
    expect.objectContaining({ type: 'warn', text: '16 of 20 EUR of this week are used.' }),
  );
  const denied = ask(inputOf({ server: 'code-host', tool: 'merge', args: {}, used: 20 }));
  expect(denied.opinions[0]?.deny).toMatchObject([{ id: 'EX-201', params: { until: '2026-03-08T23:00:00.000Z' } }]);
});

test('a rule that reads a budget which no counter declares keeps its bundle from being used', async () => {
  const files = new Map(exampleFiles());
  files.set('.manifest', Buffer.from(JSON.stringify({ roots: ['example'], metadata: { gateway: NO_COUNTERS } })));
  const shipped = makeBundle('workflow', { source: 'docs/budgets.md', files });
  const found = { shipped, configured: Promise.resolve(shipped) };
  const checked = checkBundle(found, { toolchain, library, validate: () => [] });
  await expect(checked).rejects.toThrow(
    'its rules read input.budgets.weekly_cost, a counter that its manifest does not',
  );
});

const NO_COUNTERS = { contract: 1, layer: 'workflow' };

test('the page names every member of a counter and every kind of window', () => {
  const { shape } = DeclaredCounter;
  for (const member of Object.keys(shape)) expect(page).toMatch(new RegExp(`^\\| \`${member}\` `, 'm'));
  for (const kind of ['calendar', 'fixed', 'sliding', 'session', 'lifetime'])
    expect(page).toContain(`{"kind": "${kind}"`);
});

function blocksOf(label: string): readonly string[] {
  return [...page.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === label ? [text] : [],
  );
}

function exampleFiles(): ReadonlyMap<string, Uint8Array> {
  const rego = blocksOf('rego');
  const isTest = (block: string): boolean => block.startsWith('test_');
  const head = 'package example_test\n\nimport data.example\nimport data.gateway.v1.inputs\n';
  const ids = 'ids(elements) := {element.id | some element in elements}\n';
  const files = {
    '.manifest': blocksOf('json manifest').join(''),
    'data.json': blocksOf('json data').join(''),
    'policy.rego': `package example\n\n${rego.filter((block) => !isTest(block)).join('\n')}`,
    'policy_test.rego': `${head}\n${ids}\n${rego.filter(isTest).join('\n')}`,
  };
  return new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));
}

interface Call {
  readonly server: string;
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly used: number;
}

function inputOf({ server, tool, args, used }: Call): PolicyInput {
  const resets = { remaining: 0, reserved: 0, resets_at: '2026-03-08T23:00:00.000Z' };
  return {
    ...TOTAL_INPUT,
    server: { ...TOTAL_INPUT.server, id: server },
    action: { ...TOTAL_INPUT.action, tool, args },
    budgets: {
      'workflow/weekly_cost': { ...resets, used, limit: 20, ratio: used / 20 },
      'workflow/exports': { ...resets, used: 0, limit: 5, ratio: 0 },
    },
  };
}

function ask(input: PolicyInput): ReturnType<PolicySet['evaluate']> {
  const { server, agent, action } = input;
  return policy.evaluate({ action: 'tool_call', server: server.id, agent: agent.id, tool: action.tool, input });
}

function charged(input: PolicyInput): ReturnType<typeof chargesOf> {
  const { opinions: layers } = ask(input);
  const facts = { action: 'tool_call', server: input.server.id, tool: input.action.tool } as const;
  return chargesOf({ ...facts, layers, combine: aCombineFacts() }, { input, counters: policy.counters });
}
