import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { placeTag } from '../../src/core/place.ts';
import { type ConversationFacts, Conversations } from '../../src/gateway/conversation.ts';
import type { ToolCallRequest } from '../../src/gateway/port.ts';
import { Store } from '../../src/state/store.ts';
import { aGateway, type World, type WorldOptions } from '../gateway/a-gateway.ts';
import { answersTo, APPROVES, BY_USER, resultOf, STATELESS } from '../gateway/approval-scene.ts';
import { realClock, silent } from '../state/records.ts';
import { besides } from './hosts.ts';
import { freshDatabase } from './shared.ts';

/** Three hosts that share one database. */
const first = { url: await freshDatabase(), home: mkdtempSync(join(tmpdir(), 'mcp-gateway-any-')) };
const homes = [first.home, `${first.home}-2`, `${first.home}-3`] as const;
const stores = [await aStore(0), await aStore(1), await aStore(2)] as const;
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function aStore(host: 0 | 1 | 2): Promise<Store> {
  const home = homes[host];
  mkdirSync(home, { recursive: true });
  if (host > 0) besides(first, home);
  return Store.open({ url: first.url, home, durability: 'full', clock: realClock, logger: silent });
}

async function threeGateways(options: Omit<WorldOptions, 'servers'>): Promise<readonly [World, World, World]> {
  const [one, two, three] = stores;
  const make = (store: Store): Promise<World> => {
    const servers = { files: { tools: [{ name: 'erase', inputSchema: { type: 'object' } }] } };
    const place = placeTag(store.instance);
    return aGateway({ servers, allow: { elicitation: true }, clock: realClock, ...options, store, place });
  };
  return [await make(one), await make(two), await make(three)];
}

function calling(path: string, answers?: ToolCallRequest['answers']): ToolCallRequest {
  return { method: 'tools/call', name: 'erase', args: { path }, meta: {}, answers, task: undefined };
}

function ran(world: World): number {
  return world.heard('files').filter(({ method }) => method === 'tools/call').length;
}

test('what a user is asked by one gateway is answered at any, and the call runs once however often that is', async () => {
  const gateways = await threeGateways({ rules: { obliges: [BY_USER] } });
  const [asking, ...others] = gateways;
  const asked = resultOf(await asking.ask(calling('/a'), STATELESS));
  expect(asked).toMatchObject({ resultType: 'input_required' });
  const { requestState } = asked;
  const named = { kind: 'request', id: 1, method: 'tools/call', params: { requestState: requestState ?? '' } } as const;
  expect(others.map(({ gateway }) => gateway.placeOf(named))).toEqual([undefined, undefined]);
  const answers = answersTo(asked, APPROVES);
  await Promise.all(gateways.map((world) => world.ask(calling('/a', answers), STATELESS)));
  await others[0].ask(calling('/a', answers), STATELESS);
  expect(gateways.map(ran).reduce((sum, times) => sum + times, 0)).toBe(1);
  const effects = gateways.flatMap(({ records }) => records.map(({ effect }) => effect));
  expect(effects.filter((effect) => effect === 'allow')).toHaveLength(1);
});

test('an answer to a question of one gateway counts at no other for another call or user', async () => {
  const [one, other] = await threeGateways({ rules: { obliges: [BY_USER] } });
  const answers = answersTo(resultOf(await one.ask(calling('/b'), STATELESS)), APPROVES);
  await other.ask(calling('/c', answers), STATELESS);
  const { agent, user } = STATELESS.principal;
  await other.ask(calling('/b', answers), { ...STATELESS, principal: { agent, user: { ...user, id: 'ben' } } });
  expect([ran(one), ran(other)]).toEqual([0, 0]);
});

test('each call of a conversation that goes through three gateways knows of all that were made before it', async () => {
  const counting = countingOn();
  for (let made = 1; made <= 12; made += 1) {
    const facts = await counting[made % 3]?.noteCall(STATELESS, READ);
    expect(facts).toMatchObject({ identical_calls: made, calls_in_a_minute: made, calls_in_a_row: made });
    expect(facts?.agent).toMatchObject({ identical_calls: made });
  }
});

test('of calls that come to three gateways at the same time each is one more', async () => {
  const counting = countingOn();
  const caller = { ...STATELESS, session: 'raced' };
  const facts: ConversationFacts[] = [];
  const runner = async (conversations: Conversations): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      facts.push(...(await Promise.all([1, 2, 3, 4].map(() => conversations.noteCall(caller, READ)))));
    }
  };
  await Promise.all(counting.map(runner));
  const times = facts.map((one) => one.identical_calls).toSorted((one, other) => one - other);
  expect(times).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
});

const READ = { tool: 'files/read', hash: 'a'.repeat(64), bytes: 100 };

function countingOn(): readonly Conversations[] {
  return stores.map(({ conversations: store }) => {
    const counting = new Conversations(realClock, { store, logger: silent, mostKept: 100, isSpread: true });
    onTestFinished(() => counting.close());
    return counting;
  });
}
