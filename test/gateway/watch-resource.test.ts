import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import { aGateway } from './a-gateway.ts';
import { aCaller, anExchange } from './makers.ts';
import type { Script } from './scripted-server.ts';

describe('watching a resource', () => {
  const NOTES: Script = { resources: [{ uri: 'note://1', name: 'One' }] };

  test('is decided, recorded and passed on, under the URI that the client knows', async () => {
    const { gateway, servers, records } = await aGateway({ servers: { files: NOTES, mail: NOTES } });
    const updates: JsonObject[] = [];
    const uri = 'mcp-gateway+files:note://1';
    const watch = await gateway.watch(
      { uri, meta: {}, onUpdated: (params) => updates.push(params) },
      aCaller(),
      anExchange(),
    );
    expect(watch.kind).toBe('watching');
    expect(records).toMatchObject([
      { action: 'subscribe', effect: 'allow', input: { action: { resource: 'note://1' } } },
    ]);
    servers['files']?.say('notifications/resources/updated', { uri: 'note://1', title: 'new' });
    await expect.poll(() => updates).toEqual([{ uri, title: 'new' }]);
    if (watch.kind === 'watching') await watch.stop();
    expect(servers['files']?.heard.at(-1)).toMatchObject({ method: 'resources/unsubscribe' });
  });

  test('does not begin for a client that has gone while it was decided', async () => {
    const controller = new AbortController();
    const commit = (): void => controller.abort();
    const { gateway, heard } = await aGateway({ servers: { files: NOTES }, commit });
    const request = { uri: 'note://1', meta: {}, onUpdated: () => undefined };
    const watch = await gateway.watch(request, aCaller(), anExchange({ signal: controller.signal }));
    expect(watch.kind).toBe('refused');
    await new Promise((turn) => setTimeout(turn, 5));
    expect(heard('files')).toEqual([]);
  });

  test.for([
    { name: 'denied', rules: { denies: () => true }, code: 4030 },
    { name: 'hidden', rules: { hides: () => true }, code: -32002 },
  ])('that is $name does not begin', async ({ rules, code }) => {
    const { gateway, heard, records } = await aGateway({ servers: { files: NOTES }, rules });
    const request = { uri: 'note://1', meta: {}, onUpdated: () => undefined };
    const watch = await gateway.watch(request, aCaller(), anExchange());
    expect(watch).toMatchObject({ kind: 'refused', error: { code } });
    expect(records).toMatchObject([{ action: 'subscribe', effect: 'deny' }]);
    expect(heard('files')).toEqual([]);
  });
});

describe('a change below a resource that is watched', () => {
  test('is not told where the resource that has changed is hidden', async () => {
    const script: Script = { resources: [{ uri: 'note://all', name: 'All' }] };
    const rules = { hides: ({ action }: PolicyInput) => action.resource === 'note://all/secret' };
    const { gateway, servers } = await aGateway({ servers: { files: script }, rules });
    const updates: JsonObject[] = [];
    const request = { uri: 'note://all', meta: {}, onUpdated: (params: JsonObject) => updates.push(params) };
    await gateway.watch(request, aCaller(), anExchange());
    servers['files']?.say('notifications/resources/updated', { uri: 'note://all/secret' });
    servers['files']?.say('notifications/resources/updated', { uri: 'note://all/open' });
    await expect.poll(() => updates).toEqual([{ uri: 'note://all/open' }]);
  });

  test('is not told any more when another policy hides what is watched', async () => {
    const { gateway, servers, enforce } = await aGateway({ servers: { files: { resources: [{ uri: 'note://1' }] } } });
    const updates: JsonObject[] = [];
    const request = { uri: 'note://1', meta: {}, onUpdated: (params: JsonObject) => updates.push(params) };
    await gateway.watch(request, aCaller(), anExchange());
    servers['files']?.say('notifications/resources/updated', { uri: 'note://1', title: 'before' });
    await expect.poll(() => updates).toHaveLength(1);
    await enforce({ hides: () => true });
    servers['files']?.say('notifications/resources/updated', { uri: 'note://1', title: 'after' });
    await new Promise((turn) => setTimeout(turn, 5));
    expect(updates).toEqual([{ uri: 'note://1', title: 'before' }]);
  });
});
