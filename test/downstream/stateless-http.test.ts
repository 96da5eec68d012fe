import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, onTestFinished, test } from 'vitest';

import { aFakeGateway, BIG, CAPABILITIES, LIMITS, SERVER_INFO, TOOL_NAMES } from './fake-gateway.ts';
import { expectProgressAndCancellation } from './stateless-calls.ts';
import { anHttpDoor, answerTo, ask, JSON_HEADERS, openSession, post, readEvents, tool } from './http-client.ts';

const INFO = 'io.modelcontextprotocol/serverInfo';

describe('a client of the SDK’s second line that speaks 2026-07-28', () => {
  async function aClient() {
    const opened = await anHttpDoor();
    const client = new Client(
      { name: 'test-client', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(opened.url)));
    onTestFinished(() => client.close());
    return { ...opened, client };
  }

  test('discovers, lists, calls, reads and completes', async () => {
    const { client, gateway } = await aClient();
    expect(client.getServerCapabilities()).toMatchObject(CAPABILITIES);
    expect(client.getInstructions()).toBe('Ask before you write.');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOL_NAMES);
    expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    expect(await client.readResource({ uri: 'note://a' })).toMatchObject({ contents: [{ uri: 'note://a' }] });
    expect(gateway.calls[0]?.caller).toMatchObject({ era: 'stateless', client: { name: 'test-client' } });
  });

  test('sees progress before the result, and cancels', async () => {
    const { client, gateway } = await aClient();
    await expectProgressAndCancellation(client, gateway);
    expect(gateway.calls.length).toBe(2);
  });

  test('sends the headers that a tool wants', async () => {
    const { client, gateway } = await aClient();
    await client.listTools();
    await client.callTool({ name: 'headed', arguments: { region: 'Zürich', deep: { count: 4 } } });
    expect(gateway.calls[0]?.call.args).toEqual({ region: 'Zürich', deep: { count: 4 } });
  });
});

test('server/discover says what all servers together can do, for nobody else to keep', async () => {
  const { url } = await anHttpDoor();
  expect(await answerTo(url, { method: 'server/discover' })).toEqual([
    200,
    {
      jsonrpc: '2.0',
      id: 1,
      result: {
        supportedVersions: ['2026-07-28'],
        capabilities: CAPABILITIES,
        instructions: 'Ask before you write.',
        resultType: 'complete',
        ttlMs: 0,
        cacheScope: 'private',
        _meta: { [INFO]: SERVER_INFO },
      },
    },
  ]);
});

test('server/discover does not promise tasks as sessions have them', async () => {
  const { url, gateway } = await anHttpDoor();
  const extensions = { 'io.modelcontextprotocol/tasks': {} };
  gateway.introduce = async () => ({ capabilities: { tasks: { list: {} }, extensions }, instructions: '' });
  const [, answer] = await answerTo(url, { method: 'server/discover' });
  expect(answer).toMatchObject({ result: { capabilities: { extensions } } });
  expect(answer).not.toHaveProperty('result.capabilities.tasks');
});

describe('a result', () => {
  test('passes with all that nobody here knows, and says that it is complete', async () => {
    const { url } = await anHttpDoor();
    const text = await (await ask(url, tool('strange'))).text();
    expect(text).toContain(`{"type":"x-hologram","big":${BIG}}`);
    expect(JSON.parse(text)).toMatchObject({ result: { resultType: 'complete', _meta: { 'v/1': [1.1, null] } } });
  });

  test('that asks for input is left as it is', async () => {
    const { url, gateway } = await anHttpDoor();
    const result = { resultType: 'input_required', requestState: 's', _meta: { [INFO]: { name: 'theirs' } } };
    gateway.answer = async () => ({ kind: 'result', result });
    const call = { method: 'resources/read', params: { uri: 'note://a' } };
    expect(await answerTo(url, call)).toMatchObject([200, { result }]);
    expect((await answerTo(url, call))[1]['result']).not.toHaveProperty('ttlMs');
  });

  test('says for how long it holds, and that it is for one principal', async () => {
    const { url } = await anHttpDoor();
    const listed = await answerTo(url, { method: 'tools/list' });
    expect(listed).toMatchObject([200, { result: { ttlMs: 0, cacheScope: 'private' } }]);
    const read = await answerTo(url, { method: 'resources/read', params: { uri: 'note://public' } });
    expect(read).toMatchObject([200, { result: { ttlMs: 7, cacheScope: 'private' } }]);
    expect((await answerTo(url, tool('echo')))[1]['result']).not.toHaveProperty('ttlMs');
  });
});

test('what is told of tasks and elicitations in sessions is not told beside an answer', async () => {
  const { url } = await anHttpDoor();
  const response = await ask(url, tool('news'));
  expect(await response.text()).not.toContain('notifications/');
});

describe('an error', () => {
  test('of an older revision is said as this one says it', async () => {
    const { url } = await anHttpDoor();
    const none = await answerTo(url, { method: 'resources/read', params: { uri: 'note://none' } });
    expect(none).toMatchObject([200, { error: { code: -32602, data: { why: 1 } } }]);
    expect(await answerTo(url, tool('unsigned'))).toMatchObject([200, { error: { code: -32603 } }]);
  });

  test('for a capability that the client lacks is 400', async () => {
    const { url } = await anHttpDoor();
    expect(await answerTo(url, tool('unable'))).toMatchObject([400, { error: { code: -32021 } }]);
  });

  test.each([
    'ping',
    'initialize',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'tasks/list',
    'x/y',
  ])('for %s, which this revision does not have, is 404, and told to the gateway', async (method) => {
    const { url, gateway } = await anHttpDoor();
    expect(await answerTo(url, { id: 500, method })).toMatchObject([404, { id: 500, error: { code: -32601 } }]);
    expect(gateway.refused).toEqual([method]);
  });
});

describe('which era a POST belongs to', () => {
  test('an initialize under a header of this revision contradicts itself', async () => {
    const { url } = await anHttpDoor();
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
    const response = await post(url, body, { 'MCP-Protocol-Version': '2026-07-28' });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32020 } }]);
  });

  test('an answer is none of this revision', async () => {
    const { url } = await anHttpDoor();
    const headers = { 'MCP-Protocol-Version': '2026-07-28' };
    expect((await post(url, { jsonrpc: '2.0', id: 1, result: {} }, headers)).status).toBe(400);
  });

  test('a notification is taken and says nothing', async () => {
    const { url } = await anHttpDoor();
    const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect((await post(url, body, { 'MCP-Protocol-Version': '2026-07-28' })).status).toBe(202);
  });

  test('GET and DELETE are of the other', async () => {
    const { url } = await anHttpDoor();
    for (const method of ['GET', 'DELETE']) {
      const headers = { ...JSON_HEADERS, 'MCP-Protocol-Version': '2026-07-28' };
      const response = await fetch(url, { method, headers });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  test('both are served at one address at one time', async () => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url);
    await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } }, session);
    await ask(url, tool('echo'));
    expect(gateway.calls.map(({ caller }) => caller.era)).toEqual(['session', 'stateless']);
  });
});

describe('a request', () => {
  test('is cancelled when its client closes the response', async () => {
    const { url, gateway } = await anHttpDoor();
    const controller = new AbortController();
    const call = ask(url, tool('wait'), controller.signal);
    await expect.poll(() => gateway.calls.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await expect.poll(() => gateway.calls[0]?.exchange.signal.reason).toMatchObject({ code: 'CANCELLED' });
  });

  test('may have the id of another, because each has its own response', async () => {
    const { url, gateway } = await anHttpDoor();
    const waiting = ask(url, tool('wait'));
    await expect.poll(() => gateway.calls.length).toBe(1);
    expect((await ask(url, tool('echo'))).status).toBe(200);
    gateway.release();
    expect((await waiting).status).toBe(200);
  });

  test('counts towards the limit of its client', async () => {
    const { url, gateway } = await anHttpDoor({ limits: { ...LIMITS, maxInFlight: 1 } });
    const waiting = ask(url, tool('wait'));
    await expect.poll(() => gateway.calls.length).toBe(1);
    expect(await answerTo(url, tool('echo'))).toMatchObject([200, { error: { code: 4030 } }]);
    gateway.release();
    await waiting;
  });

  test('brings answers to what it was asked, and the client’s own caller each time', async () => {
    const { url, gateway } = await anHttpDoor();
    await ask(url, tool('echo'));
    const params = { name: 'echo', inputResponses: { a: {} }, requestState: 's' };
    await ask(url, { method: 'tools/call', params });
    await ask(url, { ...tool('echo'), capabilities: { sampling: {} } });
    const [first, second, third] = gateway.calls;
    expect(second?.call.answers).toEqual({ responses: { a: {} }, state: 's' });
    expect(second?.caller).toBe(first?.caller);
    expect(third?.caller).toMatchObject({ session: first?.caller.session, capabilities: { sampling: {} } });
    expect(second?.exchange.ask).toBeUndefined();
  });

  test('of another user is another caller’s', async () => {
    const { url, gateway } = await anHttpDoor();
    await ask(url, tool('echo'));
    await ask(url, { ...tool('echo'), headers: { Authorization: 'bob' } });
    const [ada, bob] = gateway.calls.map(({ caller }) => caller);
    expect(bob?.session).not.toBe(ada?.session);
    expect(bob?.principal.user.id).toBe('bob');
  });

  test('gets log messages from the level that it names, and none where it names none', async () => {
    const { url } = await anHttpDoor();
    const silent = await ask(url, tool('log'));
    expect(silent.headers.get('content-type')).toBe('application/json');
    const meta = { 'io.modelcontextprotocol/logLevel': 'info' };
    const events = await readEvents(await ask(url, { ...tool('log'), meta }), 9);
    expect(events.map(({ data, id }) => [JSON.parse(data), id])).toMatchObject([
      [{ method: 'notifications/message', params: { level: 'info' } }, ''],
      [{ method: 'notifications/message', params: { level: 'error' } }, ''],
      [{ id: 1, result: {} }, ''],
    ]);
  });

  test('with a parameter of the other era drops it and names it', async () => {
    const { url, gateway } = await anHttpDoor();
    await ask(url, { method: 'tools/call', params: { name: 'echo', task: {}, bcc: 1 } });
    expect(gateway.calls[0]?.exchange.dropped).toEqual(['/params/bcc', '/params/task']);
  });

  test('with a parameter that the configuration knows passes it on', async () => {
    const passes = (method: string, member: string): boolean => `${method}.${member}` === 'tools/call.priority';
    const { url, gateway } = await anHttpDoor({ passes });
    await ask(url, { method: 'tools/call', params: { name: 'echo', priority: 1, bcc: 1 } });
    expect(gateway.calls[0]?.call.extra).toEqual({ priority: 1 });
    expect(gateway.calls[0]?.exchange.dropped).toEqual(['/params/bcc']);
  });
});

describe('a client', () => {
  test('that is not heard of for its time is forgotten, and the gateway is told', async () => {
    const { url, gateway } = await anHttpDoor({ limits: { ...LIMITS, idleMs: 0 } });
    await ask(url, tool('echo'));
    await expect.poll(() => gateway.ended).toEqual([gateway.calls[0]?.caller.session]);
  });

  test('makes room for the next where there are as many as there may be', async () => {
    const { url, gateway } = await anHttpDoor({ limits: { ...LIMITS, maxSessions: 1 } });
    for (const name of ['a', 'b']) {
      const meta = { 'io.modelcontextprotocol/clientInfo': { name, version: '1' } };
      expect((await ask(url, { ...tool('echo'), meta })).status).toBe(200);
    }
    expect(gateway.ended).toEqual([gateway.calls[0]?.caller.session]);
  });
});

test('F-50 a request that finds a bug after its body was read is answered with 500, and the door goes on', async () => {
  const headerParams = (): never => {
    throw new TypeError('a bug');
  };
  const { url } = await anHttpDoor({ gateway: { ...aFakeGateway(), headerParams } });
  expect((await ask(url, tool('echo'))).status).toBe(500);
  expect((await ask(url, { method: 'server/discover' })).status).toBe(200);
});

test('F-50 names that one client gives itself push out none of another client', async () => {
  const { url, gateway } = await anHttpDoor({ limits: { ...LIMITS, maxSessions: 3 } });
  const callAs = (name: string, headers: Record<string, string> = {}): Promise<Response> =>
    ask(url, { ...tool('echo'), headers, meta: { 'io.modelcontextprotocol/clientInfo': { name, version: '1' } } });
  await callAs('bob', { Authorization: 'bob' });
  for (let count = 0; count < 8; count += 1) expect((await callAs(`name ${String(count)}`)).status).toBe(200);
  const [{ caller: bob } = { caller: undefined }] = gateway.calls;
  expect(gateway.ended).toHaveLength(6);
  expect(gateway.ended).not.toContain(bob?.session);
});

test('the door breaks off what does not end by itself', async () => {
  const { url, door, gateway } = await anHttpDoor({ limits: { ...LIMITS, drainMs: 10 } });
  const waiting = ask(url, tool('wait')).catch((error: unknown) => error);
  await expect.poll(() => gateway.calls.length).toBe(1);
  await door.close();
  expect(await waiting).toBeInstanceOf(Error);
  expect(gateway.calls[0]?.exchange.signal.aborted).toBe(true);
});

test('the door answers what is in flight before it closes, and ends what belongs to its clients', async () => {
  const { url, door, gateway } = await anHttpDoor();
  const waiting = ask(url, tool('wait'));
  await expect.poll(() => gateway.calls.length).toBe(1);
  const closing = door.close();
  gateway.release();
  expect((await waiting).status).toBe(200);
  await closing;
  expect(gateway.ended).toEqual([gateway.calls[0]?.caller.session]);
});
