import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Caller } from '../../src/gateway/port.ts';
import type { InstanceOf } from '../../src/upstream/instance-host.ts';
import { aGateway, type World } from './a-gateway.ts';
import { aCaller } from './makers.ts';
import { aScriptedServer } from './scripted-server.ts';

const READ = { name: 'read', inputSchema: { type: 'object' } };
const TASK = { taskId: '1', status: 'working', createdAt: '2026-03-02T12:00:00Z', ttl: 60_000 };
const ADDRESS = { mode: 'url', elicitationId: '1', url: 'https://example.test/', message: 'Open this' };
const NEWS = [
  {
    name: 'a task',
    answer: { kind: 'result', result: { task: TASK } } satisfies RpcAnswer,
    method: 'notifications/tasks/status',
    params: { ...TASK, status: 'completed' },
  },
  {
    name: 'an elicitation',
    answer: {
      kind: 'failure',
      error: { code: -32042, message: 'first', data: { elicitations: [ADDRESS] } },
    } satisfies RpcAnswer,
    method: 'notifications/elicitation/complete',
    params: { elicitationId: '1' },
  },
] as const;

test.for(NEWS)(
  'news of $name reach its session from its own instance, and not from another with the same id',
  async ({ answer, method, params }) => {
    const world = await aGateway({
      servers: { files: { tools: [READ], answers: { 'tools/call': () => answer } } },
      allow: { elicitation: true },
    });
    const caller: Caller = { ...aCaller(), capabilities: { elicitation: { url: {} } } };
    const told = listener(world, caller);
    const call = { method: 'tools/call', name: 'read', args: {}, meta: {}, answers: undefined, task: {} } as const;
    await world.ask(call, caller);
    const another: InstanceOf = {
      server: 'files' as ServerId,
      kind: 'session',
      holder: undefined,
      upstream: aScriptedServer().upstream,
    };
    world.gateway.host.onNotification(another, { kind: 'notification', method, params });
    expect(told).toEqual([]);
    world.say('files', method, params);
    expect(told).toEqual([[method, params]]);
  },
);

function listener({ gateway }: World, caller: Caller): readonly (readonly [string, JsonObject])[] {
  const told: (readonly [string, JsonObject])[] = [];
  gateway.attend(caller, {
    listChanged: () => undefined,
    notify: (method, params) => told.push([method, params]),
    logLevel: () => undefined,
    ask: undefined,
  });
  return told;
}
