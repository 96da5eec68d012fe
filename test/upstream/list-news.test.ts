import { expect, test, vi } from 'vitest';
import { ListNews } from '../../src/upstream/list-news.ts';
import { serverId } from './parts.ts';

test('F-33 a server that says again and again that a list has changed has it read ever more rarely, and others as ever', () => {
  vi.useFakeTimers();
  let nowMs = 0;
  const news = new ListNews({ monotonic: () => nowMs }, 100);
  const told: Record<string, number[]> = { loud: [], calm: [] };
  news.subscribe((server) => told[server]?.push(nowMs));
  for (; nowMs < 60_000; nowMs += 10) {
    news.add(serverId('loud'), 'tools');
    if (nowMs % 20_000 === 5_000) news.add(serverId('calm'), 'tools');
    vi.advanceTimersByTime(10);
  }
  vi.useRealTimers();
  news.close();
  expect(told['loud']?.length).toBeLessThan(20);
  expect(told['calm']).toEqual([5_090, 25_090, 45_090]);
});
