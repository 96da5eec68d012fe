import { expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Followed, TaskListener } from '../../src/upstream/followed-tasks.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { anUpstream, call, callTool, fixture, rejection, textOf } from './parts.ts';

interface Heard extends TaskListener {
  readonly told: ReturnType<typeof vi.fn<TaskListener['told']>>;
  readonly changed: ReturnType<typeof vi.fn<TaskListener['changed']>>;
}

const STATELESS = 'stateless' as const;

function aListener(): Heard {
  return { told: vi.fn<TaskListener['told']>(), changed: vi.fn<TaskListener['changed']>() };
}

function aServer(era: 'session' | 'stateless' = STATELESS): Upstream {
  return anUpstream(fixture('followed.mjs', era), { era });
}

function follow(upstream: Upstream, listener: TaskListener, taskIds: readonly string[]): Promise<Followed> {
  return upstream.follow(taskIds, listener, { offers: {} });
}

async function move(upstream: Upstream, taskId: string, more: JsonObject = {}): Promise<void> {
  await callTool(upstream, call('move', { taskId, status: 'working', ...more }));
}

async function listens(upstream: Upstream): Promise<readonly string[][]> {
  return JSON.parse(textOf(await callTool(upstream, call('listens'))));
}

test('a stateless server is listened to for the tasks that somebody follows, as long as they do', async () => {
  const upstream = aServer();
  const [one, other] = [aListener(), aListener()];
  const followed = await follow(upstream, one, ['task-1', 'task-2']);
  await follow(upstream, other, ['task-2']);
  expect(followed.taskIds).toEqual(['task-1', 'task-2']);
  expect(upstream.isBusy).toBe(true);
  await move(upstream, 'task-1', { vendor: { a: 1 }, _meta: { 'x/y': 1 } });
  await move(upstream, 'task-2');
  expect(one.told.mock.calls).toEqual([
    [{ taskId: 'task-1', status: 'working', vendor: { a: 1 }, _meta: { 'x/y': 1 } }],
    [{ taskId: 'task-2', status: 'working' }],
  ]);
  expect(other.told.mock.calls).toEqual([[{ taskId: 'task-2', status: 'working' }]]);
  followed.stop();
  await vi.waitFor(async () => expect(await listens(upstream)).toEqual([['task-2']]));
  await move(upstream, 'task-1');
  expect(one.told).toHaveBeenCalledTimes(2);
});

test('a server in a session is asked for nothing, and says by itself what has changed', async () => {
  const upstream = aServer('session');
  const listener = aListener();
  const followed = await follow(upstream, listener, ['task-1']);
  await move(upstream, 'task-1');
  await move(upstream, 'task-2');
  expect(listener.changed.mock.calls).toEqual([['task-1']]);
  followed.stop();
  expect(upstream.isBusy).toBe(false);
  await move(upstream, 'task-1');
  expect(listener.changed).toHaveBeenCalledTimes(1);
});

test('a stateless server that does not agree is not listened to', async () => {
  const upstream = aServer();
  const followed = await follow(upstream, aListener(), ['another']);
  expect(followed.taskIds).toEqual([]);
  expect(upstream.isBusy).toBe(false);
  await vi.waitFor(async () => expect(await listens(upstream)).toEqual([]));
  const refusing = anUpstream(fixture('stateless-asking.mjs'), { era: STATELESS });
  expect((await follow(refusing, aListener(), ['task-1'])).taskIds).toEqual([]);
});

test('a server that is started anew is listened to once more, once, and what it says may be new', async () => {
  const upstream = aServer();
  const [before, after] = [aListener(), aListener()];
  await callTool(upstream, call('crash')).catch(() => undefined);
  await follow(upstream, before, ['task-1']);
  expect(await listens(upstream)).toEqual([['task-1']]);
  await follow(upstream, after, ['task-2']);
  await callTool(upstream, call('crash')).catch(() => undefined);
  await vi.waitFor(() => expect(before.changed.mock.calls).toEqual([['task-1']]), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await listens(upstream)).toEqual([['task-1'], ['task-2']]));
  expect(after.changed.mock.calls).toEqual([['task-2']]);
});

test('whoever is cancelled while the server is asked follows nothing', async () => {
  const upstream = aServer();
  const options = { signal: AbortSignal.abort(), offers: {} };
  expect((await rejection(upstream.follow(['task-1'], aListener(), options))).code).toBe('CANCELLED');
  expect(await listens(upstream)).toEqual([]);
  expect(upstream.isBusy).toBe(false);
});

test('what follows is over when the instance is closed', async () => {
  const upstream = aServer();
  const followed = await follow(upstream, aListener(), ['task-1']);
  await upstream.close();
  followed.stop();
  expect((await rejection(follow(upstream, aListener(), ['task-1']))).code).toBe('UPSTREAM_CLOSED');
});
