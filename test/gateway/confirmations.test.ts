import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Ask } from '../../src/gateway/port.ts';
import { aCaller } from './makers.ts';
import type { Script } from './scripted-server.ts';
import {
  IN_SESSION,
  STATELESS,
  BY_USER,
  asks,
  type Calling,
  aScene,
  answer,
  effects,
  openId,
  aUser,
  APPROVES,
  DENIES,
  answersTo,
  resultOf,
  decisionIn,
  textOf,
} from './approval-scene.ts';

test('a user in a session sees the exact call, and it runs once it is approved', async () => {
  const scene = await aScene();
  const user = aUser(APPROVES);
  const args = { path: '/a\u202Eb', text: 'x'.repeat(2_000) };
  const answered = await scene.call({ args, caller: IN_SESSION, exchange: { ask: user.ask } });
  expect(answered).toMatchObject({ result: { done: 'tools/call' } });
  expect(user.asked).toHaveLength(1);
  expect(user.asked[0]).toMatchObject({
    method: 'elicitation/create',
    params: { mode: 'form', requestedSchema: { properties: { answer: { enum: ['approve', 'deny'] } } } },
  });
  expect(user.asked[0]?.params['message']).toMatchInlineSnapshot(`
    "assistant wants to use the tool erase of files.
      path: "/a\\u{202e}b"
      text: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (2002 characters in all)
    Why you are asked: compliance/AP-1
    If you approve, exactly this call runs, once."
  `);
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'allow'], 1]);
});

test('a call that waits for its user counts once', async () => {
  const scene = await aScene();
  const user = aUser(APPROVES, APPROVES);
  for (const _ of [1, 2]) await scene.call({ caller: IN_SESSION, exchange: { ask: user.ask } });
  const counted = scene.world.records.map(({ input }) => input['context']);
  expect(counted).toMatchObject([1, 1, 2, 2].map((times) => ({ identical_calls: times, calls_in_a_row: times })));
});

test.for<[string, JsonObject, string]>([
  ['deny', DENIES, 'deny gateway.approval_denied'],
  ['decline', { action: 'decline' }, 'deny gateway.approval_denied'],
])('a user who says %s refuses the call', async ([, said, effect]) => {
  const scene = await aScene();
  const user = aUser(said);
  await scene.call({ caller: IN_SESSION, exchange: { ask: user.ask } });
  await scene.call({ caller: IN_SESSION, exchange: { ask: user.ask } });
  expect([effects(scene), user.asked.length, scene.ran()]).toEqual([['pending', effect, effect], 1, 0]);
});

test.for<[string, JsonObject]>([
  ['puts the question away', { action: 'cancel' }],
  ['sends the form off without a choice', { action: 'accept' }],
  ['chooses what is not there', { action: 'accept', content: { answer: 'maybe' } }],
])('where a user %s, the approval stays open', async ([, said]) => {
  const scene = await aScene();
  const waiting = await scene.call({ caller: IN_SESSION, exchange: { ask: aUser(said).ask } });
  expect(decisionIn(waiting)).toMatchObject({ effect: 'pending' });
  expect(await answer(scene.store, { id: openId(scene) })).toBe(true);
  await scene.call();
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'allow'], 1]);
});

test('a prompt that is dropped leaves the approval open', async () => {
  const scene = await aScene();
  const ask: Ask = () => Promise.reject(new Error('the client is gone'));
  expect(decisionIn(await scene.call({ caller: IN_SESSION, exchange: { ask } }))).toMatchObject({ effect: 'pending' });
  expect(await answer(scene.store, { id: openId(scene) })).toBe(true);
});

test('a call that is held goes on when it is approved elsewhere, and tells meanwhile that it lives', async () => {
  const scene = await aScene();
  const progress: JsonObject[] = [];
  let isTakenBack = false;
  const ask: Ask = (_question, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        isTakenBack = true;
        reject(new Error('taken back'));
      });
    });
  const held = scene.call({
    caller: IN_SESSION,
    exchange: { ask, onProgress: (params) => void progress.push(params) },
  });
  await expect.poll(() => scene.world.records.length).toBe(1);
  await answer(scene.store, { id: openId(scene) });
  expect(await held).toMatchObject({ result: { done: 'tools/call' } });
  expect([isTakenBack, progress[0]?.['message']]).toEqual([true, 'Waiting for approval']);
});

test('an approval that ends while the call is held denies it', async () => {
  const scene = await aScene([asks({ ttl_s: 1 })]);
  const ask: Ask = () => new Promise(() => undefined);
  const held = scene.call({ caller: IN_SESSION, exchange: { ask } });
  await expect.poll(() => scene.world.records.length).toBe(1);
  scene.later(1_000);
  expect(decisionIn(await held)).toMatchObject({ reasons: ['gateway.approval_expired'] });
  expect(effects(scene)).toEqual(['pending', 'deny gateway.approval_expired']);
});

test('a call that is held is one call to what counts calls', async () => {
  const scene = await aScene();
  const { ask } = aUser(APPROVES);
  for (let made = 0; made < 2; made += 1) await scene.call({ caller: IN_SESSION, exchange: { ask } });
  const contexts = scene.world.records.map(({ input }) => input['context']);
  expect(effects(scene)).toEqual(['pending', 'allow', 'pending']);
  for (const [index, calls] of [1, 1, 2].entries()) {
    expect(contexts[index]).toMatchObject({ identical_calls: calls, calls_of_tool: calls, calls_in_a_minute: calls });
  }
});

test('a call that is held where the store fails goes on waiting, without being held', async () => {
  const scene = await aScene();
  const ask: Ask = async () => {
    await scene.store.close();
    return new Promise<never>(() => undefined);
  };
  expect(decisionIn(await scene.call({ caller: IN_SESSION, exchange: { ask } }))).toMatchObject({ effect: 'pending' });
  expect([effects(scene), scene.ran()]).toEqual([['pending'], 0]);
});

test('two calls that wait for one approval ask one question, and run once', async () => {
  const scene = await aScene();
  const user = aUser(APPROVES);
  const how = { caller: IN_SESSION, exchange: { ask: user.ask } };
  await Promise.all([scene.call(how), scene.call(how)]);
  expect(scene.ran()).toBe(1);
});

test('a group is never asked in band, and a client that cannot ask is told at once', async () => {
  const group = await aScene([asks({ by: 'group:leads' })]);
  const user = aUser(APPROVES);
  const waiting = await group.call({ caller: IN_SESSION, exchange: { ask: user.ask } });
  expect(textOf(waiting)).toContain('a member of leads approves this call');
  await group.call({ caller: STATELESS });
  const unable = await aScene();
  await unable.call({ caller: aCaller(), exchange: { ask: user.ask } });
  await unable.call({ caller: { ...STATELESS, capabilities: {} } });
  expect([...effects(group), ...effects(unable)]).toEqual(['pending', 'pending', 'pending', 'pending']);
  expect(user.asked).toEqual([]);
});

test('a stateless client is asked for input, and its call runs once although the answer comes twice', async () => {
  const scene = await aScene();
  const asked = resultOf(await scene.call({ caller: STATELESS }));
  expect(asked).toMatchObject({
    resultType: 'input_required',
    inputRequests: { 'mcp-gateway/approval': { method: 'elicitation/create' } },
    _meta: { 'mcp-gateway/decision': { effect: 'pending' } },
  });
  const back = { caller: STATELESS, answers: answersTo(asked, APPROVES) };
  expect(await scene.call(back)).toMatchObject({ result: { done: 'tools/call' } });
  expect(decisionIn(await scene.call(back))).toMatchObject({ effect: 'pending' });
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'allow', 'pending'], 1]);
});

test.for<[string, JsonObject, string]>([
  ['refuses', DENIES, 'deny gateway.approval_denied'],
  ['puts it away', { action: 'cancel' }, 'pending'],
])('a stateless client whose user %s', async ([, said, effect]) => {
  const scene = await aScene();
  const asked = resultOf(await scene.call({ caller: STATELESS }));
  await scene.call({ caller: STATELESS, answers: answersTo(asked, said) });
  expect([effects(scene), scene.ran()]).toEqual([['pending', effect], 0]);
});

test('an answer that nobody asked for counts for nothing and goes to no server', async () => {
  const scene = await aScene();
  const responses = { 'mcp-gateway/approval': APPROVES };
  await scene.call({ caller: STATELESS, answers: { responses, state: undefined } });
  expect([effects(scene), scene.ran()]).toEqual([['pending'], 0]);
  await scene.world.enforce({});
  await scene.call({ caller: STATELESS, answers: { responses, state: undefined } });
  expect(JSON.stringify(scene.world.heard('files'))).not.toContain('approval');
});

test('the state of a question is good for its own call and user alone', async () => {
  const scene = await aScene();
  const asked = resultOf(await scene.call({ caller: STATELESS }));
  const answers = answersTo(asked, APPROVES);
  const others: readonly Calling[] = [
    { caller: STATELESS, answers, args: { path: '/b' } },
    { caller: { ...STATELESS, principal: aCaller('other').principal }, answers },
    { caller: STATELESS, answers: { ...answers, state: `${answers.state}x` } },
  ];
  for (const other of others)
    expect(await scene.call(other)).toMatchObject({ kind: 'failure', error: { code: -32602 } });
  expect([effects(scene), scene.ran()]).toEqual([['pending'], 0]);
});

test('an answer that comes late is told that it is late', async () => {
  const scene = await aScene([asks({ ttl_s: 10 })]);
  const asked = resultOf(await scene.call({ caller: STATELESS }));
  scene.later(10_000);
  const late = await scene.call({ caller: STATELESS, answers: answersTo(asked, APPROVES) });
  expect(decisionIn(late)).toMatchObject({ reasons: ['gateway.approval_expired'] });
});

/** A server that asks for a name before it goes on. */
const ASKING: Script = {
  answers: {
    'tools/call': ({ inputResponses }) => ({
      kind: 'result',
      result:
        inputResponses === undefined
          ? { resultType: 'input_required', inputRequests: { name: NAME }, requestState: 'step 1' }
          : { done: 'erased' },
    }),
  },
};
const NAME = {
  method: 'elicitation/create',
  params: { message: 'Which?', requestedSchema: { type: 'object', properties: {} } },
};

test('a call whose server asks something goes on with the approval that began it', async () => {
  const scene = await aScene([BY_USER], { script: ASKING });
  const user = aUser(APPROVES, { action: 'accept', content: {} });
  const how = { caller: IN_SESSION, exchange: { ask: user.ask } };
  expect(await scene.call(how)).toMatchObject({ result: { done: 'erased' } });
  expect(user.asked).toHaveLength(2);
  expect([effects(scene).filter((effect) => effect === 'pending').length, scene.ran()]).toEqual([1, 2]);
  expect(decisionIn(await scene.call(how))).toMatchObject({ effect: 'pending' });
});

test('each round of a stateless call goes on once', async () => {
  const scene = await aScene([BY_USER], { script: ASKING });
  const asked = resultOf(await scene.call({ caller: STATELESS }));
  const round = resultOf(await scene.call({ caller: STATELESS, answers: answersTo(asked, APPROVES) }));
  expect(Object.keys(round['inputRequests'] as JsonObject)).toEqual(['name']);
  const { state } = answersTo(round, {});
  const back = { caller: STATELESS, answers: { responses: { name: { action: 'accept', content: {} } }, state } };
  expect(await scene.call(back)).toMatchObject({ result: { done: 'erased' } });
  expect(decisionIn(await scene.call(back))).toMatchObject({ effect: 'pending' });
  expect(scene.ran()).toBe(2);
});
