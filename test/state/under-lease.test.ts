import { expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { leasesOfStore, type WithLease } from '../../src/state/under-lease.ts';
import { aMovedClock, anyPlace } from './support.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Leases as so many processes with one store have them. */
function processes(count: number, place = anyPlace(), time: Clock = clock): readonly WithLease[] {
  return Array.from({ length: count }, () => {
    const { withLease, close } = leasesOfStore(place, time);
    onTestFinished(close);
    return withLease;
  });
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

test('works of one name are done one after the other, in one process and in several', async () => {
  const events: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} begins`);
    await pause();
    events.push(`${name} ends`);
  };
  const [first, second] = processes(2);
  await Promise.all([first?.('x', work('a')), first?.('x', work('b')), second?.('x', work('c'))]);
  const pairs = [0, 2, 4].map((at) => events.slice(at, at + 2).map((event) => event.split(' ')[0]));
  expect(pairs.map(([begins, ends]) => begins === ends)).toEqual([true, true, true]);
});

test('works of different names do not wait for one another', async () => {
  const [first, second] = processes(2);
  const inner = first?.('x', async () => second?.('y', async () => 'both'));
  expect(await inner).toBe('both');
});

test('work that fails gives its lease back', async () => {
  const [first, second] = processes(2);
  await expect(first?.('x', async () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await second?.('x', async () => 'next')).toBe('next');
});

test('what a process holds that never comes back is free after a while', async () => {
  const place = anyPlace();
  const time = await aMovedClock(place, Date.now());
  const [first, second] = processes(2, place, time);
  await new Promise<void>((taken) => {
    void first?.('x', () => {
      taken();
      return new Promise<void>(() => undefined);
    });
  });
  await time.pass(31_000);
  expect(await second?.('x', async () => 'next')).toBe('next');
});
