import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Transport } from '../../src/upstream/server-definition.ts';
import { anUpstream, call, callTool, rejection, textOf } from './parts.ts';
import { aWebServer, type WebServer } from './web.ts';

const EVENTS = { 'content-type': 'text/event-stream' };
const at = ({ url }: WebServer): Transport => ({ kind: 'http', url, headers: {} });

interface Asked {
  /** Of the call, once it was made. */
  readonly id: number;
  readonly lastEventId: string | undefined;
  readonly response: ServerResponse;
}

/** A session server that leaves the answer to a call to `onCall`, and to `onGet` what follows. */
function aPollingServer(onCall: (asked: Asked) => unknown, onGet: (asked: Asked) => unknown): Promise<WebServer> {
  let id = 0;
  return aWebServer((request, response, body) => {
    if (request.method === 'GET') return onGet({ id, lastEventId: idOf(request), response });
    const message = JSON.parse(body === '' ? '{}' : body);
    if (message.method === 'initialize') {
      const { protocolVersion } = message.params;
      const result = { protocolVersion, capabilities: { tools: { listChanged: true } }, serverInfo: {} };
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 's' });
      return response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    }
    if (message.method !== 'tools/call') return response.writeHead(202).end();
    id = message.id;
    return onCall({ id, lastEventId: undefined, response });
  });
}

function idOf({ headers }: IncomingMessage): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' ? id : undefined;
}

function answer(id: number): string {
  return `data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }] } })}\n\n`;
}

test('a stream that broke off after an event goes on where it ended', async () => {
  const notice = '{"jsonrpc":"2.0","method":"notifications/message"}';
  const web = await aPollingServer(
    ({ response }) => response.writeHead(200, EVENTS).end(`id: e-1\nretry: 10\ndata: ${notice}\n\n`),
    ({ id, lastEventId, response }) =>
      lastEventId === 'e-1'
        ? response.writeHead(200, EVENTS).end(`id: e-2\n${answer(id)}`)
        : response.writeHead(405).end(),
  );
  expect(textOf(await callTool(anUpstream(at(web)), call('x')))).toBe('done');
});

test('a server that lets its client come back again and again for an answer is asked until it gives it', async () => {
  let visits = 0;
  const web = await aPollingServer(
    ({ response }) => response.writeHead(200, EVENTS).end('id: e-0\nretry: 1\ndata:\n\n'),
    ({ id, lastEventId, response }) => {
      if (lastEventId === undefined) return response.writeHead(405).end();
      visits++;
      expect(lastEventId).toBe(`e-${visits - 1}`);
      return response.writeHead(200, EVENTS).end(visits < 20 ? `id: e-${visits}\ndata:\n\n` : answer(id));
    },
  );
  expect(textOf(await callTool(anUpstream(at(web)), call('x')))).toBe('done');
  expect(visits).toBe(20);
});

test.for([
  ['nothing new', (response: ServerResponse): unknown => response.writeHead(200, EVENTS).end()],
  ['a refusal', (response: ServerResponse): unknown => response.writeHead(500).end()],
  ['no answer at all', (response: ServerResponse): unknown => response.destroy()],
] as const)('a stream that gives %s is given up after a few times', async ([, give]) => {
  const web = await aPollingServer(
    ({ response }) => response.writeHead(200, EVENTS).end('id: e-0\nretry: 1\ndata:\n\n'),
    ({ lastEventId, response }) => (lastEventId === undefined ? response.writeHead(405).end() : give(response)),
  );
  expect((await rejection(callTool(anUpstream(at(web)), call('x')))).code).toBe('UPSTREAM_CLOSED');
  expect(web.seen.filter(({ headers }) => headers['last-event-id'] !== undefined).length).toBeLessThan(10);
});

test('a call that is cancelled between two streams is not taken up again', async () => {
  const web = await aPollingServer(
    ({ response }) => response.writeHead(200, EVENTS).end('id: e-0\nretry: 200\ndata:\n\n'),
    ({ response }) => response.writeHead(405).end(),
  );
  const upstream = anUpstream(at(web));
  const error = await rejection(callTool(upstream, call('x'), { signal: AbortSignal.timeout(100) }));
  expect(error.code).toBe('CANCELLED');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(web.seen.some(({ headers }) => headers['last-event-id'] !== undefined)).toBe(false);
});

test('the stream for what belongs to no request goes on after its last event', async () => {
  const gets: (string | undefined)[] = [];
  const web = await aPollingServer(
    ({ id, response }) => response.writeHead(200, EVENTS).end(answer(id)),
    ({ lastEventId, response }) => {
      gets.push(lastEventId);
      if (gets.length > 3) return response.writeHead(200, EVENTS).flushHeaders();
      const change = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
      return response.writeHead(200, EVENTS).end(`id: g-${gets.length}\nretry: 1\ndata: ${change}\n\n`);
    },
  );
  const onListChanged = vi.fn<(list: string) => void>();
  await anUpstream(at(web), { onListChanged }).start();
  await vi.waitFor(() => expect(gets).toEqual([undefined, 'g-1', 'g-2', 'g-3']));
  expect(onListChanged.mock.calls).toEqual([['tools'], ['tools'], ['tools']]);
});

test('a question and its call may come on different streams of the same request', async () => {
  const question = '{"jsonrpc":"2.0","id":"q","method":"roots/list","params":{}}';
  const web = await aPollingServer(
    ({ response }) => response.writeHead(200, EVENTS).end('id: e-0\nretry: 1\ndata:\n\n'),
    ({ id, lastEventId, response }) => {
      if (lastEventId === undefined) return response.writeHead(405).end();
      return response.writeHead(200, EVENTS).end(`data: ${question}\n\n${answer(id)}`);
    },
  );
  const onRequest = vi.fn<() => Promise<RpcAnswer>>(async () => ({ kind: 'result', result: { roots: [] } }));
  const upstream = anUpstream(at(web), { offers: { roots: {} } });
  expect(textOf(await callTool(upstream, call('x'), { onRequest }))).toBe('done');
  expect(onRequest).toHaveBeenCalledOnce();
  await vi.waitFor(() =>
    expect(web.seen.map(({ body }) => body)).toContain('{"jsonrpc":"2.0","id":"q","result":{"roots":[]}}'),
  );
});
