import { expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import { type AnUpstream, aLogger, anUpstream, call, callTool, fixture, isAlive, rejection, textOf } from './parts.ts';
import { FloodGate } from '../../src/upstream/flood-gate.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';

const LIMIT = 1024 * 1024;

function hostile(more: AnUpstream = {}): Upstream {
  return anUpstream(fixture('hostile.mjs'), { maxMessageBytes: LIMIT, ...more });
}

function make(upstream: Upstream, mode: string, args: JsonObject = {}): Promise<RpcAnswer> {
  return callTool(upstream, call('do', { mode, ...args }));
}

test.for(['text', 'blob', 'resource', 'structured', 'meta'])(
  'G-46 a result is held to one limit over all its bytes, those of its %s too',
  async (member) => {
    const upstream = hostile();
    const fits = await make(upstream, 'large', { member, bytes: LIMIT - 400 });
    expect(fits.kind).toBe('result');
    const error = await rejection(make(upstream, 'large', { member, bytes: LIMIT }));
    expect(error).toMatchObject({ code: 'UPSTREAM_PROTOCOL', message: expect.stringContaining(`${LIMIT} bytes`) });
    expect(textOf(await make(upstream, 'nothing'))).toBe('done');
  },
);

test('F-33 of a flood of notifications a measure is passed on, the rest is counted, and answers still come', async () => {
  const logger = aLogger();
  let heard = 0;
  const upstream = hostile({ logger, onNotification: () => heard++ });
  const flood = { method: 'notifications/message', params: { level: 'info', data: 'x' }, count: 100_000 };
  const answer = await callTool(upstream, call('do', { mode: 'says', ...flood }), { onNotification: () => heard++ });
  expect(textOf(answer)).toBe('said');
  expect(heard).toBeGreaterThanOrEqual(1_000);
  expect(heard).toBeLessThan(50_000);
  expect(upstream.strays.dropped).toBe(100_000 - heard);
  const told = logger.lines.filter(({ message }) => message.includes('says more than is taken'));
  expect(told.map(({ fields }) => fields['dropped']).slice(0, 5)).toEqual([1, 10, 100, 1_000, 10_000]);
});

test('F-33 a flood of what a server logs costs nobody what is waited for: done tasks, elicitations, resources', () => {
  const gate = new FloodGate(0, () => undefined);
  const admits = (method: string): boolean => gate.admits({ kind: 'notification', method, params: {} }, 0);
  while (admits('notifications/message')) expect(gate.dropped).toBe(0);
  const awaited = ['elicitation/complete', 'tasks/status', 'tasks', 'resources/updated', 'subscriptions/acknowledged'];
  expect(awaited.filter((name) => !admits(`notifications/${name}`))).toEqual([]);
  while (admits('notifications/resources/updated')) expect(gate.dropped).toBe(1);
});

test('G-48 of a flood of questions a measure is answered and told of, so that it fills no log', async () => {
  let refused = 0;
  const upstream = hostile({ onRefused: () => refused++ });
  await make(upstream, 'says', { method: 'sampling/createMessage', asks: true, count: 20_000 });
  expect(refused).toBeGreaterThanOrEqual(200);
  expect(refused).toBeLessThan(10_000);
  expect(upstream.strays.dropped).toBe(20_000 - refused);
});

test('G-41 that its tools have changed is heard however often a server says it', async () => {
  const upstream = hostile();
  await make(upstream, 'nothing');
  const before = upstream.toolsEpoch;
  await make(upstream, 'says', { method: 'notifications/tools/list_changed', count: 5_000 });
  expect(upstream.toolsEpoch - before).toBe(5_000);
  expect(upstream.strays.dropped).toBe(0);
});

test('G-29 a server sees no variable of the gateway but those of the allow list and its own', async () => {
  const environment = { PATH: process.env['PATH'], HOME: '/home/x', GITHUB_TOKEN: 'canary', NODE_OPTIONS: '--title=x' };
  const upstream = anUpstream({ ...fixture('hostile.mjs'), env: { OWN: 'own' } }, { environment });
  const seen: unknown = JSON.parse(textOf(await make(upstream, 'environment')));
  expect(seen).toEqual({ PATH: environment.PATH, HOME: '/home/x', OWN: 'own' });
});

test.for(['closing', 'a crash', 'a message that is too long'])(
  'F-35 after %s neither the server nor what it started is alive',
  async (end) => {
    const upstream = hostile({ graceMs: 200 });
    const family = JSON.parse(textOf(await make(upstream, 'family'))) as number[];
    expect(family.map(isAlive)).toEqual([true, true]);
    if (end === 'closing') await upstream.close();
    else if (end === 'a crash') await rejection(make(upstream, 'leaks', { over: 'crash' }));
    else await rejection(make(upstream, 'large', { member: 'text', bytes: 2 * LIMIT }));
    await vi.waitFor(() => expect(family.map(isAlive)).toEqual([false, false]), { timeout: 10_000 });
  },
);
