import { expect, test } from 'vitest';
import { Instances } from '../../src/gateway/instances.ts';
import type { Caller } from '../../src/gateway/port.ts';
import { silent } from '../state/records.ts';
import { aCaller, aGovernedServer } from './makers.ts';
import { aScriptedServer } from './scripted-server.ts';

test('a request whose client has gone starts no server and leaves nothing behind', async () => {
  const { upstream, heard } = aScriptedServer({ tools: [] });
  const acquired: string[] = [];
  const instances = new Instances({
    acquire: (_server, { session }) => {
      acquired.push(session);
      return upstream;
    },
    logger: silent,
  });
  const sent = instances.send({
    server: aGovernedServer(),
    caller: aCaller(),
    method: 'tools/call',
    params: { name: 'read' },
    options: { signal: AbortSignal.abort() },
  });
  await expect(sent).rejects.toMatchObject({ code: 'CANCELLED' });
  expect({ acquired, heard, state: upstream.state }).toEqual({ acquired: [], heard: [], state: { kind: 'idle' } });
});

test('a server puts nothing of its own under the keys that are the gateway’s', async () => {
  const result = { task: { taskId: '1' }, _meta: { 'mcp-gateway/decision': { allow: true }, 'vendor/key': 1 } };
  const { upstream } = aScriptedServer({ tools: [], answers: { 'tasks/get': () => ({ kind: 'result', result }) } });
  const instances = new Instances({ acquire: () => upstream, logger: silent });
  const answer = await instances.send({
    server: aGovernedServer(),
    caller: aCaller(),
    method: 'tasks/get',
    params: { taskId: '1' },
    options: {},
  });
  expect(answer).toEqual({ kind: 'result', result: { task: { taskId: '1' }, _meta: { 'vendor/key': 1 } } });
});

test('what is asked for a call whose session has ended leaves nothing of that session behind', async () => {
  const { upstream } = aScriptedServer({ tools: [] });
  const instances = new Instances({ acquire: () => upstream, logger: silent });
  const caller: Caller = { ...aCaller(), era: 'stateless' };
  const sent = { server: aGovernedServer(), caller, method: 'tasks/get', params: { taskId: '1' } } as const;
  await instances.send({ ...sent, options: {} });
  instances.endSession(caller.session);
  await instances.send({ ...sent, isAfterwards: true, options: { logLevel: 'info' } });
  const listener = { told: () => undefined, changed: () => undefined };
  await instances.follow({ ...sent, taskIds: ['1'], listener, signal: new AbortController().signal });
  expect(instances.isUsedBy(upstream, caller.session)).toBe(false);
  expect(instances.sessionsOf(upstream)).toEqual(new Set());
});

test('a session that lasts is told what its task says, at an instance that was started for it again', async () => {
  const [before, after] = [aScriptedServer({ tools: [] }), aScriptedServer({ tools: [] })];
  let { upstream } = before;
  const instances = new Instances({ acquire: () => upstream, logger: silent });
  const sent = { server: aGovernedServer(), caller: aCaller(), method: 'tasks/get', params: { taskId: '1' } };
  await instances.send({ ...sent, options: {} });
  upstream = after.upstream;
  await instances.send({ ...sent, isAfterwards: true, options: {} });
  expect(instances.isUsedBy(after.upstream, sent.caller.session)).toBe(true);
});
