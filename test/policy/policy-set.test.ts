import { beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../src/core/logger.ts';
import type { Mode } from '../../src/core/opinion.ts';
import { buildPolicySet, type PolicySetOptions } from '../../src/policy/build-policy-set.ts';
import type { Participant } from '../../src/policy/participant.ts';
import type { PolicySet } from '../../src/policy/policy-set.ts';
import { TOTAL_INPUT } from '../../src/policy/total-input.ts';
import { toolchain } from '../shared-toolchain.ts';
import { ask, rule, told } from './questions.ts';
import { compilerOf, EVERYWHERE, libraryFiles, smallParticipant } from './shipped-bundles.ts';

const warnings: string[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => warnings.push(message),
  error: () => undefined,
};

const GRANTS = [
  '# METADATA',
  '# title: what everybody may reach',
  '# custom: {id: I-2}',
  'capabilities contains {"id": "I-2", "kind": "scope", "value": "read"}',
].join('\n');

/** Each says what it saw: identity refuses the agent `unknown`, the others ask for what identity granted. */
let all: Readonly<Record<string, Participant>> = {};
beforeAll(async () => {
  const small = (bundle: Parameters<typeof smallParticipant>[1]) => smallParticipant(toolchain, bundle);
  const bundles = await Promise.all([
    small({
      id: 'people',
      layer: 'identity',
      rego: `${rule('deny', 'I-1', 'input.agent.id == "unknown"')}\n${GRANTS}`,
    }),
    small({
      id: 'owners',
      layer: 'resource',
      rego: rule('allow', 'R-1', '"read" in input.identity.capabilities.scope'),
    }),
    small({ id: 'divider', layer: 'workflow', rego: rule('deny', 'W-1', '1 / input.context.turn_count > 1') }),
    small({
      id: 'hider',
      layer: 'resource',
      rego: `${rule('hide', 'C-1', 'input.action.tool == "secret"')}\n${rule('deny', 'C-2', 'count(input.action.args) > 0')}`,
    }),
    small({
      id: 'files',
      layer: 'server',
      place: { kind: 'server', server: 'files' },
      rego: rule('allow', 'S-1', '"read" in input.identity.capabilities.scope'),
    }),
    small({
      id: 'agent-coder',
      layer: 'identity',
      place: { kind: 'agent', agent: 'coder' },
      rego: rule('deny', 'AG-1', 'input.action.tool == "drop"'),
    }),
    small({
      id: 'starter-server',
      layer: 'server',
      place: { kind: 'starter' },
      rego: rule('allow', 'SS-1', 'input.action.effect == "read"'),
    }),
    small({
      id: 'starter-resource',
      layer: 'resource',
      place: { kind: 'starter' },
      rego: rule('allow', 'SR-1', 'true'),
    }),
    small({
      id: 'results',
      layer: 'compliance',
      rego: rule('deny', 'C-9', 'true'),
      gateway: { governs: ['tool_result'] },
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
    logger,
    ...options,
  });
}

const withMode = (participant: Participant | undefined, mode: Mode): readonly Participant[] =>
  participant === undefined ? [] : [{ ...participant, mode }];

describe('the bundles that take part', () => {
  it('are those of the organisation, of the server and of the agent, identity first', async () => {
    const set = await aSet(the('files', 'owners', 'people', 'agent-coder', 'starter-server', 'starter-resource'));
    expect(told(ask(set).opinions)).toEqual(['agent-coder ok', 'people ok', 'files ok S-1', 'owners ok R-1']);
    expect(told(ask(set, { server: 'other', agent: 'other' }).opinions)).toEqual([
      'people ok',
      'starter-server ok SS-1',
      'owners ok R-1',
    ]);
  });

  it('leave their layer to the starter where they are out of scope or shadowed', async () => {
    const [owners] = the('owners');
    const elsewhere = { ...owners, place: { kind: 'organisation', scope: { ...EVERYWHERE, servers: ['mail'] } } };
    const scoped = await aSet([...the('starter-resource'), elsewhere as Participant]);
    expect(told(ask(scoped).opinions)).toEqual(['starter-resource ok SR-1']);
    const shadowed = await aSet([...the('starter-resource', 'people'), ...withMode(owners, 'shadow')]);
    expect(told(ask(shadowed).opinions)).toEqual(['people ok', 'owners ok R-1', 'starter-resource ok SR-1']);
    expect(ask(shadowed).modes).toEqual({ owners: 'shadow' });
  });

  it('take part only in what they govern', async () => {
    const set = await aSet(the('results', 'people'));
    expect(told(ask(set).opinions)).toEqual(['people ok']);
    expect(told(ask(set, { action: 'tool_result' }).opinions)).toEqual(['results ok C-9']);
  });

  it('keep their place while they have no good version', async () => {
    const [owners] = the('owners');
    const { loaded: _, ...missing } = owners ?? Object(undefined);
    const set = await aSet([...the('starter-resource', 'people'), missing]);
    expect(told(ask(set).opinions)).toEqual(['people ok', 'owners missing']);
    expect(told(ask(set, { agent: 'unknown' }).opinions)).toEqual(['people ok I-1', 'owners missing']);
  });
});

describe('a bundle of a server that has no good version', () => {
  it.for(['tool_call', 'resource_read', 'resource_list', 'prompt_get', 'sampling'] as const)(
    'keeps its place in %s, because nobody knows what it would govern',
    async (action) => {
      const [files] = the('files');
      const { loaded: _, ...missing } = files ?? Object(undefined);
      const set = await aSet([...the('starter-server'), missing]);
      expect(told(ask(set, { action }).opinions)).toContain('files missing');
    },
  );
});

describe('identity', () => {
  it('ends the question where it refuses', async () => {
    const set = await aSet(the('people', 'owners', 'files'));
    const { opinions } = ask(set, { agent: 'unknown' });
    expect(told(opinions)).toEqual(['people ok I-1', 'files skipped', 'owners skipped']);
  });

  it('ends nothing while it is shadowed', async () => {
    const set = await aSet([...withMode(all['people'], 'shadow'), ...the('files')]);
    expect(told(ask(set, { agent: 'unknown' }).opinions)).toEqual(['people ok I-1', 'files ok']);
  });

  it('grants what the layers behind it read', async () => {
    const set = await aSet(the('people', 'owners', 'files'));
    expect(ask(set).input.identity).toEqual({ capabilities: { scope: ['read'] } });
    expect(told(ask(await aSet(the('owners', 'files'))).opinions)).toEqual(['files ok', 'owners ok']);
  });
});

describe('a bundle that fails', () => {
  const noTurns = { context: { ...TOTAL_INPUT.context, turn_count: 0 } };

  it('fails alone, although it shares a module with the others', async () => {
    const set = await aSet(the('people', 'divider', 'owners', 'hider'));
    const { opinions } = ask(set, { input: noTurns });
    expect(told(opinions)).toEqual(['people ok', 'hider ok C-2', 'owners ok R-1', 'divider error']);
    expect(opinions[3]?.error).toBe('div failed');
    expect(told(ask(set).opinions)).toEqual(['people ok', 'hider ok C-2', 'owners ok R-1', 'divider ok']);
  });

  it('is stopped when its fuel is used up, and so are all when the decision’s is', async () => {
    const set = await aSet(the('people', 'owners', 'hider'), { evaluationFuel: 40 });
    expect(ask(set).opinions.map(({ status, fuel }) => [status, fuel])).toEqual([
      ['timeout', 40],
      ['timeout', 40],
      ['timeout', 0],
    ]);
  });

  it('was warned of when the generation was made', async () => {
    warnings.length = 0;
    await aSet(the('people'), { evaluationFuel: 10 });
    expect(warnings).toEqual([]);
  });
});

describe('a list', () => {
  it('knows nothing of the call, and only hides count', async () => {
    const set = await aSet(the('people', 'hider'));
    expect(told(ask(set, { tool: 'secret' }).opinions)).toEqual(['people ok', 'hider ok C-2 C-1']);
    const { opinions, input } = ask(set, { action: 'tool_list', tool: 'secret', agent: 'unknown' });
    expect(told(opinions)).toEqual(['people ok', 'hider ok C-1']);
    expect(input).toMatchObject({ action: { args: {} }, budgets: {}, context: { labels: [], turn_count: 0 } });
    expect(opinions[0]?.capabilities).toHaveLength(1);
  });
});

describe('a generation', () => {
  it('has the name of what is in it, in any order', async () => {
    const one = await aSet(the('people', 'owners'));
    const same = await aSet(the('owners', 'people'));
    const other = await aSet(the('owners'));
    expect(one.generation).toMatch(/^[0-9a-f]{64}$/);
    expect(same.generation).toBe(one.generation);
    expect(other.generation).not.toBe(one.generation);
    expect((await aSet(the('people', 'owners'), { toolchainDigest: 'another' })).generation).not.toBe(one.generation);
  });

  it('answers the same through the reference engine', async () => {
    const bundles = the('people', 'owners', 'files', 'hider', 'divider');
    const [ours, reference] = await Promise.all([aSet(bundles), aSet(bundles, { engine: 'reference' })]);
    for (const asked of [{}, { agent: 'unknown' }, { tool: 'secret' }, { server: 'other' }]) {
      const parts = (set: PolicySet) => ask(set, asked).opinions.map((opinion) => ({ ...opinion, fuel: 0 }));
      expect(parts(reference)).toEqual(parts(ours));
    }
  });

  it('without a rule says all but what that rule says, and leaves the generation as it was', async () => {
    const set = await aSet(the('people', 'owners', 'files'));
    const lesser = set.without('people', 'I-1');
    expect(told(ask(lesser, { agent: 'unknown' }).opinions)).toEqual(['people ok', 'files ok S-1', 'owners ok R-1']);
    expect(told(ask(set.without('people', 'I-2')).opinions)).toEqual(['people ok', 'files ok', 'owners ok']);
    expect(told(ask(set, { agent: 'unknown' }).opinions)).toEqual(['people ok I-1', 'files skipped', 'owners skipped']);
    expect(lesser.generation).not.toBe(set.generation);
    expect(set.without('nobody', 'I-1')).toBe(set);
  });

  it('can be empty', async () => {
    expect(ask(await aSet([])).opinions).toEqual([]);
  });
});
