import { expect, test, vi } from 'vitest';
import type { EndedServerSession } from '../../src/core/observer.ts';
import { callTool, aClock, anUpstream, call, fixture, isAlive, rejection, textOf } from './parts.ts';

test('an upstream is idle until it is needed, and keeps what the server said of itself', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  expect(upstream.state).toEqual({ kind: 'idle' });

  const facts = await upstream.start();

  expect(facts).toEqual({
    protocolVersion: '2025-11-25',
    era: 'session',
    eras: ['session'],
    serverInfo: { name: 'fixture', version: '1.0.0' },
    instructions: 'Be brief.',
    capabilities: { tools: { listChanged: true } },
  });
  expect(upstream.state).toEqual({ kind: 'ready', facts });
});

test('many first requests start one process', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const answers = await Promise.all(Array.from({ length: 20 }, () => callTool(upstream, call('process'))));
  expect(new Set(answers.map((answer) => JSON.parse(textOf(answer)).pid)).size).toBe(1);
});

test.for(['sdk-v1.mjs', 'sdk-v2.mjs'])('a server on the SDK works: %s', async (script) => {
  const upstream = anUpstream(fixture(script));
  const tools = await upstream.readList('tools');
  expect(tools[0]).toMatchObject({ name: 'add', inputSchema: { type: 'object', required: ['a', 'b'] } });
  expect(textOf(await callTool(upstream, call('add', { a: 2, b: 3 })))).toBe('5');
  expect((await upstream.start()).instructions).toContain('Made with the SDK');
});

test('all progress of a server on the SDK arrives before its result', async () => {
  const upstream = anUpstream(fixture('sdk-v1.mjs'));
  const heard: unknown[] = [];
  const answer = await callTool(upstream, call('steps'), { onProgress: ({ progress }) => heard.push(progress) });
  expect([...heard, textOf(answer)]).toEqual([1, 2, 3, 'done']);
});

test('the tools of all pages are read, in their order', async () => {
  const tools = await anUpstream(fixture('pages.mjs', '3')).readList('tools');
  expect(tools.map(({ name }) => name)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
});

test.for([
  ['endless', 'more than 100 pages'],
  ['circle', 'the same page'],
])('a list of tools that is %s is refused', async ([kind = '', words]) => {
  const error = await rejection(anUpstream(fixture('pages.mjs', kind)).readList('tools'));
  expect(error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', message: expect.stringContaining(words ?? '') });
});

test('a server that exits at once is an error at once, with its last words kept', async () => {
  const upstream = anUpstream(fixture('exits-at-once.mjs'));
  const error = await rejection(upstream.start());
  expect(error).toMatchObject({ code: 'UPSTREAM_CLOSED', message: '"files" ended with status 1.' });
  expect(upstream.state).toEqual({ kind: 'failed', reason: error.message });
  expect(upstream.lastErrors()).toEqual(['the setting API_KEY is missing']);
});

test('a server that never answers the greeting does not start, and is ended', async () => {
  const upstream = anUpstream(fixture('silent.mjs'), { startTimeoutMs: 200 });
  const error = await rejection(upstream.start());
  expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
});

test('one who waits for a start may be cancelled, and the others still get it', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const controller = new AbortController();
  const cancelled = callTool(upstream, call('echo'), { signal: controller.signal });
  const other = callTool(upstream, call('echo'));
  controller.abort();
  expect((await rejection(cancelled)).code).toBe('CANCELLED');
  expect(textOf(await other)).toBe('{}');
});

test('G-50 F-31 a crash loop is slowed down and then left alone, with a clear message', async () => {
  // Each look at this clock is a tenth of a second later, so nobody has to wait for the pauses.
  let passedMs = 0;
  const clock = { ...aClock, monotonic: () => (passedMs += 100) };
  const upstream = anUpstream(fixture('exits-at-once.mjs'), { clock });
  for (let failure = 1; failure <= 5; failure++) {
    expect((await rejection(upstream.start())).code).toBe('UPSTREAM_CLOSED');
    passedMs += 5_000;
  }

  passedMs -= 5_000;
  const error = await rejection(upstream.start());
  expect(error.code).toBe('UPSTREAM_UNAVAILABLE');
  expect(error.message).toMatch(
    /^"files" failed 5 times within a minute and is left alone for \d+ s\. "files" ended with status 1\.$/u,
  );

  passedMs += 30_000;
  expect((await rejection(upstream.start())).code).toBe('UPSTREAM_CLOSED');
});

test('F-31 a server that crashed on a call is there again for the next one', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  expect((await rejection(callTool(upstream, call('crash')))).code).toBe('UPSTREAM_CLOSED');
  expect(upstream.state.kind).toBe('failed');
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
});

test('a crashed call is not sent a second time', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const before = JSON.parse(textOf(await callTool(upstream, call('process')))).pid;
  const waiting = rejection(callTool(upstream, call('wait', { ms: 600_000 })));
  // It reads in order, so its answer to this says that it has the other call.
  await callTool(upstream, call('process'));
  process.kill(before, 'SIGKILL');
  expect((await waiting).message).toBe('"files" ended on SIGKILL.');
});

test('F-30 a server that hangs is told of the timeout, then ended, and started anew', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'), { pingTimeoutMs: 100, graceMs: 100 });
  const hung = callTool(upstream, call('freeze'), { timeoutMs: 100 });
  expect((await rejection(hung)).code).toBe('UPSTREAM_TIMEOUT');
  await vi.waitFor(() => expect(upstream.state).toEqual({ kind: 'failed', reason: '"files" hung and was ended.' }));
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
});

test('a server that is slow with one call and answers a ping is left alone', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'), { pingTimeoutMs: 5_000 });
  await callTool(upstream, call('fine'));
  await rejection(callTool(upstream, call('never'), { timeoutMs: 50 }));
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
  expect(upstream.state.kind).toBe('ready');
});

test('its sessions are told of when they end, and whether the server was lost', async () => {
  const ended: EndedServerSession[] = [];
  const upstream = anUpstream(fixture('unruly.mjs'), { onSessionEnded: (session) => ended.push(session) });
  await rejection(callTool(upstream, call('crash')));
  await callTool(upstream, call('fine'));
  expect(ended).toMatchObject([{ protocol: '2025-11-25', isLost: true }]);
  await upstream.close();
  expect(ended).toMatchObject([{ isLost: true }, { isLost: false }]);
  for (const { ms } of ended) expect(ms).toBeGreaterThan(0);
});

test('closing ends the process and whatever waits, and may be done twice', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const { pid } = JSON.parse(textOf(await callTool(upstream, call('process'))));
  const waiting = rejection(callTool(upstream, call('wait', { ms: 600_000 })));
  await Promise.all([upstream.close(), upstream.close()]);
  expect((await waiting).code).toBe('UPSTREAM_CLOSED');
  expect(isAlive(pid)).toBe(false);
  expect((await rejection(callTool(upstream, call('echo')))).code).toBe('UPSTREAM_CLOSED');
});

test('closing during the start ends the start', async () => {
  const upstream = anUpstream(fixture('silent.mjs'));
  const starting = rejection(upstream.start());
  await vi.waitFor(() => expect(upstream.state.kind).toBe('starting'));
  await upstream.close();
  expect((await starting).code).toBe('UPSTREAM_CLOSED');
  expect(upstream.state.kind).toBe('closed');
});
