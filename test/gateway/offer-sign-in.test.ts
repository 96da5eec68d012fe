import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer } from '../../src/core/rpc.ts';
import type { Asked } from '../../src/gateway/govern.ts';
import { callWithSignIn, type OpenSignIn } from '../../src/gateway/offer-sign-in.ts';
import type { Exchange, InputAnswers, ToolCallRequest } from '../../src/gateway/port.ts';
import { aCaller, aGovernedServer, anExchange } from './makers.ts';

const DENIED = refusedFor('gateway.sign_in_required');
const DONE: RpcAnswer = { kind: 'result', result: { content: [] } };

function refusedFor(reason: string): RpcAnswer {
  return { kind: 'result', result: { isError: true, _meta: { 'mcp-gateway/decision': { reasons: [reason] } } } };
}

interface Told {
  readonly method: string;
  readonly params: unknown;
}

/** A client whose user answers the question for the page with `action`; what it was asked and told, in order. */
function aClient(action: string, more: Partial<Exchange> = {}) {
  const told: Told[] = [];
  const exchange = anExchange({
    ask: async ({ method, params }) => {
      told.push({ method, params });
      return { kind: 'result', result: { action } };
    },
    notify: (method, params) => void told.push({ method, params }),
    ...more,
  });
  return { told, exchange };
}

interface Offer {
  readonly answers: readonly RpcAnswer[];
  readonly exchange: Exchange;
  readonly capabilities?: object;
  readonly begin?: () => Promise<OpenSignIn>;
  /** What a stateless client sends with a call that it repeats. */
  readonly responses?: JsonObject;
  readonly state?: string;
  /** The tag of this gateway. */
  readonly place?: string;
}

/** Makes a call that answers in turn; the last answer, and for whom a sign-in was begun. */
async function made(offer: Offer) {
  const { answers, exchange, capabilities = { elicitation: { url: {} } }, begin, responses, state, place } = offer;
  const begun: string[] = [];
  const calls: (InputAnswers | undefined)[] = [];
  const left = [...answers];
  const caller = { ...aCaller(), capabilities: { ...capabilities } };
  const request = {
    method: 'tools/call',
    name: 'orders',
    args: {},
    meta: {},
    answers: responses === undefined ? undefined : { responses, state },
    task: undefined,
  } as const;
  const call = async (asked: Asked<ToolCallRequest>): Promise<RpcAnswer> => {
    calls.push(asked.request.answers);
    return left.shift() ?? DENIED;
  };
  const answer = await callWithSignIn({ request, caller, exchange }, call, {
    place,
    serverOf: () => aGovernedServer('shop').id,
    beginSignIn: (server, principal) => {
      begun.push(`${server} ${principal}`);
      return begin?.() ?? Promise.resolve({ url: 'https://id.example.com/', done: Promise.resolve() });
    },
  });
  return { answer, begun, made: calls, unmade: left.length, user: caller.principal.user.id };
}

test('a call that is refused for want of a sign-in is made again when the user has signed in', async () => {
  const { told, exchange } = aClient('accept');
  const { answer, begun, user } = await made({ answers: [DENIED, DONE], exchange });
  expect([answer, begun]).toEqual([DONE, [`shop ${user}`]]);
  const elicitationId = expect.any(String) as string;
  const message = 'Sign in to shop, so that what was asked for can be done.';
  expect(told).toEqual([
    { method: 'elicitation/create', params: { mode: 'url', elicitationId, url: 'https://id.example.com/', message } },
    { method: 'notifications/elicitation/complete', params: { elicitationId } },
  ]);
});

test.for([
  ['the answer is no refusal', DONE, { elicitation: { url: {} } }],
  ['the refusal has another reason', refusedFor('gateway.unknown_tool'), { elicitation: { url: {} } }],
  ['the client shows only forms', DENIED, { elicitation: { form: {} } }],
  ['the client says nothing of elicitation', DENIED, {}],
] as const)('nobody is asked where %s', async ([, first, capabilities]) => {
  const { told, exchange } = aClient('accept');
  const { answer, begun, unmade } = await made({ answers: [first, DONE], exchange, capabilities });
  expect([answer, begun, told, unmade]).toEqual([first, [], [], 1]);
});

const STATELESS: Partial<Exchange> = { ask: undefined };
const QUESTION = {
  'mcp-gateway/sign-in': {
    method: 'elicitation/create',
    params: {
      mode: 'url',
      url: 'https://id.example.com/',
      message: 'Sign in to shop, so that what was asked for can be done.',
    },
  },
};

test('a stateless client gets the page as input that is required, with the decision', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const { answer, unmade } = await made({ answers: [DENIED, DONE], exchange });
  const meta = { 'mcp-gateway/decision': { reasons: ['gateway.sign_in_required'] } };
  const result = { resultType: 'input_required', inputRequests: QUESTION, _meta: meta };
  expect([answer, unmade]).toEqual([{ kind: 'result', result }, 1]);
});

test('a stateless client that comes back is waited for, and its call made again', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const responses = { 'mcp-gateway/sign-in': { action: 'accept' } };
  const { answer, made: calls } = await made({ answers: [DENIED, DONE], exchange, responses });
  expect(answer).toEqual(DONE);
  expect(calls).toEqual([undefined, undefined]);
});

test('what a stateless client answers beside is passed on, our own question is not', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const responses = { 'mcp-gateway/sign-in': { action: 'accept' }, colour: { action: 'accept' } };
  const { made: calls } = await made({ answers: [DONE], exchange, responses });
  expect(calls).toEqual([{ responses: { colour: { action: 'accept' } }, state: undefined }]);
});

test('a stateless client whose user declines gets the refusal', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const responses = { 'mcp-gateway/sign-in': { action: 'decline' } };
  const { answer } = await made({ answers: [DENIED, DONE], exchange, responses });
  expect(answer).toEqual(DENIED);
});

const HERE = 'aaaaaaaa';
const ACCEPTS = { 'mcp-gateway/sign-in': { action: 'accept' } };

test('where there are other gateways, a stateless client is told to come back to the one where its browser does', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const { answer } = await made({ answers: [DENIED], exchange, place: HERE });
  expect(answer).toMatchObject({ result: { inputRequests: QUESTION, requestState: `sign-in.${HERE}` } });
  const back = { exchange, place: HERE, responses: ACCEPTS, state: `sign-in.${HERE}` };
  const { answer: last, made: calls } = await made({ answers: [DENIED, DONE], ...back });
  expect([last, calls]).toEqual([DONE, [undefined, undefined]]);
});

test('where the gateway of a page has gone, its user gets another page instead of being waited for', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const begin = async (): Promise<OpenSignIn> => ({
    url: 'https://id.example.com/',
    done: new Promise(() => undefined),
  });
  const back = { exchange, place: HERE, responses: ACCEPTS, state: 'sign-in.bbbbbbbb', begin };
  const { answer } = await made({ answers: [DENIED, DONE], ...back });
  expect(answer).toMatchObject({ result: { inputRequests: QUESTION, requestState: `sign-in.${HERE}` } });
});

test('the state of an offer reaches no server, and any other state does', async () => {
  const { exchange } = aClient('accept', STATELESS);
  const withState = async (state: string) => (await made({ answers: [DONE], exchange, responses: {}, state })).made;
  expect(await withState(`sign-in.${HERE}`)).toEqual([undefined]);
  expect(await withState(`a.b.${HERE}`)).toEqual([{ responses: {}, state: `a.b.${HERE}` }]);
});

test('a user who does not want to is not asked twice', async () => {
  const { told, exchange } = aClient('decline');
  const { answer } = await made({ answers: [DENIED, DONE], exchange });
  expect([answer, told.length]).toEqual([DENIED, 1]);
});

test.for([
  ['the server offers no sign-in', () => Promise.reject(new Error('none'))],
  [
    'nobody signs in',
    () => Promise.resolve({ url: 'https://id.example.com/', done: Promise.reject(new Error('late')) }),
  ],
] as const)('the refusal stands where %s', async ([, begin]) => {
  const { exchange } = aClient('accept');
  const { answer } = await made({ answers: [DENIED, DONE], exchange, begin });
  expect(answer).toEqual(DENIED);
});

test('a client that goes away while its user signs in ends the call and not the sign-in', async () => {
  const gone = new AbortController();
  const { exchange } = aClient('accept', { signal: gone.signal });
  const never = new Promise<void>(() => undefined);
  const making = made({
    answers: [DENIED, DONE],
    exchange,
    begin: async () => ({ url: 'https://id.example.com/', done: never }),
  });
  gone.abort();
  expect((await making).answer).toEqual(DENIED);
});
