import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Caller, ClientRequest } from '../../src/gateway/port.ts';
import { aGateway } from './a-gateway.ts';
import { aCaller } from './makers.ts';
import type { Script } from './scripted-server.ts';

const LISTED: Script = { capabilities: { tools: {}, resources: {} }, resources: [{ uri: 'note://1', name: 'One' }] };
const TASK = { taskId: '1', status: 'completed', createdAt: '2026-03-02T12:00:00Z', ttl: 60_000 };
const DONE = { content: [{ type: 'resource_link', uri: 'note://1', name: 'x', vendor: 1 }] };
const SHOWN = { content: [{ type: 'resource_link', uri: 'mcp-gateway+files:note://1', name: 'x', vendor: 1 }] };

test.for([
  { era: 'session', method: 'tasks/result', answer: DONE, shown: SHOWN },
  { era: 'stateless', method: 'tasks/get', answer: { ...TASK, result: DONE }, shown: { ...TASK, result: SHOWN } },
] as const)(
  'URIs in the answer to $method of a client of era $era are wrapped where two servers list them',
  async ({ era, method, answer, shown }) => {
    const made: JsonObject = era === 'session' ? { task: TASK } : { resultType: 'task', ...TASK };
    const files: Script = {
      ...LISTED,
      tools: [{ name: 'read', inputSchema: { type: 'object' } }],
      answers: {
        'tools/call': () => ({ kind: 'result', result: made }),
        [method]: () => ({ kind: 'result', result: answer }),
      },
    };
    const { ask } = await aGateway({ servers: { files, mail: LISTED }, toolNames: 'plain' });
    const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const caller: Caller = { ...aCaller(), era, capabilities };
    const call = { method: 'tools/call', name: 'read', args: {}, meta: {}, answers: undefined } as const;
    await ask({ ...call, task: era === 'session' ? {} : undefined }, caller);
    const request: ClientRequest = { method, params: { taskId: '1' }, meta: {} };
    expect(await ask(request, caller)).toEqual({ kind: 'result', result: shown });
  },
);
