import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Opinion } from '../../src/core/opinion.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { RegoReads } from '../../src/core/rego.ts';
import { buildPolicySet } from '../../src/policy/build-policy-set.ts';
import { cacheFor } from '../../src/policy/opinion-cache.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { compilerOf, libraryFiles, shippedParticipants } from './shipped-bundles.ts';

let build: () => Promise<PolicySet>;

beforeAll(async () => {
  const participants = await shippedParticipants(toolchain);
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const compile = compilerOf(toolchain);
  const modules = new Map<string, ReturnType<typeof compile>>();
  build = () =>
    buildPolicySet({
      participants,
      library: libraryFiles(),
      toolchainDigest: toolchain.digest,
      compile: (bundles) => {
        const key = bundles.map(({ id }) => id).join();
        const module = modules.get(key) ?? compile(bundles);
        modules.set(key, module);
        return module;
      },
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      logger: silent,
    });
});
test('a bundle is asked once for all calls that look the same to it', async () => {
  const set = await build();
  expect(cachedIn(set, aCall('read_file', { path: 'a' }))).toEqual([]);
  const again = cachedIn(set, aCall('read_file', { path: 'b' }));
  expect(again).toContain('identity');
  expect(cachedIn(set, aCall('list_branches', {}))).toContain('identity');
  const stranger = { ...aCall('read_file', { path: 'a' }), agent: { ...TOTAL_INPUT.agent, id: 'stranger' } };
  expect(cachedIn(set, stranger)).not.toContain('identity');
});

test('what is kept is what the bundle would say again, fuel included', async () => {
  const [warm, cold] = [await build(), await build()];
  const input = fc.record({
    agent: fc.constantFrom('coding-assistant', 'night-batch', 'stranger'),
    tool: fc.constantFrom('read_file', 'commit_file', 'delete_branch', 'merge_pull_request'),
    effect: fc.constantFrom('read' as const, 'write' as const, 'destroy' as const, 'unknown' as const),
    groups: fc.subarray(['engineering', 'maintainers']),
    branch: fc.constantFrom('main', 'fix/x'),
  });
  fc.assert(
    fc.property(input, ({ agent, tool, effect, groups, branch }) => {
      const call = aCall(tool, { repository: 'website', branch, path: 'a', content: 'b', message: 'c', number: 1 });
      const asked = {
        ...call,
        agent: { ...call.agent, id: agent },
        user: { ...call.user, groups },
        action: { ...call.action, effect },
      };
      opinionsOf(warm, asked);
      const kept = opinionsOf(warm, asked).map(timeless);
      expect(kept).toEqual(opinionsOf(cold, asked).map(timeless));
    }),
    { numRuns: 150 },
  );
});

const READS: RegoReads = { inputs: ['agent.id'], dataReads: [], requiresBuiltins: [], usesTime: false };

test.for([
  { name: 'the agent', reads: READS, isKept: true },
  { name: 'nothing', reads: { ...READS, inputs: [] }, isKept: true },
  { name: 'the whole input', reads: { ...READS, inputs: [''] }, isKept: false },
  { name: 'the whole action', reads: { ...READS, inputs: ['action'] }, isKept: false },
  { name: 'one argument', reads: { ...READS, inputs: ['action.args.path'] }, isKept: false },
  { name: 'a counter of the conversation', reads: { ...READS, inputs: ['context.calls_in_a_row'] }, isKept: false },
  { name: 'a budget', reads: { ...READS, inputs: ['budgets.weekly.ratio'] }, isKept: false },
  { name: 'a claim', reads: { ...READS, inputs: ['claims.model'] }, isKept: false },
  { name: 'the weekday', reads: { ...READS, inputs: ['environment.weekday'] }, isKept: false },
  { name: 'the region', reads: { ...READS, inputs: ['environment.region'] }, isKept: true },
  { name: 'the clock', reads: { ...READS, usesTime: true }, isKept: false },
])('the opinion of a bundle that reads $name is kept: $isKept', ({ reads, isKept }) => {
  expect(cacheFor(reads) !== undefined).toBe(isKept);
});

test('calls look the same to a bundle only where all that it reads is equal', () => {
  const cache = cacheFor({ ...READS, inputs: ['agent.id', 'agent.scope', 'user.groups', 'server.region'] });
  const text = fc.constantFrom('', '1', '1:', '"', '\n', 'a', 'aa');
  const facts = fc.record({ id: text, scope: text, groups: fc.array(text, { maxLength: 2 }), region: text });
  const keyOf = ({ id, scope, groups, region }: { id: string; scope: string; groups: string[]; region: string }) =>
    cache?.keyOf({
      ...TOTAL_INPUT,
      agent: { ...TOTAL_INPUT.agent, id, scope },
      user: { ...TOTAL_INPUT.user, groups },
      server: { ...TOTAL_INPUT.server, region },
    });
  fc.assert(
    fc.property(facts, facts, (left, right) => {
      expect(keyOf(left) === keyOf(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
    }),
    { numRuns: 1000 },
  );
});

test('what is long, such as the text of a result, is not kept to tell calls apart', () => {
  const cache = cacheFor({ ...READS, inputs: ['action.type', 'action.result.text'] });
  const said = (text: string): PolicyInput => ({
    ...TOTAL_INPUT,
    action: { ...TOTAL_INPUT.action, result: { ...TOTAL_INPUT.action.result, text } },
  });
  expect(cache?.keyOf(said(''))).toMatch(/./);
  expect(cache?.keyOf(said('x'.repeat(65_536)))).toBeUndefined();
});

function aCall(tool: string, args: Readonly<Record<string, unknown>>): PolicyInput {
  return {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: 'coding-assistant' },
    server: { ...TOTAL_INPUT.server, id: 'code-host' },
    action: { ...TOTAL_INPUT.action, type: 'tool_call', tool, effect: 'read', args },
  };
}

function opinionsOf(set: PolicySet, input: PolicyInput): readonly Opinion[] {
  const { agent, server, action } = input;
  return set.evaluate({ action: 'tool_call', server: server.id, tool: action.tool, agent: agent.id, input }).opinions;
}

function cachedIn(set: PolicySet, input: PolicyInput): readonly string[] {
  return opinionsOf(set, input).flatMap(({ bundle, cached }) => (cached ? [bundle] : []));
}

function timeless({ us: _us, cached: _cached, ...opinion }: Opinion): Omit<Opinion, 'us' | 'cached'> {
  return opinion;
}
