import { expect, test } from 'vitest';
import { shareAStore } from '../faults/several-gateways.ts';
import { report } from '../faults/truth.ts';

test.for([
  { durability: 'normal', limit: 20_000, kills: 50 },
  { durability: 'full', limit: 10_000, kills: 25 },
] as const)('F-01 five gateways share one store while $kills times one is killed ($durability)', async (share) => {
  const figures = await shareAStore(share);
  expect(figures.received).toBeLessThanOrEqual(share.limit);
  report('F-01 five gateways', { ...share, ...figures });
});
