import { afterAll, expect, test } from 'vitest';
import { PATIENCE } from '../e2e/program.ts';
import { rawStdio } from '../e2e/raw-client.ts';
import { textsIn } from '../e2e/servers.ts';
import { aHostAt } from './a-host.ts';
import { aProxy } from './a-proxy.ts';
import { startPostgres } from './a-server.ts';

const server = await startPostgres();
afterAll(() => server.close());

test('a gateway whose connections a network has swallowed refuses one call, serves the next, and ends when its client goes', async () => {
  const name = await server.createDatabase();
  const proxy = await aProxy(server.port);
  const host = aHostAt(`127.0.0.1:${proxy.port}/${name}`);
  const client = await rawStdio(host);
  const write = async (text: string): Promise<string> => (await client.call('write', { text })).content[0]?.text ?? '';
  await expect.poll(() => write('before'), PATIENCE).toBe('written');
  await Promise.all(Array.from({ length: 20 }, (_, index) => write(`${index}`)));
  proxy.swallow();
  expect(await write('swallowed')).toMatch(/gateway\.(state|audit)_unavailable/);
  await expect.poll(() => write('after'), PATIENCE).toBe('written');
  expect(textsIn(host)).not.toContain('swallowed');
  client.hangUp();
  expect(await client.ended).toBe(0);
});
