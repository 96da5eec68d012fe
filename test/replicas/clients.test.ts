import { rmSync } from 'node:fs';
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../../src/core/json.ts';
import { oneUpstream } from '../conformance/configuration.ts';
import { startTarget } from '../conformance/targets.ts';
import { answerTo, ask, JSON_HEADERS, tool } from '../downstream/http-client.ts';
import type { Result } from '../e2e/clients.ts';
import { atEndOfFile, PATIENCE } from '../e2e/program.ts';
import { FORM_ANSWER, MODEL_ANSWER, ROADS, ROOT } from '../e2e/whole-clients.ts';
import { type Given, type Replicas, startReplicas } from './replicas.ts';

// Clients that know of one address. nginx gives each of their requests to the next gateway, so that hardly any two that
// belong together come to the same one.

const atEnd = atEndOfFile();
let replicas: Replicas;

beforeAll(async () => {
  const upstream = await startTarget('direct');
  atEnd(async () => {
    await upstream.close();
    rmSync(upstream.folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const { mcpServers } = parse(oneUpstream({ kind: 'http', url: upstream.url })) as Given;
  replicas = await startReplicas({ configIn: () => ({ gateway: { toolNames: 'plain' }, mcpServers }), atEnd });
});

const OVER_HTTP = ROADS.filter(({ name }) => /over (Streamable )?HTTP/.test(name));

test.each(OVER_HTTP)('$name: calls, questions, prompts and resources, at three gateways', async ({ connect }) => {
  const [place] = replicas.places;
  if (place === undefined) throw new Error('there is no gateway');
  const before = replicas.nginx.served().length;
  const client = await connect({ place, url: replicas.url });
  expect(await client.listTools()).toContain('greet');
  for (const name of ['Ada', 'Bob', 'Eve'])
    expect(textOf(await client.call('greet', { name }))).toBe(`Hello, ${name}!`);
  expect(textOf(await client.call('test_elicitation', { message: 'Who?' }))).toContain(FORM_ANSWER.email);
  expect(textOf(await client.call('test_sampling', { prompt: 'Where?' }))).toContain(MODEL_ANSWER);
  expect(textOf(await client.call('test_input_required_result_list_roots'))).toContain(ROOT);
  expect(client.asked).toEqual(['elicitation/create', 'sampling/createMessage', 'roots/list']);
  expect(await client.getPrompt('test_simple_prompt')).toContain('text');
  expect(await client.read('test://static-text')).toContain('never changes');
  const served = replicas.nginx.served().slice(before);
  expect(new Set(served.map(({ tried }) => tried.at(-1)))).toEqual(new Set(replicas.ports));
});

test('a session hears on its stream what another client has changed, and is gone everywhere when it was ended', async () => {
  const transport = new HttpV1(new URL(replicas.url));
  const client = new ClientV1({ name: 'listening', version: '1' });
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  await client.connect(transport);
  onTestFinished(() => client.close());
  await client.listTools();
  await answerTo(replicas.url, tool('test_trigger_tool_change'));
  await expect.poll(() => changes, PATIENCE).toBeGreaterThan(0);

  const session = transport.sessionId ?? '';
  await transport.terminateSession();
  const headers = { ...JSON_HEADERS, 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  for (const _ of replicas.ports) {
    expect((await fetch(replicas.url, { method: 'POST', headers, body })).status).toBe(404);
  }
});

test('a client of 2026-07-28 listens at one gateway and hears of a call that went through another', async () => {
  const client = await aStatelessClient();
  let changes = 0;
  client.setNotificationHandler('notifications/tools/list_changed', () => void (changes += 1));
  const subscription = await client.listen({ toolsListChanged: true });
  onTestFinished(() => subscription.close());
  for (const [index] of replicas.ports.entries()) {
    await answerTo(replicas.url, tool('test_trigger_tool_change'));
    await expect.poll(() => changes, PATIENCE).toBeGreaterThan(index);
  }
});

test('a task is asked after, answered and finished at whichever gateway a request comes to', async () => {
  const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: {} };
  const of = async (method: string, params: JsonObject): Promise<JsonObject> => {
    const [, { result }] = await answerTo(replicas.url, { method, params, capabilities });
    return result as JsonObject;
  };
  const { taskId = '' } = await of('tools/call', { name: 'confirm_delete', arguments: { filename: 'a.txt' } });
  for (const _ of replicas.ports) expect(await of('tasks/get', { taskId })).toMatchObject({ status: 'input_required' });
  const answer = { action: 'accept', content: { ok: true } };
  await of('tasks/update', { taskId, inputResponses: { confirm: answer } });
  for (const _ of replicas.ports)
    await expect.poll(() => of('tasks/get', { taskId }), PATIENCE).toMatchObject({ status: 'completed' });
});

test('an argument comes through in a header whose name most proxies leave out', async () => {
  const client = await aStatelessClient();
  await client.listTools();
  const given = { region: 'eu', cost_center: '42' };
  expect(textOf((await client.callTool({ name: 'test_header_parameters', arguments: given })) as Result)).toContain(
    'eu',
  );
  const without = await ask(replicas.url, tool('test_header_parameters', given));
  expect(await without.text()).toContain('Mcp-Param-');
});

test('what is too large is refused in the gateway’s words', async () => {
  const [status, answer] = await answerTo(replicas.url, tool('greet', { name: 'x'.repeat(5_000_000) }));
  expect([status, JSON.stringify(answer)]).toEqual([413, expect.stringContaining('4')]);
});

async function aStatelessClient(): Promise<ClientV2> {
  const client = new ClientV2(
    { name: 'stateless', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(new HttpV2(new URL(replicas.url)));
  onTestFinished(() => client.close());
  return client;
}

function textOf({ content }: Result): string {
  return content.map(({ text = '' }) => text).join('\n');
}
