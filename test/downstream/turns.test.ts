import { expect, test } from 'vitest';
import { type Lane, type Turn, Turns } from '../../src/downstream/turns.ts';
import { anIdentity } from './fake-gateway.ts';

const MANY = { maxInFlight: 1000, maxWaiting: 1000, maxHeldBytes: 1_000_000 };

function aTurn(name: string, begun: string[], byteLength = 10): Turn {
  return { byteLength, hasBegun: false, begin: () => void begun.push(name) };
}

/** Enters so many requests of one lane. */
function enter(
  lane: Lane,
  name: string,
  { begun, count }: { readonly begun: string[]; readonly count: number },
): Turn[] {
  const turns = Array.from({ length: count }, () => aTurn(name, begun));
  for (const turn of turns) expect(lane.enter(turn)).toBeUndefined();
  return turns;
}

const nextTurn = (): Promise<void> => new Promise((settle) => setImmediate(settle));

test('without a crowd every request begins when it comes', () => {
  const begun: string[] = [];
  enter(new Turns(MANY).laneOf(anIdentity()), 'a', { begun, count: 32 });
  expect(begun.length).toBe(32);
});

test('G-30 the one request of another client stands before the thousandth of the first', async () => {
  const begun: string[] = [];
  const turns = new Turns(MANY);
  enter(turns.laneOf(anIdentity()), 'crowd', { begun, count: 1000 });
  expect(begun.length).toBe(32);
  enter(turns.laneOf(anIdentity('bob')), 'other', { begun, count: 1 });
  expect(begun.at(-1)).toBe('other');
  await nextTurn();
  expect(begun.length).toBe(35);
});

test('F-51 the more is refused the more of what was let in begins, so that refusing does not take all the time', async () => {
  const begun: string[] = [];
  const turns = new Turns({ ...MANY, maxInFlight: 200, maxWaiting: 0 });
  const lane = turns.laneOf(anIdentity());
  enter(lane, 'let in', { begun, count: 200 });
  await nextTurn();
  expect(begun.length).toBe(32 + 8);
  for (let refused = 0; refused < 80; refused += 1) expect(lane.enter(aTurn('refused', begun))).toContain('its limit');
  await nextTurn();
  expect(begun.length).toBe(40 + 20);
  for (let refused = 0; refused < 400; refused += 1) lane.enter(aTurn('refused', begun));
  await nextTurn();
  expect(begun.length).toBe(60 + 32);
  await nextTurn();
  expect(begun.length).toBe(92 + 8);
});

test('G-30 sessions of one client that wait take turns, one request each', async () => {
  const begun: string[] = [];
  const turns = new Turns(MANY);
  enter(turns.laneOf(anIdentity()), 'a', { begun, count: 1000 });
  enter(turns.laneOf(anIdentity()), 'b', { begun, count: 12 });
  begun.length = 0;
  for (let turn = 0; turn < 12; turn += 1) await nextTurn();
  expect(begun.join('')).toBe('ab'.repeat(12));
});

test('G-30 many sessions of one client begin no more at once than one', () => {
  const begun: string[] = [];
  const turns = new Turns(MANY);
  for (let session = 0; session < 50; session += 1) enter(turns.laneOf(anIdentity()), 'a', { begun, count: 4 });
  expect(begun.length).toBe(32);
});

test('G-30 what waits is counted for all sessions of one principal, and another principal is not refused', () => {
  const begun: string[] = [];
  const turns = new Turns({ ...MANY, maxInFlight: 1, maxWaiting: 2 });
  const [first, second, bob] = [
    turns.laneOf(anIdentity()),
    turns.laneOf(anIdentity()),
    turns.laneOf(anIdentity('bob')),
  ];
  enter(first, 'a', { begun, count: 2 });
  enter(second, 'b', { begun, count: 2 });
  expect(first.enter(aTurn('a', begun))).toContain('1 requests in flight and 2 more that wait');
  expect(bob.enter(aTurn('bob', begun))).toBeUndefined();
  enter(turns.laneOf(anIdentity()), 'a session that has nothing', { begun, count: 1 });
});

test('G-30 bytes are counted until the answer, and a session that holds nothing may always ask', () => {
  const begun: string[] = [];
  const turns = new Turns({ ...MANY, maxHeldBytes: 100 });
  const lane = turns.laneOf(anIdentity());
  const large = aTurn('large', begun, 150);
  expect(lane.enter(large)).toBeUndefined();
  expect(lane.enter(aTurn('small', begun, 1))).toContain('hold 100 bytes, which is its limit');
  lane.leave(large);
  expect(lane.enter(aTurn('small', begun, 1))).toBeUndefined();
});

test('G-30 what leaves makes room, whether it ran or waited, and in the end nothing is held', async () => {
  const begun: string[] = [];
  const turns = new Turns({ ...MANY, maxInFlight: 2, maxWaiting: 2 });
  const lane = turns.laneOf(anIdentity());
  const entered = enter(lane, 'a', { begun, count: 4 });
  const [ran, , waited] = entered;
  if (ran === undefined || waited === undefined) throw new Error('four have entered');
  lane.leave(waited);
  lane.leave(ran);
  await nextTurn();
  await nextTurn();
  expect(entered.map(({ hasBegun }) => hasBegun)).toEqual([true, true, false, true]);
  for (const turn of entered) if (turn !== ran && turn !== waited) lane.leave(turn);
  expect(turns.heldOf('nobody')).toEqual({ waiting: 0, running: 0, bytes: 0, requests: 0 });
  enter(lane, 'b', { begun, count: 4 });
});
