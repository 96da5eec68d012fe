import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { ServerId } from '../../src/core/names.ts';
import type { PolicyInput } from '../../src/core/policy-input.ts';
import type { Outgoing } from '../../src/gateway/dialogue.ts';
import { readInputRequired } from '../../src/gateway/input-required.ts';
import type { Ask, ServerQuestion } from '../../src/gateway/port.ts';
import {
  ACCEPTED,
  aServer,
  aSessionCaller,
  askedIn,
  asksStateless,
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
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';

const QUESTIONS = { user_name: FORM, toString: SAMPLE, 'with space': ROOTS };
const ANSWERS: JsonObject = { user_name: ACCEPTED, toString: { role: 'assistant' }, 'with space': { roots: [] } };

test('what a stateless server asks reaches a stateless client as it was, and the answers and its state come back to it', async () => {
  const sent: Outgoing[] = [];
  const world = aWorld({ send: noting(sent, asksStateless(QUESTIONS, 'its own state')) });
  const first = await world.call();
  expect(resultOf(first)).toMatchObject({ resultType: 'input_required', inputRequests: QUESTIONS });
  expect(stateIn(first)).not.toContain('its own state');
  const last = await world.retry(first, ANSWERS);
  expect(resultOf(last)).toEqual({ answered: ANSWERS, state: 'its own state' });
  expect(sent.map(({ params }) => params)).toEqual([
    { name: 'read', arguments: { path: 'a' } },
    { name: 'read', arguments: { path: 'a' }, inputResponses: ANSWERS, requestState: 'its own state' },
  ]);
});

test('questions and answers are each on record, with the request in whose course they were', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM, b: ROOTS }) });
  const first = await world.call();
  expect(world.records.map(({ action }) => action).toSorted()).toEqual(['elicitation', 'roots']);
  await world.retry(first, { a: ACCEPTED, b: { roots: [] } });
  const [one, two, three, four] = world.records;
  expect(one?.call).toBe(two?.call);
  expect(three?.call).toBe(four?.call);
  expect(one?.call).not.toBe(three?.call);
  expect(three?.input).toMatchObject({ action: { request: FORM.params, args: ACCEPTED } });
  expect(world.outcomes).toHaveLength(4);
});

test('a server that keeps no state gets none back', async () => {
  const sent: Outgoing[] = [];
  const world = aWorld({ send: noting(sent, asksStateless({ a: FORM })) });
  await world.retry(await world.call(), { a: ACCEPTED });
  expect(sent[1]?.params).not.toHaveProperty('requestState');
});

test.for([
  { name: 'another user', part: { caller: aStatelessCaller(aUser('ben')) } },
  { name: 'another request', part: { binding: 'other' } },
])('G-16 $name cannot use a state', async ({ part }) => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  expect(await world.retry(await world.call(), { a: ACCEPTED }, part)).toBe('stale');
});

test('a state that is too old or was changed is none', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const first = await world.call();
  const { caller, binding } = { caller: aStatelessCaller(), binding: 'the-arguments' };
  const state = `${stateIn(first) ?? ''}-TAMPERED`;
  expect(world.dialogue.open({ responses: { a: ACCEPTED }, state }, caller, binding)).toBeUndefined();
  world.clock.move(600_000);
  expect(await world.retry(first, { a: ACCEPTED })).toBe('stale');
});

test('a state for one server is of no use at another that has taken its name', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const said = await world.retry(await world.call(), { a: ACCEPTED }, { server: aServer({ id: 'other' as ServerId }) });
  expect(errorOf(said).code).toBe(-32602);
});

test('answers that nobody asked for go nowhere', async () => {
  const sent: Outgoing[] = [];
  const world = aWorld({ send: noting(sent, asksStateless({ a: FORM, b: FORM })) });
  const second = await world.retry(await world.call(), { a: ACCEPTED, c: ACCEPTED, constructor: ACCEPTED });
  expect(sent[1]?.params).toMatchObject({ inputResponses: { a: ACCEPTED } });
  expect(Object.keys(askedIn(second))).toEqual(['a', 'b']);
  expect(JSON.stringify(sent[1]?.params)).not.toContain('constructor');
});

test('a client may answer before it is asked, and policy sees the answer', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const resumed = world.dialogue.open(
    { responses: { a: ACCEPTED, b: { what: 'is this' } }, state: undefined },
    aStatelessCaller(),
    'any',
  );
  expect(resultOf(await world.call({ resumed }))).toEqual({ answered: { a: ACCEPTED }, state: null });
  expect(world.records).toMatchObject([{ action: 'elicitation', input: { action: { args: ACCEPTED } } }]);
});

test.for([12345, 'text', null, [], true])('an answer that is %j is none', (answer) => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const responses = { a: answer };
  expect(world.dialogue.open({ responses, state: undefined }, aStatelessCaller(), 'any')).toBeUndefined();
});

test('a denied question denies the whole request: a tool’s as a result that the model reads', async () => {
  const denies = (): boolean => true;
  const world = aWorld({ send: asksStateless({ a: FORM }), denies });
  const said = await world.call();
  expect(resultOf(said)).toMatchObject({
    isError: true,
    _meta: { 'mcp-gateway/decision': { allow: false, metadata: { decision_id: world.records[0]?.id } } },
  });
  expect(await said.outcome).toMatchObject({ status: 'ok' });
  const prompt = await aWorld({ send: asksStateless({ a: FORM }), denies }).call({ method: 'prompts/get' });
  expect(errorOf(prompt).code).toBe(4030);
});

test('a denied answer is not sent', async () => {
  const sent: Outgoing[] = [];
  const denies = ({ action }: { readonly action: { readonly args: object } }): boolean =>
    Object.keys(action.args).length > 0;
  const world = aWorld({ send: noting(sent, asksStateless({ a: FORM })), denies });
  const said = await world.retry(await world.call(), { a: ACCEPTED });
  expect(resultOf(said)).toMatchObject({ isError: true });
  expect(sent).toHaveLength(1);
});

test('what was allowed of questions and answers ends on record where another of them is denied', async () => {
  const isRoots = ({ action }: PolicyInput): boolean => action.type === 'roots';
  const asking = aWorld({ send: asksStateless({ a: FORM, b: ROOTS }), denies: isRoots });
  await asking.call();
  expect(asking.records.map(({ effect }) => effect).toSorted()).toEqual(['allow', 'deny']);
  expect(asking.outcomes.map(({ status }) => status)).toEqual(['cancelled']);

  const isAnswer = (input: PolicyInput): boolean => isRoots(input) && Object.keys(input.action.args).length > 0;
  const answering = aWorld({ send: asksStateless({ a: FORM, b: ROOTS }), denies: isAnswer });
  await answering.retry(await answering.call(), { a: ACCEPTED, b: { roots: [] } });
  expect(answering.records.map(({ effect }) => effect).toSorted()).toEqual(['allow', 'allow', 'allow', 'deny']);
  expect(answering.outcomes.map(({ status }) => status)).toEqual(['ok', 'ok', 'cancelled']);
});

test('a question that the configuration does not allow denies the request and is on record', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const server = aServer({ allow: { sampling: true, elicitation: false, roots: true } });
  expect(resultOf(await world.call({ server }))).toMatchObject({ isError: true });
  expect(world.records).toMatchObject([{ reasons: ['gateway.method_not_allowed'] }]);
});

test('a stateless client is told which capability it lacks, and nothing is asked', async () => {
  const world = aWorld({ send: asksStateless({ a: { method: 'elicitation/create', params: URL_PARAMS } }) });
  const said = await world.call({ caller: aStatelessCaller({ capabilities: { elicitation: {} } }) });
  expect(errorOf(said)).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } });
  expect(world.records).toMatchObject([{ effect: 'deny', reasons: ['gateway.method_not_allowed'] }]);
});

test('a client in a session is asked at once, and its request goes the whole way again with the answers', async () => {
  const sent: Outgoing[] = [];
  const world = aWorld({ send: noting(sent, asksStateless({ a: FORM, b: ROOTS }, 'its own state')) });
  const asked: ServerQuestion[] = [];
  const ask: Ask = (question) => {
    asked.push(question);
    return Promise.resolve(result(question.method === 'roots/list' ? { roots: [] } : ACCEPTED));
  };
  const said = await world.call(inSession(ask));
  expect(asked).toEqual([FORM, ROOTS]);
  expect(resultOf(said)).toEqual({ answered: { a: ACCEPTED, b: { roots: [] } }, state: 'its own state' });
  expect(sent).toHaveLength(2);
  expect(await said.outcome).toMatchObject({ status: 'ok' });
  expect(new Set(world.records.map(({ call }) => call)).size).toBe(2);
});

test('G-48 a server that asks a client in a session without end is stopped after sixteen rounds', async () => {
  let rounds = 0;
  const send: Send = () => {
    rounds += 1;
    return Promise.resolve(result({ resultType: 'input_required', inputRequests: { a: { ...FORM } } }));
  };
  const said = await aWorld({ send }).call(inSession(() => Promise.resolve(result(ACCEPTED))));
  expect(errorOf(said).message).toContain('16 times');
  expect(rounds).toBe(17);
});

test('a hundred rounds of a stateless client are a hundred requests of its own', async () => {
  const send: Send = () =>
    Promise.resolve(result({ resultType: 'input_required', inputRequests: { a: { ...FORM } }, requestState: 'same' }));
  const world = aWorld({ send });
  let said = await world.call();
  for (let round = 0; round < 100; round += 1) said = asSaid(await world.retry(said, { a: ACCEPTED }));
  expect(resultOf(said)).toMatchObject({ resultType: 'input_required' });
});

test('an error of the client ends the request with that error', async () => {
  const error = { code: -1, message: 'the user said no' };
  const world = aWorld({ send: asksStateless({ a: SAMPLE, b: FORM }) });
  const said = await world.call(inSession(() => Promise.resolve({ kind: 'failure', error })));
  expect(errorOf(said)).toEqual(error);
  expect(await said.outcome).toMatchObject({ status: 'cancelled' });
  expect(world.outcomes.map(({ status }) => status)).toEqual(['protocol_error', 'cancelled']);
});

test('a client that goes away while it is asked has cancelled its request', async () => {
  const world = aWorld({ send: asksStateless({ a: FORM }) });
  const gone: Ask = () => Promise.reject(new GatewayError('CLIENT_GONE', 'gone'));
  await expect(world.call(inSession(gone))).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(world.outcomes.map(({ status }) => status)).toEqual(['cancelled']);
});

test('a server that only wants to be asked again is, with its state', async () => {
  const send: Send = ({ params }) =>
    Promise.resolve(
      params['requestState'] === 'later'
        ? result({ done: true })
        : result({ resultType: 'input_required', requestState: 'later' }),
    );
  expect(resultOf(await aWorld({ send }).call(inSession(() => Promise.reject(new Error('not asked')))))).toEqual({
    done: true,
  });
  const world = aWorld({ send });
  const first = await world.call();
  expect(resultOf(first)).not.toHaveProperty('inputRequests');
  expect(resultOf(await world.retry(first, {}))).toEqual({ done: true });
});

test.for([
  { name: 'asks for something that the protocol does not know', part: { inputRequests: { a: { method: 'ping' } } } },
  { name: 'sends a question that is none', part: { inputRequests: { a: 5 } } },
  { name: 'sends a state that is no text', part: { requestState: 5 } },
  { name: 'asks for nothing', part: {} },
  { name: 'asks in a method that knows no questions', part: { requestState: 's' }, method: 'completion/complete' },
])('a server that $name breaks the protocol', async ({ part, method = 'tools/call' }) => {
  const world = aWorld({ send: () => Promise.resolve(result({ resultType: 'input_required', ...part })) });
  await expect(world.call({ method })).rejects.toMatchObject({ code: 'UPSTREAM_PROTOCOL' });
});

test('every key that a server may give a question is kept', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 5 }), (keys) => {
      const inputRequests = Object.fromEntries(keys.map((key) => [key, { ...FORM }]));
      const read = readInputRequired('tools/call', { inputRequests });
      expect(read).toEqual({ kind: 'asks', questions: inputRequests, state: undefined });
    }),
    { examples: [[['__proto__', 'constructor', '']]] },
  );
});

const URL_PARAMS = { mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'e1' };

function noting(sent: Outgoing[], send: Send): Send {
  return (outgoing) => {
    sent.push(outgoing);
    return send(outgoing);
  };
}

function inSession(ask: Ask): Parameters<World['call']>[0] {
  return { caller: aSessionCaller(), exchange: anExchange({ ask }) };
}

type Retried = Awaited<ReturnType<World['retry']>>;

function asSaid(said: Retried): Exclude<Retried, 'stale'> {
  if (said === 'stale') throw new Error('stale');
  return said;
}
