import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { aSession, anOpenSession, call, initialize } from './a-session.ts';
import { CAPABILITIES, SERVER_INFO } from './fake-gateway.ts';

describe('initialize', () => {
  test.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', '2024-11-05'],
    ['2026-07-28', '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
    ['', '2025-11-25'],
  ])('for %j is answered with %s', async (requested, spoken) => {
    const { send } = aSession();
    expect(await send(initialize(requested))).toMatchObject({ id: 0, result: { protocolVersion: spoken } });
  });

  test('promises what all servers together can do', async () => {
    const { send } = aSession();
    const answer = await send(initialize('2025-11-25'));
    expect(answer?.['result']).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: CAPABILITIES,
      serverInfo: SERVER_INFO,
      instructions: 'Ask before you write.',
    });
  });

  test('happens once', async () => {
    const { send } = await anOpenSession();
    expect(await send({ ...initialize('2025-11-25'), id: 2 })).toMatchObject({ error: { code: -32600 } });
  });

  test('needs a version', async () => {
    const { send } = aSession();
    expect(await send({ id: 1, method: 'initialize', params: {} })).toMatchObject({ error: { code: -32602 } });
  });
});

test('an initialize that fails inside is answered, without the inside', async () => {
  const { send, gateway } = aSession();
  gateway.introduce = async () => {
    throw new Error('secret of the inside');
  };
  const answer = await send(initialize('2025-11-25'));
  expect(answer).toMatchObject({ id: 0, error: { code: -32603 } });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

describe('before initialize', () => {
  test('ping is answered', async () => {
    expect(await aSession().send({ id: 1, method: 'ping' })).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  test.each(['tools/list', 'tools/call', 'resources/subscribe', 'logging/setLevel', 'vendor/thing'])(
    '%s is refused',
    async (method) => {
      const { send, gateway } = aSession();
      expect(await send({ id: 1, method, params: { name: 'echo' } })).toMatchObject({ error: { code: -32600 } });
      expect(gateway.calls).toEqual([]);
    },
  );

  test('server/discover is a method that is not offered, so that clients of both eras fall back', async () => {
    expect(await aSession().send({ id: 1, method: 'server/discover' })).toMatchObject({ error: { code: -32601 } });
  });
});

describe('what a session does not have is refused and told to the gateway', () => {
  test.each(['server/discover', 'subscriptions/listen', 'tasks/update', 'vendor/thing', 'notifications/initialized'])(
    '%s',
    async (method) => {
      const { send, gateway } = await anOpenSession();
      expect(await send({ id: 1, method })).toMatchObject({ id: 1, error: { code: -32601 } });
      expect(gateway.refused).toEqual([method]);
    },
  );
});

describe('tools/call', () => {
  test('hands over name, arguments and _meta, less what is ours', async () => {
    const { send, gateway } = await anOpenSession();
    await send(call(1, 'echo', { progressToken: 3, 'mcp-gateway/decision': 1, traceparent: '00-1' }));
    expect(gateway.calls[0]?.call).toEqual({
      method: 'tools/call',
      name: 'echo',
      args: { a: [1] },
      meta: { traceparent: '00-1' },
    });
  });

  test('says who calls', async () => {
    const { send, gateway } = await anOpenSession();
    await send(call(1, 'echo'));
    expect(gateway.calls[0]?.caller).toMatchObject({
      session: 's-1',
      principal: { agent: { id: 'inspector', client: { name: 'inspector', version: '9' } }, user: { id: 'ada' } },
      client: { name: 'inspector', version: '9', protocol: '2025-11-25' },
      era: 'session',
    });
  });

  test('calls the agent by the name that was set rather than by the client’s', async () => {
    const { send, gateway } = await anOpenSession({ agent: 'release-bot' });
    await send(call(1, 'echo'));
    expect(gateway.calls[0]?.caller.principal.agent).toMatchObject({
      id: 'release-bot',
      client: { name: 'inspector' },
    });
  });

  test('names what it dropped', async () => {
    const { send, gateway } = await anOpenSession();
    await send({ id: 1, method: 'tools/call', params: { name: 'echo', bcc: 1, task: { ttl: 1 }, requestState: 'x' } });
    expect(gateway.calls[0]?.exchange.dropped).toEqual(['/params/bcc', '/params/requestState']);
    expect(gateway.calls[0]?.call).toMatchObject({ task: { ttl: 1 } });
  });

  test.each<[string, JsonObject]>([
    ['without a name', {}],
    ['with a name that is no text', { name: 7 }],
    ['with arguments in a list', { name: 'echo', arguments: [] }],
    ['with _meta in a list', { name: 'echo', _meta: [] }],
    ['with a progress token that is a fraction', { name: 'echo', _meta: { progressToken: 1.5 } }],
  ])('is refused %s', async (_name, params) => {
    const { send, gateway } = await anOpenSession();
    expect(await send({ id: 1, method: 'tools/call', params })).toMatchObject({ error: { code: -32602 } });
    expect(gateway.calls).toEqual([]);
  });

  test('that fails inside says so without the inside', async () => {
    const { send } = await anOpenSession();
    const answer = await send(call(1, 'broken'));
    expect(answer).toMatchObject({ error: { code: -32603 } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });
});

describe('progress', () => {
  test('comes before the answer, under the client’s token', async () => {
    const { send, notified } = await anOpenSession();
    await send(call(1, 'progress', { progressToken: 'p' }));
    expect(notified.map(({ params }) => params)).toEqual(
      [1, 2, 3].map((progress) => ({ progressToken: 'p', progress, total: 3, message: `step ${String(progress)}` })),
    );
  });

  test('is not offered to the gateway where the client did not ask', async () => {
    const { send, gateway } = await anOpenSession();
    await send(call(1, 'progress'));
    expect(gateway.calls[0]?.exchange.onProgress).toBeUndefined();
  });

  test('after the answer goes nowhere', async () => {
    const { send, gateway, notified } = await anOpenSession();
    await send(call(1, 'echo', { progressToken: 1 }));
    gateway.calls[0]?.exchange.onProgress?.({ progress: 1 });
    expect(notified).toEqual([]);
  });
});

describe('a request in flight', () => {
  test('is cancelled by the client and then not answered', async () => {
    const { send, gateway } = await anOpenSession();
    const waiting = send(call(7, 'wait'));
    await send({ method: 'notifications/cancelled', params: { requestId: 7, reason: 'bored' } });
    expect(await waiting).toBeUndefined();
    expect(gateway.calls[0]?.exchange.signal.reason).toMatchObject({ code: 'CANCELLED' });
  });

  test('is not cancelled under another id, not even one that looks the same', async () => {
    const { send, gateway } = await anOpenSession();
    const waiting = send(call(7, 'wait'));
    await send({ method: 'notifications/cancelled', params: { requestId: '7' } });
    await send({ method: 'notifications/cancelled', params: {} });
    gateway.release();
    expect(await waiting).toMatchObject({ id: 7, result: {} });
  });

  test('keeps its id from being used again', async () => {
    const { send, gateway } = await anOpenSession();
    const waiting = send(call(7, 'wait'));
    expect(await send(call(7, 'echo'))).toMatchObject({ id: 7, error: { code: -32600 } });
    gateway.release();
    expect(await waiting).toMatchObject({ result: {} });
    expect(await send(call(7, 'echo'))).toMatchObject({ result: {} });
  });

  test('counts towards the limit until it is answered', async () => {
    const { send, gateway } = await anOpenSession({ maxInFlight: 2 });
    const waiting = [send(call(1, 'wait')), send(call(2, 'wait'))];
    expect(await send(call(3, 'echo'))).toMatchObject({ error: { code: 4030 } });
    gateway.release();
    await Promise.all(waiting);
    expect(await send(call(4, 'echo'))).toMatchObject({ result: {} });
  });

  test('is cancelled when the session ends, which the gateway learns once', async () => {
    const { send, session, gateway } = await anOpenSession();
    const waiting = send(call(1, 'wait'));
    await Promise.all([session.end(), session.end()]);
    expect(await waiting).toBeUndefined();
    expect(gateway.ended).toEqual(['s-1']);
  });
});

describe('list_changed', () => {
  test('is told once the client is ready, once for a burst, and templates are told as resources', async () => {
    const { send, gateway, announced } = aSession();
    await send(initialize('2025-11-25'));
    gateway.change('tools');
    await send({ method: 'notifications/initialized' });
    gateway.change('tools', 'prompts', 'resources', 'templates', 'tools');
    await expect.poll(() => announced.length).toBe(3);
    expect(announced.map(({ method }) => method)).toEqual(
      ['tools', 'prompts', 'resources'].map((list) => `notifications/${list}/list_changed`),
    );
  });

  test('is not told any more when the session has ended', async () => {
    const { session, gateway, announced } = await anOpenSession();
    gateway.change('tools');
    await session.end();
    expect(gateway.audiences.size).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(announced).toEqual([]);
  });
});

describe('logging/setLevel and notifications/message', () => {
  const levels = (seen: readonly JsonObject[]) => seen.map(({ params }) => (params as JsonObject)['level']);

  test('pass what the client wants, which is info and worse before it says so', async () => {
    const { send, notified, announced, gateway } = await anOpenSession();
    await send(call(1, 'log'));
    expect(levels(notified.splice(0))).toEqual(['info', 'error']);
    expect(await send({ id: 2, method: 'logging/setLevel', params: { level: 'error' } })).toMatchObject({ result: {} });
    await send(call(3, 'log'));
    expect(levels(notified)).toEqual(['error']);
    const [audience] = gateway.audiences;
    for (const level of ['warning', 'alert', 'x-vendor']) audience?.notify('notifications/message', { level });
    expect(levels(announced)).toEqual(['alert', 'x-vendor']);
    expect(audience?.logLevel()).toBe('error');
    expect(gateway.news).toEqual([{ kind: 'log_level', level: 'error' }]);
  });

  test.each([undefined, 'loud', 7])('know no level %j', async (level) => {
    const { send } = await anOpenSession();
    const params = level === undefined ? {} : { level };
    expect(await send({ id: 1, method: 'logging/setLevel', params })).toMatchObject({ error: { code: -32602 } });
  });
});

describe('resources/subscribe', () => {
  const subscribe = (uri: string): JsonObject => ({ id: 1, method: 'resources/subscribe', params: { uri } });

  test('passes on changes until the client unsubscribes', async () => {
    const { send, gateway, announced } = await anOpenSession();
    expect(await send(subscribe('note://a'))).toMatchObject({ result: {} });
    expect(await send(subscribe('note://a'))).toMatchObject({ result: {} });
    gateway.watched.get('note://a')?.({ uri: 'note://a', 'x-vendor': 1 });
    expect(announced).toEqual([
      { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'note://a', 'x-vendor': 1 } },
    ]);
    const unsubscribe = { id: 2, method: 'resources/unsubscribe', params: { uri: 'note://a' } };
    expect(await send(unsubscribe)).toMatchObject({ result: {} });
    expect(await send({ ...unsubscribe, id: 3 })).toMatchObject({ result: {} });
    expect(gateway.watched.size).toBe(0);
  });

  test('is refused where policy refuses it, and without a uri', async () => {
    const { send } = await anOpenSession();
    expect(await send(subscribe('note://secret'))).toMatchObject({ error: { code: 4030 } });
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect(await send({ id: 1, method, params: {} })).toMatchObject({ error: { code: -32602 } });
  });

  test('ends with the session, even where the decision comes later', async () => {
    const { send, session, gateway } = await anOpenSession();
    await send(subscribe('note://a'));
    const late = send({ ...subscribe('note://b'), id: 2 });
    await session.end();
    await late;
    await expect.poll(() => gateway.watched.size).toBe(0);
  });
});

test('progress for a token that nobody gave, and what else is no news, has no effect', async () => {
  const { send, gateway, announced, notified } = await anOpenSession();
  await send({ method: 'notifications/progress', params: { progressToken: 'x', progress: 1 } });
  await send({ method: 'notifications/tasks/status', params: { taskId: 'x' } });
  await send({ method: 'vendor/hello' });
  expect([gateway.news, gateway.requests, announced, notified]).toEqual([[], [], [], []]);
});

test('roots/list_changed of the client is told to the gateway', async () => {
  const { send, gateway } = aSession();
  await send({ method: 'notifications/roots/list_changed' });
  await send(initialize('2025-11-25'));
  await send({ method: 'notifications/initialized' });
  await send({ method: 'notifications/roots/list_changed' });
  expect(gateway.news).toEqual([{ kind: 'roots_changed' }]);
});

test('structuredContent and outputSchema are objects for clients that know nothing else', async () => {
  const { send, gateway } = await anOpenSession();
  expect(await send(call(1, 'list'))).toMatchObject({ result: { structuredContent: { result: [1, 2] } } });
  const tools = [
    { name: 'a', outputSchema: { type: 'array' } },
    { name: 'b', outputSchema: { type: 'object' } },
  ];
  gateway.answer = async () => ({ kind: 'result', result: { tools } });
  const listed = await send({ id: 2, method: 'tools/list' });
  expect(listed?.['result']).toEqual({ tools: [{ name: 'a' }, tools[1]] });
});

test('G-04 an answer to no question is dropped', async () => {
  const { send, gateway } = await anOpenSession();
  await send({ id: 1, result: { content: [] } });
  await send({ id: 1, error: { code: 1, message: '' } });
  expect(gateway.calls).toEqual([]);
});

test('a client’s name carries no control characters and is short', async () => {
  const { send, gateway } = aSession();
  const clientInfo = { name: `\u001b[2Jevil\u202e${'x'.repeat(500)}`, version: 7 };
  await send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } });
  await send(call(1, 'echo'));
  const client = gateway.calls[0]?.caller.client;
  expect(client?.name).toMatch(/^\[2Jevilx{121}$/);
  expect(client?.version).toBe('');
});
