import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { badAddressIn, capabilityFor, lackingIn, questionIn, shown } from '../../src/gateway/questions.ts';
import {
  ACCEPTED,
  aRequest,
  aServer,
  aSessionCaller,
  asked as askedBy,
  asksInSession,
  aWorld,
  CAN_ALL,
  errorOf,
  FORM,
  NEVER,
  result,
  resultOf,
  ROOTS,
  SAMPLE,
  type Send,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';
import type { Forwarding, Said } from '../../src/gateway/dialogue.ts';
import type { Ask, Audience, ServerQuestion } from '../../src/gateway/port.ts';
import { GatewayError } from '../../src/core/errors.ts';

test('how a client gets along with an answer is told to the server that wants to hear it', async () => {
  const told: JsonObject[] = [];
  const send: Send = async ({ options }) => {
    await options.onRequest?.(aRequest(ROOTS), NEVER, (params) => void told.push(params));
    await options.onRequest?.(aRequest(ROOTS), NEVER);
    return result({});
  };
  const heard: boolean[] = [];
  const ask: Ask = async (_question, _signal, onProgress) => {
    heard.push(onProgress !== undefined);
    onProgress?.({ progress: 1 });
    return result({ roots: [] });
  };
  await aWorld({ send }).call({ caller: aSessionCaller(), exchange: anExchange({ ask }) });
  expect({ told, heard }).toEqual({ told: [{ progress: 1 }], heard: [true, false] });
});

test.for([
  {
    kind: 'sampling',
    question: SAMPLE,
    answer: { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' },
  },
  { kind: 'elicitation', question: FORM, answer: ACCEPTED },
  { kind: 'roots', question: ROOTS, answer: { roots: [{ uri: 'file:///home/ada' }] } },
])(
  'a session’s $kind reaches the client and its answer the server, each decided and on record',
  async ({ kind, question, answer }) => {
    const asked: ServerQuestion[] = [];
    const { world, said } = await callInSession([question], { ask: answers(answer, asked) });
    expect(resultOf(said)).toEqual({ answers: [{ kind: 'result', result: answer }] });
    expect(asked).toEqual([question]);
    expect(world.records.map(({ action, effect }) => [action, effect])).toEqual([
      [kind, 'allow'],
      [kind, 'allow'],
    ]);
    expect(world.records[0]?.input).toMatchObject({ action: { type: kind, request: question.params, args: {} } });
    expect(world.records[1]?.input).toMatchObject({ action: { type: kind, request: question.params, args: answer } });
    expect(world.outcomes.map(({ id, status }) => [id, status])).toEqual(world.records.map(({ id }) => [id, 'ok']));
  },
);

test('the records of a question name the call that it belongs to, and rules read its tool', async () => {
  const world = aWorld({ send: asksInSession(FORM) });
  const forwarding = inSession({ ask: answers(ACCEPTED) });
  await world.call(forwarding);
  const [question] = world.records;
  expect(question).toMatchObject({ server: 'files', tool: 'read', trace_id: 'f'.repeat(32), client: { name: 'test' } });
  expect(question?.call).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(world.records.map(({ call }) => call)).size).toBe(1);
  expect(question?.input).toMatchObject({ action: { tool: 'read', effect: 'write', consent: 'accepted' } });
});

test('the record of a question is committed before the client sees it, that of the answer before the server does', async () => {
  const told: string[] = [];
  const ask: Ask = async () => {
    told.push('client');
    return result(ACCEPTED);
  };
  const send: WorldOptions['send'] = async ({ options }) => {
    await options.onRequest?.(aRequest(FORM), NEVER);
    told.push('server');
    return result({});
  };
  const world = aWorld({ send, commit: () => void told.push('record') });
  await world.call(inSession({ ask }));
  expect(told).toEqual(['record', 'client', 'record', 'server']);
});

test('a denied question never reaches the client, and its server learns no rule', async () => {
  const asked: ServerQuestion[] = [];
  const { world, said } = await callInSession([SAMPLE], { ask: answers(ACCEPTED, asked) }, { denies: () => true });
  expect(asked).toEqual([]);
  const [answer] = answersIn(said);
  expect(errorOf(answer)).toMatchObject({ code: 4030 });
  expect(JSON.stringify(answer)).not.toMatch(/CO-1|not_asked|compliance/);
  expect(errorOf(answer).message).toContain(`Decision ${world.records[0]?.id}`);
  expect(world.outcomes).toEqual([]);
});

test('a denied answer never reaches the server', async () => {
  const secret = { action: 'accept', content: { name: 'secret' } };
  const denies: WorldOptions['denies'] = ({ action }) => JSON.stringify(action.args).includes('secret');
  const { world, said } = await callInSession([FORM], { ask: answers(secret) }, { denies });
  expect(errorOf(answersIn(said)[0])).toMatchObject({ code: 4030 });
  expect(JSON.stringify(said)).not.toContain('secret');
  expect(world.records.map(({ effect }) => effect)).toEqual(['allow', 'deny']);
});

test('a question that cannot be recorded is not asked', async () => {
  const asked: ServerQuestion[] = [];
  const commit = (): never => {
    throw new Error('disk full');
  };
  const { said } = await callInSession([FORM], { ask: answers(ACCEPTED, asked) }, { commit });
  expect(asked).toEqual([]);
  expect(errorOf(answersIn(said)[0])).toMatchObject({ code: 4030 });
});

test.for([
  {
    name: 'what the configuration does not allow',
    question: FORM,
    forwarding: { server: aServer({ allow: { sampling: false, elicitation: false, roots: false } }) },
    code: -32601,
  },
  {
    name: 'what the client cannot do',
    question: SAMPLE,
    forwarding: { caller: aSessionCaller({ capabilities: { roots: {} } }) },
    code: -32601,
  },
  {
    name: 'a part that the client cannot do',
    question: { ...SAMPLE, params: { ...SAMPLE.params, tools: [] } },
    forwarding: { caller: aSessionCaller({ capabilities: { sampling: {} } }) },
    code: -32602,
  },
  { name: 'what no client knows', question: { method: 'vendor/ask', params: {} }, forwarding: {}, code: -32601 },
])('a server that asks for $name is refused, and that is on record', async ({ question, forwarding, code }) => {
  const asked: ServerQuestion[] = [];
  const send: WorldOptions['send'] = async ({ options }) => {
    return result({ answers: [await askedBy(options, question)] });
  };
  const world = aWorld({ send });
  const said = await world.call({ ...inSession({ ask: answers(ACCEPTED, asked) }), ...forwarding });
  expect(errorOf(answersIn(said)[0]).code).toBe(code);
  expect(asked).toEqual([]);
  expect(world.records).toMatchObject([{ effect: 'deny', reasons: ['gateway.method_not_allowed'] }]);
});

test.for(['javascript:alert(1)', 'file:///etc/passwd', 'not an address', undefined])(
  'nobody is sent to %s',
  async (url) => {
    const params: JsonObject = {
      mode: 'url',
      message: 'Open this',
      elicitationId: 'e1',
      ...(url === undefined ? {} : { url }),
    };
    const { world, said } = await callInSession([{ method: 'elicitation/create', params }], { ask: answers(ACCEPTED) });
    expect(errorOf(answersIn(said)[0]).code).toBe(4030);
    expect(world.records).toMatchObject([{ reasons: ['gateway.invalid_arguments'] }]);
  },
);

test('the client’s own error is the server’s answer, as it came', async () => {
  const error = { code: -1, message: 'User rejected sampling request', data: { why: ['no'] } };
  const { world, said } = await callInSession([SAMPLE], { ask: () => Promise.resolve({ kind: 'failure', error }) });
  expect(answersIn(said)).toEqual([{ kind: 'failure', error }]);
  expect(world.outcomes.map(({ status }) => status)).toEqual(['protocol_error']);
});

test('a client that is gone gives the server an error', async () => {
  const ask: Ask = () => Promise.reject(new GatewayError('CLIENT_GONE', 'gone'));
  const { world, said } = await callInSession([FORM], { ask });
  expect(errorOf(answersIn(said)[0]).code).toBe(-32603);
  expect(world.outcomes.map(({ status }) => status)).toEqual(['cancelled']);
});

test('where there are several servers an elicitation says which one asks, and policy reads it as it was sent', async () => {
  const asked: ServerQuestion[] = [];
  const { world } = await callInSession([FORM, SAMPLE], { ask: answers(ACCEPTED, asked) }, { namesServers: true });
  expect(asked.map(({ params }) => params)).toContainEqual({ ...FORM.params, message: '[files] Your name?' });
  expect(asked.map(({ params }) => params)).toContainEqual(SAMPLE.params);
  expect(JSON.stringify(world.records)).not.toContain('[files]');
});

test('an elicitation in URL mode is remembered for the session that was asked', async () => {
  const params = { mode: 'url', message: 'Sign in', url: 'https://example.com/', elicitationId: 'e1' };
  const { world } = await callInSession([{ method: 'elicitation/create', params }], {
    ask: answers({ action: 'accept' }),
  });
  expect(world.dialogue.elicitedSession('files', 'e1')).toBe('session-1');
  expect(world.dialogue.elicitedSession('other', 'e1')).toBeUndefined();
  expect(world.dialogue.elicitedSession('files', 'e2')).toBeUndefined();
});

test('what is asked outside of any request is decided, recorded for no call, and put to the session', async () => {
  const world = aWorld({ send: () => Promise.resolve(result({})) });
  const roots = { roots: [{ uri: 'file:///home/ada' }] };
  const listener = { caller: aSessionCaller(), audience: anAudience(answers(roots)) };
  const loose = { server: aServer(), request: aRequest(ROOTS), signal: NEVER };
  expect(await world.dialogue.asked({ ...loose, listener })).toEqual({ kind: 'result', result: roots });
  expect(world.records.map(({ action, call, tool }) => [action, call, tool])).toEqual([
    ['roots', '', ''],
    ['roots', '', ''],
  ]);
  expect(errorOf(await world.dialogue.asked({ ...loose, listener: undefined })).code).toBe(-32601);
});

test('what belongs to one hop does not go over it', () => {
  const meta = { progressToken: 7, 'mcp-gateway/decision': {}, vendor: 1 };
  const question = questionIn('sampling/createMessage', {
    ...SAMPLE.params,
    task: { ttl: 1 },
    _meta: meta,
    vendor: [1],
  });
  expect(question?.params).toEqual({ ...SAMPLE.params, vendor: [1], _meta: { vendor: 1 } });
  expect(questionIn('roots/list', { _meta: { progressToken: 1 } })?.params).toEqual({});
});

test.for([
  { question: ROOTS, declared: CAN_ALL, lacking: undefined },
  { question: ROOTS, declared: {}, lacking: { roots: {} } },
  { question: FORM, declared: { elicitation: {} }, lacking: undefined },
  { question: FORM, declared: { elicitation: { url: {} } }, lacking: { elicitation: { form: {} } } },
  {
    question: { ...FORM, params: { mode: 'url' } },
    declared: { elicitation: {} },
    lacking: { elicitation: { url: {} } },
  },
  { question: { ...SAMPLE, params: { tools: [] } }, declared: { sampling: {} }, lacking: { sampling: { tools: {} } } },
  { question: { ...SAMPLE, params: { toolChoice: {} } }, declared: {}, lacking: { sampling: { tools: {} } } },
])('to be asked $question.method a client of $declared lacks $lacking', ({ question, declared, lacking }) => {
  expect(lackingIn(declared, capabilityFor(question))).toEqual(lacking);
});

test('ids of elicitations are made for clients that need them and taken from those that do not know them', () => {
  const url: ServerQuestion = { method: 'elicitation/create', params: { mode: 'url', url: 'https://example.com/' } };
  const withId = { ...url, params: { ...url.params, elicitationId: 'e1' } };
  expect(shown(url, { server: undefined, hasElicitationIds: true }).params['elicitationId']).toMatch(/./);
  expect(shown(withId, { server: undefined, hasElicitationIds: true })).toEqual(withId);
  expect(shown(withId, { server: undefined, hasElicitationIds: false })).toEqual(url);
  expect(badAddressIn(url)).toBeUndefined();
});

interface Asked {
  readonly ask: Ask;
}

async function callInSession(
  questions: readonly ServerQuestion[],
  { ask }: Asked,
  options: Partial<WorldOptions> = {},
): Promise<{ readonly world: World; readonly said: Said }> {
  const world = aWorld({ send: asksInSession(...questions), ...options });
  return { world, said: await world.call(inSession({ ask })) };
}

function inSession({ ask }: Asked): Partial<Forwarding> {
  return { caller: aSessionCaller(), exchange: anExchange({ ask }) };
}

function answers(answer: JsonObject, asked: ServerQuestion[] = []): Ask {
  return (question) => {
    asked.push(question);
    return Promise.resolve(result(answer));
  };
}

function answersIn(said: Said): readonly Json[] {
  const { answers: told } = resultOf(said);
  return Array.isArray(told) ? told : [];
}

function anAudience(ask: Ask): Audience {
  return { listChanged: () => undefined, notify: () => undefined, logLevel: () => undefined, ask };
}
