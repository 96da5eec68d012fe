import { beforeAll, expect, test } from 'vitest';
import type { ActionType } from '../../src/core/action.ts';
import type { Opinion } from '../../src/core/opinion.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import { buildPolicySet } from '../../src/policy/build-policy-set.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { silent } from '../state/records.ts';
import { compilerOf, libraryFiles, smallParticipant } from './shipped-bundles.ts';

const counter = {
  unit: 'calls',
  key: ['agent.id'],
  window: { kind: 'calendar', unit: 'day' },
  limit: 10,
};

/** Says what it sees: a denial for each budget, with its name and what is used of it. */
const SEES = `# METADATA
# title: it sees a budget
# custom: {id: S-1}
deny contains {"id": "S-1", "reason": "seen", "params": {"name": name, "used": budget.used}} if {
  some name, budget in input.budgets
}`;

const BLIND = `# METADATA
# title: it sees no budgets
# custom: {id: B-1}
deny contains {"id": "B-1", "reason": "blind"} if input.action.args.size > 1`;

let set: PolicySet;
beforeAll(async () => {
  const small = (bundle: Parameters<typeof smallParticipant>[1]) => smallParticipant(toolchain, bundle);
  const participants = await Promise.all([
    small({
      id: 'pace',
      layer: 'workflow',
      rego: SEES,
      gateway: {
        counters: [
          { ...counter, name: 'daily', shared: true },
          { ...counter, name: 'own' },
        ],
      },
    }),
    small({ id: 'rules', layer: 'compliance', rego: SEES, gateway: { counters: [{ ...counter, name: 'exports' }] } }),
    small({ id: 'owners', layer: 'resource', rego: BLIND, gateway: { counters: [{ ...counter, name: 'unread' }] } }),
    small({
      id: 'files',
      layer: 'server',
      place: { kind: 'server', server: 'files' },
      rego: SEES,
      gateway: { counters: [{ ...counter, name: 'reads' }] },
    }),
    small({ id: 'agent-coder', layer: 'identity', place: { kind: 'agent', agent: 'coder' }, rego: SEES }),
  ]);
  set = await buildPolicySet({
    participants,
    library: libraryFiles(),
    toolchainDigest: toolchain.digest,
    compile: compilerOf(toolchain),
    clock: { now: () => 0, monotonic: () => 0 },
    logger: silent,
  });
});

const ALL = budgets({ 'files/reads': 1, 'pace/daily': 2, 'pace/own': 3, 'rules/exports': 4 });

test('each bundle reads its own part of the budgets, in one module as in several', () => {
  const { opinions, input } = ask(ALL);
  expect(seen(opinions)).toEqual({
    'agent-coder': [],
    files: ['reads 1'],
    owners: [],
    pace: ['daily 2', 'own 3'],
    rules: ['exports 4', 'pace/daily 2'],
  });
  expect(input.budgets).toEqual({});
});

test('what one call reads is not there for the next', () => {
  ask(ALL);
  expect(
    seen(ask(budgets({ 'files/reads': 7, 'pace/daily': 7, 'pace/own': 7, 'rules/exports': 8 })).opinions),
  ).toMatchObject({
    files: ['reads 7'],
    rules: ['exports 8', 'pace/daily 7'],
  });
});

test('only counters that a bundle in scope reads are looked at', () => {
  const names = (server: string): readonly string[] =>
    set.countersRead({ action: 'tool_call', server, agent: 'coder', tool: 'read' }).map(({ fullName }) => fullName);
  expect(names('files')).toEqual(['files/reads', 'pace/daily', 'pace/own', 'rules/exports']);
  expect(names('mail')).toEqual(['pace/daily', 'pace/own', 'rules/exports']);
});

test('a bundle that reads a budget nobody could read has failed, and no other', () => {
  const { opinions } = ask(budgets({ 'files/reads': 1, 'pace/daily': 2, 'rules/exports': 4 }));
  expect(opinions.map(({ bundle, status }) => `${bundle} ${status}`)).toEqual([
    'agent-coder ok',
    'files ok',
    'owners ok',
    'pace error',
    'rules ok',
  ]);
});

test('lists know no budgets', () => {
  const { opinions } = ask(ALL, 'tool_list');
  expect(new Set(opinions.map(({ status }) => status))).toEqual(new Set(['ok']));
});

function ask(all: PolicyInput['budgets'], action: ActionType = 'tool_call'): ReturnType<PolicySet['evaluate']> {
  const input = {
    ...TOTAL_INPUT,
    agent: { ...TOTAL_INPUT.agent, id: 'coder' },
    action: { ...TOTAL_INPUT.action, type: action, tool: 'read' },
    budgets: all,
  };
  return set.evaluate({ action, server: 'files', agent: 'coder', tool: 'read', input });
}

function seen(opinions: readonly Opinion[]): Readonly<Record<string, readonly string[]>> {
  const told = opinions.map(({ bundle, deny }) => {
    return [bundle, deny.map(({ params }) => `${params['name']} ${params['used']}`).toSorted()] as const;
  });
  return Object.fromEntries(told);
}

function budgets(used: Readonly<Record<string, number>>): PolicyInput['budgets'] {
  const all = Object.entries(used).map(([name, count]) => {
    return [name, { limit: 10, ratio: 0, remaining: 10, reserved: 0, resets_at: '', used: count }] as const;
  });
  return Object.fromEntries(all);
}
