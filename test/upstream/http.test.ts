import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { writeJson } from '../../src/core/lossless-json.ts';
import type { Transport } from '../../src/upstream/server-definition.ts';
import { callTool, anUpstream, call, rejection, textOf } from './parts.ts';
import { anSdkServer, aWebServer, type Seen, type WebServer } from './web.ts';

function at(url: URL, headers: Record<string, string> = {}): Transport {
  return { kind: 'http', url, headers };
}

const INITIALIZED = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'raw', version: '1' },
};
type Raw = (exchange: { id: number; response: ServerResponse; request: IncomingMessage }) => unknown;

/** A server that greets in an orderly way and answers `tools/call` as the test says. */
function aRawServer(onCall: Raw, onGet: Raw = ({ response }) => response.writeHead(405).end()): Promise<WebServer> {
  return aWebServer((request, response, body) => {
    if (request.method !== 'POST') return onGet({ id: 0, response, request });
    const { id, method } = JSON.parse(body);
    if (method === 'initialize') return sendJson(response, { jsonrpc: '2.0', id, result: INITIALIZED });
    if (method === 'tools/call') return onCall({ id, response, request });
    return response.writeHead(202).end();
  });
}

function sendJson(response: ServerResponse, message: unknown, { type = 'application/json', status = 200 } = {}): void {
  response
    .writeHead(status, { 'content-type': type })
    .end(typeof message === 'string' ? message : JSON.stringify(message));
}

function result(id: number, text: string): object {
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } };
}

test.for([{}, { enableJsonResponse: true }])(
  'a Streamable HTTP server on the SDK works, answers as $enableJsonResponse JSON',
  async (options) => {
    const web = await anSdkServer(options);
    const upstream = anUpstream(at(web.url));
    expect((await upstream.readList('tools')).map(({ name }) => name)).toEqual([
      'echo',
      'steps',
      'ask',
      'log',
      'never',
    ]);
    const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(texts.map((text) => callTool(upstream, call('echo', { text }))));
    expect(answers.map(textOf)).toEqual(texts);
  },
);

test('progress over HTTP arrives, and before its result', async () => {
  const upstream = anUpstream(at((await anSdkServer()).url));
  const heard: unknown[] = [];
  const answer = await callTool(upstream, call('steps'), { onProgress: ({ progress }) => heard.push(progress) });
  expect([...heard, textOf(answer)]).toEqual([1, 2, 3, 'done']);
});

test('session, protocol version and configured headers are sent, and nothing else that could tell of a client', async () => {
  const web = await anSdkServer();
  const upstream = anUpstream(at(web.url, { Authorization: 'Bearer configured', 'X-Team': 'a' }));
  await callTool(upstream, call('echo', { text: 'x' }));

  const [first, second] = web.seen;
  expect(Object.keys(first?.headers ?? {}).toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'user-agent',
    'x-team',
  ]);
  expect(second?.headers).toMatchObject({
    authorization: 'Bearer configured',
    'x-team': 'a',
    'mcp-protocol-version': '2025-11-25',
    'mcp-session-id': expect.any(String),
    accept: 'application/json, text/event-stream',
  });
});

test('name and password of an address are sent as such, and a configured header wins', async () => {
  const web = await anSdkServer();
  const url = new URL(web.url);
  url.username = 'ann';
  url.password = 'p%40ss';
  await anUpstream(at(url)).start();
  const greeting = (): Seen | undefined => web.seen.findLast(({ body }) => body.includes('"initialize"'));
  expect(greeting()?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
  await anUpstream(at(url, { Authorization: 'Bearer b' })).start();
  expect(greeting()?.headers).toMatchObject({ authorization: 'Bearer b', host: url.host });
});

test('the session is told when it is over', async () => {
  const web = await anSdkServer();
  const upstream = anUpstream(at(web.url));
  await upstream.start();
  await upstream.close();
  expect(web.seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': expect.any(String) } });
});

test('what the server says unasked comes over its own stream', async () => {
  const web = await anSdkServer();
  let changes = 0;
  const upstream = anUpstream(at(web.url), { onListChanged: () => changes++ });
  await upstream.start();
  await vi.waitFor(() => expect(web.seen.some(({ method }) => method === 'GET')).toBe(true));
  await vi.waitFor(async () => {
    await web.announce();
    expect(changes).toBeGreaterThan(0);
  });
});

test('a lost session is begun anew, once, and the call is answered', async () => {
  const web = await anSdkServer();
  const upstream = anUpstream(at(web.url));
  await upstream.start();
  web.forget();
  const texts = ['a', 'b', 'c'];
  const answers = await Promise.all(texts.map((text) => callTool(upstream, call('echo', { text }))));
  expect(answers.map(textOf)).toEqual(texts);
  expect(web.seen.filter(({ body }) => body.includes('"initialize"'))).toHaveLength(2);
});

test('a cancelled call is cancelled at the server, and the next one works', async () => {
  const web = await anSdkServer();
  const upstream = anUpstream(at(web.url));
  await upstream.start();
  const controller = new AbortController();
  const waiting = rejection(callTool(upstream, call('never'), { signal: controller.signal }));
  await vi.waitFor(() => expect(web.seen.some(({ body }) => body.includes('never'))).toBe(true));
  controller.abort();
  expect((await waiting).code).toBe('CANCELLED');
  await vi.waitFor(() => expect(web.seen.some(({ body }) => body.includes('notifications/cancelled'))).toBe(true));
  expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
});

test.for(['application/json', 'Application/JSON', 'application/json ;charset=utf-8', 'APPLICATION/JSON; a=b'])(
  'G-12 the media type %s is JSON',
  async (type) => {
    const web = await aRawServer(({ id, response }) => sendJson(response, result(id, 'x'), { type, status: 201 }));
    expect(textOf(await callTool(anUpstream(at(web.url)), call('x')))).toBe('x');
  },
);

test.for(['text/html', 'application/jsonx', 'text/json', ''])(
  'G-12 an answer of the media type "%s" is none',
  async (type) => {
    const web = await aRawServer(({ id, response }) => sendJson(response, result(id, 'x'), { type }));
    const error = await rejection(callTool(anUpstream(at(web.url)), call('x')));
    expect(error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', message: expect.stringContaining('media type') });
  },
);

test('G-12 the answer to another request is not the answer', async () => {
  const web = await aRawServer(({ id, response }) => sendJson(response, result(id + 1, 'stolen')));
  const upstream = anUpstream(at(web.url));
  expect((await rejection(callTool(upstream, call('x')))).code).toBe('UPSTREAM_PROTOCOL');
  expect(upstream.strays.foreign).toBe(1);
});

test('G-11 one event is one message, whatever its text holds', async () => {
  const hostile = '\n\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\r\r\u2028';
  const web = await aRawServer(({ id, response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`event: message\ndata: ${JSON.stringify(result(id, hostile))}\n\n`);
  });
  const upstream = anUpstream(at(web.url));
  expect(textOf(await callTool(upstream, call('x')))).toBe(hostile);
  expect(upstream.strays).toEqual({ late: 0, foreign: 0, dropped: 0 });
});

test('big integers survive over HTTP', async () => {
  const web = await aRawServer(({ id, response }) =>
    sendJson(response, `{"jsonrpc":"2.0","id":${id},"result":{"n":9223372036854775807}}`),
  );
  const answer = await callTool(anUpstream(at(web.url)), call('x'));
  expect(answer.kind === 'result' && writeJson(answer.result)).toBe('{"n":9223372036854775807}');
});

test.for([
  [302, { location: 'http://127.0.0.1:9/' }, 'redirect'],
  [307, { location: '/elsewhere' }, 'redirect'],
  [401, {}, 'refuses the credentials'],
  [403, {}, 'refuses the credentials'],
  [404, {}, 'no such door'],
  [500, {}, 'status 500', 'UPSTREAM_PROTOCOL'],
  [503, {}, 'status 503', 'UPSTREAM_PROTOCOL'],
] as const)(
  'G-26 status %i is an error that says what it means, and no redirect is followed',
  async ([status, headers, words, code = 'UPSTREAM_UNAVAILABLE']) => {
    const web = await aRawServer(({ response }) => response.writeHead(status, headers).end('<html>'));
    const error = await rejection(callTool(anUpstream(at(web.url)), call('x')));
    expect(error).toMatchObject({
      code,
      message: expect.stringContaining(words),
      mend: expect.any(String),
    });
    expect(web.seen.some(({ url }) => url === '/elsewhere')).toBe(false);
  },
);

test('a server that cannot be reached was asked nothing, and one that ends the connection may have done it', async () => {
  const web = await aRawServer(({ request }) => request.socket.resetAndDestroy());
  expect((await rejection(callTool(anUpstream(at(web.url)), call('x')))).code).toBe('UPSTREAM_CLOSED');
  const nobody = new URL('http://127.0.0.1:9/mcp');
  expect((await rejection(callTool(anUpstream(at(nobody)), call('x')))).code).toBe('UPSTREAM_UNAVAILABLE');
});

test('a JSON-RPC error in the body of a refusal is the answer', async () => {
  const web = await aRawServer(({ id, response }) =>
    sendJson(response, { jsonrpc: '2.0', id, error: { code: -32602, message: 'bad' } }, { status: 400 }),
  );
  expect(await callTool(anUpstream(at(web.url)), call('x'))).toEqual({
    kind: 'failure',
    error: { code: -32602, message: 'bad' },
  });
});

test.for<[string, Raw]>([
  ['a connection cut before the answer', ({ response }) => response.destroy()],
  [
    'half an answer',
    ({ response }) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': 99 })
        .write('{', () => response.destroy()),
  ],
  [
    'a stream that ends without an answer',
    ({ response }) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': bye\n\n'),
  ],
  ['200 and HTML', ({ response }) => sendJson(response, '<html>', { type: 'text/html' })],
  ['JSON that is none', ({ response }) => sendJson(response, '{"jsonrpc":')],
  ['an empty body', ({ response }) => sendJson(response, '')],
  [
    'a compressed body nobody asked for',
    ({ response }) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync('{}')),
  ],
])('F-32 %s is an error of that call at once, and of no other', async ([, misbehave]) => {
  let calls = 0;
  const web = await aRawServer((exchange) =>
    calls++ === 0 ? misbehave(exchange) : sendJson(exchange.response, result(exchange.id, 'fine')),
  );
  const upstream = anUpstream(at(web.url));
  expect((await rejection(callTool(upstream, call('x')))).code).toMatch(/^UPSTREAM_(?:CLOSED|PROTOCOL|UNAVAILABLE)$/u);
  expect(textOf(await callTool(upstream, call('x')))).toBe('fine');
});

test.for<[string, string]>([
  ['JSON', 'application/json'],
  ['an event', 'text/event-stream'],
])('G-46 %s that does not end is cut off at the limit', async ([, type]) => {
  let isCut = false;
  const web = await aRawServer(({ response }) => {
    response.on('close', () => (isCut = true));
    response.writeHead(200, { 'content-type': type }).write('data: ');
    const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), more));
    more();
  });
  const error = await rejection(callTool(anUpstream(at(web.url), { maxMessageBytes: 1024 * 1024 }), call('x')));
  expect(error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', message: expect.stringContaining('1048576 bytes') });
  await vi.waitFor(() => expect(isCut).toBe(true));
});

test.for([
  ['2024-11-05', '2024-11-05'],
  ['2025-03-26', '2025-03-26'],
  ['1999-01-01', 'UPSTREAM_PROTOCOL'],
  [7, 'UPSTREAM_PROTOCOL'],
] as const)('an answer in protocol version %s: %s', async ([protocolVersion, expected]) => {
  const web = await aWebServer((_request, response, body) => {
    const { id, method } = JSON.parse(body === '' ? '{}' : body);
    if (method !== 'initialize') return response.writeHead(202).end();
    return sendJson(response, { jsonrpc: '2.0', id, result: { protocolVersion, capabilities: {}, serverInfo: {} } });
  });
  const started = anUpstream(at(web.url)).start();
  const end = await started.then(
    ({ protocolVersion }) => protocolVersion,
    ({ code }) => code,
  );
  expect(end).toBe(expected);
});

test('a server that cannot be reached is named', async () => {
  const web = await aRawServer(() => {});
  const upstream = anUpstream(at(new URL('http://127.0.0.1:9/mcp')));
  expect(await rejection(upstream.start())).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    message: '"files" cannot be reached (ECONNREFUSED).',
  });
  expect(web.seen).toEqual([]);
});

test.for([
  ['Mcp-Session-Id', 'x'],
  ['Host', 'evil'],
  ['Content-Length', '5'],
  ['X-A', 'a\r\nX-B: b'],
  ['X A', 'a'],
])('the header %s: %j is an error of the configuration', async ([header = '', value = '']) => {
  const error = await rejection(anUpstream(at(new URL('http://127.0.0.1:9/'), { [header]: value })).start());
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(JSON.stringify(header)) });
  expect(error.message).not.toContain('evil');
});
