import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { configuration } from './every-upstream.ts';
import { aPlace, atEndOfFile, decisionsOf, PATIENCE, type Place } from './program.ts';
import { type Answer, type RawClient, rawStateless, rawStdio } from './raw-client.ts';

// What a gateway has to do with each method of MCP, item by item, for clients and servers of either era.

const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };
const PAIRINGS = [
  { client: 'session', server: 'session' },
  { client: 'session', server: 'stateless' },
  { client: 'stateless', server: 'session' },
  { client: 'stateless', server: 'stateless' },
] as const;
type Era = (typeof PAIRINGS)[number]['client'];

const ANSWERS: Readonly<Record<string, JsonObject>> = {
  'elicitation/create': { action: 'accept', content: { colour: 'blue' } },
  'sampling/createMessage': { role: 'assistant', model: 'm', content: { type: 'text', text: 'Paris' } },
  'roots/list': { roots: [{ uri: 'file:///srv/project' }] },
};

const untilEnd = atEndOfFile();

describe.each(PAIRINGS)('a $client client and a $server server:', ({ client: era, server }) => {
  let place: Place;
  let client: RawClient;

  beforeAll(async () => {
    const talker = { command: process.execPath, args: [resolve('fixtures/upstreams/talker.mjs'), server] };
    place = aPlace(() => JSON.stringify(configuration({ talker })), untilEnd);
    client = await connect(place, era);
  });

  test('initialize / server/discover', async () => {
    const introduced = era === 'session' ? greetings.get(client) : (await client.request('server/discover')).result;
    expect(introduced).toMatchObject({
      ...(era === 'session' ? { protocolVersion: '2025-11-25' } : STATELESS_INTRODUCTION),
      capabilities: { tools: { listChanged: true }, prompts: {}, resources: { subscribe: true }, completions: {} },
    });
  });

  test('notifications/initialized, ping', async () => {
    const { result, error } = await client.request('ping');
    expect(era === 'session' ? result : error?.code).toEqual(era === 'session' ? {} : -32601);
  });

  test('tools/list', async () => {
    const { result } = await client.request('tools/list');
    const { tools } = result as { tools: readonly JsonObject[] };
    expect(tools.map(({ name }) => name)).toEqual((await client.listTools()) as string[]);
    const [show] = tools.filter(({ name }) => name === 'show');
    expect(show).toMatchObject({ title: 'Tool show', icons: [{ mimeType: 'image/png' }], 'x-vendor': true });
    expect(result).toMatchObject(era === 'session' ? {} : CACHEABLE);
  });

  test('tools/call', async () => {
    const before = (await decisionsOf(place)).length;
    const result = await client.call('show', { a: 1 });
    const seen = JSON.parse(result.content[0]?.text ?? '') as JsonObject;
    expect(seen).toMatchObject({ name: 'show', arguments: { a: 1 } });
    const [record] = await decisionsOf(place);
    expect((await decisionsOf(place)).length).toBeGreaterThan(before);
    expect(record).toMatchObject({ action: 'tool_call', tool: 'show', effect: 'allow' });
  });

  test('prompts/list, get', async () => {
    const { result } = await client.request('prompts/list');
    expect(result).toMatchObject({ prompts: [{ name: 'greet', icons: [{}] }] });
    const got = await client.request('prompts/get', { name: 'greet', arguments: { who: 'Ada' } });
    expect(got.result).toMatchObject({ messages: [{ content: { text: 'Hello Ada' } }] });
    await expectRecord(place, { action: 'prompt_get', effect: 'allow' });
  });

  test('resources/list, templates/list', async () => {
    const { result } = await client.request('resources/list');
    expect(result).toMatchObject({ resources: [{ uri: 'note://1', size: 3 }] });
    const templates = await client.request('resources/templates/list');
    expect(templates.result).toMatchObject({ resourceTemplates: [{ uriTemplate: 'note://{id}' }] });
  });

  test('resources/read', async () => {
    const { result } = await client.request('resources/read', { uri: 'note://1' });
    expect(result).toMatchObject({ contents: [{ uri: 'note://1', text: 'text of note://1' }] });
    const templated = await client.request('resources/read', { uri: 'note://77' });
    expect(templated.result).toMatchObject({ contents: [{ text: 'text of note://77' }] });
    const { error } = await client.request('resources/read', { uri: 'note://404' });
    expect(error).toMatchObject({
      code: era === 'session' && server === 'session' ? -32002 : -32602,
      data: { uri: 'note://404' },
    });
    await expectRecord(place, { action: 'resource_read', effect: 'allow' });
  });

  test('resources/subscribe, unsubscribe', async () => {
    const { result, error } = await client.request('resources/subscribe', { uri: 'note://1' });
    expect(era === 'session' ? result : error?.code).toEqual(era === 'session' ? {} : -32601);
    if (era === 'session') await expectUpdates(client, place);
  });

  test('subscriptions/listen', async () => {
    const params = { notifications: { resourceSubscriptions: ['note://2'], toolsListChanged: true } };
    if (era === 'session') await expectUnknown(client.request('subscriptions/listen', params));
    else await expectStream(client, place, params);
    expect(client.told('notifications/subscriptions/acknowledged').length).toBe(era === 'session' ? 0 : 1);
  });

  test('completion/complete', async () => {
    const ask = (ref: object): Promise<Answer> =>
      client.request('completion/complete', {
        ref,
        argument: { name: 'who', value: 'A' },
        context: { arguments: { a: 'b' } },
      });
    const prompt = await ask({ type: 'ref/prompt', name: 'greet' });
    expect(prompt.result).toMatchObject({ completion: { values: ['greet/who/A/b'] } });
    const resource = await ask({ type: 'ref/resource', uri: 'note://{id}' });
    expect(resource.result).toMatchObject({ completion: { values: ['note://{id}/who/A/b'] } });
    await expectRecord(place, { action: 'completion', effect: 'allow' });
  });

  test('logging/setLevel / logLevel, notifications/message', async () => {
    if (era === 'session') await expectLevels(client);
    const meta = era === 'session' ? {} : { _meta: { 'io.modelcontextprotocol/logLevel': 'warning' } };
    for (const level of ['info', 'error'])
      await client.request('tools/call', { name: 'log', arguments: { level }, ...meta });
    // Without a level in its envelope a stateless request wants no messages at all.
    if (era === 'stateless') await client.call('log', { level: 'error' });
    const said = (): unknown[] => client.told('notifications/message').map(({ level }) => level);
    await expect.poll(said, PATIENCE).toEqual(['error']);
  });

  test('notifications/progress', async () => {
    const before = client.told('notifications/progress').length;
    await client.request('tools/call', { name: 'count', arguments: {}, _meta: { progressToken: 'mine' } });
    const steps = client.told('notifications/progress').slice(before);
    expect(steps).toMatchObject([1, 2, 3].map((progress) => ({ progressToken: 'mine', progress, total: 3 })));
  });

  test('cancellation', async () => {
    const id = client.begin('tools/call', { name: 'wait', arguments: {} });
    await expectRecord(place, { tool: 'wait', effect: 'allow' });
    client.notify('notifications/cancelled', { requestId: id });
    await expect.poll(async () => (await client.call('cancelled')).content[0]?.text, PATIENCE).toBe('["a call"]');
    await expect
      .poll(async () => (await decisionsOf(place)).find(({ tool }) => tool === 'wait')?.outcome?.status, PATIENCE)
      .toBe('cancelled');
  });

  test('list_changed', async () => {
    const stream =
      era === 'stateless'
        ? client.begin('subscriptions/listen', { notifications: { toolsListChanged: true } })
        : undefined;
    const before = client.told('notifications/tools/list_changed').length;
    await client.call('grow');
    await expect.poll(() => client.told('notifications/tools/list_changed').length, PATIENCE).toBeGreaterThan(before);
    await expect.poll(() => client.listTools(), PATIENCE).toContain('extra_1');
    if (stream !== undefined) client.notify('notifications/cancelled', { requestId: stream });
  });

  test('sampling/createMessage', async () => {
    expect(await answered(client, era, 'ask_model')).toContain('Paris');
    await expectQuestion(place, 'sampling');
  });

  test('elicitation/create', async () => {
    expect(await answered(client, era, 'ask_form')).toContain('blue');
    expect(await answered(client, era, 'ask_address')).toContain('accept');
    await expectQuestion(place, 'elicitation');
  });

  test('roots/list, roots/list_changed', async () => {
    expect(await answered(client, era, 'ask_roots')).toContain('file:///srv/project');
    await expectQuestion(place, 'roots');
    if (era !== 'session' || server !== 'session') return;
    client.notify('notifications/roots/list_changed');
    await expect.poll(async () => (await client.call('roots_changes')).content[0]?.text, PATIENCE).toBe('1');
  });

  test('pagination', async () => {
    // The server has two pages and hands out the cursor ''. The client gets one page, and no cursor but ours is good.
    expect((await client.listTools()).length).toBeGreaterThan(10);
    for (const cursor of ['', 'forged'])
      expect((await client.request('tools/list', { cursor })).error?.code).toBe(-32602);
  });

  test('tasks', async () => {
    // The client does not say that it knows tasks, nor does any server; and nobody has this one.
    const refusals = era === 'session' ? [-32601, -32602] : [-32021];
    for (const method of ['tasks/get', 'tasks/cancel'])
      expect(refusals).toContain((await client.request(method, { taskId: 'nobody-has-it' })).error?.code);
  });

  test('unknown/vendor methods, extensions', async () => {
    const { error } = await client.request('vendor/do', { a: 1 });
    expect(error?.code).toBe(-32601);
    await expectRecord(place, { action: 'method', effect: 'deny', reasons: ['gateway.method_not_allowed'] });
  });

  test('icons, title, _meta, traceparent', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { result } = await client.request('tools/call', {
      name: 'show',
      arguments: {},
      _meta: { traceparent, 'vendor/key': 1, 'mcp-gateway/forged': true },
    });
    const { content } = result as { content: readonly { text: string }[] };
    const { _meta: meta } = JSON.parse(content[0]?.text ?? '') as { _meta: JsonObject };
    expect(meta).toMatchObject({ traceparent, 'vendor/key': 1 });
    expect(meta).not.toHaveProperty('mcp-gateway/forged');
    await expectRecord(place, { tool: 'show', trace_id: '0af7651916cd43dd8448eb211c80319c' });
    const rich = await client.call('rich');
    expect(rich).toMatchObject({
      content: [
        { type: 'resource_link', uri: 'note://1', icons: [{}] },
        { resource: { uri: 'note://2', _meta: { v: 1 } } },
      ],
      _meta: { 'vendor/key': { deep: true } },
    });
  });

  test('structuredContent, outputSchema', async () => {
    expect(await client.call('rich')).toMatchObject({ structuredContent: { list: [1, 2] } });
  });

  test('errors of the server keep code, message and data', async () => {
    const { error } = await client.request('tools/call', { name: 'refuse', arguments: {} });
    expect(error).toEqual({ code: -32055, message: 'the vendor says no', data: { why: 'because' } });
  });
});

const CACHEABLE = { cacheScope: 'private', ttlMs: expect.any(Number) };

const STATELESS_INTRODUCTION = {
  resultType: 'complete',
  supportedVersions: expect.arrayContaining(['2026-07-28']),
  cacheScope: 'private',
};

const greetings = new WeakMap<RawClient, unknown>();

async function connect(place: Place, era: Era): Promise<RawClient> {
  const serving = { atEnd: untilEnd, capabilities: CAPABILITIES };
  const client = era === 'session' ? await rawStdio(place, serving) : rawStateless(place, serving);
  client.onAsked((method) => ANSWERS[method] ?? {});
  const first = client.lines()[0];
  greetings.set(client, first === undefined ? undefined : (JSON.parse(first) as Answer).result);
  return client;
}

/** Calls a tool that asks, and sees to it that the question is answered in the way of the era. */
async function answered(client: RawClient, era: Era, name: string): Promise<string> {
  const first = await client.request('tools/call', { name, arguments: {} });
  if (era === 'session') return JSON.stringify(first.result);
  const { resultType, inputRequests, requestState } = first.result as {
    readonly resultType: string;
    readonly inputRequests: Readonly<Record<string, { readonly method: string }>>;
    readonly requestState?: string;
  };
  expect(resultType).toBe('input_required');
  const inputResponses = Object.fromEntries(
    Object.entries(inputRequests).map(([key, { method }]) => [key, ANSWERS[method]]),
  );
  const second = await client.request('tools/call', { name, arguments: {}, inputResponses, requestState });
  return JSON.stringify(second.result);
}

async function expectUnknown(asked: Promise<Answer>): Promise<void> {
  expect((await asked).error?.code).toBe(-32601);
}

async function expectUpdates(client: RawClient, place: Place): Promise<void> {
  await client.call('touch', { uri: 'note://1' });
  await expect
    .poll(() => client.told('notifications/resources/updated'), PATIENCE)
    .toMatchObject([{ uri: 'note://1', vendor: 1 }]);
  await expectRecord(place, { action: 'subscribe', effect: 'allow' });
  await client.request('resources/unsubscribe', { uri: 'note://1' });
  await expectNothingWatched(client);
}

async function expectStream(client: RawClient, place: Place, params: JsonObject): Promise<void> {
  const id = client.begin('subscriptions/listen', params);
  const mark = { _meta: { 'io.modelcontextprotocol/subscriptionId': id } };
  await expect
    .poll(() => client.told('notifications/subscriptions/acknowledged'), PATIENCE)
    .toMatchObject([{ ...params, ...mark }]);
  await client.call('touch', { uri: 'note://2' });
  await expect
    .poll(() => client.told('notifications/resources/updated'), PATIENCE)
    .toMatchObject([{ uri: 'note://2', vendor: 1, ...mark }]);
  await expectRecord(place, { action: 'subscribe', effect: 'allow' });
  client.notify('notifications/cancelled', { requestId: id });
  await expectNothingWatched(client);
}

async function expectNothingWatched(client: RawClient): Promise<void> {
  await expect.poll(async () => (await client.call('watched')).content[0]?.text, PATIENCE).toBe('[]');
}

async function expectLevels(client: RawClient): Promise<void> {
  expect((await client.request('logging/setLevel', { level: 'warning' })).result).toEqual({});
  expect((await client.request('logging/setLevel', { level: 'loud' })).error?.code).toBe(-32602);
}

async function expectRecord(place: Place, expected: object): Promise<void> {
  await expect.poll(() => decisionsOf(place), PATIENCE).toContainEqual(expect.objectContaining(expected));
}

/** Both ways of a question are on record, and both name the call. */
async function expectQuestion(place: Place, action: string): Promise<void> {
  const records = await decisionsOf(place);
  const questions = records.filter((record) => record.action === action);
  expect(questions.length).toBeGreaterThanOrEqual(2);
  const calls = new Set(records.filter((record) => record.action === 'tool_call').map(({ id }) => id));
  for (const { call, effect } of questions) {
    expect(effect).toBe('allow');
    expect(calls).toContain(call);
  }
}
