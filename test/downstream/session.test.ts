import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { receiveMessage } from '../../src/downstream/receive.ts';
import { Session } from '../../src/downstream/session.ts';
import { aFakeGateway, anIdentity, LIMITS, QUIET, SERVER_INFO } from './fake-gateway.ts';

function aSession(options: { maxInFlight?: number; agent?: string } = {}) {
  const gateway = aFakeGateway();
  const announced: JsonObject[] = [];
  const identity = anIdentity();
  const session = new Session({
    id: 's-1',
    gateway,
    identity: { ...identity, agent: { ...identity.agent, id: options.agent ?? '' } },
    serverInfo: SERVER_INFO,
    maxInFlight: options.maxInFlight ?? 8,
    logger: QUIET,
    announce: (text) => announced.push(JSON.parse(text) as JsonObject),
  });
  const notified: JsonObject[] = [];
  const send = (message: JsonObject): Promise<JsonObject | undefined> =>
    new Promise((resolve, reject) => {
      const received = receiveMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })), LIMITS);
      if (received.kind === 'refused') return reject(new Error(received.error.message));
      session.receive(received, {
        notify: (text) => notified.push(JSON.parse(text) as JsonObject),
        end: (text) => resolve(text === undefined ? undefined : (JSON.parse(text) as JsonObject)),
      });
      return received.message.kind === 'request' ? undefined : resolve(undefined);
    });
  return { gateway, session, announced, notified, send };
}

async function anOpenSession(options: { maxInFlight?: number; agent?: string } = {}) {
  const opened = aSession(options);
  await opened.send(initialize('2025-11-25'));
  await opened.send({ method: 'notifications/initialized' });
  return opened;
}

function initialize(protocolVersion: string): JsonObject {
  const clientInfo = { name: 'inspector', version: '9' };
  return { id: 0, method: 'initialize', params: { protocolVersion, capabilities: {}, clientInfo } };
}

function call(id: number, name: string, meta: JsonObject = {}): JsonObject {
  return { id, method: 'tools/call', params: { name, arguments: { a: [1] }, _meta: meta } };
}

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

  test('promises tools and nothing else', async () => {
    const { send } = aSession();
    const answer = await send(initialize('2025-11-25'));
    expect(answer?.['result']).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: { tools: { listChanged: true } },
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
  gateway.instructions = () => {
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

  test.each(['tools/list', 'tools/call'])('%s is refused', async (method) => {
    const { send, gateway } = aSession();
    expect(await send({ id: 1, method, params: { name: 'echo' } })).toMatchObject({ error: { code: -32600 } });
    expect(gateway.calls).toEqual([]);
  });

  test('server/discover is a method that is not offered, so that clients of both eras fall back', async () => {
    expect(await aSession().send({ id: 1, method: 'server/discover' })).toMatchObject({ error: { code: -32601 } });
  });
});

describe('what is not promised is refused and told to the gateway', () => {
  test.each([
    'logging/setLevel',
    'resources/list',
    'prompts/get',
    'tasks/list',
    'vendor/thing',
    'notifications/initialized',
  ])('%s', async (method) => {
    const { send, gateway } = await anOpenSession();
    expect(await send({ id: 1, method })).toMatchObject({ id: 1, error: { code: -32601 } });
    expect(gateway.refused).toEqual([method]);
  });
});

describe('tools/list', () => {
  test('is one page', async () => {
    const { send } = await anOpenSession();
    const answer = await send({ id: 1, method: 'tools/list' });
    expect(answer).toMatchObject({ result: { tools: [{ name: 'echo', 'x-vendor': [1] }, {}, {}, {}] } });
    expect(answer?.['result']).not.toHaveProperty('nextCursor');
  });

  test.each(['', 'x', 7])('knows no cursor %j', async (cursor) => {
    const { send } = await anOpenSession();
    expect(await send({ id: 1, method: 'tools/list', params: { cursor } })).toMatchObject({ error: { code: -32602 } });
  });
});

describe('tools/call', () => {
  test('hands over name, arguments and _meta, less what is ours', async () => {
    const { send, gateway } = await anOpenSession();
    await send(call(1, 'echo', { progressToken: 3, 'mcp-gateway/decision': 1, traceparent: '00-1' }));
    expect(gateway.calls[0]?.call).toEqual({ name: 'echo', args: { a: [1] }, meta: { traceparent: '00-1' } });
  });

  test('says who calls', async () => {
    const { send, gateway } = await anOpenSession();
    await send(call(1, 'echo'));
    expect(gateway.calls[0]?.caller).toMatchObject({
      session: 's-1',
      principal: { agent: { id: 'inspector', client: { name: 'inspector', version: '9' } }, user: { id: 'ada' } },
      client: { name: 'inspector', version: '9', protocol: '2025-11-25' },
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
    expect(gateway.calls[0]?.exchange.dropped).toEqual(['/params/bcc', '/params/task', '/params/requestState']);
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

describe('that the tools changed', () => {
  test('is told once the client is ready', async () => {
    const { send, session, announced } = aSession();
    session.toolsChanged();
    await send(initialize('2025-11-25'));
    session.toolsChanged();
    await send({ method: 'notifications/initialized' });
    session.toolsChanged();
    expect(announced).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]);
  });
});

test('G-04 an answer to no request is dropped', async () => {
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
