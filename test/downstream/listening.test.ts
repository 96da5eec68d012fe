import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { readFilter } from '../../src/downstream/listening.ts';
import { LIMITS } from './fake-gateway.ts';
import { anHttpDoor, ask, readEvents } from './http-client.ts';

const ID = 'io.modelcontextprotocol/subscriptionId';

function listen(url: string, notifications: JsonObject, signal?: AbortSignal): Promise<Response> {
  return ask(url, { id: 7, method: 'subscriptions/listen', params: { notifications } }, signal);
}

async function messages(response: Response, count: number): Promise<readonly JsonObject[]> {
  return (await readEvents(response, count)).map(({ data }) => JSON.parse(data) as JsonObject);
}

describe('subscriptions/listen', () => {
  test('is acknowledged first, with what was granted, and tells of nothing else', async () => {
    const { url, gateway } = await anHttpDoor();
    const uris = ['note://a', 'note://secret', 'note://broken', 'note://a'];
    const response = await listen(url, {
      toolsListChanged: true,
      promptsListChanged: false,
      resourceSubscriptions: uris,
    });
    await expect.poll(() => gateway.audiences.size).toBe(1);
    gateway.watched.get('note://a')?.({ uri: 'note://a', _meta: { 'x/y': 1 } });
    gateway.change('prompts', 'templates', 'tools');
    const [audience] = gateway.audiences;
    audience?.notify('notifications/message', { level: 'error' });
    expect(audience?.logLevel()).toBeUndefined();
    const [first, second, third] = await messages(response, 3);
    const granted = { toolsListChanged: true, resourceSubscriptions: ['note://a'] };
    expect(first).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: granted, _meta: { [ID]: 7 } },
    });
    expect(second?.['params']).toEqual({ uri: 'note://a', _meta: { 'x/y': 1, [ID]: 7 } });
    expect(third).toMatchObject({ method: 'notifications/tools/list_changed', params: { _meta: { [ID]: 7 } } });
  });

  test('acknowledges before it tells of what happened while policy decided', async () => {
    const { url, gateway } = await anHttpDoor();
    const watch = gateway.watch.bind(gateway);
    gateway.watch = async (request, caller, exchange) => {
      request.onUpdated({ uri: request.uri });
      return watch(request, caller, exchange);
    };
    const [first, second] = await messages(await listen(url, { resourceSubscriptions: ['note://a'] }), 2);
    expect(first).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    expect(second).toMatchObject({ method: 'notifications/resources/updated' });
  });

  test('tells of tasks that are the client’s own, and of no others', async () => {
    const { url, gateway } = await anHttpDoor();
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const params = { notifications: { taskIds: ['own-1', 'another', 'own-2', 'own-1'] } };
    const controller = new AbortController();
    const call = { id: 7, method: 'subscriptions/listen', params, capabilities };
    const response = await ask(url, call, controller.signal);
    await expect.poll(() => gateway.followed.size).toBe(2);
    gateway.followed.get('own-2')?.({ taskId: 'own-2', status: 'working', _meta: { 'x/y': 1 } });
    const [first, second] = await messages(response, 2);
    expect(first).toMatchObject({ params: { notifications: { taskIds: ['own-1', 'own-2'] } } });
    expect(second).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tasks',
      params: { taskId: 'own-2', status: 'working', _meta: { 'x/y': 1, [ID]: 7 } },
    });
    controller.abort();
    await expect.poll(() => gateway.followed.size).toBe(0);
  });

  test('tells a client that declares no tasks what it lacks, and acknowledges nothing', async () => {
    const { url, gateway } = await anHttpDoor();
    const response = await listen(url, { toolsListChanged: true, taskIds: ['own-1'] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ id: 7, error: { code: -32021 } });
    expect(gateway.audiences.size).toBe(0);
  });

  test('ends with its client', async () => {
    const { url, gateway } = await anHttpDoor();
    const controller = new AbortController();
    await listen(url, { resourcesListChanged: true, resourceSubscriptions: ['note://a'] }, controller.signal);
    await expect.poll(() => gateway.watched.size).toBe(1);
    controller.abort();
    await expect.poll(() => [gateway.watched.size, gateway.audiences.size]).toEqual([0, 0]);
  });

  test('ends with a result when the door closes, and at once where nothing is granted', async () => {
    const { url, door } = await anHttpDoor();
    const response = await listen(url, { toolsListChanged: true });
    const none = await messages(await listen(url, { resourceSubscriptions: ['note://secret'] }), 9);
    expect(none[0]).toMatchObject({ params: { notifications: {} } });
    await door.close();
    for (const seen of [none, await messages(response, 9)])
      expect(seen.at(-1)).toMatchObject({ id: 7, result: { resultType: 'complete', _meta: { [ID]: 7 } } });
  });

  test('grants nothing that no server offers', async () => {
    const { url, gateway } = await anHttpDoor();
    gateway.introduce = async () => ({ capabilities: { tools: {}, resources: {} }, instructions: '' });
    const wanted = { toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['note://a'] };
    const [first] = await messages(await listen(url, wanted), 1);
    expect(first).toMatchObject({ params: { notifications: {} } });
    expect(gateway.watched.size).toBe(0);
  });

  test('stays alive with comments', async () => {
    const { url } = await anHttpDoor({ limits: { ...LIMITS, idleMs: 200 } });
    const response = await listen(url, { toolsListChanged: true });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split('\n\n').length < 3) text += (await reader?.read())?.value ?? '';
    expect(text.split('\n\n')[1]).toBe(': ');
    await reader?.cancel();
  });

  test('needs a client that takes events', async () => {
    const { url } = await anHttpDoor();
    const params = { notifications: { toolsListChanged: true } };
    const headers = { Accept: 'application/json' };
    expect((await ask(url, { method: 'subscriptions/listen', params, headers })).status).toBe(406);
  });

  test('tells a client of the SDK’s second line', async () => {
    const { url, gateway } = await anHttpDoor();
    const heard: string[] = [];
    const client = new Client(
      { name: 'test-client', version: '1' },
      {
        versionNegotiation: { mode: { pin: '2026-07-28' } },
        listChanged: { tools: { autoRefresh: false, onChanged: () => void heard.push('tools') } },
      },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    onTestFinished(() => client.close());
    await expect.poll(() => gateway.audiences.size).toBe(1);
    gateway.change('tools', 'prompts');
    await expect.poll(() => heard).toEqual(['tools']);
  });
});

describe('a filter', () => {
  test.each<[string, JsonObject]>([
    ['nothing', {}],
    ['a list', { notifications: [] }],
    ['a flag that is a text', { notifications: { toolsListChanged: 'yes' } }],
    ['a single uri', { notifications: { resourceSubscriptions: 'note://a' } }],
    ['uris that are numbers', { notifications: { resourceSubscriptions: [1] } }],
    ['a single task', { notifications: { taskIds: 'own-1' } }],
    ['too many tasks', { notifications: { taskIds: Array.from({ length: 257 }, String) } }],
    ['too many uris', { notifications: { resourceSubscriptions: Array.from({ length: 1001 }, String) } }],
  ])('is none where it is %s', (_name, params) => {
    expect(readFilter(params)).toBeTypeOf('string');
  });
});
