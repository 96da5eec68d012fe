import { describe, expect, test, vi } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { anOpenSession } from './a-session.ts';
import { aQuestion } from './fake-gateway.ts';

const ALL = { sampling: { tools: {} }, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };

function ask(id: number, what: string): JsonObject {
  return { id, method: 'tools/call', params: { name: 'ask', arguments: { what } } };
}

describe('sampling, elicitation and roots are asked of the client', () => {
  test.each([
    ['sampling', 'sampling/createMessage', { messages: [], maxTokens: 9, _meta: { 'x/y': 2 } }],
    ['form', 'elicitation/create', aQuestion('form').params],
    ['url', 'elicitation/create', aQuestion('url').params],
    ['roots', 'roots/list', {}],
  ])('%s, on the road of the request, under an id of ours', async (what, method, params) => {
    const { send, notified, gateway } = await anOpenSession({ capabilities: ALL });
    const asking = send(ask(7, what));
    await expect.poll(() => notified.length).toBe(1);
    const [question] = notified;
    expect(question).toEqual({ jsonrpc: '2.0', id: question?.['id'], method, params });
    await send({ id: question?.['id'] ?? null, result: { action: 'accept', 'x-vendor': 1 } });
    expect(await asking).toMatchObject({ id: 7, result: {} });
    expect(gateway.answers).toMatchObject([{ kind: 'result', result: { action: 'accept', 'x-vendor': 1 } }]);
  });

  test('and it may say how it gets along, where the server wants to hear that', async () => {
    const { send, announced, gateway } = await anOpenSession({ capabilities: ALL });
    const [audience] = gateway.audiences;
    const told: JsonObject[] = [];
    const question = { method: 'roots/list', params: { _meta: { 'x/y': 1 } } } as const;
    const asking = audience?.ask?.(question, new AbortController().signal, (params) => told.push(params));
    await expect.poll(() => announced.length).toBe(1);
    const id = announced[0]?.['id'] ?? null;
    expect(announced[0]?.['params']).toEqual({ _meta: { 'x/y': 1, progressToken: id } });
    await send({ method: 'notifications/progress', params: { progressToken: id, progress: 1, total: 2 } });
    await send({ method: 'notifications/progress', params: { progressToken: 'another', progress: 2 } });
    await send({ id, result: { roots: [] } });
    await asking;
    await send({ method: 'notifications/progress', params: { progressToken: id, progress: 3 } });
    expect(told).toEqual([{ progress: 1, total: 2 }]);
  });

  test('and may be refused by it', async () => {
    const { send, notified, gateway } = await anOpenSession({ capabilities: ALL });
    const asking = send(ask(1, 'roots'));
    await expect.poll(() => notified.length).toBe(1);
    await send({ id: notified[0]?.['id'] ?? null, error: { code: -1, message: 'not now', data: [1] } });
    await asking;
    expect(gateway.answers).toMatchObject([{ kind: 'failure', error: { code: -1, message: 'not now', data: [1] } }]);
  });

  test('on the standing stream where the request takes nothing but its answer', async () => {
    const { send, notified, announced } = await anOpenSession({ capabilities: ALL, takesEvents: false });
    const asking = send(ask(1, 'roots'));
    await expect.poll(() => announced.length).toBe(1);
    await send({ id: announced[0]?.['id'] ?? null, result: { roots: [] } });
    await asking;
    expect(notified).toEqual([]);
  });

  test('on the standing stream where the question belongs to no request', async () => {
    const { send, announced, gateway } = await anOpenSession({ capabilities: ALL });
    const [audience] = gateway.audiences;
    const asking = audience?.ask?.(aQuestion('roots'), new AbortController().signal);
    await send({ id: announced[0]?.['id'] ?? null, result: { roots: [] } });
    expect(await asking).toMatchObject({ result: { roots: [] } });
  });
});

describe('a client is not asked', () => {
  test.each<[string, JsonObject, number]>([
    ['sampling', { elicitation: {} }, -32601],
    ['tools', { sampling: {} }, -32602],
    ['form', { elicitation: { url: {} } }, -32602],
    ['form', {}, -32601],
    ['url', { elicitation: {} }, -32602],
    ['url', { elicitation: { form: {} } }, -32602],
    ['roots', { sampling: {} }, -32601],
  ])('%s where it declares %j', async (what, capabilities, code) => {
    const { send, notified, gateway } = await anOpenSession({ capabilities });
    await send(ask(1, what));
    expect(gateway.answers).toMatchObject([{ kind: 'failure', error: { code } }]);
    expect(notified).toEqual([]);
  });

  test('more at a time than it may have requests in flight', async () => {
    const { gateway, announced } = await anOpenSession({ capabilities: ALL, maxInFlight: 1 });
    const [audience] = gateway.audiences;
    const { signal } = new AbortController();
    void audience?.ask?.(aQuestion('roots'), signal);
    expect(await audience?.ask?.(aQuestion('roots'), signal)).toMatchObject({ error: { code: 4030 } });
    expect(announced).toHaveLength(1);
  });
});

describe('an open question', () => {
  test('is taken back when its request is cancelled, and a late answer is dropped', async () => {
    const { send, notified, gateway } = await anOpenSession({ capabilities: ALL });
    const asking = send(ask(1, 'roots'));
    await expect.poll(() => notified.length).toBe(1);
    const id = notified[0]?.['id'] ?? null;
    await send({ method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(await asking).toBeUndefined();
    expect(notified[1]).toMatchObject({ method: 'notifications/cancelled', params: { requestId: id } });
    await send({ id, result: { roots: [] } });
    expect(gateway.unanswered).toMatchObject([{ code: 'CANCELLED' }]);
    expect(gateway.answers).toEqual([]);
  });

  test('is not answered under an id that nobody asked', async () => {
    const { send, notified, gateway } = await anOpenSession({ capabilities: ALL });
    const asking = send(ask(1, 'roots'));
    await expect.poll(() => notified.length).toBe(1);
    const id = Number(notified[0]?.['id']);
    await send({ id: id + 1, result: { roots: ['foreign'] } });
    await send({ id: String(id), result: { roots: ['foreign'] } });
    await send({ id, result: { roots: [] } });
    await send({ id, result: { roots: ['again'] } });
    await asking;
    expect(gateway.answers).toMatchObject([{ result: { roots: [] } }]);
  });

  test('ends with the session', async () => {
    const { send, session, notified, gateway } = await anOpenSession({ capabilities: ALL });
    void send(ask(1, 'roots'));
    await expect.poll(() => notified.length).toBe(1);
    const [audience] = gateway.audiences;
    await session.end();
    await expect.poll(() => gateway.unanswered).toMatchObject([{ code: 'CLIENT_GONE' }]);
    const late = audience?.ask?.(aQuestion('roots'), new AbortController().signal);
    await expect(late).rejects.toMatchObject({ code: 'CLIENT_GONE' });
  });

  test('ends when the client does not open its stream', async () => {
    vi.useFakeTimers();
    try {
      const { gateway } = await anOpenSession({ capabilities: ALL, isListening: () => false });
      const [audience] = gateway.audiences;
      const asking = audience?.ask?.(aQuestion('roots'), new AbortController().signal);
      const caught = asking?.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await caught).toMatchObject({ code: 'CLIENT_GONE' });
    } finally {
      vi.useRealTimers();
    }
  });
});
