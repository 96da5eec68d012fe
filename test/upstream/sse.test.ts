import { expect, test } from 'vitest';
import type { Transport } from '../../src/upstream/server-definition.ts';
import { callTool, anUpstream, call, rejection, textOf } from './parts.ts';
import { anSseServer, aWebServer } from './web.ts';

function at(url: URL, headers: Record<string, string> = {}): Transport {
  return { kind: 'sse', url, headers };
}

test('an HTTP+SSE server on the SDK works', async () => {
  const web = await anSseServer();
  const upstream = anUpstream(at(web.url, { 'X-Key': 'k' }));
  expect((await upstream.readList('tools')).map(({ name }) => name)).toEqual(['echo', 'steps', 'ask', 'log', 'never']);
  const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
  const answers = await Promise.all(texts.map((text) => callTool(upstream, call('echo', { text }))));
  expect(answers.map(textOf)).toEqual(texts);
  expect(web.seen.every(({ headers }) => headers['x-key'] === 'k')).toBe(true);
});

test('progress over SSE arrives, and before its result', async () => {
  const upstream = anUpstream(at((await anSseServer()).url));
  const heard: unknown[] = [];
  const answer = await callTool(upstream, call('steps'), { onProgress: ({ progress }) => heard.push(progress) });
  expect([...heard, textOf(answer)]).toEqual([1, 2, 3, 'done']);
});

test('when the stream ends, what waits is told at once, and the next call works', async () => {
  const web = await anSseServer();
  const upstream = anUpstream(at(web.url));
  await upstream.start();
  const waiting = rejection(callTool(upstream, call('never')));
  await callTool(upstream, call('echo', { text: 'x' }));
  web.drop();
  expect((await waiting).code).toBe('UPSTREAM_CLOSED');
  expect(textOf(await callTool(upstream, call('echo', { text: 'again' })))).toBe('again');
});

test.for(['http://127.0.0.1:9/messages', '//evil.example/messages', 'http://[', 'file:///etc/passwd'])(
  'G-26 an address to post to that is not its own is refused: %s',
  async (address) => {
    const web = await aWebServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${address}\n\n`);
    }, '/sse');
    expect((await rejection(anUpstream(at(web.url)).start())).code).toBe('UPSTREAM_PROTOCOL');
  },
);

test.for([
  [405, 'text/plain', 'UPSTREAM_UNAVAILABLE'],
  [302, 'text/plain', 'UPSTREAM_UNAVAILABLE'],
  [200, 'text/html', 'UPSTREAM_PROTOCOL'],
] as const)('status %i with %s is no event stream', async ([status, type, code]) => {
  const web = await aWebServer(
    (_request, response) => response.writeHead(status, { 'content-type': type }).end(),
    '/sse',
  );
  expect((await rejection(anUpstream(at(web.url)).start())).code).toBe(code);
});

test('a server that never names its address does not start', async () => {
  const web = await aWebServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n');
  }, '/sse');
  expect((await rejection(anUpstream(at(web.url), { startTimeoutMs: 200 }).start())).code).toBe('UPSTREAM_TIMEOUT');
});
