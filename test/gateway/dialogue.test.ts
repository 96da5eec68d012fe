import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { GatewayError } from '../../src/core/errors.ts';
import type { Forwarding } from '../../src/gateway/dialogue.ts';
import type { ServerQuestion } from '../../src/gateway/port.ts';
import {
  ACCEPTED,
  askedIn,
  asksInSession,
  asksStateless,
  aSessionCaller,
  aStatelessCaller,
  aWorld,
  FORM,
  result,
  resultOf,
  ROOTS,
  SAMPLE,
  type Send,
  type World,
  type WorldOptions,
} from './dialogue-makers.ts';
import { anExchange } from './makers.ts';

interface Pairing {
  readonly client: 'session' | 'stateless';
  readonly server: 'session' | 'stateless';
}

const PAIRINGS: readonly Pairing[] = [
  { client: 'session', server: 'session' },
  { client: 'session', server: 'stateless' },
  { client: 'stateless', server: 'session' },
  { client: 'stateless', server: 'stateless' },
];

const URL_MODE: ServerQuestion = {
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Sign in', url: 'https://example.com/' },
};
const TOOLS: ServerQuestion = {
  method: 'sampling/createMessage',
  params: { ...SAMPLE.params, tools: [{ name: 'look', inputSchema: { type: 'object' } }], vendor: { big: [1] } },
};

const QUESTIONS: readonly { readonly kind: string; readonly question: ServerQuestion; readonly answer: JsonObject }[] =
  [
    { kind: 'a form', question: FORM, answer: ACCEPTED },
    { kind: 'an address', question: URL_MODE, answer: { action: 'accept' } },
    {
      kind: 'a sample',
      question: SAMPLE,
      answer: { role: 'assistant', content: { type: 'text', text: 'Paris' }, vendor: 1 },
    },
    {
      kind: 'a sample with tools',
      question: TOOLS,
      answer: { role: 'assistant', content: [{ type: 'tool_use', id: '1' }] },
    },
    { kind: 'roots', question: ROOTS, answer: { roots: [{ uri: 'file:///a', name: 'a', _meta: { v: 1 } }] } },
  ];

const ROWS = PAIRINGS.flatMap((pairing) => QUESTIONS.map((row) => ({ ...pairing, ...row })));

test.for(ROWS)(
  'a $client client of a $server server is asked for $kind, and the server has its answer',
  async (row) => {
    const { asked, said } = await converse(row, row);
    const { elicitationId: _elicitationId, ...params } = asked[0]?.params ?? {};
    expect(asked.map(({ method }) => method)).toEqual([row.question.method]);
    expect(params).toEqual(row.question.params);
    expect(gotFrom(said, row)).toEqual(row.answer);
  },
);

test.for(ROWS)('what is denied for a $client client of a $server server, $kind, is never seen by it', async (row) => {
  const { asked, said, world } = await converse(row, row, { denies: () => true });
  expect(asked).toEqual([]);
  expect(gotFrom(said, row)).toBeUndefined();
  expect(world.records).toMatchObject([{ effect: 'deny', reasons: ['not_asked'] }]);
});

test.for(ROWS)(
  'an answer of a $client client that is denied, $kind, is never seen by a $server server',
  async (row) => {
    const denies: WorldOptions['denies'] = ({ action }) => Object.keys(action.args).length > 0;
    const { said, world } = await converse(row, row, { denies });
    expect(gotFrom(said, row)).toBeUndefined();
    expect(world.records.map(({ effect }) => effect)).toEqual(['allow', 'deny']);
  },
);

test.for(PAIRINGS)('nothing is asked that cannot be recorded: $client client, $server server', async (row) => {
  const commit = (): never => {
    throw new Error('disk full');
  };
  const { asked, said } = await converse(row, { question: FORM, answer: ACCEPTED }, { commit });
  expect(asked).toEqual([]);
  expect(gotFrom(said, row)).toBeUndefined();
});

test.for(PAIRINGS)(
  'a server that asks nothing answers as if nothing stood between: $client client',
  async ({ client }) => {
    const answer = { content: [{ type: 'text', text: 'done' }], _meta: { vendor: 1 }, structuredContent: [1] };
    const world = aWorld({ send: () => Promise.resolve(result(answer)) });
    const said = await world.call(side(client, []));
    expect(said).toEqual({ kind: 'result', result: answer });
    expect(world.records).toEqual([]);
  },
);

test.for(PAIRINGS)('a server that cannot be reached is the story’s to tell: $client client', async ({ client }) => {
  const send: Send = () => Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'down'));
  await expect(aWorld({ send }).call(side(client, []))).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
});

interface Talk {
  readonly world: World;
  readonly asked: readonly ServerQuestion[];
  readonly said: JsonObject;
}

interface Topic {
  readonly question: ServerQuestion;
  readonly answer: JsonObject;
}

/** A call in which the server asks one question, to its end. */
async function converse({ client, server }: Pairing, topic: Topic, options: Partial<WorldOptions> = {}): Promise<Talk> {
  const { question, answer } = topic;
  const send = server === 'session' ? asksInSession(question) : asksStateless({ key: question });
  const world = aWorld({ send, ...options });
  const asked: ServerQuestion[] = [];
  const first = await world.call(side(client, asked, answer));
  const questions = Object.entries(askedIn(first));
  if (questions.length === 0) return { world, asked, said: resultOf(first) };
  for (const [, { method, params }] of questions) asked.push({ method, params } as ServerQuestion);
  const last = await world.retry(first, Object.fromEntries(questions.map(([key]) => [key, answer])));
  return { world, asked, said: resultOf(last) };
}

function side(client: Pairing['client'], asked: ServerQuestion[], answer: JsonObject = {}): Partial<Forwarding> {
  if (client === 'stateless') return { caller: aStatelessCaller() };
  const ask = (question: ServerQuestion): Promise<ReturnType<typeof result>> => {
    asked.push(question);
    return Promise.resolve(result(answer));
  };
  return { caller: aSessionCaller(), exchange: anExchange({ ask }) };
}

/** The answer that the server says it got; undefined where it got none. */
function gotFrom({ answers, answered }: JsonObject, { server }: Pairing): unknown {
  if (server === 'stateless') return (answered as JsonObject | undefined)?.['key'];
  return (answers as readonly JsonObject[] | undefined)?.[0]?.['result'];
}
