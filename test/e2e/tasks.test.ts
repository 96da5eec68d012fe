import { resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CallToolResultSchema,
  ListRootsRequestSchema,
  TaskStatusNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { expect, onTestFinished, test } from 'vitest';
import { configuration } from './every-upstream.ts';
import { aPlace, decisionsOf, PATIENCE, type Place, serveHttp } from './program.ts';
import { rawStateless } from './raw-client.ts';

test('a call runs as a task from its beginning to its result, with all that its server says and asks', async () => {
  const place = aPlace(() => JSON.stringify(configuration({ jobs: withTasks() })));
  const { client, heard } = await connect(place);
  await client.listTools();
  const seen: string[] = [];
  let last = '';
  const options = { task: { ttl: 60_000 } };
  for await (const step of client.experimental.tasks.callToolStream({ name: 'job' }, CallToolResultSchema, options)) {
    seen.push(step.type);
    last = JSON.stringify(step);
  }
  expect(last).toContain('file:///srv/project');
  expect([seen[0], seen.at(-1)]).toEqual(['taskCreated', 'result']);
  expect(heard).toEqual(['completed']);
  const { tasks } = await client.experimental.tasks.listTasks();
  expect(tasks).toMatchObject([{ taskId: 'task-1', status: 'completed' }]);
  await expect(client.experimental.tasks.getTask('task-2')).rejects.toThrow('There is no such task');

  const records = await decisionsOf(place);
  const call = records.find(({ action }) => action === 'tool_call');
  const ofTask = records.filter((record) => record.call !== '' && record.call === call?.id);
  expect(ofTask.map(({ action }) => action).toSorted()).toEqual(['method', 'roots', 'roots', 'tool_result']);
  expect(ofTask.map(({ outcome }) => outcome?.status)).toEqual(['ok', 'ok', 'ok', 'ok']);
});

test.for(['stateless', 'session'])(
  'a stateless client hears of its tasks while it listens, from a server of era %s, and of nobody else’s',
  async (era) => {
    const place = aPlace(() => JSON.stringify(configuration({ jobs: followed(era) })));
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const client = rawStateless(place, { capabilities });
    const { result } = await client.request('tools/call', { name: 'job', arguments: {} });
    const taskId = result?.['taskId'];
    const id = client.begin('subscriptions/listen', { notifications: { taskIds: [taskId, 'task-of-nobody'] } });
    const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
    await expect
      .poll(() => client.told('notifications/subscriptions/acknowledged'), PATIENCE)
      .toEqual([{ notifications: { taskIds: [taskId] }, _meta }]);
    const completed = { taskId, status: 'completed', result: { content: [], vendor: { big: [1] } } };
    await client.call('move', { taskId: 'task-of-nobody', status: 'working' });
    await client.call('move', completed);
    await expect.poll(() => client.told('notifications/tasks'), PATIENCE).toMatchObject([{ ...completed, _meta }]);
    client.notify('notifications/cancelled', { requestId: id });
    await expect.poll(async () => (await client.call('listens')).content, PATIENCE).toEqual([text('[]')]);
    expect(client.told('notifications/tasks/status')).toEqual([]);
  },
);

function followed(era: string): object {
  return { command: process.execPath, args: [resolve('fixtures/upstreams/followed.mjs'), era] };
}

function text(words: string): object {
  return { type: 'text', text: words };
}

function withTasks(): object {
  return { command: process.execPath, args: [resolve('fixtures/upstreams/tasks.mjs')] };
}

/** A client with folders, and the statuses that it is told. */
async function connect(place: Place): Promise<{ readonly client: Client; readonly heard: readonly string[] }> {
  const { url } = await serveHttp(place, { args: [] });
  const heard: string[] = [];
  const client = new Client({ name: 'test-client', version: '1.0.0' }, { capabilities: { roots: {} } });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///srv/project' }] }));
  client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => void heard.push(params.status));
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  onTestFinished(() => client.close());
  return { client, heard };
}
