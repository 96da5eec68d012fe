import { expect, test, vi } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import type { RpcAnswer, RpcRequest } from '../../src/core/rpc.ts';
import type { Upstream } from '../../src/upstream/upstream.ts';
import { anUpstream, call, callTool, fixture, rejection, textOf, type AnUpstream } from './parts.ts';
import { anSdkServer, anSseServer } from './web.ts';

const OFFERS: JsonObject = { sampling: {}, elicitation: { form: {} }, roots: { listChanged: true } };
const ACCEPTED: RpcAnswer = { kind: 'result', result: { action: 'accept', vendor: { kept: true } } };

/** Where questions went, and with what they were answered. */
function asked(answer: RpcAnswer = ACCEPTED): {
  questions: RpcRequest[];
  onRequest: (request: RpcRequest) => Promise<RpcAnswer>;
} {
  const questions: RpcRequest[] = [];
  return {
    questions,
    onRequest: async (request) => {
      questions.push(request);
      return answer;
    },
  };
}

function anAskingServer(more: AnUpstream = {}, ...args: string[]): Upstream {
  return anUpstream(fixture('asking.mjs', ...args), { offers: OFFERS, ...more });
}

function elicit(id: string | number, params: JsonObject = { message: 'Who?' }): JsonObject {
  return { id, method: 'elicitation/create', params };
}

async function answersOf(upstream: Upstream): Promise<readonly { id: Json; error?: { code: number } }[]> {
  return JSON.parse(textOf(await callTool(upstream, call('answers'))));
}

test.for([
  ['elicitation/create', { message: 'Who?', requestedSchema: {}, vendor: [1] }],
  ['sampling/createMessage', { messages: [], maxTokens: 1 }],
  ['roots/list', {}],
] as const)(
  '%s of a session server reaches the request it belongs to and is answered under its own id',
  async ([method, params]) => {
    const { questions, onRequest } = asked();
    const result = await callTool(anAskingServer(), call('ask', { asks: [{ id: 'q-1', method, params }] }), {
      onRequest,
    });
    expect(questions).toEqual([{ kind: 'request', id: 'q-1', method, params }]);
    expect(JSON.parse(textOf(result))).toEqual([{ id: 'q-1', result: { action: 'accept', vendor: { kept: true } } }]);
  },
);

test('a server hears how its client gets along with an answer, in numbers, as long as it waits for it', async () => {
  const told: ((params: JsonObject) => void)[] = [];
  const upstream = anAskingServer();
  const params = { message: 'Who?', _meta: { progressToken: 'mine' } };
  await callTool(upstream, call('ask', { asks: [elicit('q', params), elicit('r')] }), {
    onRequest: async (_request, _signal, onProgress) => {
      if (onProgress !== undefined) told.push(onProgress);
      for (const progress of [1, 1, 2]) onProgress?.({ progress, total: 2, message: 'his name is Ada' });
      return ACCEPTED;
    },
  });
  expect(told).toHaveLength(1);
  for (const tell of told) tell({ progress: 3 });
  expect(JSON.parse(textOf(await callTool(upstream, call('progressed'))))).toEqual([
    { progressToken: 'mine', progress: 1, total: 2 },
    { progressToken: 'mine', progress: 2, total: 2 },
  ]);
});

test('sampling/createMessage works with servers on the SDK, over each road', async () => {
  const result = { model: 'm', role: 'assistant', content: { type: 'text', text: 'Anna' } };
  for (const kind of ['http', 'sse'] as const) {
    const { url } = kind === 'http' ? await anSdkServer() : await anSseServer();
    const upstream = anUpstream({ kind, url, headers: {} }, { offers: OFFERS });
    const { questions, onRequest } = asked({ kind: 'result', result });
    const answer = await callTool(upstream, call('ask'), { onRequest });
    expect(JSON.parse(textOf(answer))).toEqual({ type: 'text', text: 'Anna' });
    expect(questions).toMatchObject([{ method: 'sampling/createMessage', params: { maxTokens: 9 } }]);
  }
});

test('a server is told exactly of the capabilities that are offered', async () => {
  const greeting = JSON.parse(textOf(await callTool(anAskingServer(), call('greeting'))));
  expect(greeting).toMatchObject({ capabilities: OFFERS, clientInfo: { name: 'mcp-gateway' } });
});

test('G-48 a question whose capability was not offered is refused with -32601, and that is told', async () => {
  const refused: string[] = [];
  const upstream = anAskingServer({ offers: { sampling: {} }, onRefused: ({ method }) => refused.push(method) });
  const { questions, onRequest } = asked();
  const answer = await callTool(upstream, call('ask', { asks: [elicit('q-1')] }), { onRequest });
  expect(JSON.parse(textOf(answer))).toMatchObject([{ id: 'q-1', error: { code: -32601 } }]);
  expect({ questions, refused }).toEqual({ questions: [], refused: ['elicitation/create'] });
});

test('a refused question of a request is told to whoever made the request', async () => {
  const [ofRequest, ofNone]: [string[], string[]] = [[], []];
  const upstream = anAskingServer({ offers: {}, onRefused: ({ method }) => ofNone.push(method) });
  const { onRequest } = asked();
  const onRefused = ({ method }: RpcRequest): void => void ofRequest.push(method);
  await callTool(upstream, call('ask', { asks: [elicit('q-1')] }), { onRequest, onRefused });
  expect({ ofRequest, ofNone }).toEqual({ ofRequest: ['elicitation/create'], ofNone: [] });
});

test('a question outside of any request goes to the host', async () => {
  const { questions, onRequest } = asked({ kind: 'result', result: { roots: [] } });
  const upstream = anAskingServer({ onRequest }, 'roots');
  await upstream.start();
  await vi.waitFor(async () => expect(await answersOf(upstream)).toEqual([{ id: 'at-once', result: { roots: [] } }]));
  expect(questions).toMatchObject([{ method: 'roots/list' }]);
});

test('a question and a request of ours with one id are not confused', async () => {
  // Without an id of its own a question of this server has that of our request.
  const { onRequest } = asked();
  const answer = await callTool(anAskingServer(), call('ask', { asks: [{ method: 'roots/list' }] }), { onRequest });
  expect(JSON.parse(textOf(answer))).toMatchObject([{ result: { action: 'accept' } }]);
});

test('a question that the server takes back is aborted and gets no answer', async () => {
  const upstream = anAskingServer();
  const signals: AbortSignal[] = [];
  const onRequest = (_request: RpcRequest, signal: AbortSignal): Promise<RpcAnswer> => {
    signals.push(signal);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(ACCEPTED)));
  };
  const cancelled = { method: 'notifications/cancelled', params: { requestId: 'q-1' } };
  await callTool(upstream, call('ask', { asks: [elicit('q-1'), cancelled, elicit('q-2', {})] }), {
    onRequest: (request, signal) => (request.id === 'q-1' ? onRequest(request, signal) : Promise.resolve(ACCEPTED)),
    signal: AbortSignal.timeout(500),
  }).catch(() => undefined);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  expect((await answersOf(upstream)).map(({ id }) => id)).not.toContain('q-1');
});

test('the end of a request aborts what was asked on its behalf, and the server is answered', async () => {
  const upstream = anAskingServer();
  const gone = new AbortController();
  const aborted = vi.fn<() => void>();
  const waiting = callTool(upstream, call('ask', { asks: [elicit('q-1')] }), {
    signal: gone.signal,
    onRequest: (_request, signal) => {
      queueMicrotask(() => gone.abort());
      return new Promise((_, reject) => signal.addEventListener('abort', () => (aborted(), reject(new Error('gone')))));
    },
  });
  expect((await rejection(waiting)).code).toBe('CANCELLED');
  expect(aborted).toHaveBeenCalledOnce();
  await vi.waitFor(async () =>
    expect(await answersOf(upstream)).toContainEqual(expect.objectContaining({ id: 'q-1' })),
  );
});

test('whoever fails to answer answers with an error that says nothing more', async () => {
  const onRequest = async (): Promise<RpcAnswer> => {
    throw new Error('a secret');
  };
  const answer = await callTool(anAskingServer(), call('ask', { asks: [elicit('q-1')] }), { onRequest });
  expect(textOf(answer)).toContain('-32603');
  expect(textOf(answer)).not.toContain('secret');
});

test('an id that is asked under twice at once, and more questions than anybody needs, are refused', async () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const asks = Array.from({ length: 70 }, (_, index) => elicit(`q-${index === 1 ? 0 : index}`));
  const upstream = anAskingServer();
  const onRequest = (): Promise<RpcAnswer> => opened.then(() => ACCEPTED);
  const waiting = callTool(upstream, call('leave', { asks }), { onRequest });
  await waiting;
  await vi.waitFor(async () =>
    expect((await answersOf(upstream)).filter(({ error }) => error !== undefined).length).toBe(6),
  );
  open();
});

test('while a person thinks about a question, the call does not run out of time', async () => {
  const onRequest = async (): Promise<RpcAnswer> => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return ACCEPTED;
  };
  const options = { onRequest, timeoutMs: 150 };
  const answer = await callTool(anAskingServer(), call('ask', { asks: [elicit('q-1')] }), options);
  expect(textOf(answer)).toContain('accept');
});

test('with several calls of one session under way a question goes to the newest that takes some', async () => {
  const upstream = anAskingServer();
  const [first, second, silent] = [asked(), asked(), asked()];
  const calls = [
    callTool(upstream, call('wait', { key: 'a' }), first),
    callTool(upstream, call('wait', { key: 'a2' }), second),
    callTool(upstream, call('wait', { key: 'a3' })),
  ];
  const ended = Promise.allSettled(calls);
  await callTool(upstream, call('wake', { key: 'a', asks: [elicit('q-1')] }));
  await vi.waitFor(async () =>
    expect(await answersOf(upstream)).toContainEqual(expect.objectContaining({ id: 'q-1' })),
  );
  expect([first, second, silent].map(({ questions }) => questions.length)).toEqual([0, 1, 0]);
  await upstream.close();
  await ended;
});

test('where sessions share an instance a question among several calls is refused, and one alone is not', async () => {
  const upstream = anAskingServer();
  const [first, second] = [asked(), asked()];
  const calls = [
    callTool(upstream, call('wait', { key: 'a' }), { ...first, session: 'one' }),
    callTool(upstream, call('wait', { key: 'b' }), { ...second, session: 'another' }),
  ];
  const ended = Promise.allSettled(calls);
  const waker = callTool(upstream, call('wake', { key: 'none', asks: [elicit('q-1')] }));
  await waker;
  await vi.waitFor(async () =>
    expect(await answersOf(upstream)).toContainEqual(expect.objectContaining({ id: 'q-1' })),
  );
  expect(await answersOf(upstream)).toContainEqual({ id: 'q-1', error: { code: -32603, message: expect.any(String) } });
  expect([...first.questions, ...second.questions]).toEqual([]);

  const alone = anAskingServer();
  const { questions, onRequest } = asked();
  await callTool(alone, call('ask', { asks: [elicit('q-2')] }), { onRequest });
  expect(questions.length).toBe(1);
  await upstream.close();
  await ended;
});

test('the reference server gets its answers: elicitation, sampling and roots', async () => {
  const args = ['node_modules/@modelcontextprotocol/server-everything/dist/index.js', 'stdio'];
  const upstream = anUpstream({ kind: 'stdio', command: process.execPath, args, env: {} }, { offers: OFFERS });
  const answers: Readonly<Record<string, JsonObject>> = {
    'elicitation/create': { action: 'accept', content: { name: 'Anna' } },
    'sampling/createMessage': { model: 'm', role: 'assistant', content: { type: 'text', text: 'sampled' } },
    'roots/list': { roots: [{ uri: 'file:///here', name: 'here' }] },
  };
  const onRequest = async ({ method }: RpcRequest): Promise<RpcAnswer> => ({
    kind: 'result',
    result: answers[method] ?? {},
  });
  const told = async (name: string, given: JsonObject = {}): Promise<string> =>
    JSON.stringify(await callTool(upstream, call(name, given), { onRequest }));
  const tools = (await upstream.readList('tools')).map(({ name }) => name);
  expect(tools).toContain('trigger-sampling-request');
  expect(await told('trigger-sampling-request', { prompt: 'Who?', maxTokens: 9 })).toContain('sampled');
  expect(await told('trigger-elicitation-request')).toContain('Anna');
  expect(await told('get-roots-list')).toContain('file:///here');
});
