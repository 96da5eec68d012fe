import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentReach } from '../../src/core/agent-reach.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { Agents, type ConfiguredAgent } from '../../src/gateway/agents.ts';
import type { Caller } from '../../src/gateway/port.ts';
import { aGateway, type World } from './a-gateway.ts';
import { aCaller } from './makers.ts';

const EVERYTHING: AgentReach = { servers: undefined, tools: undefined };

function anAgent(part: Partial<ConfiguredAgent> = {}): ConfiguredAgent {
  return { scope: '', owner_team: '', model: '', reach: EVERYTHING, parent: undefined, ...part };
}

function someAgents(agents: Readonly<Record<string, Partial<ConfiguredAgent>>>): Agents {
  return new Agents(new Map(Object.entries(agents).map(([id, part]) => [id, anAgent(part)])));
}

/** As a door has it whose token says who handed the work on. */
function aSubagent(agent: string, delegatedBy: readonly string[]): Caller {
  const caller = aCaller(agent);
  return {
    ...caller,
    principal: { ...caller.principal, agent: { ...caller.principal.agent, delegated_by: delegatedBy } },
  };
}

describe('on whose behalf an agent asks', () => {
  const agents = someAgents({
    worker: { parent: 'lead' },
    lead: { parent: 'boss' },
    boss: {},
    guest: { parent: 'host' },
  });

  test.for([
    { name: 'nobody, where it has no parent', agent: 'boss', handedOn: [], line: [] },
    { name: 'its parent and that one’s, the nearest first', agent: 'worker', handedOn: [], line: ['lead', 'boss'] },
    {
      name: 'first whoever handed the work on',
      agent: 'worker',
      handedOn: ['guest'],
      line: ['guest', 'lead', 'boss', 'host'],
    },
    { name: 'everybody once', agent: 'worker', handedOn: ['lead', 'boss'], line: ['lead', 'boss'] },
    { name: 'never itself', agent: 'boss', handedOn: ['worker'], line: ['worker', 'lead'] },
    { name: 'nobody, where nobody knows it', agent: 'stranger', handedOn: [], line: [] },
  ])('$name', ({ agent, handedOn, line }) => {
    expect(agents.delegatorsOf({ id: agent, delegated_by: handedOn })).toEqual(line);
  });

  test('ends also where parents go round', () => {
    const round = someAgents({ one: { parent: 'two' }, two: { parent: 'one' } });
    expect(round.delegatorsOf({ id: 'one', delegated_by: [] })).toEqual(['two']);
  });
});

test('a caller is known with what the configuration says of it and of those behind it', () => {
  const lead = { scope: 'research', owner_team: 'web', model: 'big' };
  const { principal, delegators } = someAgents({ worker: { scope: 'notes', parent: 'lead' }, lead }).known(
    aCaller('worker'),
  );
  expect(principal.agent).toMatchObject({ id: 'worker', scope: 'notes', delegated_by: ['lead'] });
  expect(delegators).toEqual([{ id: 'lead', ...lead }]);
});

test('a caller of whom the configuration says nothing stays as it is', () => {
  const caller = aCaller('stranger');
  expect(someAgents({ lead: {} }).known(caller)).toBe(caller);
});

const SERVERS = ['files', 'mail'] as const;
const TOOLS = ['read', 'write'] as const;
const EVERY_TOOL = SERVERS.flatMap((server) => TOOLS.map((tool) => `${server}__${tool}`));

const aList = <T>(item: fc.Arbitrary<T>) => fc.option(fc.array(item, { maxLength: 3 }), { nil: undefined });
const someReach: fc.Arbitrary<AgentReach> = fc.record({
  servers: aList(fc.constantFrom(...SERVERS, '*')),
  tools: aList(
    fc.tuple(fc.constantFrom(...SERVERS, '*'), fc.constantFrom(...TOOLS, '*')).map((parts) => parts.join('/')),
  ),
});

/** Each agent may have one of those before it as its parent, so they make trees. */
const someTrees = fc
  .array(fc.tuple(someReach, fc.nat({ max: 10 })), { minLength: 2, maxLength: 5 })
  .map((drawn) =>
    Object.fromEntries(
      drawn.map(([reach, above], index) => [
        `agent-${String(index)}`,
        { reach, parent: above < index ? `agent-${String(above)}` : undefined },
      ]),
    ),
  );

const servers = Object.fromEntries(
  SERVERS.map((server) => [server, { tools: TOOLS.map((name) => ({ name, inputSchema: { type: 'object' } })) }]),
);

async function listed({ ask }: World, caller: Caller): Promise<readonly string[]> {
  const answer = await ask({ method: 'tools/list', cursor: undefined, meta: {} }, caller);
  if (answer.kind !== 'result') throw new Error('the list was refused');
  return (answer.result['tools'] as readonly { readonly name: string }[]).map(({ name }) => name);
}

function call({ ask }: World, name: string, caller: Caller): Promise<RpcAnswer> {
  return ask({ method: 'tools/call', name, args: {}, meta: {}, answers: undefined, task: undefined }, caller);
}

async function callable(world: World, caller: Caller): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of EVERY_TOOL) {
    const answer = await call(world, name, caller);
    if (answer.kind === 'result' && answer.result['isError'] !== true) found.push(name);
  }
  return found;
}

describe('a subagent', () => {
  test('reaches at most what its parent reaches, in lists and in calls alike', async () => {
    await fc.assert(
      fc.asyncProperty(someTrees, async (agents) => {
        const world = await aGateway({ servers, agents, toolNames: 'prefixed' });
        const reached = new Map<string, readonly string[]>();
        for (const id of Object.keys(agents)) {
          const tools = await listed(world, aCaller(id));
          expect(await callable(world, aCaller(id))).toEqual(tools);
          reached.set(id, tools);
        }
        for (const [id, { parent = id }] of Object.entries(agents))
          expect(reached.get(parent)).toEqual(expect.arrayContaining([...(reached.get(id) ?? [])]));
      }),
      { numRuns: 60 },
    );
  });

  test('is told that what its parent may not reach does not exist; the record has the reason and the line', async () => {
    const reach = { ...EVERYTHING, tools: ['files/read'] };
    const world = await aGateway({
      servers,
      agents: { worker: { parent: 'lead' }, lead: { reach } },
      toolNames: 'prefixed',
    });
    const answer = await call(world, 'mail__write', aCaller('worker'));
    expect(answer).toMatchObject({ kind: 'result', result: { isError: true } });
    expect(world.records).toMatchObject([
      {
        principal: { agent: { id: 'worker', delegated_by: ['lead'] } },
        reasons: ['gateway.unknown_tool'],
        reason_internal: 'gateway.out_of_scope',
      },
    ]);
    expect(await listed(world, aCaller('worker'))).toEqual(['files__read']);
  });

  test('reaches at most what whoever handed it the work reaches', async () => {
    const reach = { ...EVERYTHING, servers: ['mail'] };
    const world = await aGateway({ servers, agents: { worker: {}, lead: { reach } }, toolNames: 'prefixed' });
    expect(await listed(world, aSubagent('worker', ['lead']))).toEqual(['mail__read', 'mail__write']);
    expect(await listed(world, aCaller('worker'))).toEqual(EVERY_TOOL);
  });
});
