import { afterEach, expect, test, vi } from 'vitest';
import { peersOf } from '../../src/app/peers.ts';
import { placeTag } from '../../src/core/place.ts';
import type { KnownInstance } from '../../src/state/instances.ts';
import { DecisionReader } from '../../src/state/decision-reader.ts';
import { aPlace, aStore } from '../state/support.ts';

const ID = '0123abcd-0000-4000-8000-000000000000';
const TAG = '0123abcd';

function anInstance(changes: Partial<KnownInstance> = {}): KnownInstance {
  const process = { pid: 1, host: 'there', started: '2026-01-01T00:00:00Z', heartbeatMs: 0, generation: '', facts: '' };
  return { id: ID, ...process, address: 'http://10.0.0.5:3700', isLocal: false, ...changes };
}

/** What a store tells, which a test changes, on a clock that it moves. */
function aView(...living: readonly KnownInstance[]) {
  const view = { living, looks: 0, passed: 1_000_000, isAway: false };
  const store = {
    instance: 'ffffffff-0000-4000-8000-000000000000',
    living: async () => {
      view.looks += 1;
      if (view.isAway) throw new Error('the store is away');
      return view.living;
    },
  };
  const peers = peersOf(store, { now: () => view.passed, monotonic: () => view.passed });
  return { view, peers, find: async (tag = TAG) => (await peers.addressOf(tag))?.origin };
}

afterEach(() => void vi.useRealTimers());

test('a gateway is found by its tag, and looked for once in some seconds', async () => {
  const { view, peers, find } = aView(anInstance());
  expect(peers.tag).toBe('ffffffff');
  for (let asked = 0; asked < 5; asked += 1) expect(await find()).toBe('http://10.0.0.5:3700');
  expect(view.looks).toBe(1);
  view.passed += 3_000;
  view.living = [];
  expect(await find()).toBeUndefined();
  expect(view.looks).toBe(2);
});

test('a gateway that was not there at the last look is looked for again, and many who ask share the look', async () => {
  vi.useFakeTimers();
  const { view, find } = aView();
  expect(await find()).toBeUndefined();
  const asked = Array.from({ length: 100 }, (_, index) => find(index % 2 === 0 ? TAG : `${index}`.padStart(8, '0')));
  view.living = [anInstance()];
  await vi.advanceTimersByTimeAsync(300);
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['http://10.0.0.5:3700', undefined]));
  expect(view.looks).toBe(2);
});

test.each<[string, Partial<KnownInstance>, string | undefined]>([
  ['on another machine', {}, 'http://10.0.0.5:3700'],
  ['without an address', { address: '' }, undefined],
  ['with an address that is none', { address: 'http://:::' }, undefined],
  ['on the loopback address of another machine', { address: 'http://127.0.0.1:1' }, undefined],
  ['on the other loopback address of another machine', { address: 'http://[::1]:1' }, undefined],
  ['on a loopback address of this machine', { address: 'http://127.0.0.1:1', isLocal: true }, 'http://127.0.0.1:1'],
])('a gateway %s is reached there or not at all', async (_, changes, expected) => {
  expect(await aView(anInstance(changes)).find()).toBe(expected);
});

test('while the store is away those that are known are found, and of others nothing is said', async () => {
  const { view, find } = aView(anInstance());
  await find();
  view.isAway = true;
  view.passed += 60_000;
  expect(await find()).toBe('http://10.0.0.5:3700');
  view.passed += 1_000;
  await expect(find('76543210')).rejects.toThrow('the store is away');
});

test('gateways of one store find one another where each says that it serves', async () => {
  const place = aPlace();
  const first = await aStore(place);
  const second = await aStore(place);
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const peers = peersOf(second, clock);
  await first.servesAt('http://127.0.0.1:4711');
  expect((await peers.addressOf(placeTag(first.instance)))?.port).toBe('4711');
  await first.beat();
  const reader = new DecisionReader(place);
  const addresses = (await reader.instances(Date.now())).map(({ address }) => address);
  await reader.close();
  expect(addresses.toSorted()).toEqual(['', 'http://127.0.0.1:4711']);
});
