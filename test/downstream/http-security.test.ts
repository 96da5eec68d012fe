import { describe, expect, test } from 'vitest';

import { receiveMessage } from '../../src/downstream/receive.ts';
import { Session } from '../../src/downstream/session.ts';
import { Turns } from '../../src/downstream/turns.ts';
import { aFakeGateway, anIdentity, LIMITS, QUIET, SERVER_INFO } from './fake-gateway.ts';
import {
  aCall,
  anHttpDoor,
  initialize,
  JSON_HEADERS,
  openOldSession,
  openSession,
  post,
  sendRaw,
} from './http-client.ts';

const CALL = JSON.stringify(aCall(9, 'echo'));
const ROUTES = ['/mcp', '/sse', '/messages?sessionId=x', '/healthz', '/readyz', '/nothing'] as const;

describe('a body is refused with 400, 0 calls forwarded, and the session goes on', () => {
  test.each<[string, string | Uint8Array<ArrayBuffer>, number]>([
    ['G-01 a key twice', CALL.replace('"name":"echo"', '"name":"echo","name":"wait"'), -32700],
    [
      'G-01 a key twice, once escaped',
      CALL.replace('"name":"echo"', String.raw`"name":"echo","na\u006de":"wait"`),
      -32700,
    ],
    ['G-02 a case variant in params', CALL.replace('"name":"echo"', '"name":"echo","Name":"wait"'), -32700],
    ['G-02 a case variant at the top', CALL.replace('"method"', '"Method":"ping","method"'), -32700],
    ['G-03 a batch', `[${CALL}]`, -32600],
    ['G-03 a batch of two', `[{"jsonrpc":"2.0","id":1,"method":"ping"},${CALL}]`, -32600],
    ['G-03 an empty batch', '[]', -32600],
    ['G-03 a batch after space', ` \n[${CALL}]`, -32600],
    ['G-03 a batch after a mark', `\uFEFF[${CALL}]`, -32700],
    ['G-04 a call without an id', CALL.replace('"id":9,', ''), -32600],
    ['G-04 a call with the id null', CALL.replace('"id":9', '"id":null'), -32600],
    ['G-05 1e400', CALL.replace('"arguments":{}', '"arguments":{"amount":1e400}'), -32700],
    ['G-05 2^53 + 1', CALL.replace('"arguments":{}', '"arguments":{"amount":9007199254740993}'), -32700],
    ['G-07 __proto__ in arguments', CALL.replace('"arguments":{}', '"arguments":{"__proto__":{"admin":true}}'), -32700],
    ['G-07 a tool named constructor', CALL.replace('"echo"', '"constructor"'), -32602],
    ['G-14 bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), -32700],
    ['G-14 a lone surrogate', CALL.replace('"arguments":{}', String.raw`"arguments":{"a":"\ud800"}`), -32700],
    ['G-15 depth', CALL.replace('"arguments":{}', `"arguments":{"a":${'['.repeat(99)}${']'.repeat(99)}}`), -32600],
    ['G-15 keys', CALL.replace('"arguments":{}', `"arguments":{${keys(10_001)}}`), -32600],
    ['nothing', '', -32700],
  ])('%s', async (_name, body, code) => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url);
    const response = await fetch(url, { method: 'POST', body, headers: { ...JSON_HEADERS, ...session } });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code } }]);
    expect(gateway.calls).toEqual([]);
    expect((await post(url, CALL, session)).status).toBe(200);
  });
});

test('G-07 a tool named toString is asked for by its name and nothing else', async () => {
  const { url, gateway } = await anHttpDoor();
  await post(url, CALL.replace('"echo"', '"toString"'), await openSession(url));
  expect(gateway.calls[0]?.call.name).toBe('toString');
});

describe('G-15 a body over the limit is refused with 413', () => {
  test.each([1, 3 * 1024 * 1024])('by %i bytes', async (over) => {
    const { url, gateway } = await anHttpDoor();
    const body = `{"a":"${'x'.repeat(LIMITS.maxBytes + over - 8)}"}`;
    const response = await post(url, body, await openSession(url));
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: -32600 } }]);
    expect(gateway.calls).toEqual([]);
  });

  test('on the old transport too', async () => {
    const { base } = await anHttpDoor();
    const id = await openOldSession(base);
    expect((await post(`${base}/messages?sessionId=${id}`, 'x'.repeat(LIMITS.maxBytes + 1))).status).toBe(413);
  });
});

describe('G-20 a request that a page of another site could make is refused with 403 on every route', () => {
  const hosts = [
    'evil.com',
    'localhost.evil.com:PORT',
    '127.0.0.1.nip.io:PORT',
    '0.0.0.0:PORT',
    '127.0.0.1',
    'localhost:1',
    '',
  ];

  test.each(hosts)('under the Host %j', async (host) => {
    const { base, gateway } = await anHttpDoor();
    for (const route of ROUTES) {
      const text = await sendRaw(base, raw(route, `Host: ${host.replace('PORT', new URL(base).port)}\r\n`));
      expect(text).toMatch(/^HTTP\/1\.1 403 /);
    }
    expect(gateway.calls).toEqual([]);
  });

  test('without a Host', async () => {
    const { base } = await anHttpDoor();
    for (const route of ROUTES) expect(await sendRaw(base, raw(route, ''))).toMatch(/^HTTP\/1\.1 403 /);
  });

  test.each([
    'null',
    'http://evil.com',
    'https://localhost',
    'http://127.0.0.1:1',
    'http://HOST@evil.com',
    'file://HOST',
    'http://HOST/x',
  ])('from the Origin %j', async (origin) => {
    const { base } = await anHttpDoor();
    const { host } = new URL(base);
    for (const route of ROUTES) {
      const headers = `Host: ${host}\r\nOrigin: ${origin.replace('HOST', host)}\r\n`;
      expect(await sendRaw(base, raw(route, headers))).toMatch(/^HTTP\/1\.1 403 /);
    }
  });

  test('but not under its own names, in any case of letters, or a name that was added', async () => {
    const { base } = await anHttpDoor({ allowedHosts: ['gate.example', 'other.example:443'] });
    const { port } = new URL(base);
    for (const host of [
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      `gate.example:${port}`,
      'other.example:443',
    ]) {
      const text = await sendRaw(base, raw('/healthz', `Host: ${host}\r\nOrigin: http://${host}\r\n`));
      expect(text).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});

describe('G-21 a body that a form could send is refused with 415', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json',
    '',
  ])('as %j', async (type) => {
    const { url, base, gateway } = await anHttpDoor();
    const headers = { ...(await openSession(url)), 'Content-Type': type };
    for (const address of [url, `${base}/messages?sessionId=x`])
      expect((await post(address, CALL, headers)).status).toBe(415);
    expect(gateway.calls).toEqual([]);
  });

  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('and not as %j', async (type) => {
    const { url } = await anHttpDoor();
    expect((await post(url, initialize(), { 'Content-Type': type })).status).toBe(200);
  });
});

describe('G-23 a session', () => {
  test('has an id of 128 random bits', async () => {
    const { url } = await anHttpDoor();
    const [first, second] = [await openSession(url), await openSession(url)];
    expect(first['Mcp-Session-Id']).toMatch(/^[0-9a-f]{32}$/);
    expect(second['Mcp-Session-Id']).not.toBe(first['Mcp-Session-Id']);
  });

  test('is not found by another user', async () => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url, { Authorization: 'ada' });
    const stolen = { ...session, Authorization: 'bob', Accept: 'text/event-stream, application/json' };
    expect((await post(url, CALL, stolen)).status).toBe(404);
    expect((await fetch(url, { headers: stolen })).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE', headers: stolen })).status).toBe(404);
    expect(gateway.calls).toEqual([]);
    expect((await post(url, CALL, session)).status).toBe(200);
    expect(gateway.calls[0]?.caller.principal.user.id).toBe('ada');
  });

  test('is not found once it has ended', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(204);
    expect((await post(url, CALL, session)).status).toBe(404);
    expect((await post(url, initialize(), session)).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE', headers: session })).status).toBe(404);
  });

  test('of one transport is not found by another', async () => {
    const { url, base } = await anHttpDoor();
    const session = await openSession(url);
    expect((await post(`${base}/messages?sessionId=${session['Mcp-Session-Id']}`, CALL)).status).toBe(404);
    expect((await post(url, CALL, { 'Mcp-Session-Id': await openOldSession(base) })).status).toBe(404);
  });

  test('is needed, except to open one', async () => {
    const { url } = await anHttpDoor();
    expect((await post(url, CALL)).status).toBe(400);
    expect((await fetch(url, { headers: { Accept: 'text/event-stream' } })).status).toBe(400);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(400);
    expect((await post(url, CALL, { 'Mcp-Session-Id': '__proto__' })).status).toBe(404);
  });
});

test('G-24 of ten thousand calls of two sessions with the same ids each gets its own answer', async () => {
  const gateway = aFakeGateway();
  const turns = new Turns({ ...LIMITS, maxInFlight: 128, maxWaiting: 10_000 });
  const crossed: string[] = [];
  let answered = 0;
  const sessions = ['ada', 'bob'].map((canary) => {
    const session = new Session({
      id: canary,
      gateway,
      identity: anIdentity(canary),
      serverInfo: SERVER_INFO,
      turns,
      maxInFlight: 128,
      logger: QUIET,
      announce: () => undefined,
      isListening: () => true,
    });
    const end = (text: string | undefined): void => {
      answered += 1;
      if (!(text ?? '').includes(canary) && !(text ?? '').includes('protocolVersion')) crossed.push(text ?? '');
    };
    const send = (message: object): void => {
      const received = receiveMessage(Buffer.from(JSON.stringify(message)), LIMITS);
      if (received.kind === 'ok') session.receive(received, { notify: () => undefined, send: () => true, end });
    };
    send(initialize());
    return (id: number): void => {
      send({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: { canary, id } } });
    };
  });
  for (let id = 1; id <= 5000; id += 1) for (const send of sessions) send(id);
  await expect.poll(() => answered, { timeout: 60_000 }).toBe(10_002);
  expect(crossed).toEqual([]);
  for (const { call, caller } of gateway.calls) expect(call.args['canary']).toBe(caller.principal.user.id);
});

test('G-24 clients with the same ids get their own answers', async () => {
  const { url } = await anHttpDoor();
  const sessions = [await openSession(url), await openSession(url)];
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const body = {
        jsonrpc: '2.0',
        id: at % 4,
        method: 'tools/call',
        params: { name: 'echo', arguments: { canary: at } },
      };
      const answer = await (await post(url, body, sessions[at % 2])).text();
      return answer.includes('in flight') || answer.includes(String.raw`{\"canary\":${String(at)}}`);
    }),
  );
  expect(answers).not.toContain(false);
});

test('F-50 in a full house whoever has most sessions gives up the one that was quiet for longest, and nobody else does', async () => {
  const { url } = await anHttpDoor({ limits: { ...LIMITS, maxSessions: 2 } });
  const [first, second] = [await openSession(url), await openSession(url)];
  expect((await post(url, initialize())).status).toBe(503);
  const bob = await openSession(url, { Authorization: 'bob' });
  const statuses = [first, second, bob].map(async (session) => (await post(url, CALL, session)).status);
  expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
  expect((await post(url, initialize())).status).toBe(503);
  expect((await post(url, initialize(), { Authorization: 'bob' })).status).toBe(503);
});

describe('a header', () => {
  test('that names a version which is not spoken is refused with 400 and those that are', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    for (const version of ['1999-01-01', 'x']) {
      const response = await post(url, CALL, { ...session, 'MCP-Protocol-Version': version });
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { data: { requested: version } } },
      ]);
    }
    expect((await post(url, CALL, { ...session, 'MCP-Protocol-Version': '2025-11-25' })).status).toBe(200);
  });

  test('that takes no form of answer is refused with 406', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    expect((await post(url, CALL, { ...session, Accept: 'text/html' })).status).toBe(406);
    expect((await fetch(url, { headers: { ...session, Accept: 'application/json' } })).status).toBe(406);
  });
});

describe('G-10 a request of two lengths is refused', () => {
  test.each([
    ['Transfer-Encoding and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n'],
    ['two Content-Lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n'],
    ['a folded header', 'X-Folded: a\r\n b\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n'],
  ])('%s', async (_name, headers) => {
    const { base, gateway } = await anHttpDoor();
    const { host } = new URL(base);
    const request = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}\r\n0\r\n\r\n`;
    expect(await sendRaw(base, request)).toMatch(/^HTTP\/1\.1 400 /);
    expect(gateway.calls).toEqual([]);
  });
});

function raw(route: string, headers: string): string {
  const method = route.startsWith('/messages') ? 'POST' : 'GET';
  return `${method} ${route} HTTP/1.1\r\n${headers}Accept: text/event-stream\r\nConnection: close\r\n\r\n`;
}

function keys(count: number): string {
  return Array.from({ length: count }, (_, at) => `"k${String(at)}":0`).join(',');
}
