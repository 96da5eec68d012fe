import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { aFolder, aMemory, anUpstream, call, callTool, fixture, rejection, someKnowledge, textOf } from './parts.ts';
import { aBothErasServer, anSdkServer, anSseServer, aWebServer } from './web.ts';

const at = (kind: 'http' | 'sse', url: URL): { kind: 'http' | 'sse'; url: URL; headers: Record<string, string> } => ({
  kind,
  url,
  headers: {},
});

test.for([
  { wanted: 'session', server: 'serve', got: 'session', eras: ['session'] },
  { wanted: 'stateless', server: 'serve', got: 'stateless', eras: ['stateless'] },
  { wanted: 'session', server: 'stateless', got: 'stateless', eras: ['stateless'] },
  { wanted: 'stateless', server: 'stateless', got: 'stateless', eras: ['stateless'] },
] as const)(
  'initialize / server/discover: a client of the era $wanted and a process that offers $server meet as $got, in one start',
  async ({ wanted, server, got, eras }) => {
    const starts = path.join(aFolder(), 'starts');
    const upstream = anUpstream(fixture('both-eras.mjs', server, starts), { era: wanted });

    expect(await upstream.start()).toMatchObject({
      era: got,
      eras,
      protocolVersion: got === 'session' ? '2025-11-25' : '2026-07-28',
      serverInfo: { name: 'both-eras', version: '3.0.0' },
      instructions: 'Speaks both eras.',
      capabilities: { resources: { subscribe: true } },
    });
    expect(textOf(await callTool(upstream, call('add', { a: 1, b: 2 })))).toBe('3');
    expect(readFileSync(starts, 'utf8')).toBe('started\n');
  },
);

test.for(['sdk-v1.mjs', 'orderly.mjs'])(
  'a process that knows no probe is greeted with initialize: %s',
  async (script) => {
    const knowledge = someKnowledge();
    const upstream = anUpstream(fixture(script), { era: 'stateless', knowledge });
    expect(await upstream.start()).toMatchObject({ era: 'session', eras: ['session'] });
    expect(knowledge.offers('stateless')).toBe(false);
  },
);

test('a process that ignores a probe is greeted with initialize, in one start', async () => {
  const starts = path.join(aFolder(), 'starts');
  const upstream = anUpstream(fixture('probed.mjs', 'ignores', starts), { era: 'stateless', probeMs: 200 });
  expect(await upstream.start()).toMatchObject({ era: 'session' });
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
  expect(readFileSync(starts, 'utf8')).toBe('started\n');
});

test('a process that ends when it is probed is started once more, and not probed again', async () => {
  const starts = path.join(aFolder(), 'starts');
  const memory = aMemory();
  const transport = fixture('probed.mjs', 'ends', starts);
  const upstream = anUpstream(transport, { era: 'stateless', knowledge: someKnowledge({ memory }) });
  expect(await upstream.start()).toMatchObject({ era: 'session' });
  expect(readFileSync(starts, 'utf8')).toBe('started\nstarted\n');

  await upstream.close();
  await anUpstream(transport, { era: 'stateless', knowledge: someKnowledge({ memory }) }).start();
  expect(readFileSync(starts, 'utf8')).toBe('started\nstarted\nstarted\n');
});

test.for([
  { wanted: 'session', legacy: 'stateless', got: 'session' },
  { wanted: 'stateless', legacy: 'stateless', got: 'stateless' },
  { wanted: 'session', legacy: 'reject', got: 'stateless' },
] as const)('over HTTP too: wanted $wanted, old clients: $legacy, spoken $got', async ({ wanted, legacy, got }) => {
  const web = await aBothErasServer({ legacy });
  const upstream = anUpstream(at('http', web.url), { era: wanted });
  expect(await upstream.start()).toMatchObject({ era: got });
  expect(textOf(await callTool(upstream, call('add', { a: 1, b: 2 })))).toBe('3');
});

test('an HTTP server of before 2026 is greeted with initialize', async () => {
  const { url } = await anSdkServer();
  const upstream = anUpstream(at('http', url), { era: 'stateless' });
  expect(await upstream.start()).toMatchObject({ era: 'session' });
  expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
});

test('an SSE server is not asked for what is younger than its road', async () => {
  const web = await anSseServer();
  const upstream = anUpstream(at('sse', web.url), { era: 'stateless', knowledge: someKnowledge({ hasOneEra: true }) });
  expect(await upstream.start()).toMatchObject({ era: 'session' });
  expect(web.seen.some(({ body }) => body.includes('server/discover'))).toBe(false);
});

test.for([401, 403, 500, 502, 503])(
  'a status of %i says nothing about the era, whatever its body says',
  async (status) => {
    const web = await aWebServer((_request, response, body) => {
      const error = { code: -32601, message: 'no such method' };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(body).id, error }));
    });
    const knowledge = someKnowledge();
    const upstream = anUpstream(at('http', web.url), { era: 'stateless', knowledge });
    await rejection(upstream.start());
    expect(web.seen.map(({ body }) => JSON.parse(body).method)).toEqual(['server/discover']);
    expect(knowledge.offers('stateless')).toBeUndefined();
  },
);

test('what is remembered of an era is believed for a day, and only of the server that it was said of', async () => {
  let daysPassed = 0;
  const clock = { now: () => Date.now() + daysPassed * 24 * 3_600_000, monotonic: () => performance.now() };
  const memory = aMemory();
  const start = async (script: string): Promise<readonly string[]> => {
    const knowledge = someKnowledge({ memory, clock });
    const upstream = anUpstream(fixture(script), { era: 'stateless', knowledge });
    const { era } = await upstream.start();
    await upstream.close();
    return [era, String(knowledge.offers('stateless'))];
  };
  expect(await start('sdk-v1.mjs')).toEqual(['session', 'false']);
  // The server was renewed and speaks both now, which nobody asks until a day has passed.
  expect(await start('both-eras.mjs')).toEqual(['session', 'undefined']);
  expect(await start('both-eras.mjs')).toEqual(['stateless', 'true']);
  // It was put back, which shows at once.
  expect(await start('sdk-v1.mjs')).toEqual(['session', 'false']);
  daysPassed = 2;
  expect(await start('both-eras.mjs')).toEqual(['stateless', 'true']);
});

test('a server that changes its era while it is used is greeted anew, and the call is made once', async () => {
  const server = await aBothErasServer({ legacy: 'reject' });
  const upstream = anUpstream(at('http', server.url), { era: 'stateless' });
  await upstream.start();
  await server.becomeSession();
  expect(textOf(await callTool(upstream, call('echo', { text: 'x' })))).toBe('x');
  expect(upstream.state).toMatchObject({ facts: { era: 'session' } });
});

test('a server that was put back to one that ends when it is probed is greeted anew after one failure', async () => {
  const memory = aMemory();
  const first = anUpstream(fixture('both-eras.mjs'), { era: 'stateless', knowledge: someKnowledge({ memory }) });
  await first.start();
  await first.close();
  const knowledge = someKnowledge({ memory });
  const transport = fixture('probed.mjs', 'ends', path.join(aFolder(), 'starts'));
  const upstream = anUpstream(transport, { era: 'stateless', knowledge });
  expect((await rejection(upstream.start())).code).toBe('UPSTREAM_CLOSED');
  expect(await upstream.start()).toMatchObject({ era: 'session' });
});

test('what cannot be read in the memory is found out anew', async () => {
  for (const kept of [{ files: 'nonsense' }, { files: { facts: { era: 'x' } } }]) {
    const upstream = anUpstream(fixture('sdk-v1.mjs'), { knowledge: someKnowledge({ memory: aMemory(kept) }) });
    expect(await upstream.start()).toMatchObject({ era: 'session' });
  }
});
