import { expect, test } from 'vitest';
import { Rereads } from '../../src/gateway/rereads.ts';

test('however often something is wished while it is read, it is read once more, and never twice at a time', async () => {
  const ends: (() => void)[] = [];
  const read: string[] = [];
  const rereads = new Rereads<string>((key) => {
    read.push(key);
    return new Promise<void>((settle) => ends.push(settle));
  });
  for (const key of ['a', 'a', 'b', 'a']) rereads.wish(key);
  expect(read).toEqual(['a', 'b']);
  ends[0]?.();
  await expect.poll(() => read).toEqual(['a', 'b', 'a']);
  ends[2]?.();
  await new Promise((settle) => setImmediate(settle));
  expect(read).toEqual(['a', 'b', 'a']);
  rereads.wish('a');
  expect(read).toHaveLength(4);
});
