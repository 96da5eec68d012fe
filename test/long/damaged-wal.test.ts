import { expect, test } from 'vitest';
import { aFlip, anOriginal, anyDamage, type Fate, fateOf, numbersFrom } from '../state/damage.ts';
import { aFolder } from '../state/support.ts';

const SEED = 20_261_121;

test.for([
  { name: 'F-04 10,000 damaged write-ahead logs', suffix: '-wal', rounds: 10_000, damageOf: anyDamage },
  { name: 'F-05 1,000 flipped bits of the database', suffix: '', rounds: 1_000, damageOf: aFlip },
] as const)(
  '$name: a valid beginning or told, never silent, never a crash',
  async ({ name, suffix, rounds, damageOf }) => {
    const original = await anOriginal(aFolder(), 40);
    const random = numbersFrom(SEED);
    const counts: Partial<Record<Fate, number>> = {};
    for (let round = 0; round < rounds; round += 1) {
      const fate = await fateOf(original, suffix, damageOf(random));
      counts[fate] = (counts[fate] ?? 0) + 1;
    }
    process.stdout.write(`${JSON.stringify({ name, seed: SEED, rounds, ...counts })}\n`);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(rounds);
  },
);
