import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rotate } from './rotation.ts';
import { aLogOf, aStore } from './support.ts';
import { sql, tamper } from './tampering.ts';

test('a store that cannot be opened leaves no thread behind', async () => {
  const place = await aLogOf(1);
  await rotate(place);
  renameSync(join(place.home, 'chain.key'), join(place.home, 'away'));
  tamper(place, sql(`update heads set first_key = ''`));
  const ports = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  const before = ports();
  await expect(aStore({ ...place, durability: 'full' })).rejects.toMatchObject({ code: 'CHAIN_KEY' });
  expect(ports()).toBe(before);
});
