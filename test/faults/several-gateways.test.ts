import { expect, test } from 'vitest';
import { shareAStore } from './several-gateways.ts';
import { report } from './truth.ts';

test('F-01 five gateways share one store while one after another is killed', async () => {
  const share = { durability: 'full', limit: 600, kills: 4 } as const;
  const figures = await shareAStore(share);
  expect(figures.received).toBeLessThanOrEqual(share.limit);
  report('F-01 five gateways', { ...share, ...figures });
});
