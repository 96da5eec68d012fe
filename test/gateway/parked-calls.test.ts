import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Resumed } from '../../src/gateway/dialogue.ts';
import {
  ACCEPTED,
  aRequest,
  askedIn,
  asksInSession,
  aStatelessCaller,
  aUser,
  aWorld,
  errorOf,
  FORM,
  result,
  resultOf,
  ROOTS,
  SAMPLE,
  type Send,
  stateIn,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';

test('a stateless client gets what a server in a session asks, and the server gets the answer', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const first = await world.call();
  expect(resultOf(first)).toMatchObject({ resultType: 'input_required' });
  const asked = askedIn(first);
  expect(Object.values(asked)).toEqual([{ ...FORM }]);
  const last = await world.retry(first, answersTo(asked));
  expect(resultOf(last)).toEqual({ answers: [{ kind: 'result', result: ACCEPTED }] });
});

test('question and answer are on record with the request in whose course they were, and all rounds end', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const first = await world.call();
  await world.retry(first, answersTo(askedIn(first)));
  const [question, answer] = world.records;
  expect([question?.action, answer?.action]).toEqual(['elicitation', 'elicitation']);
  expect(question?.call).not.toBe(answer?.call);
  expect([...world.ended.keys()]).toEqual([question?.call]);
  expect(await world.ended.get(question?.call ?? '')).toMatchObject({ status: 'ok' });
  expect(world.outcomes.map(({ status }) => status)).toEqual(['ok', 'ok']);
});

test('two questions at once of one call go out in one answer', async () => {
  const world = aWorld({ send: asksInSession(FORM, SAMPLE, ROOTS) });
  const asked = askedIn(await world.call());
  expect(Object.values(asked).map(({ method }) => method)).toEqual([FORM.method, SAMPLE.method, ROOTS.method]);
});

test('a question that is still being decided is waited for', async () => {
  const commit: WorldOptions['commit'] = async ({ action }) => {
    if (action === 'sampling') await new Promise((turn) => setTimeout(turn, 30));
  };
  const world = aWorld({ send: asksInSession(FORM, SAMPLE), commit });
  expect(Object.keys(askedIn(await world.call()))).toHaveLength(2);
});

test('a question that is taken back while it is being decided holds up no other', async () => {
  const commit: WorldOptions['commit'] = async ({ action }) => {
    if (action === 'sampling') await new Promise((turn) => setTimeout(turn, 30));
  };
  const send: Send = async ({ options }) => {
    const takenBack = AbortSignal.timeout(10);
    const [answer] = await Promise.all([
      options.onRequest?.(aRequest(FORM), never()),
      options.onRequest?.(aRequest(SAMPLE), takenBack),
    ]);
    return answer ?? result({});
  };
  const world = aWorld({ send, commit });
  const first = await Promise.race([world.call(), late()]);
  expect(Object.values(askedIn(first))).toEqual([{ ...FORM }]);
});

test('what was left unanswered is asked once more, and nothing else', async () => {
  const world = aWorld({ send: asksInSession(FORM, SAMPLE) });
  const first = await world.call();
  const [form = '', sample = ''] = Object.keys(askedIn(first));
  const second = await world.retry(first, { [form]: ACCEPTED, nobody_asked: ACCEPTED });
  expect(Object.keys(askedIn(second))).toEqual([sample]);
  const last = await world.retry(asSaid(second), { [sample]: { role: 'assistant', content: [] } });
  expect(resultOf(last)['answers']).toHaveLength(2);
});

test('a denied question is the server’s error, and the client hears nothing of it', async () => {
  const world = aWorld({ send: asksInSession(FORM), denies: () => true });
  const said = await world.call();
  expect(resultOf(said)).toMatchObject({ answers: [{ kind: 'failure', error: { code: 4030 } }] });
  expect(said.outcome).toBeUndefined();
});

test('a denied answer is the server’s error', async () => {
  const denies: WorldOptions['denies'] = ({ action }) => Object.keys(action.args).length > 0;
  const world = aWorld({ send: asksInSession(FORM), denies });
  const first = await world.call();
  const last = await world.retry(first, answersTo(askedIn(first)));
  expect(resultOf(last)).toMatchObject({ answers: [{ kind: 'failure', error: { code: 4030 } }] });
});

test('a state is used once', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const first = await world.call();
  const answers = answersTo(askedIn(first));
  const open = (): Resumed | undefined =>
    world.dialogue.open({ responses: answers, state: stateIn(first) }, aStatelessCaller(), 'the-arguments');
  const [one, other] = await Promise.all([open(), open()].map((resumed) => world.call({ resumed })));
  expect(one?.kind).toBe('result');
  expect(other).toMatchObject({ kind: 'failure', error: { code: -32602 } });
  expect(await world.retry(first, answers)).toBe('stale');
});

test.for([
  { name: 'another user', part: { caller: aStatelessCaller(aUser('ben')) } },
  { name: 'other arguments', part: { binding: 'other' } },
])('$name cannot take up a call, and its own client still can', async ({ part }) => {
  const world = aWorld({ send: asksInSession(FORM) });
  const first = await world.call();
  expect(await world.retry(first, answersTo(askedIn(first)), part)).toBe('stale');
  expect(resultOf(await world.retry(first, answersTo(askedIn(first))))).toHaveProperty('answers');
});

test('a state of an earlier round is too old', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const first = await world.call();
  const second = await world.retry(first, {});
  expect(stateIn(asSaid(second))).not.toBe(stateIn(first));
  expect(await world.retry(first, answersTo(askedIn(first)))).toBe('stale');
  expect(resultOf(await world.retry(asSaid(second), answersTo(askedIn(second))))).toHaveProperty('answers');
});

test('a call whose client does not come back is cancelled at the server, and its record says why', async () => {
  const { send, cancelled } = cancellable();
  const world = aWorld({ send, limits: { lifeMs: 20 } });
  const first = await world.call();
  expect(await first.outcome).toMatchObject({ status: 'timeout' });
  await cancelled;
  expect(await world.retry(first, answersTo(askedIn(first)))).toBe('stale');
  expect(world.outcomes.map(({ status }) => status)).toEqual(['cancelled']);
});

test('when the gateway ends, waiting calls are cancelled', async () => {
  const { send, cancelled } = cancellable();
  const world = aWorld({ send });
  const first = await world.call();
  world.dialogue.close();
  expect(await first.outcome).toMatchObject({ status: 'cancelled' });
  await cancelled;
});

test('each round has its time anew', async () => {
  const world = aWorld({ send: asksInSession(FORM), limits: { lifeMs: 600_000 } });
  const first = await world.call();
  world.clock.move(500_000);
  const second = await world.retry(first, {});
  world.clock.move(500_000);
  expect(resultOf(await world.retry(asSaid(second), answersTo(askedIn(second))))).toHaveProperty('answers');
});

test('a call that has ended meanwhile gives the client its result', async () => {
  let takeBack: () => void = () => undefined;
  const send: Send = async ({ options }) => {
    const question = new AbortController();
    takeBack = () => question.abort();
    await options.onRequest?.(aRequest(FORM), question.signal);
    return result({ content: 'done without it' });
  };
  const world = aWorld({ send });
  const first = await world.call();
  takeBack();
  await soon();
  expect(resultOf(await world.retry(first, answersTo(askedIn(first))))).toEqual({ content: 'done without it' });
});

test('a result that nobody fetches leaves its status in the record', async () => {
  let takeBack: () => void = () => undefined;
  const send: Send = async ({ options }) => {
    const question = new AbortController();
    takeBack = () => question.abort();
    await options.onRequest?.(aRequest(FORM), question.signal);
    return result({ isError: true, content: [] });
  };
  const world = aWorld({ send, limits: { lifeMs: 40 } });
  const first = await world.call();
  takeBack();
  expect(await first.outcome).toMatchObject({ status: 'tool_error' });
});

test('a client that goes away after its answer ends nothing, one that goes away before it ends the call', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const answered = new AbortController();
  const first = await world.call({ exchange: anExchange({ signal: answered.signal }) });
  answered.abort();
  const last = await world.retry(first, answersTo(askedIn(first)));
  expect(resultOf(last)).toEqual({ answers: [{ kind: 'result', result: ACCEPTED }] });

  const { send } = cancellable();
  const waiting = new AbortController();
  const silent = aWorld({ send: ({ options }) => send({ options: { ...options, onRequest: undefined } } as never) });
  const pending = silent.call({ exchange: anExchange({ signal: waiting.signal }) });
  waiting.abort();
  await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
});

test.for([
  {
    name: 'one principal',
    limits: { perPrincipal: 2 },
    users: ['ada', 'ada', 'ada', 'ben'],
    waits: [true, true, false, true],
  },
  { name: 'all together', limits: { inAll: 2 }, users: ['ada', 'ben', 'cem'], waits: [true, true, false] },
])('only so many calls of $name wait', async ({ limits, users, waits }) => {
  const world = aWorld({ send: asksInSession(FORM), limits });
  const waited: boolean[] = [];
  for (const user of users) {
    const said = await world.call({ caller: aStatelessCaller(aUser(user)) });
    waited.push(resultOf(said)['resultType'] === 'input_required');
  }
  expect(waited).toEqual(waits);
});

test('a question for which there is no room is refused, and that is on record with its call', async () => {
  const world = aWorld({ send: asksInSession(FORM), limits: { perPrincipal: 1 } });
  await world.call();
  const said = await world.call();
  expect(resultOf(said)).toMatchObject({ answers: [{ kind: 'failure', error: { code: 4030 } }] });
  expect(world.records).toMatchObject([
    { action: 'elicitation', effect: 'allow' },
    { action: 'method', effect: 'deny', tool: 'read', input: { method: FORM.method } },
  ]);
  expect(world.records[1]?.call).toMatch(/./);
});

test('a call that is over makes room for another', async () => {
  const world = aWorld({ send: asksInSession(FORM), limits: { perPrincipal: 1 } });
  for (let turn = 0; turn < 3; turn += 1) {
    const first = await world.call();
    expect(resultOf(await world.retry(first, answersTo(askedIn(first))))).toHaveProperty('answers');
  }
});

test('a server that never comes to an end is stopped after sixteen rounds', async () => {
  const send: Send = async ({ options }) => {
    while (!options.signal?.aborted) await options.onRequest?.(aRequest(FORM), never());
    throw new GatewayError('CANCELLED', 'cancelled');
  };
  const world = aWorld({ send });
  let said = await world.call();
  let rounds = 0;
  while (said.kind === 'result') {
    rounds += 1;
    said = asSaid(await world.retry(said, answersTo(askedIn(said))));
  }
  expect(rounds).toBe(16);
  expect(errorOf(said).message).toContain('16 times');
});

test('progress and messages go to the exchange of the round in which they come', async () => {
  const send: Send = async ({ options }) => {
    options.onProgress?.({ progress: 1 });
    await options.onRequest?.(aRequest(FORM), never());
    options.onProgress?.({ progress: 2 });
    options.onNotification?.({ kind: 'notification', method: 'notifications/vendor', params: {} });
    return result({});
  };
  const world = aWorld({ send });
  const heard: string[] = [];
  const exchange = (name: string) =>
    anExchange({
      onProgress: ({ progress }) => void heard.push(`${name}: ${JSON.stringify(progress)}`),
      notify: (method) => void heard.push(`${name}: ${method}`),
    });
  const first = await world.call({ exchange: exchange('first') });
  await world.retry(first, answersTo(askedIn(first)), { exchange: exchange('second') });
  expect(heard).toEqual(['first: 1', 'second: 2', 'second: notifications/vendor']);
});

test('what the server fails with is what the request fails with', async () => {
  const send: Send = async ({ options }) => {
    await options.onRequest?.(aRequest(FORM), never());
    throw new GatewayError('UPSTREAM_CLOSED', 'it crashed');
  };
  const world = aWorld({ send });
  const first = await world.call();
  await expect(world.retry(first, answersTo(askedIn(first)))).rejects.toMatchObject({ code: 'UPSTREAM_CLOSED' });
});

function answersTo(asked: ReturnType<typeof askedIn>): Record<string, typeof ACCEPTED> {
  return Object.fromEntries(Object.keys(asked).map((key) => [key, ACCEPTED]));
}

type Retried = Awaited<ReturnType<World['retry']>>;

function asSaid(said: Retried): Exclude<Retried, 'stale'> {
  if (said === 'stale') throw new Error('stale');
  return said;
}

/** A server that asks, and waits until it is told to stop. */
function cancellable(): { readonly send: Send; readonly cancelled: Promise<void> } {
  let told: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => (told = resolve));
  const send: Send = ({ options }) =>
    new Promise<RpcAnswer>((_resolve, reject) => {
      void options.onRequest?.(aRequest(FORM), never());
      options.signal?.addEventListener('abort', () => {
        told();
        reject(new GatewayError('CANCELLED', 'cancelled'));
      });
    });
  return { send, cancelled };
}

function soon(): Promise<void> {
  return new Promise((turn) => setTimeout(turn, 5));
}

async function late(): Promise<RpcAnswer> {
  await new Promise((turn) => setTimeout(turn, 2_000));
  return result({ inputRequests: {} });
}

function never(): AbortSignal {
  return new AbortController().signal;
}
