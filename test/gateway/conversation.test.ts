import { expect, onTestFinished, test } from 'vitest';
import { Conversations, rememberedAs } from '../../src/gateway/conversation.ts';
import { type CountsKeeper, CountsMemory } from '../../src/gateway/counts-memory.ts';
import type { Caller } from '../../src/gateway/port.ts';
import { RepeatedDenials } from '../../src/gateway/repeated-denials.ts';
import { textSizeOf } from '../../src/gateway/result-size.ts';
import type { ConversationStore } from '../../src/state/conversation-store.ts';
import type { Store } from '../../src/state/store.ts';
import { silent } from '../state/records.ts';
import { aPlace, aStore } from '../state/support.ts';
import { aCaller, NOW } from './makers.ts';

const READ = { tool: 'files/read', hash: 'a'.repeat(64), bytes: 100 };
const WRITE = { tool: 'files/write', hash: 'b'.repeat(64), bytes: 100 };

function aClock() {
  let movedMs = 0;
  return { now: () => NOW + movedMs, monotonic: () => movedMs, move: (ms: number) => void (movedMs += ms) };
}

function inSession(session: string, agent = 'assistant'): Caller {
  const caller = { ...aCaller(agent), session };
  return { ...caller, remembered: rememberedAs(caller, (text) => text) };
}

function keeperOn(store: Pick<Store, 'conversations'>, mostKept = 100): CountsKeeper {
  return { store: store.conversations, logger: silent, mostKept };
}

/** Written when the test ends, so that no timer outlives it. */
function conversationsOn(clock: ReturnType<typeof aClock>, keeper?: CountsKeeper): Conversations {
  const conversations = new Conversations(clock, keeper);
  onTestFinished(() => conversations.close());
  return conversations;
}

test('facts of a call include the call, those of the agent all of its conversations', async () => {
  const conversations = conversationsOn(aClock());
  await conversations.noteCall(inSession('one'), READ);
  await conversations.noteDenied(inSession('one'));
  await conversations.noteResult(inSession('one'), 1_000);
  const own = { calls_in_a_row: 1, calls_of_tool: 1, denied_calls: 0, cumulative_tokens: 25, identical_calls: 1 };
  const agent = { calls_in_a_row: 2, calls_of_tool: 2, denied_calls: 1, cumulative_tokens: 300, identical_calls: 2 };
  expect(await conversations.noteCall(inSession('two'), READ)).toMatchObject({ ...own, agent });
  expect(await conversations.noteCall(inSession('one'), WRITE)).toMatchObject({
    calls_in_a_minute: 2,
    calls_of_tool: 1,
    conversation_id: 'one',
    denied_calls: 1,
    denied_in_a_minute: 1,
    turn_count: 1,
  });
  const stranger = await conversations.noteCall(inSession('three', 'other'), READ);
  expect(stranger.agent).toMatchObject({ calls_in_a_row: 1, denied_calls: 0 });
});

test('who only looks counts for nothing and leaves nothing behind', async () => {
  const conversations = conversationsOn(aClock());
  for (let looked = 0; looked < 3; looked += 1) await conversations.look(inSession('one'));
  expect(conversations.size).toBe(0);
  await conversations.noteCall(inSession('one'), READ);
  const seen = await conversations.look(inSession('one'));
  expect(seen).toMatchObject({ calls_in_a_row: 1, calls_of_tool: 0, identical_calls: 0, agent: { calls_in_a_row: 1 } });
});

test('calls that come together are counted one after the other', async () => {
  const conversations = conversationsOn(aClock(), keeperOn(await aStore(aPlace())));
  const facts = await Promise.all([1, 2, 3, 4].map(() => conversations.noteCall(inSession('one'), READ)));
  expect(facts.map(({ identical_calls: times }) => times)).toEqual([1, 2, 3, 4]);
});

test('a call that comes after the end of its session leaves nothing behind', async () => {
  const conversations = conversationsOn(aClock());
  await conversations.noteCall(inSession('one'), READ);
  const before = conversations.size;
  conversations.end('one');
  expect(await conversations.noteCall(inSession('one'), READ)).toMatchObject({ calls_in_a_row: 1 });
  await conversations.noteDenied(inSession('one'));
  await conversations.noteResult(inSession('one'), 10);
  expect(conversations.size).toBe(before - 1);
});

test('counts are there after a restart, and what processes count adds up', async () => {
  const place = aPlace();
  const [first, second] = [await aStore(place), await aStore(place)];
  const clock = aClock();
  const one = conversationsOn(clock, keeperOn(first));
  const other = conversationsOn(clock, keeperOn(second));
  await one.noteCall(inSession('one'), READ);
  await one.noteDenied(inSession('one'));
  await one.close();
  await other.noteCall(inSession('one'), READ);
  clock.move(6_000);
  await other.close();
  const again = conversationsOn(clock, keeperOn(first));
  const facts = await again.noteCall(inSession('one'), READ);
  expect(facts).toMatchObject({ calls_of_tool: 3, denied_calls: 1, identical_calls: 3, session_age_seconds: 6 });
  expect(facts.agent).toMatchObject({ calls_of_tool: 3, denied_calls: 1 });
});

test('what another process counts shows within seconds, while a conversation is in use', async () => {
  const place = aPlace();
  const clock = aClock();
  const one = conversationsOn(clock, keeperOn(await aStore(place)));
  const other = conversationsOn(clock, keeperOn(await aStore(place)));
  await one.noteCall(inSession('one'), READ);
  for (let made = 0; made < 3; made += 1) await other.noteCall(inSession('one'), READ);
  await other.close();
  expect(await one.noteCall(inSession('one'), READ)).toMatchObject({ calls_of_tool: 2 });
  clock.move(5_001);
  expect(await one.noteCall(inSession('one'), READ)).toMatchObject({ calls_of_tool: 6 });
});

test('after a hundred thousand conversations only so many are in memory', async () => {
  const stored = { conversations: 0, reads: 0 };
  const store: ConversationStore = {
    read: async () => {
      stored.reads += 1;
      return undefined;
    },
    add: async (uncounted) => {
      stored.conversations += uncounted.length;
      return new Map();
    },
  };
  const memory = new CountsMemory(aClock(), { store, logger: silent, mostKept: 2_000 });
  const call = { kind: 'call', atMs: NOW, ...READ } as const;
  const whose = { agent: 'a', user: 'u', client: 'c' };
  let most = 0;
  for (let opened = 0; opened < 100_000; opened += 1) {
    await memory.note({ id: `c${opened}`, ...whose }, call, () => undefined);
    if (opened % 7 === 0) await memory.note({ id: 'busy', ...whose }, call, () => undefined);
    most = Math.max(most, memory.size);
  }
  await memory.close();
  expect(most).toBeLessThanOrEqual(2_000);
  expect(stored.conversations).toBeGreaterThanOrEqual(100_000);
  expect(stored.reads).toBe(100_001);
});

test('a conversation that was pushed out of memory is found again', async () => {
  const conversations = conversationsOn(aClock(), keeperOn(await aStore(aPlace()), 10));
  await conversations.noteCall(inSession('first'), READ);
  for (let opened = 0; opened < 100; opened += 1) await conversations.noteCall(inSession(`other-${opened}`), READ);
  expect(conversations.size).toBeLessThanOrEqual(10);
  expect(await conversations.noteCall(inSession('first'), READ)).toMatchObject({
    identical_calls: 2,
    agent: { identical_calls: 102 },
  });
});

test('what the store does not take is kept for the next time, and memory stays bounded meanwhile', async () => {
  const place = aPlace();
  const store = await aStore(place);
  let isBroken = true;
  const { conversations: sound } = store;
  const shaky: ConversationStore = {
    read: (id) => sound.read(id),
    add: (parts) => (isBroken ? Promise.reject(new Error('no')) : sound.add(parts)),
  };
  const conversations = conversationsOn(aClock(), keeperOn({ conversations: shaky }, 10));
  await conversations.noteCall(inSession('one'), READ);
  await conversations.close();
  isBroken = false;
  await conversations.noteCall(inSession('one'), READ);
  await conversations.close();
  const { remembered } = inSession('one');
  expect(await sound.read(remembered?.conversation ?? '')).toMatchObject({ callsInARow: 2 });
  isBroken = true;
  for (let opened = 0; opened < 50; opened += 1) await conversations.noteCall(inSession(`other-${opened}`), READ);
  expect(conversations.size).toBeLessThanOrEqual(10);
});

test('counts that cannot be read are an error, not zero', async () => {
  const store: ConversationStore = { read: () => Promise.reject(new Error('no')), add: async () => new Map() };
  const conversations = conversationsOn(aClock(), { store, logger: silent, mostKept: 10 });
  await expect(conversations.noteCall(inSession('one'), READ)).rejects.toThrow('no');
  await expect(conversations.look(inSession('one'))).rejects.toThrow('no');
});

interface Same {
  readonly what: string;
  readonly changed: (caller: Caller) => Caller;
  readonly isSame: boolean;
}

const withClient = (caller: Caller, client: { name: string; version: string }): Caller => {
  const { agent, user } = caller.principal;
  return { ...caller, principal: { agent: { ...agent, client }, user } };
};
const SAME: readonly Same[] = [
  { what: 'nothing', changed: (caller) => caller, isSame: true },
  { what: 'another id of the door', changed: (caller) => ({ ...caller, session: 'session-2' }), isSame: true },
  {
    what: 'another version of the client',
    changed: (caller) => withClient(caller, { name: 'client', version: '2' }),
    isSame: true,
  },
  {
    what: 'another client',
    changed: (caller) => withClient(caller, { name: 'another', version: '1' }),
    isSame: false,
  },
  { what: 'another agent', changed: ({ session }) => stateless({ ...aCaller('other'), session }), isSame: false },
  {
    what: 'another user',
    changed: ({ principal, ...caller }) => ({
      ...caller,
      principal: { ...principal, user: { ...principal.user, id: 'bo' } },
    }),
    isSame: false,
  },
];

function stateless(caller: Caller): Caller {
  return withClient({ ...caller, era: 'stateless' }, { name: 'client', version: '1' });
}

test.each(SAME)(
  'the conversation of a stateless client with $what is the same: $isSame',
  async ({ changed, isSame }) => {
    const place = aPlace();
    const [one, other] = [await aStore(place), await aStore(place)];
    const [before, after] = [stateless(aCaller()), changed(stateless(aCaller()))];
    const found = rememberedAs(before, (text) => one.keyedId(text));
    const later = rememberedAs(after, (text) => other.keyedId(text));
    expect(found.conversation === later.conversation).toBe(isSame);
    expect(found.conversation).toMatch(/^client-[0-9a-f]{32}$/);
    expect(found.agent).toMatch(/^agent-[0-9a-f]{32}$/);
  },
);

test('a session is a conversation of its own, and its agent is the same in every one', () => {
  const [one, two] = [inSession('one').remembered, inSession('two').remembered];
  expect([one?.conversation, two?.conversation]).toEqual(['one', 'two']);
  expect(one?.agent).toBe(two?.agent);
});

test('a denial repeats itself from the third time in a minute on, for the same call, agent and reasons', () => {
  const clock = aClock();
  const denials = new RepeatedDenials(clock);
  const denied = { agent: 'a', hash: 'h', reasons: ['r'] };
  expect([1, 2, 3, 4].map(() => denials.note(denied))).toEqual([false, false, true, true]);
  for (const other of [{ agent: 'b' }, { hash: 'i' }, { reasons: ['s'] }]) {
    expect(denials.note({ ...denied, ...other })).toBe(false);
  }
  clock.move(60_000);
  expect(denials.note(denied)).toBe(false);
  for (let made = 0; made < 5_000; made += 1) denials.note({ ...denied, hash: `h${made}` });
  expect(denials.size).toBe(1_000);
});

test.each([
  { result: { content: [{ type: 'text', text: 'x'.repeat(100) }] }, size: 112 },
  { result: { content: [{ type: 'image', data: 'x'.repeat(100) }] }, size: 0 },
  { result: { content: [{ type: 'resource', resource: { uri: 'u', blob: 'x'.repeat(100) } }] }, size: 24 },
  { result: { content: [], structuredContent: { a: 'bc', d: [1, null] } }, size: 6 },
  { result: {}, size: 0 },
  { result: { content: 'no list' }, size: 0 },
])('of a result its texts count: $size', ({ result, size }) => {
  expect(textSizeOf(result)).toBe(size);
});

/** Several processes that share a store and have the calls of one conversation between them. */
async function spread(processes: number): Promise<readonly Conversations[]> {
  const place = aPlace();
  const stores = await Promise.all(Array.from({ length: processes }, () => aStore(place)));
  return stores.map((store) => conversationsOn(aClock(), { ...keeperOn(store), isSpread: true }));
}

test('where a conversation is spread over processes, a call knows of all that were made before it', async () => {
  const processes = await spread(3);
  for (let made = 1; made <= 9; made += 1) {
    const facts = await processes[made % 3]?.noteCall(inSession('one'), READ);
    expect(facts).toMatchObject({ identical_calls: made, calls_of_tool: made, calls_in_a_minute: made });
    expect(facts?.agent).toMatchObject({ identical_calls: made });
  }
});

test('where it is spread, calls that come together are each one more, wherever they come', async () => {
  const [one, other] = (await spread(2)) as [Conversations, Conversations];
  const facts = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? one : other).noteCall(inSession('one'), READ)),
  );
  const times = facts.map(({ identical_calls: made }) => made).toSorted((less, more) => less - more);
  expect(times).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
});

test('where it is spread, a denial is known elsewhere with the next call here', async () => {
  const [one, other] = (await spread(2)) as [Conversations, Conversations];
  await one.noteCall(inSession('one'), READ);
  await one.noteDenied(inSession('one'));
  await one.noteCall(inSession('one'), READ);
  expect(await other.noteCall(inSession('one'), READ)).toMatchObject({ denied_calls: 1, identical_calls: 3 });
});

test('where it is spread, a call that the store does not count goes by what is known here, and is counted later', async () => {
  const sound = (await aStore(aPlace())).conversations;
  let isBroken = true;
  const shaky: ConversationStore = {
    read: (id) => sound.read(id),
    add: (parts) => (isBroken ? Promise.reject(new Error('no')) : sound.add(parts)),
  };
  const conversations = conversationsOn(aClock(), { ...keeperOn({ conversations: shaky }), isSpread: true });
  for (const made of [1, 2]) {
    expect(await conversations.noteCall(inSession('one'), READ)).toMatchObject({ identical_calls: made });
  }
  isBroken = false;
  expect(await conversations.noteCall(inSession('one'), READ)).toMatchObject({ identical_calls: 3 });
  expect(await sound.read('one')).toMatchObject({ callsInARow: 3 });
});
