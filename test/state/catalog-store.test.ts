import { expect, test } from 'vitest';
import { anyPlace, aStore } from './support.ts';

test('what is remembered of a server outlives the process and is each server’s own', async () => {
  const place = anyPlace();
  const first = await aStore(place);
  const tools = [{ name: 'read', inputSchema: { type: 'object' } }];
  await first.catalog.writeCatalog('github', tools);
  await first.catalog.writeFact('github', 'package', { version: '1.0.0' });
  await first.catalog.writeFact('github', 'package', { version: '1.0.1' });
  await first.close();

  const { catalog } = await aStore(place);
  expect(await catalog.readCatalog('github')).toEqual(tools);
  expect(await catalog.readCatalog('mail')).toBeUndefined();
  expect(await catalog.readFact('github', 'package')).toEqual({ version: '1.0.1' });
  expect(await catalog.readFact('github', 'catalog')).toBeUndefined();
});
