import { expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcNotification } from '../../src/core/rpc.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { anUpstream, call, callTool, fixture, textOf, type AnUpstream } from './parts.ts';
import { aBothErasServer, anSdkServer } from './web.ts';

function heard(): { methods: string[]; onNotification: (notification: RpcNotification) => void } {
  const methods: string[] = [];
  return { methods, onNotification: ({ method, params }) => methods.push(`${method} ${JSON.stringify(params)}`) };
}

function anAskingServer(more: AnUpstream = {}): Upstream {
  return anUpstream(fixture('asking.mjs'), more);
}

function message(data: string): JsonObject {
  return { method: 'notifications/message', params: { level: 'info', data, vendor: { kept: 1 } } };
}

const line = (data: string): string => `notifications/message {"level":"info","data":"${data}","vendor":{"kept":1}}`;

test('notifications/message of a process belongs to the one call under way, as it was sent', async () => {
  const [host, own] = [heard(), heard()];
  const upstream = anAskingServer({ onNotification: host.onNotification });
  await callTool(upstream, call('tell', { notifications: [message('a')] }), own);
  expect([own.methods, host.methods]).toEqual([[line('a')], []]);
});

test('what no call takes, and what comes after, is the host’s', async () => {
  const [host, own] = [heard(), heard()];
  const upstream = anAskingServer({ onNotification: host.onNotification });
  await callTool(upstream, call('tell', { notifications: [message('a')] }));
  const complete = { method: 'notifications/elicitation/complete', params: { elicitationId: 'e' } };
  const status = { method: 'notifications/tasks/status', params: { taskId: 't' } };
  const state = { method: 'notifications/tasks', params: { taskId: 't' } };
  await callTool(upstream, call('tell', { notifications: [complete, status, state] }), own);
  expect(host.methods).toEqual([
    line('a'),
    'notifications/elicitation/complete {"elicitationId":"e"}',
    'notifications/tasks/status {"taskId":"t"}',
    'notifications/tasks {"taskId":"t"}',
  ]);
  expect(own.methods).toEqual([]);
});

test('where sessions share a process, what is said among several calls goes to none of them', async () => {
  const [host, first, second] = [heard(), heard(), heard()];
  const upstream = anAskingServer({ onNotification: host.onNotification });
  const waiting = callTool(upstream, call('wait', { key: 'a' }), { ...first, session: 'one' });
  const waker = { ...second, session: 'another' };
  await callTool(upstream, call('wake', { key: 'a', notifications: [message('a')] }), waker);
  await waiting;
  expect([host.methods, first.methods, second.methods]).toEqual([[line('a')], [], []]);
});

test('over HTTP the stream says which call a notification belongs to, and that it belongs to none', async () => {
  const { url } = await anSdkServer();
  const [host, first, second] = [heard(), heard(), heard()];
  const upstream = anUpstream({ kind: 'http', url, headers: {} }, { onNotification: host.onNotification });
  await upstream.start();
  const waiting = callTool(upstream, call('never'), { ...first, signal: AbortSignal.timeout(1_000) });
  waiting.catch(() => undefined);
  await vi.waitFor(async () => {
    await callTool(upstream, call('log'), second);
    expect(host.methods).toContain('notifications/message {"level":"info","data":"on no stream"}');
  });
  expect(new Set(second.methods)).toEqual(new Set(['notifications/message {"level":"info","data":"on its stream"}']));
  expect(first.methods).toEqual([]);
});

test.for(['pipe', 'http'])('logging of a stateless server is asked for request by request: %s', async (road) => {
  const web = await aBothErasServer({ legacy: 'reject' });
  const transport = road === 'pipe' ? fixture('both-eras.mjs') : { kind: 'http' as const, url: web.url, headers: {} };
  const upstream = anUpstream(transport, { era: 'stateless' });
  const [silent, told] = [heard(), heard()];
  await callTool(upstream, call('log'), silent);
  await callTool(upstream, call('log'), { ...told, logLevel: 'debug' });
  expect(silent.methods).toEqual([]);
  expect(told.methods).toEqual([expect.stringMatching(/^notifications\/message .*"said while at work"/u)]);
});

test('logging/setLevel is sent when it changes, and again to a server that was started anew', async () => {
  const upstream = anAskingServer();
  await upstream.setLogLevel('warning');
  expect(textOf(await callTool(upstream, call('answers')))).toBe('[{"level":"warning"}]');
  await upstream.setLogLevel('warning');
  await upstream.setLogLevel('debug');
  expect(textOf(await callTool(upstream, call('answers')))).toBe('[{"level":"warning"},{"level":"debug"}]');

  await callTool(upstream, call('crash')).catch(() => undefined);
  await vi.waitFor(async () => expect(textOf(await callTool(upstream, call('answers')))).toBe('[{"level":"debug"}]'));
});

test('a server without logging, and one that is stateless, are sent no level', async () => {
  const upstream = anUpstream(fixture('orderly.mjs'));
  await upstream.start();
  await upstream.setLogLevel('debug');
  const stateless = anUpstream(fixture('both-eras.mjs', 'stateless'), { era: 'stateless' });
  await stateless.start();
  await stateless.setLogLevel('debug');
  expect(textOf(await callTool(stateless, call('add', { a: 1, b: 1 })))).toBe('2');
});

test('roots/list_changed reaches a session server that runs, and starts none', async () => {
  const upstream = anAskingServer();
  await upstream.notify('notifications/roots/list_changed', {});
  expect(upstream.state.kind).toBe('idle');
  await upstream.start();
  await upstream.notify('notifications/roots/list_changed', {});
  expect(textOf(await callTool(upstream, call('answers')))).toBe('["roots changed"]');
});

test('notifications/progress that does not go forward is not told', async () => {
  const told: unknown[] = [];
  const onProgress = ({ progress }: JsonObject): unknown => told.push(progress);
  await callTool(anAskingServer(), call('progress', { numbers: [1, 3, 2, 3, 4, 4, 5] }), { onProgress });
  expect(told).toEqual([1, 3, 4, 5]);
});

test('progress for a token that nobody has is ignored', async () => {
  const told: unknown[] = [];
  const stray = { method: 'notifications/progress', params: { progressToken: 'x', progress: 1 } };
  await callTool(anAskingServer(), call('tell', { notifications: [stray, { ...stray, params: {} }] }), {
    onProgress: (params) => told.push(params),
  });
  expect(told).toEqual([]);
});
