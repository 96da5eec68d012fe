import { expect, test } from 'vitest';
import { writeJson } from '../../src/core/lossless-json.ts';
import { callTool, anUpstream, call, fixture, rejection, textOf } from './parts.ts';

test('an answer reaches its own request, however many are under way', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const numbers = Array.from({ length: 200 }, (_, number) => number);

  const answers = await Promise.all(numbers.map((number) => callTool(upstream, call('echo', { number }))));

  expect(answers.map(textOf)).toEqual(numbers.map((number) => JSON.stringify({ number })));
});

test('what is sent is the request and nothing else', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const params = { ...call('request', { deep: [{ '-0': 1 }] }), _meta: { 'vendor/trace': 'x' } };

  const { id, ...sent } = JSON.parse(textOf(await callTool(upstream, params)));

  expect(sent).toEqual({ jsonrpc: '2.0', method: 'tools/call', params });
  expect(id).toBeTypeOf('number');
});

test('a result is relayed without a loss: big integers, unknown members, names of the prototype', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const answer = await callTool(upstream, call('numbers'));

  const result = answer.kind === 'result' ? writeJson(answer.result) : '';

  expect(result).toBe('{"content":[],"structuredContent":{"big":9223372036854775807,"__proto__":1}}');
});

test("a server's own error keeps code, message and data", async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const answer = await callTool(upstream, call('fails'));
  expect(answer).toEqual({ kind: 'failure', error: { code: -32050, message: 'no luck', data: { why: ['x'] } } });
});

test('progress that comes in one piece with its result is delivered, and before it', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  for (let round = 0; round < 20; round++) {
    const heard: unknown[] = [];
    const answer = callTool(upstream, call('progress'), { onProgress: (params) => heard.push(params) });
    heard.push(textOf(await answer));
    const step = (progress: number): object => ({ progress, total: 3, vendor: 'kept' });
    expect(heard).toEqual([step(1), step(2), step(3), 'done']);
  }
});

test('who asks for no progress sends no token', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const { params } = JSON.parse(textOf(await callTool(upstream, call('request'))));
  expect(params).toEqual(call('request'));
});

test('a flood of progress is let through by a measure, and its result arrives', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  let heard = 0;
  const answer = await callTool(upstream, call('floods'), { onProgress: () => heard++ });
  expect(textOf(answer)).toBe('flooded');
  expect(heard).toBeGreaterThanOrEqual(100);
  expect(heard).toBeLessThan(10_000);
});

test('progress is a sign of life: a slow call outlives its time limit', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const answer = await callTool(upstream, call('slow', { everyMs: 100, steps: 8 }), {
    timeoutMs: 400,
    onProgress: () => {},
  });
  expect(textOf(answer)).toBe('slow');
});

test('a call without a sign of life ends with UPSTREAM_TIMEOUT, and the server is told', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const error = await rejection(callTool(upstream, call('wait', { ms: 600_000 }), { timeoutMs: 50 }));

  expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT', message: expect.stringContaining('"files"') });
  expect(JSON.parse(textOf(await callTool(upstream, call('notified'))))).toMatchObject([
    { requestId: expect.any(Number) },
  ]);
});

test('a cancelled call ends with CANCELLED, and the server is told which request it was', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  await upstream.start();
  const controller = new AbortController();
  const waiting = callTool(upstream, call('wait', { ms: 600_000 }), { signal: controller.signal });
  controller.abort();

  expect(await rejection(waiting)).toMatchObject({ code: 'CANCELLED' });
  expect(JSON.parse(textOf(await callTool(upstream, call('notified'))))).toMatchObject([
    { requestId: expect.any(Number), reason: expect.any(String) },
  ]);
});

test('what was cancelled before it began is not sent', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  await upstream.start();
  const error = await rejection(callTool(upstream, call('echo'), { signal: AbortSignal.abort() }));
  expect(error.code).toBe('CANCELLED');
});

test.for(['sampling/createMessage', 'elicitation/create', 'roots/list', 'no/such'])(
  'a server that asks for %s is told that there is no such method',
  async (method) => {
    const upstream = anUpstream(fixture('orderly.mjs'));
    const answer = JSON.parse(textOf(await callTool(upstream, call('asks', { method }))));
    expect(answer.error.code).toBe(-32601);
  },
);

test('a ping from a server is answered', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  const answer = JSON.parse(textOf(await callTool(upstream, call('asks', { method: 'ping' }))));
  expect(answer.result).toEqual({});
});

test('G-12 an upstream that answers twice is heard once', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  expect(textOf(await callTool(upstream, call('twice')))).toBe('first');
  expect(textOf(await callTool(upstream, call('fine')))).toBe('fine');
  expect(upstream.strays).toEqual({ late: 1, foreign: 0, dropped: 0 });
});

test('F-34 late, duplicate and foreign answers are ignored and counted', async () => {
  const upstream = anUpstream(fixture('unruly.mjs'));
  await callTool(upstream, call('fine'));
  expect(textOf(await callTool(upstream, call('strays')))).toBe('true');
  expect(upstream.strays).toEqual({ late: 5_000, foreign: 5_003, dropped: 0 });
});

test('G-12 ids begin at a number that cannot be guessed', async () => {
  const idOf = async (): Promise<number> =>
    JSON.parse(textOf(await callTool(anUpstream(fixture('orderly.mjs')), call('request')))).id;
  expect(await idOf()).not.toBe(await idOf());
});
