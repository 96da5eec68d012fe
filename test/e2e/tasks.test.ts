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
import { aPlace, decisionsOf, type Place, serveHttp } from './program.ts';

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
  expect(ofTask.map(({ action }) => action).toSorted()).toEqual(['method', 'roots', 'roots']);
  expect(ofTask.map(({ outcome }) => outcome?.status)).toEqual(['ok', 'ok', 'ok']);
});

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
