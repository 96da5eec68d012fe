import { expect, test } from 'vitest';
import { SESSION_MEMORY_MS } from '../../src/core/approval.ts';
import { anObligation } from '../policy/decision-makers.ts';
import { aPlace } from '../state/support.ts';
import { aCaller, NOW } from './makers.ts';
import {
  answer,
  answersTo,
  APPROVES,
  aScene,
  asks,
  BY_USER,
  type Calling,
  decisionIn,
  effects,
  openId,
  resultOf,
  STATELESS,
  textOf,
} from './approval-scene.ts';

test('a call that needs approval waits, and the agent is told so without any command', async () => {
  const scene = await aScene();
  const waiting = await scene.call();
  expect(textOf(waiting)).toMatchInlineSnapshot(`
    "Not yet: the tool erase waits for approval. It has not run.
    What would work: Ask the user to approve this call in the gateway. Once that is done, make exactly the same call again; it then runs once.
    This is a decision, not a fault: do not look for another tool or command that has the same effect. If the user needs it, tell them what is said here.
    Decision <id>"
  `);
  expect(decisionIn(waiting)).toMatchObject({
    allow: false,
    effect: 'pending',
    reasons: [],
    remediation: 'await_approval',
    metadata: { retry: 'after_approval' },
  });
  expect([effects(scene), scene.ran()]).toEqual([['pending'], 0]);
  expect(scene.world.records[0]?.combine.approvals).toEqual([
    { by: 'user', status: 'open', id: scene.world.records[0]?.id },
  ]);
});

test('after the approval the identical call runs once', async () => {
  const scene = await aScene();
  await scene.call();
  const id = openId(scene);
  expect(await answer(scene.store, { id })).toBe(true);
  await scene.call();
  await scene.call();
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'allow', 'pending'], 1]);
  expect(scene.world.records[1]?.combine.approvals).toEqual([{ by: 'user', status: 'met', id, approved_by: ['ana'] }]);
  expect(openId(scene)).not.toBe(id);
});

test('calls that are made at the same time run once', async () => {
  const scene = await aScene();
  await scene.call();
  await answer(scene.store, { id: openId(scene) });
  await Promise.all(Array.from({ length: 8 }, () => scene.call()));
  expect(scene.ran()).toBe(1);
  expect(effects(scene).filter((effect) => effect === 'allow')).toHaveLength(1);
});

test('a repeated call joins the approval that is open', async () => {
  const scene = await aScene();
  await Promise.all([scene.call(), scene.call(), scene.call()]);
  const [first] = await scene.store.approvals.list({ limit: 10, nowMs: NOW });
  expect(await scene.store.approvals.list({ limit: 10, nowMs: NOW })).toHaveLength(1);
  expect(first).toMatchObject({ asked: 3, lastAsked: scene.world.records[2]?.id });
  expect(new Set(scene.world.records.map(({ combine }) => combine.approvals[0]?.id))).toEqual(new Set([first?.id]));
});

test.for<[string, Calling]>([
  ['other arguments', { args: { path: '/b' } }],
  [
    'another user',
    {
      caller: { ...aCaller(), principal: { ...aCaller().principal, user: { ...aCaller().principal.user, id: 'eve' } } },
    },
  ],
  ['another agent', { caller: aCaller('other') }],
])('an approval is not good for %s', async ([, other]) => {
  const scene = await aScene();
  await scene.call();
  await answer(scene.store, { id: openId(scene) });
  await scene.call(other);
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'pending'], 0]);
});

test('a refusal holds until the time of the approval is over, and then it is asked anew', async () => {
  const scene = await aScene();
  await scene.call();
  await answer(scene.store, { id: openId(scene), verdict: 'deny' });
  expect(decisionIn(await scene.call())).toMatchObject({ reasons: ['gateway.approval_denied'] });
  scene.later(60_000);
  await scene.call();
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'deny gateway.approval_denied', 'pending'], 0]);
});

test('an approval that was given and not used in time is asked for anew', async () => {
  const scene = await aScene([asks({ ttl_s: 10 })]);
  await scene.call();
  const id = openId(scene);
  await answer(scene.store, { id });
  scene.later(10_000);
  await scene.call();
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'pending'], 0]);
  expect(await scene.store.approvals.read({ id, by: 'user' }, NOW + 10_000)).toMatchObject({ status: 'expired' });
});

test('an answer counts neither late, nor twice, nor for another approval', async () => {
  const scene = await aScene();
  await scene.call();
  const id = openId(scene);
  expect(await answer(scene.store, { id: 'none' })).toBe(false);
  expect(await answer(scene.store, { id, by: 'group:leads' })).toBe(false);
  expect(await answer(scene.store, { id, atMs: NOW + 60_000 })).toBe(false);
  expect(await answer(scene.store, { id })).toBe(true);
  expect(await answer(scene.store, { id, person: 'ben' })).toBe(false);
});

test('a quorum counts different people, and one refusal denies', async () => {
  const scene = await aScene([asks({ by: 'group:leads', quorum: 2 })]);
  await scene.call();
  const approval = { id: openId(scene), by: 'group:leads' };
  expect(await answer(scene.store, { ...approval, person: 'ben' })).toBe(true);
  expect(await answer(scene.store, { ...approval, person: 'ben', via: 'approver_key', key: 'k1' })).toBe(false);
  await scene.call();
  expect(await answer(scene.store, { ...approval, person: 'cem' })).toBe(true);
  await scene.call();
  expect(effects(scene)).toEqual(['pending', 'pending', 'allow']);
  await scene.call();
  expect(await answer(scene.store, { ...approval, id: openId(scene), person: 'ben' })).toBe(true);
  expect(await answer(scene.store, { ...approval, id: openId(scene), person: 'cem', verdict: 'deny' })).toBe(true);
  await scene.call();
  expect(effects(scene).at(-1)).toBe('deny gateway.approval_denied');
});

test('all who are asked must approve, and each is an approval of its own', async () => {
  const scene = await aScene([asks({ id: 'AP-1' }), asks({ id: 'AP-2', by: 'group:leads' })]);
  await scene.call();
  const id = openId(scene);
  await answer(scene.store, { id });
  await scene.call();
  await answer(scene.store, { id, by: 'group:leads', person: 'ben' });
  await scene.call();
  await scene.call();
  expect([effects(scene), scene.ran()]).toEqual([['pending', 'pending', 'allow', 'pending'], 1]);
});

test('another policy decides on the repeated call, whatever was approved before', async () => {
  const scene = await aScene();
  await scene.call();
  await answer(scene.store, { id: openId(scene) });
  await scene.world.enforce({ obliges: [BY_USER], denies: () => true });
  await scene.call();
  await scene.world.enforce({ obliges: [asks({ by: 'group:leads' })] });
  await scene.call();
  await scene.world.enforce({});
  await scene.call();
  expect(effects(scene)).toEqual(['pending', 'deny not_wanted', 'pending', 'allow']);
});

test('a policy that asks more people makes an approval that was given wait again', async () => {
  const scene = await aScene([asks({ by: 'group:leads' })]);
  await scene.call();
  const approval = { id: openId(scene), by: 'group:leads' };
  await answer(scene.store, { ...approval, person: 'ben' });
  await scene.world.enforce({ obliges: [asks({ by: 'group:leads', quorum: 2 })] });
  await scene.call();
  expect(await answer(scene.store, { ...approval, person: 'cem' })).toBe(true);
  await scene.call();
  expect(effects(scene)).toEqual(['pending', 'pending', 'allow']);
});

test('what is remembered for a pin spares further calls of the tool the question, in every session', async () => {
  const scene = await aScene([asks({ remember: 'pin' })]);
  await scene.call();
  const id = openId(scene);
  await answer(scene.store, { id });
  await scene.call();
  await scene.call({ args: { path: '/b' } });
  scene.later(30 * 24 * 60 * 60 * 1000);
  await scene.call({ args: { path: '/c' }, caller: { ...aCaller(), session: 'session-2' } });
  expect(effects(scene)).toEqual(['pending', 'allow', 'allow', 'allow']);
  expect(await scene.store.approvals.read({ id, by: 'user' }, NOW)).toMatchObject({ status: 'used', uses: 3 });
  await scene.call({ caller: aCaller('other') });
  expect(effects(scene).at(-1)).toBe('pending');
});

test('what is remembered for a session ends with it', async () => {
  const scene = await aScene([asks({ remember: 'session' })]);
  await scene.call();
  await answer(scene.store, { id: openId(scene) });
  await scene.call({ args: { path: '/a' } });
  await scene.call({ args: { path: '/b' } });
  await scene.call({ args: { path: '/b' }, caller: { ...aCaller(), session: 'session-2' } });
  expect(effects(scene)).toEqual(['pending', 'allow', 'allow', 'pending']);
});

test.for(['session', 'pin'])(
  'what is remembered for a session is forgotten after eight hours (given for: %s)',
  async (given) => {
    const scene = await aScene([asks({ remember: given })]);
    await scene.call();
    await answer(scene.store, { id: openId(scene) });
    await scene.world.enforce({ obliges: [asks({ remember: 'session' })] });
    await scene.call();
    scene.later(SESSION_MEMORY_MS - 1);
    await scene.call();
    scene.later(1);
    await scene.call();
    await scene.call({ args: { path: '/b' } });
    expect(effects(scene)).toEqual(['pending', 'allow', 'allow', 'pending', 'pending']);
  },
);

test('what is remembered can be taken back, and a stricter policy does not rely on it', async () => {
  const scene = await aScene([asks({ remember: 'pin' })]);
  await scene.call();
  const id = openId(scene);
  await answer(scene.store, { id });
  await scene.call();
  await scene.world.enforce({ obliges: [BY_USER] });
  await scene.call({ args: { path: '/b' } });
  await scene.world.enforce({ obliges: [asks({ remember: 'pin' })] });
  expect(await answer(scene.store, { id, verdict: 'deny' })).toBe(true);
  await scene.call({ args: { path: '/c' } });
  expect(effects(scene)).toEqual(['pending', 'allow', 'pending', 'pending']);
});

test('an approval survives a restart of the gateway', async () => {
  const place = aPlace();
  const before = await aScene([BY_USER], { place });
  await before.call();
  await answer(before.store, { id: openId(before) });
  await before.store.close();
  const after = await aScene([BY_USER], { place });
  await after.call();
  expect([effects(after), after.ran()]).toEqual([['allow'], 1]);
});

test('a call that a limit has no room for is denied, and its approval can still be used', async () => {
  const rate = anObligation({ id: 'RL-1', type: 'rate_limit', key: ['agent.id'], limit: 1, window_s: 60 });
  const scene = await aScene([asks({ ttl_s: 90 }), rate]);
  for (const path of ['/a', '/b']) {
    await scene.call({ args: { path } });
    await answer(scene.store, { id: openId(scene) });
    await scene.call({ args: { path } });
  }
  scene.later(60_000);
  await scene.call({ args: { path: '/b' } });
  const none = 'deny gateway.counter.agent.id/60s';
  expect(effects(scene)).toEqual(['pending', 'allow', 'pending', none, 'allow']);
});

test('a resource waits as a tool does, and the refusal is an error', async () => {
  const scene = await aScene();
  const read = { method: 'resources/read', uri: 'file:///letter', meta: {}, answers: undefined } as const;
  expect(await scene.world.ask(read)).toMatchObject({
    kind: 'failure',
    error: {
      code: 4030,
      message: expect.stringContaining('waits for approval') as string,
      data: { effect: 'pending' },
    },
  });
  await answer(scene.store, { id: openId(scene) });
  expect(await scene.world.ask(read)).toMatchObject({ kind: 'result' });
  const asked = await scene.world.ask(read, STATELESS);
  expect(asked).toMatchObject({ result: { resultType: 'input_required' } });
  const answers = answersTo(resultOf(asked), APPROVES);
  await scene.world.ask({ ...read, answers }, STATELESS);
  expect(effects(scene)).toEqual(['pending', 'allow', 'pending', 'allow']);
});
