import { expect, test } from 'vitest';
import { aFlip, anOriginal, anyDamage, type Fate, fateOf, numbersFrom } from './damage.ts';
import { aFolder } from './support.ts';

/** `npm run test:long` does this ten thousand and a thousand times. */
test('F-04 a damaged write-ahead log gives a valid beginning of the log, never a crash, and what is gone is told', async () => {
  const original = await anOriginal(aFolder(), 12);
  const random = numbersFrom(4);
  const fates: Fate[] = [];
  for (let round = 0; round < 100; round += 1) fates.push(await fateOf(original, '-wal', anyDamage(random)));
  expect(new Set(fates)).toEqual(new Set(['same', 'shorter, and told']));
});

test('F-05 a flipped bit in the database is told, or all that was written is still there', async () => {
  const original = await anOriginal(aFolder(), 12);
  const random = numbersFrom(5);
  const fates: Fate[] = [];
  for (let round = 0; round < 100; round += 1) fates.push(await fateOf(original, '', aFlip(random)));
  expect(fates.filter((fate) => fate === 'refused or told').length).toBeGreaterThan(3);
});
