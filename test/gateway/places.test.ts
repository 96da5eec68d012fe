import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeTag } from '../../src/core/place.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { RPC } from '../../src/core/rpc.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import { placeNamedIn } from '../../src/gateway/places.ts';
import {
  ACCEPTED,
  aRequest,
  askedIn,
  asksInSession,
  asksStateless,
  aUser,
  aStatelessCaller,
  aWorld,
  errorOf,
  FORM,
  NEVER,
  result,
  resultOf,
  stateIn,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { ask, make, stateless, TASK, withTask } from './task-makers.ts';

const HERE = placeTag('aaaaaaaa-1c2d-4e5f-8a9b-0c1d2e3f4a5b');
const THERE = placeTag('bbbbbbbb-1c2d-4e5f-8a9b-0c1d2e3f4a5b');

/** Two gateways on one store, and so with one key. */
function aPair(options: WorldOptions): readonly [here: World, there: World] {
  return [aWorld({ ...options, place: HERE }), aWorld({ ...options, place: THERE })];
}

test('the state of a call that waits names its gateway, which alone goes on with it', async () => {
  const [here, there] = aPair({ send: asksInSession(FORM) });
  const first = await here.call();
  const request = aRequest({ method: 'tools/call', params: { requestState: stateIn(first) ?? '' } });
  expect(here.dialogue.placeOf(request)).toBeUndefined();
  expect(there.dialogue.placeOf(request)).toBe(HERE);
  expect(await there.retry(first, answersTo(first))).toBe('stale');
  expect(resultOf(await here.retry(first, answersTo(first)))).toEqual({
    answers: [{ kind: 'result', result: ACCEPTED }],
  });
});

test('the state of what a stateless server asks names no gateway, and any on the store goes on with it', async () => {
  const [here, there] = aPair({ send: asksStateless({ name: FORM }, 'of the server') });
  const first = await here.call();
  const request = aRequest({ method: 'tools/call', params: { requestState: stateIn(first) ?? '' } });
  expect(there.dialogue.placeOf(request)).toBeUndefined();
  const last = await there.retry(first, { name: ACCEPTED });
  expect(resultOf(last)).toEqual({ answered: { name: ACCEPTED }, state: 'of the server' });
});

test('a call of a server that sent its user to an address is brought back there, and any gateway could go on', async () => {
  const elicitations = [{ mode: 'url', message: 'Open this', url: 'https://example.test/', elicitationId: 'e1' }];
  const [here, there] = aPair({
    send: async () => ({ kind: 'failure', error: { code: -32042, message: 'First', data: { elicitations } } }),
  });
  const first = await here.call();
  const state = stateIn(first) ?? '';
  expect(there.dialogue.placeOf(aRequest({ method: 'tools/call', params: { requestState: state } }))).toBe(HERE);
  const [key = ''] = Object.keys(askedIn(first));
  expect(resultOf(await there.retry(first, { [key]: { action: 'accept' } }))).toMatchObject({
    resultType: 'input_required',
  });
});

test('a state to which another gateway was written opens nowhere, and nobody else’s tag makes it another’s', async () => {
  const [here, there] = aPair({ send: asksInSession(FORM) });
  const state = stateIn(await here.call()) ?? '';
  const elsewhere = `${state.slice(0, -HERE.length)}${THERE}`;
  expect(here.dialogue.placeOf(aRequest({ method: 'tools/call', params: { requestState: elsewhere } }))).toBe(THERE);
  const bare = state.slice(0, -HERE.length - 1);
  for (const text of [elsewhere, bare, `${bare}.`, `${state}.${HERE}`, `${state}~${HERE}`]) {
    for (const { dialogue } of [here, there]) {
      const answers = { responses: {}, state: text };
      expect(dialogue.open(answers, aStatelessCaller(), 'the-arguments')).toBeUndefined();
    }
  }
  const own = { responses: {}, state };
  expect(here.dialogue.open(own, aStatelessCaller(), 'the-arguments')).toMatchObject({ kind: 'parked' });
  expect(here.dialogue.open(own, aStatelessCaller(aUser('ben')), 'the-arguments')).toBeUndefined();
});

test('the id of a task names its gateway wherever a client sees it, and its server never does', async () => {
  const { world, sent } = await withTask({ place: HERE });
  const taskId = `t1~${HERE}`;
  expect(resultOf(await ask(world, stateless(), { method: 'tasks/get', params: { taskId } }))).toEqual({
    ...TASK,
    taskId,
  });
  expect(sent.at(-1)?.params).toEqual({ taskId: 't1' });
  expect(errorOf(await ask(world, stateless(), { method: 'tasks/get' })).code).toBe(RPC.invalidParams);
  const elsewhere = aWorld({ send: async () => result({}), place: THERE });
  const request = { method: 'tasks/get', params: { taskId } } as const;
  expect(elsewhere.dialogue.placeOf(aRequest(request))).toBe(HERE);
  expect(world.dialogue.placeOf(aRequest(request))).toBeUndefined();
  expect(errorOf(await ask(elsewhere, stateless(), request)).code).toBe(RPC.invalidParams);
});

test('tasks with one id at their servers are told apart, each under its gateway', async () => {
  const { world } = await withTask({ place: HERE });
  await make(world, TASK, stateless());
  // What looks like another gateway's is the server's own way to name a task.
  await make(world, { ...TASK, taskId: `t9~${THERE}` }, stateless());
  for (const taskId of [`t1~${HERE}`, `t1~2~${HERE}`, `t9~${THERE}~${HERE}`]) {
    const params = { taskId };
    expect(world.dialogue.placeOf(aRequest({ method: 'tasks/get', params }))).toBeUndefined();
    expect(resultOf(await ask(world, stateless(), { method: 'tasks/get', params }))).toMatchObject({ taskId });
  }
});

test('a subscription belongs where most of its tasks live, and is granted those alone', async () => {
  const task = { resultType: 'task', ...TASK };
  const follow = async ({ taskIds }: { readonly taskIds: readonly string[] }) => ({ taskIds, stop: () => undefined });
  const { world } = await withTask({ place: HERE, task, caller: stateless(), follow });
  const taskIds = [`t1~${HERE}`, `t7~${THERE}`, 'of nobody'];
  const request = { taskIds, onChanged: () => undefined };
  expect(await world.dialogue.tasks.follow(request, stateless(), NEVER)).toMatchObject({ taskIds: [`t1~${HERE}`] });
});

test.for<[string, readonly (string | number)[], string | undefined]>([
  ['names no task', [], undefined],
  ['names a task of a gateway', ['t1~bbbbbbbb'], 'bbbbbbbb'],
  ['names none that tells its gateway', ['t1', 't~2', 'bbbbbbbb'], undefined],
  ['names most of one', ['t1~cccccccc', 't2~bbbbbbbb', 't3~bbbbbbbb'], 'bbbbbbbb'],
  ['names as many of two', ['t1~cccccccc', 't2~bbbbbbbb'], 'cccccccc'],
  ['names what is no text', [1, 2, 't1~bbbbbbbb'], 'bbbbbbbb'],
])('a subscription that %s', ([, taskIds, place]) => {
  expect(placeNamedIn({ method: 'subscriptions/listen', params: { notifications: { taskIds } } })).toBe(place);
});

test.for<[string, JsonObject]>([
  ['tools/call', { name: 'read', arguments: { requestState: 'a.b.bbbbbbbb', taskId: 't~bbbbbbbb' } }],
  ['tools/call', { requestState: 'a.b.BBBBBBBB' }],
  ['tools/call', { requestState: 'a.b.bbbbbbb' }],
  ['tools/call', { requestState: 'a.b.bbbbbbbb ' }],
  ['tools/call', { requestState: 'a.b~bbbbbbbb' }],
  ['tools/call', { requestState: ['a.b.bbbbbbbb'] }],
  ['tools/list', { requestState: 'a.b.bbbbbbbb' }],
  ['completion/complete', { requestState: 'a.b.bbbbbbbb' }],
  ['tasks/list', { taskId: 't~bbbbbbbb', cursor: 't~bbbbbbbb' }],
  ['tasks/get', { taskId: 'bbbbbbbb' }],
  ['tasks/get', { taskId: 't.bbbbbbbb' }],
  ['subscriptions/listen', { taskIds: ['t~bbbbbbbb'] }],
  ['subscriptions/listen', { notifications: { taskIds: 't~bbbbbbbb' } }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: ['t~bbbbbbbb'] } }],
])('no gateway is named by %s with %j', ([method, params]) => {
  expect(placeNamedIn({ method, params })).toBeUndefined();
});

test('whatever a request holds is no reason to throw, and only a tag is answered', () => {
  const methods = ['tools/call', 'prompts/get', 'tasks/get', 'tasks/update', 'subscriptions/listen', 'x'];
  const named = fc.oneof(fc.string(), fc.jsonValue(), fc.constant('t~0a1b2c3d'), fc.constant('a.b.0a1b2c3d'));
  const members = fc.record(
    {
      requestState: named,
      taskId: named,
      notifications: fc.oneof(named, fc.record({ taskIds: fc.oneof(named, fc.array(named)) })),
    },
    { requiredKeys: [] },
  );
  const { dialogue } = aWorld({ send: async () => result({}), place: HERE });
  const alone = aWorld({ send: async () => result({}) }).dialogue;
  fc.assert(
    fc.property(fc.constantFrom(...methods), members, (method, params) => {
      const request = aRequest({ method, params: params as JsonObject });
      const place = dialogue.placeOf(request);
      expect(place === undefined || /^[0-9a-f]{8}$/.test(place)).toBe(true);
      expect(alone.placeOf(request)).toBeUndefined();
    }),
  );
});

test('where no other gateway could be asked, states and ids are as ever', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  expect(stateIn(await world.call())?.split('.')).toHaveLength(2);
  const { world: withOne } = await withTask();
  expect(resultOf(await ask(withOne, stateless(), { method: 'tasks/get' }))).toEqual(TASK);
});

test('while a gateway starts, nothing lives there, so that what a request names lives elsewhere', () => {
  const gateway = new Gateway(Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'it is not there')));
  const named = aRequest({ method: 'tasks/get', params: { taskId: `t1~${HERE}` } });
  expect(gateway.placeOf(named)).toBe(HERE);
  expect(gateway.placeOf(aRequest({ method: 'tools/list', params: {} }))).toBeUndefined();
});

function answersTo(first: Awaited<ReturnType<World['call']>>): JsonObject {
  return Object.fromEntries(Object.keys(askedIn(first)).map((key) => [key, ACCEPTED]));
}
