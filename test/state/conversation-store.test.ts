import { expect, test } from 'vitest';
import { type Counted, FORGOTTEN_AFTER_MS } from '../../src/core/counts.ts';
import { sweepConversations, type Uncounted } from '../../src/state/conversation-store.ts';
import { aConnection, aMovedClock, anyPlace, aStore } from './support.ts';

const NOW = Date.UTC(2100, 0);
const HOUR_MS = 3_600_000;

function calls(id: string, times: number, tool = 'files/read'): Uncounted {
  const call = (at: number): Counted => ({ kind: 'call', atMs: NOW + at, bytes: 10, tool, hash: 'h' });
  const whose = { id, agent: 'claude', user: 'ada', client: 'test' };
  return { whose, counted: Array.from({ length: times }, (_, at) => call(at)) };
}

test('what several processes count adds up, and is there after a restart', async () => {
  const place = anyPlace();
  const [one, other] = [await aStore(place), await aStore(place)];
  await one.conversations.add([calls('c', 2)]);
  const before = await other.conversations.add([calls('c', 3), calls('d', 1)]);
  expect([...before].map(([id, { callsInARow }]) => [id, callsInARow])).toEqual([
    ['c', 2],
    ['d', 0],
  ]);
  await Promise.all([one.close(), other.close()]);
  const again = await aStore(place);
  expect(await again.conversations.read('c')).toMatchObject({ callsInARow: 5, bytes: 50 });
  expect(await again.conversations.read('none')).toBeUndefined();
});

test('counts are swept an hour after they are forgotten, and not before', async () => {
  const place = anyPlace();
  const store = await aStore(place);
  await store.conversations.add([calls('c', 1)]);
  const connection = aConnection(place);
  expect(await sweepConversations(connection, NOW + FORGOTTEN_AFTER_MS + HOUR_MS - 1)).toBe(0);
  expect(await sweepConversations(connection, NOW + FORGOTTEN_AFTER_MS + HOUR_MS)).toBe(1);
});

test('one of the processes sweeps by itself', async () => {
  const place = anyPlace();
  const clock = await aMovedClock(place, NOW);
  const store = await aStore({ ...place, clock });
  await store.conversations.add([calls('c', 1)]);
  await clock.pass(FORGOTTEN_AFTER_MS + HOUR_MS);
  await store.beat();
  expect(await store.conversations.read('c')).toBeUndefined();
});
