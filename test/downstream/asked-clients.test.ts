import { PassThrough } from 'node:stream';

import {
  Client as SecondClient,
  SSEClientTransport as SecondSse,
  StreamableHTTPClientTransport as SecondHttp,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { StdioServerTransport as SecondStdio } from '@modelcontextprotocol/server/stdio';
import { describe, expect, onTestFinished, test } from 'vitest';

import { aStdioDoor, CLIENT_INFO } from './a-stdio-door.ts';
import { aQuestion, type FakeGateway } from './fake-gateway.ts';
import { anHttpDoor } from './http-client.ts';

const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };
const SAMPLED = { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'hi' } };
const ACCEPTED = { action: 'accept' as const, content: {} };
const ROOTS = { roots: [{ uri: 'file:///a' }] };

type Road = 'stdio' | 'http' | 'sse';

async function aFirstClient(road: Road) {
  const client = new Client(CLIENT_INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLED);
  client.setRequestHandler(ElicitRequestSchema, () => ACCEPTED);
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
  const { gateway, open } = await aRoad(road);
  if (road === 'stdio') await client.connect(new StdioServerTransport(open.output, open.input));
  else if (road === 'http') await client.connect(new StreamableHTTPClientTransport(new URL(open.url)));
  else await client.connect(new SSEClientTransport(new URL(open.sse)));
  onTestFinished(() => client.close());
  return { client, gateway };
}

async function aSecondClient(road: Road) {
  const client = new SecondClient(CLIENT_INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode: 'legacy' } });
  client.setRequestHandler('sampling/createMessage', () => SAMPLED);
  client.setRequestHandler('elicitation/create', () => ACCEPTED);
  client.setRequestHandler('roots/list', () => ROOTS);
  const { gateway, open } = await aRoad(road);
  if (road === 'stdio') await client.connect(new SecondStdio(open.output, open.input));
  else if (road === 'http') await client.connect(new SecondHttp(new URL(open.url)));
  else await client.connect(new SecondSse(new URL(open.sse)));
  onTestFinished(() => client.close());
  return { client, gateway };
}

interface OpenRoad {
  readonly gateway: FakeGateway;
  readonly open: {
    readonly output: PassThrough;
    readonly input: PassThrough;
    readonly url: string;
    readonly sse: string;
  };
}

async function aRoad(road: Road): Promise<OpenRoad> {
  const output = new PassThrough();
  if (road === 'stdio') {
    const { gateway, input } = aStdioDoor(output);
    return { gateway, open: { output, input, url: '', sse: '' } };
  }
  const { gateway, url, base } = await anHttpDoor();
  return { gateway, open: { output, input: new PassThrough(), url, sse: `${base}/sse` } };
}

const ROADS = ['stdio', 'http', 'sse'] as const;

describe.each(ROADS)('over %s', (road) => {
  test.each([
    ['first', aFirstClient],
    ['second', aSecondClient],
  ] as const)('a client of the SDK’s %s line answers sampling, elicitation and roots', async (_name, aClient) => {
    const { client, gateway } = await aClient(road);
    for (const what of ['sampling', 'form', 'url', 'roots'])
      await client.callTool({ name: 'ask', arguments: { what } });
    expect(gateway.answers).toMatchObject([
      { result: SAMPLED },
      { result: ACCEPTED },
      { result: ACCEPTED },
      { result: ROOTS },
    ]);
  });

  test('a question that belongs to no request is answered too', async () => {
    const { gateway } = await aFirstClient(road);
    await expect.poll(() => gateway.audiences.size).toBe(1);
    const [audience] = gateway.audiences;
    expect(await audience?.ask?.(aQuestion('roots'), new AbortController().signal)).toMatchObject({ result: ROOTS });
  });

  test('a client hears log messages and of changed resources', async () => {
    const { client, gateway } = await aFirstClient(road);
    const heard = new Set<string>();
    client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.add(params.level));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.add(params.uri));
    await client.setLoggingLevel('error');
    await client.subscribeResource({ uri: 'note://a' });
    gateway.watched.get('note://a')?.({ uri: 'note://a' });
    await client.callTool({ name: 'log', arguments: {} });
    await expect.poll(() => heard.size).toBe(2);
    expect(heard).toEqual(new Set(['error', 'note://a']));
    await client.unsubscribeResource({ uri: 'note://a' });
    expect(gateway.watched.size).toBe(0);
  });
});
