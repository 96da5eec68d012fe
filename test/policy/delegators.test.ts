import { beforeAll, describe, expect, it } from 'vitest';
import type { Opinion } from '../../src/core/opinion.ts';
import type { Delegator } from '../../src/core/principal.ts';
import { buildPolicySet, type PolicySetOptions } from '../../src/policy/build-policy-set.ts';
import type { Participant } from '../../src/policy/participant.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { silent } from '../state/records.ts';
import { ask, rule, told } from './questions.ts';
import { compilerOf, libraryFiles, smallParticipant } from './shipped-bundles.ts';

let all: Readonly<Record<string, Participant>> = {};
beforeAll(async () => {
  const small = (bundle: Parameters<typeof smallParticipant>[1]) => smallParticipant(toolchain, bundle);
  const bundles = await Promise.all([
    small({ id: 'people', layer: 'identity', rego: rule('deny', 'I-1', 'input.agent.id == "unknown"') }),
    small({ id: 'owners', layer: 'resource', rego: rule('allow', 'R-1', 'true') }),
    small({
      id: 'files',
      layer: 'server',
      place: { kind: 'server', server: 'files' },
      rego: rule('allow', 'S-1', 'true'),
    }),
    small({
      id: 'agent-coder',
      layer: 'identity',
      place: { kind: 'agent', agent: 'coder' },
      rego: rule('deny', 'AG-1', 'input.action.tool == "drop"'),
    }),
  ]);
  all = Object.fromEntries(bundles.map((one) => [one.id, one]));
});

function the(...ids: readonly string[]): readonly Participant[] {
  return ids.flatMap((id) => all[id] ?? []);
}

async function aSet(participants: readonly Participant[], options: Partial<PolicySetOptions> = {}): Promise<PolicySet> {
  return buildPolicySet({
    participants,
    library: libraryFiles(),
    toolchainDigest: toolchain.digest,
    compile: compilerOf(toolchain),
    clock: { now: () => 0, monotonic: () => 0 },
    logger: silent,
    ...options,
  });
}

describe('where the agent asks on behalf of others', () => {
  const lead: Delegator = { id: 'lead', scope: 'research', owner_team: 'web', model: 'big' };
  const boss: Delegator = { id: 'boss', scope: '', owner_team: '', model: '' };
  /** The capabilities quote what each bundle has read. */
  const whoever = `# METADATA\n# title: who asks\n# custom: {id: Q-1}
capabilities contains {"id": "Q-1", "kind": "scope", "value": text} if {
    some text in ["read", concat(".", array.concat([input.agent.id], input.agent.delegated_by)), input.agent.scope]
    text != ""
}`;
  const askedOf = (opinions: readonly Opinion[]) =>
    opinions.map(({ bundle, agent, status }) => [bundle, agent ?? '', status].filter((part) => part !== '').join(' '));

  it('identity is asked of each of them, as if it asked itself', async () => {
    const quoting = await smallParticipant(toolchain, { id: 'quoting', layer: 'identity', rego: whoever });
    const set = await aSet([quoting, ...the('owners', 'files')]);
    const { opinions, input } = ask(set, { agent: 'worker', delegators: [lead, boss] });
    expect(askedOf(opinions)).toEqual(['quoting ok', 'quoting lead ok', 'quoting boss ok', 'files ok', 'owners ok']);
    expect(opinions.map(({ capabilities }) => capabilities.map(({ value }) => value).toSorted())).toEqual([
      [TOTAL_INPUT.agent.scope, 'read', 'worker.lead.boss'],
      ['lead.boss', 'read', 'research'],
      ['boss', 'read'],
      [],
      [],
    ]);
    expect(input.identity).toEqual({ capabilities: { scope: ['read'] } });
    expect(input.agent.id).toBe('worker');
  });

  it('what refuses one of them refuses the agent', async () => {
    const set = await aSet(the('people', 'owners', 'files'));
    const { opinions, delegators } = ask(set, { delegators: [{ ...boss, id: 'unknown' }] });
    expect(told(opinions)).toEqual(['people ok', 'people ok I-1', 'files skipped', 'owners skipped']);
    expect(delegators).toEqual([{ ...boss, id: 'unknown' }]);
  });

  it('an agent’s own bundle bounds those who ask on its behalf, and nobody else', async () => {
    const set = await aSet(the('people', 'agent-coder'));
    const coder = { ...boss, id: 'coder' };
    const ofWorker = ask(set, { agent: 'worker', tool: 'drop', delegators: [coder] });
    expect(told(ofWorker.opinions)).toEqual(['people ok', 'agent-coder ok AG-1', 'people ok']);
    expect(told(ask(set, { agent: 'worker', tool: 'drop' }).opinions)).toEqual(['people ok']);
  });

  it('a list is bounded as the call is, and knows nothing of it', async () => {
    const set = await aSet(the('people', 'agent-coder'));
    const coder = { ...boss, id: 'coder' };
    const list = ask(set, { action: 'tool_list', agent: 'worker', delegators: [coder] });
    expect(askedOf(list.opinions)).toEqual(['people ok', 'agent-coder coder ok', 'people coder ok']);
    expect(list.input).toMatchObject({ action: { args: {} }, agent: { id: 'worker' } });
  });

  it('what governs the results of one of them governs those of the agent', async () => {
    const [coder] = the('agent-coder');
    const ofResults = await smallParticipant(toolchain, {
      id: 'agent-lead',
      layer: 'identity',
      place: { kind: 'agent', agent: 'lead' },
      rego: rule('deny', 'LD-1', 'true'),
      gateway: { governs: ['tool_result'] },
    });
    const set = await aSet([ofResults, ...(coder === undefined ? [] : [coder])]);
    const question = { server: 'files', agent: 'worker', tool: 'read' };
    expect(set.governsResults({ ...question, delegators: [lead] })).toBe(true);
    expect(set.governsResults({ ...question, delegators: [{ ...boss, id: 'coder' }] })).toBe(false);
    expect(set.governsResults(question)).toBe(false);
    const { opinions } = ask(set, { action: 'tool_result', agent: 'worker', delegators: [lead] });
    expect(told(opinions)).toEqual(['agent-lead ok LD-1']);
  });

  it('the budgets that its bundles read are those of its own and of the identity of each of them', async () => {
    const window = { kind: 'calendar', unit: 'day' };
    const counter = { name: 'daily', unit: 'calls', key: ['user.id'], window, limit: 10 };
    const small = (id: string, layer: 'identity' | 'workflow', agents: readonly string[]) =>
      smallParticipant(toolchain, {
        id,
        layer,
        place: { kind: 'organisation', scope: { servers: ['*'], agents, tools: ['*'] } },
        rego: rule('deny', 'D-1', 'input.budgets.daily.used > 9'),
        gateway: { counters: [counter] },
      });
    const participants = [
      await small('own', 'workflow', ['worker']),
      await small('of-lead', 'identity', ['lead']),
      await small('pace-of-lead', 'workflow', ['lead']),
    ];
    const set = await aSet(participants);
    const names = (delegators?: readonly Delegator[]) =>
      set
        .countersRead({ action: 'tool_call', server: 'files', agent: 'worker', tool: 'read', delegators })
        .map(({ fullName }) => fullName);
    expect(names()).toEqual(['own/daily']);
    expect(names([lead, boss])).toEqual(['of-lead/daily', 'own/daily']);
  });

  it('all is done with the fuel of one decision', async () => {
    const set = await aSet(the('people'), { evaluationFuel: 1_000 });
    const [alone] = ask(set).opinions;
    const scarce = await aSet(the('people'), { evaluationFuel: alone?.fuel ?? 0 });
    const { opinions } = ask(scarce, { delegators: [lead, boss] });
    expect(opinions.map(({ status }) => status)).toEqual(['timeout', 'ok', 'ok']);
  });

  it('the modes of their bundles are told with those of its own', async () => {
    const set = await aSet([
      ...the('agent-coder').map((one) => ({ ...one, mode: 'shadow' as const })),
      ...the('people'),
    ]);
    expect(ask(set, { agent: 'worker', delegators: [{ ...boss, id: 'coder' }] }).modes).toEqual({
      'agent-coder': 'shadow',
    });
  });
});
