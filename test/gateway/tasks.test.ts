import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import { withTaskId } from '../../src/gateway/task-ids.ts';
import {
  ACCEPTED,
  aRequest,
  aServer,
  aSessionCaller,
  aStatelessCaller,
  aUser,
  aWorld,
  errorOf,
  FORM,
  NEVER,
  result,
  resultOf,
  type Send,
  type WorldOptions,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';
import { ask, asTask, DECLARES, make, stateless, TASK, withInput, withTask } from './task-makers.ts';

const isTold = (session: string): boolean => session === 'session-1';

test('a task of a session is noted as it was made, and asked for at the instance that made it', async () => {
  const { world, sent } = await withTask();
  const later = aSessionCaller({ session: 'session-2' });
  expect(resultOf(await ask(world, later, { method: 'tasks/get' }))).toEqual(TASK);
  expect(sent.at(-1)).toMatchObject({
    method: 'tasks/get',
    params: { taskId: 't1' },
    caller: { session: 'session-1' },
  });
});

test('a task of a stateless server is noted too', async () => {
  const made = { resultType: 'task', ...TASK };
  const { world } = await withTask({ task: made, caller: stateless() });
  expect(resultOf(await ask(world, stateless(), { method: 'tasks/get' }))).toEqual(TASK);
});

test.for(['tasks/get', 'tasks/result', 'tasks/cancel'] as const)('nobody else reaches a task by %s', async (method) => {
  const { world, sent } = await withTask();
  const before = sent.length;
  expect(errorOf(await ask(world, aSessionCaller(aUser('ben')), { method })).code).toBe(-32602);
  expect(errorOf(await ask(world, aSessionCaller(), { method, params: { taskId: 'unknown' } })).code).toBe(-32602);
  expect(sent).toHaveLength(before);
});

test('a list shows the caller’s own tasks alone, as they are now, page by page', async () => {
  const { world } = await withTask();
  for (let number = 2; number <= 60; number += 1) await make(world, { ...TASK, taskId: `t${number}` });
  await make(world, { ...TASK, taskId: 'of-ben' }, aSessionCaller(aUser('ben')));
  const first = resultOf(await ask(world, aSessionCaller(), { method: 'tasks/list' }));
  expect(first['tasks']).toHaveLength(50);
  const second = resultOf(
    await ask(world, aSessionCaller(), { method: 'tasks/list', params: { cursor: first['nextCursor'] ?? null } }),
  );
  expect(second['tasks']).toHaveLength(10);
  expect(second).not.toHaveProperty('nextCursor');
  expect(JSON.stringify([first, second])).not.toContain('of-ben');
  expect(errorOf(await ask(world, aSessionCaller(), { method: 'tasks/list', params: { cursor: 'no' } })).code).toBe(
    -32602,
  );
});

test('a list shows nothing of what tasks ask', async () => {
  const error = {
    code: -32042,
    message: 'First',
    data: { elicitations: [{ mode: 'url', url: 'https://evil.test/' }] },
  };
  const { world } = await withTask({ state: { ...TASK, inputRequests: { name: { ...FORM } }, error } });
  expect(resultOf(await ask(world, aSessionCaller(), { method: 'tasks/list' }))).toEqual({ tasks: [TASK] });
  expect(world.records).toEqual([]);
});

test('its result and its end are recorded with the call that made it; looking at it is not', async () => {
  const { world } = await withTask();
  await ask(world, aSessionCaller(), { method: 'tasks/get' });
  await ask(world, aSessionCaller(), { method: 'tasks/list' });
  expect(world.records).toEqual([]);
  await ask(world, aSessionCaller(), { method: 'tasks/result' });
  await ask(world, aSessionCaller(), { method: 'tasks/cancel' });
  expect(world.records).toMatchObject([
    { action: 'method', effect: 'allow', server: 'files', tool: 'read', input: { method: 'tasks/result' } },
    { action: 'method', effect: 'allow', server: 'files', tool: 'read', input: { method: 'tasks/cancel' } },
  ]);
  expect(world.records[0]?.call).toMatch(/./);
  expect(world.outcomes.map(({ status }) => status)).toEqual(['ok', 'ok']);
});

test('what cannot be recorded is not done to a task', async () => {
  const commit = (): never => {
    throw new Error('disk full');
  };
  const { world, sent } = await withTask({ commit });
  const before = sent.length;
  expect(errorOf(await ask(world, aSessionCaller(), { method: 'tasks/cancel' })).code).toBe(4030);
  expect(sent).toHaveLength(before);
});

test.for([
  { era: 'session', method: 'tasks/update' },
  { era: 'stateless', method: 'tasks/list' },
  { era: 'stateless', method: 'tasks/result' },
] as const)('a client of era $era does not know $method', async ({ era, method }) => {
  const { world } = await withTask();
  expect(errorOf(await ask(world, aSessionCaller({ era, capabilities: DECLARES }), { method })).code).toBe(-32601);
});

test('a stateless client that declares no tasks is told so, and never gets one', async () => {
  const { world } = await withTask();
  expect(errorOf(await ask(world, aStatelessCaller(), { method: 'tasks/get' }))).toMatchObject({
    code: -32021,
    data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
  });
  const made = { resultType: 'task', ...TASK };
  const send: Send = () => Promise.resolve(result(made));
  await expect(aWorld({ send }).call()).rejects.toMatchObject({ code: 'UPSTREAM_PROTOCOL' });
});

test('what a task asks is decided and recorded once, however often it is looked at', async () => {
  const { world } = await withInput();
  for (let look = 0; look < 3; look += 1) {
    const got = resultOf(await ask(world, stateless(), { method: 'tasks/get' }));
    expect(got['inputRequests']).toEqual({ name: { ...FORM } });
  }
  expect(world.records).toMatchObject([{ action: 'elicitation', effect: 'allow', tool: 'read' }]);
});

test('what a task asks under a key that it has used before is decided anew', async () => {
  const address = {
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Open this', url: 'https://evil.test/' },
  };
  const state = { ...TASK, status: 'input_required', inputRequests: { name: { ...FORM } } };
  const denies: WorldOptions['denies'] = ({ action }) => action.request['mode'] === 'url';
  const { world } = await withTask({ task: { resultType: 'task', ...TASK }, caller: stateless(), state, denies });
  resultOf(await ask(world, stateless(), { method: 'tasks/get' }));
  state.inputRequests = { name: address } as unknown as typeof state.inputRequests;
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/get' })).code).toBe(4030);
  expect(world.records.map(({ effect }) => effect)).toEqual(['allow', 'deny']);
});

test('the addresses that the result of a task wants opened are decided first', async () => {
  const elicitations = [{ mode: 'url', message: 'Open this', url: 'https://example.test/', elicitationId: 'e1' }];
  const said = async (isDenied: boolean) => {
    const send: Send = ({ method }) =>
      Promise.resolve(
        method === 'tasks/result'
          ? { kind: 'failure', error: { code: -32042, message: 'First', data: { elicitations, vendor: 1 } } }
          : result({ task: TASK }),
      );
    const world = aWorld({ send, denies: ({ action }) => isDenied && action.type === 'elicitation' });
    await world.call({ ...asTask(), caller: aSessionCaller() });
    const error = errorOf(await ask(world, aSessionCaller(), { method: 'tasks/result' }));
    return { error, effects: world.records.map(({ action, effect }) => `${action} ${effect}`) };
  };
  expect(await said(true)).toMatchObject({ error: { code: 4030 }, effects: ['method allow', 'elicitation deny'] });
  expect(await said(false)).toMatchObject({
    error: { code: -32042, message: 'First', data: { elicitations, vendor: 1 } },
    effects: ['method allow', 'elicitation allow'],
  });
});

test('answers to a task are decided, and those that it did not ask for go nowhere', async () => {
  const { world, sent } = await withInput();
  await ask(world, stateless(), { method: 'tasks/get' });
  await ask(world, stateless(), {
    method: 'tasks/update',
    params: { inputResponses: { name: ACCEPTED, other: ACCEPTED } },
  });
  expect(sent.at(-1)?.params).toEqual({ taskId: 't1', inputResponses: { name: ACCEPTED } });
  expect(world.records.map(({ action }) => action)).toEqual(['elicitation', 'elicitation', 'method']);
  expect(
    errorOf(await ask(world, stateless(), { method: 'tasks/update', params: { inputResponses: { name: 5 } } })).code,
  ).toBe(-32602);
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/update' })).code).toBe(-32602);
});

test('a denied question of a task is not shown, and stays denied', async () => {
  const { world } = await withInput({ denies: () => true });
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/get' })).code).toBe(4030);
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/get' })).code).toBe(4030);
  expect(world.records).toHaveLength(1);
});

test('a denied answer does not reach the task', async () => {
  const denies: WorldOptions['denies'] = ({ action }) => Object.keys(action.args).length > 0;
  const { world, sent } = await withInput({ denies });
  await ask(world, stateless(), { method: 'tasks/get' });
  const before = sent.length;
  expect(
    errorOf(await ask(world, stateless(), { method: 'tasks/update', params: { inputResponses: { name: ACCEPTED } } }))
      .code,
  ).toBe(4030);
  expect(sent).toHaveLength(before);
});

test('a task asks only what its client declares', async () => {
  const { world } = await withInput();
  const caller = aStatelessCaller({ capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } });
  expect(errorOf(await ask(world, caller, { method: 'tasks/get' }))).toMatchObject({
    code: -32021,
    data: { requiredCapabilities: { elicitation: { form: {} } } },
  });
});

test('two servers that give their tasks one id get them told apart', async () => {
  const { world, sent } = await withTask();
  const other = aServer({ id: 'other' as ServerId });
  const said = await world.call({ ...asTask(), caller: aSessionCaller(), server: other });
  expect(resultOf(said)).toMatchObject({ task: { taskId: 't1~2', vendor: 1 } });
  expect(resultOf(await ask(world, aSessionCaller(), { method: 'tasks/get', params: { taskId: 't1~2' } }))).toEqual({
    ...TASK,
    taskId: 't1~2',
  });
  expect(sent.at(-1)).toMatchObject({ server: { id: 'other' }, params: { taskId: 't1' } });
  expect(world.dialogue.tasks.route('other', { ...TASK }, isTold)?.params).toEqual({ ...TASK, taskId: 't1~2' });
  expect(world.dialogue.tasks.route('files', { ...TASK }, isTold)?.params).toEqual(TASK);
});

test('news of a task are for the session that made it, and for nobody if it is unknown', async () => {
  const { world } = await withTask();
  expect(world.dialogue.tasks.route('files', { ...TASK, status: 'completed' }, isTold)?.caller.session).toBe(
    'session-1',
  );
  expect(world.dialogue.tasks.route('files', { ...TASK, taskId: 'unknown' }, isTold)).toBeUndefined();
  expect(world.dialogue.tasks.route('other', { ...TASK }, isTold)).toBeUndefined();
  expect(world.dialogue.tasks.route('files', { ...TASK }, () => false)).toBeUndefined();
});

test('two instances that give their tasks one id are told apart by the sessions that use them', async () => {
  const { world } = await withTask();
  await make(world, TASK, aSessionCaller({ session: 'session-2' }));
  const routed = (session: string) => world.dialogue.tasks.route('files', { ...TASK }, (it) => it === session);
  expect(routed('session-1')).toMatchObject({ caller: { session: 'session-1' }, params: { taskId: 't1' } });
  expect(routed('session-2')).toMatchObject({ caller: { session: 'session-2' }, params: { taskId: 't1~2' } });
});

test('what a server asks on behalf of a task is recorded with the call that made it', async () => {
  const { world } = await withTask();
  const params = { ...FORM.params, _meta: { 'io.modelcontextprotocol/related-task': { taskId: 't1' } } };
  const audience = {
    listChanged: () => undefined,
    notify: () => undefined,
    logLevel: () => undefined,
    ask: () => Promise.resolve(result(ACCEPTED)),
  };
  const listener = { caller: aSessionCaller(), audience };
  await world.dialogue.asked({ server: aServer(), request: aRequest({ ...FORM, params }), signal: NEVER, listener });
  expect(world.records[0]).toMatchObject({ action: 'elicitation', tool: 'read' });
  expect(world.records[0]?.call).toMatch(/./);
});

test('a task whose time is over is forgotten', async () => {
  const { world } = await withTask();
  world.clock.move(60_000);
  await make(world, { ...TASK, taskId: 'next' });
  expect(errorOf(await ask(world, aSessionCaller(), { method: 'tasks/get' })).code).toBe(-32602);
});

test('a task that its server says it keeps for longer is known for longer', async () => {
  const { world } = await withTask({ state: { ...TASK, ttl: 600_000 } });
  world.clock.move(50_000);
  await ask(world, aSessionCaller(), { method: 'tasks/get' });
  world.clock.move(50_000);
  await make(world, { ...TASK, taskId: 'next' });
  expect(resultOf(await ask(world, aSessionCaller(), { method: 'tasks/get' }))).toMatchObject({ taskId: 't1' });
});

test('a result that breaks the protocol ends its record once', async () => {
  const send: Send = ({ method }) =>
    Promise.resolve(result(method === 'tools/call' ? { task: TASK } : { resultType: 'input_required' }));
  const world = aWorld({ send });
  await world.call({ ...asTask(), caller: aSessionCaller() });
  await expect(ask(world, aSessionCaller(), { method: 'tasks/result' })).rejects.toMatchObject({
    code: 'UPSTREAM_PROTOCOL',
  });
  expect(world.outcomes).toHaveLength(1);
});

test('what belongs to a task comes to its client under the id that the client knows', async () => {
  const related = (taskId: string): JsonObject => ({ 'io.modelcontextprotocol/related-task': { taskId } });
  const send: Send = async ({ method, options, server }) => {
    if (method === 'tools/call') return result({ task: TASK });
    options.onNotification?.({
      kind: 'notification',
      method: 'notifications/message',
      params: { level: 'info', _meta: related('t1') },
    });
    const params = { ...FORM.params, _meta: related('t1') };
    await options.onRequest?.(aRequest({ ...FORM, params }), NEVER);
    return result({ from: server.id });
  };
  const world = aWorld({ send });
  await world.call({ ...asTask(), caller: aSessionCaller() });
  await world.call({ ...asTask(), caller: aSessionCaller(), server: aServer({ id: 'other' as ServerId }) });
  const seen: JsonObject[] = [];
  const exchange = anExchange({
    logLevel: 'info',
    notify: (_method, { _meta }) => void seen.push({ _meta: _meta ?? null }),
    ask: async ({ params: { _meta } }) => {
      seen.push({ _meta: _meta ?? null });
      return result(ACCEPTED);
    },
  });
  const request = { method: 'tasks/result', params: { taskId: 't1~2' }, meta: {} } as const;
  expect(resultOf(await world.dialogue.tasks.answer(request, aSessionCaller(), exchange))).toEqual({ from: 'other' });
  expect(seen).toEqual([{ _meta: related('t1~2') }, { _meta: related('t1~2') }]);
});

test('an id is changed wherever the protocol has it, and nothing else', () => {
  const meta = { 'io.modelcontextprotocol/related-task': { taskId: 't1' }, vendor: 't1' };
  expect(withTaskId({ task: { taskId: 't1', x: 1 }, _meta: meta, note: 't1' }, 't2')).toEqual({
    task: { taskId: 't2', x: 1 },
    _meta: { ...meta, 'io.modelcontextprotocol/related-task': { taskId: 't2' } },
    note: 't1',
  });
});
