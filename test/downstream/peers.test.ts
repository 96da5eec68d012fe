import { describe, expect, test } from 'vitest';

import { addressOfListener, holderOf } from '../../src/downstream/peers.ts';
import { aFakeGateway } from './fake-gateway.ts';
import { aCall, ask, initialize, JSON_HEADERS, openSession, post, readEvents, sendRaw, tool } from './http-client.ts';
import { aDeadAddress, aPeerDoor, aStrayId, HERE, THERE, twoDoors } from './two-doors.ts';

const EVENTS = { Accept: 'text/event-stream' };

describe('a session that another gateway holds', () => {
  test('is served through any other, and its calls run where it is', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url);
    expect(holderOf(session['Mcp-Session-Id'])).toBe(THERE);
    const answer = await post(here.url, aCall(1, 'echo'), session);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await answer.json()).toMatchObject({ id: 1, result: { content: [{ text: '{}' }] } });
    expect([here.gateway.calls.length, there.gateway.calls.length]).toEqual([0, 1]);
    const told = await post(here.url, { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }, session);
    expect(told.status).toBe(202);
    await expect.poll(() => there.gateway.news).toEqual([{ kind: 'roots_changed' }]);
  });

  test('sends progress before the answer through another', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url);
    const answer = await post(here.url, aCall(1, 'progress', { progressToken: 'p' }), session);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const events = await readEvents(answer, 4 + 1);
    expect(events.map(({ data }) => /"progress":(\d)|"result"/.exec(data)?.[0]).filter(Boolean)).toEqual([
      '"progress":1',
      '"progress":2',
      '"progress":3',
      '"result"',
    ]);
  });

  test('tells its news on a stream through another, which goes on through a third where it broke', async () => {
    const { here, there, addresses } = await twoDoors();
    const third = await aPeerDoor('cccccccc', addresses);
    const session = await openSession(there.url);
    const leaving = new AbortController();
    const stream = await fetch(here.url, { headers: { ...session, ...EVENTS }, signal: leaving.signal });
    expect(stream.status).toBe(200);
    expect((await fetch(third.url, { headers: { ...session, ...EVENTS } })).status).toBe(409);
    there.gateway.change('tools');
    const [, heard] = await readEvents(stream, 2);
    expect(heard?.data).toContain('notifications/tools/list_changed');
    leaving.abort();
    there.gateway.change('prompts');
    const again = { ...session, ...EVENTS, 'Last-Event-ID': heard?.id ?? '' };
    const [, missed] = await readEvents(await fetch(third.url, { headers: again }), 2);
    expect(missed?.data).toContain('notifications/prompts/list_changed');
  });

  test('ends through another, and is then unknown to both', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url);
    expect((await fetch(here.url, { method: 'DELETE', headers: session })).status).toBe(204);
    expect(there.gateway.ended).toHaveLength(1);
    for (const { url } of [here, there]) expect((await post(url, aCall(1, 'echo'), session)).status).toBe(404);
  });

  test('takes a cancellation through another', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url);
    const call = post(here.url, aCall(7, 'wait'), session);
    await expect.poll(() => there.gateway.calls.length).toBe(1);
    await post(here.url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }, session);
    expect((await call).status).toBe(202);
    expect(there.gateway.calls[0]?.exchange.signal.aborted).toBe(true);
  });

  test('is found by whoever opened it and nobody else', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url, { Authorization: 'bob' });
    expect((await post(here.url, aCall(1, 'echo'), session)).status).toBe(200);
    expect((await post(here.url, aCall(2, 'echo'), { ...session, Authorization: 'ada' })).status).toBe(404);
    expect(there.gateway.calls).toHaveLength(1);
  });

  test('of the old transport takes messages anywhere, and answers on its stream', async () => {
    const { here, there } = await twoDoors();
    const stream = await fetch(`${there.base}/sse`, { headers: EVENTS });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const read = async (): Promise<string> => (await reader?.read())?.value ?? '';
    const id = /sessionId=(\S+)/.exec(await read())?.[1] ?? '';
    expect(holderOf(id)).toBe(THERE);
    const messages = `${here.base}/messages?sessionId=${id}`;
    expect((await post(messages, initialize('2024-11-05'))).status).toBe(202);
    expect(await read()).toContain('"protocolVersion":"2024-11-05"');
    expect((await post(messages, { jsonrpc: '2.0' })).status).toBe(400);
    expect((await post(messages, aCall(1, 'echo'), { Authorization: 'bob' })).status).toBe(404);
    expect((await post(`${here.base}/messages?sessionId=${aStrayId()}`, aCall(1, 'echo'))).status).toBe(404);
    await reader?.cancel();
    await expect.poll(() => there.gateway.ended).toHaveLength(1);
    expect((await post(messages, aCall(2, 'echo'))).status).toBe(404);
  });
});

describe('what is handed over', () => {
  test('is written anew, with the credentials and the headers that a gateway reads', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url, { Authorization: 'bob' });
    there.reached.length = 0;
    const body = '{ "jsonrpc":"2.0",\n"id":1, "method":"tools/call", "params":{"name":"echo","extra":1e2} , "x":-0 }';
    const origin = here.base;
    const more = { Origin: origin, Cookie: 'a=1', 'X-Other': '1', Traceparent: TRACE };
    expect((await post(`${here.url}?a=b`, body, { ...session, ...more })).status).toBe(200);
    expect(there.reached).toHaveLength(1);
    const [{ method, url, headers } = { method: '', url: '', headers: {} }] = there.reached;
    expect([method, url]).toEqual(['POST', '/mcp']);
    const written = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","extra":100},"x":0}';
    expect(headers).toEqual({
      accept: JSON_HEADERS.Accept,
      authorization: 'bob',
      connection: 'keep-alive',
      'content-length': String(written.length),
      'content-type': 'application/json',
      host: new URL(there.base).host,
      'mcp-gateway-from': HERE,
      'mcp-session-id': session['Mcp-Session-Id'],
      traceparent: TRACE,
      'user-agent': expect.any(String),
    });
    expect(there.gateway.calls[0]?.exchange.dropped).toEqual(['/x', '/params/extra']);
  });

  test('goes no further', async () => {
    const { here, there } = await twoDoors();
    const session = await openSession(there.url);
    const said = { ...session, 'Mcp-Gateway-From': 'cccccccc' };
    expect((await post(here.url, aCall(1, 'echo'), said)).status).toBe(404);
    expect((await post(here.url, 'not JSON', session)).status).toBe(400);
    expect(there.gateway.calls).toHaveLength(0);
  });

  test('is taken under the host by which gateways call, which stays closed to all others', async () => {
    const door = await aPeerDoor(HERE, new Map(), {
      peers: { tag: HERE, url: new URL('http://gateway-1.internal:81'), addressOf: async () => undefined },
    });
    expect(door.door.peerAddress).toBe('http://gateway-1.internal:81');
    const ping = async (...lines: readonly string[]): Promise<string> => {
      const head = ['GET /mcp HTTP/1.1', ...lines, 'Connection: close', '', ''];
      return (await sendRaw(door.base, head.join('\r\n'))).slice(9, 12);
    };
    const host = 'Host: gateway-1.internal:81';
    const from = `Mcp-Gateway-From: ${THERE}`;
    expect(await ping(host, from)).toBe('400');
    expect(await ping(host)).toBe('403');
    expect(await ping('Host: gateway-1.internal', from)).toBe('403');
    expect(await ping('Host: evil.example', from)).toBe('403');
    expect(await ping(host, from, 'Origin: http://gateway-1.internal:81')).toBe('403');
  });
});

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a request without a session that goes on with what another gateway holds', () => {
  async function aPair() {
    const there = await aPeerDoor(THERE, new Map());
    const addresses = new Map([[THERE, new URL(there.door.peerAddress)]]);
    const gateway = aFakeGateway();
    const placeOf = (): string => THERE;
    const here = await aPeerDoor(HERE, addresses, { gateway: { ...gateway, placeOf } });
    return { here: { ...here, gateway }, there, addresses };
  }

  test('is answered there', async () => {
    const { here, there } = await aPair();
    const answer = await ask(here.url, tool('echo', { a: 1 }));
    expect(await answer.json()).toMatchObject({ result: { content: [{ text: '{"a":1}' }], resultType: 'complete' } });
    expect([here.gateway.calls.length, there.gateway.calls.length]).toEqual([0, 1]);
    const { status } = await ask(here.url, { method: 'tasks/unheard-of' });
    expect(status).toBe(404);
  });

  test('is cancelled there when its client goes away', async () => {
    const { here, there } = await aPair();
    const leaving = new AbortController();
    const call = ask(here.url, tool('wait'), leaving.signal).catch(() => undefined);
    await expect.poll(() => there.gateway.calls.length).toBe(1);
    leaving.abort();
    await expect.poll(() => there.gateway.calls[0]?.exchange.signal.aborted).toBe(true);
    await call;
  });

  test('is answered here where that gateway is gone', async () => {
    const { here, there, addresses } = await aPair();
    addresses.set(THERE, await aDeadAddress());
    expect((await ask(here.url, tool('echo'))).status).toBe(200);
    addresses.clear();
    expect((await ask(here.url, tool('echo'))).status).toBe(200);
    expect([here.gateway.calls.length, there.gateway.calls.length]).toEqual([2, 0]);
  });

  test('is answered here where it was handed over already', async () => {
    const { here, there } = await aPair();
    expect((await ask(here.url, { ...tool('echo'), headers: { 'Mcp-Gateway-From': THERE } })).status).toBe(200);
    expect([here.gateway.calls.length, there.gateway.calls.length]).toEqual([1, 0]);
  });
});

test('a door that closes waits for calls that it has handed over, and cuts off streams', async () => {
  const { here, there } = await twoDoors();
  const session = await openSession(there.url);
  const stream = await fetch(here.url, { headers: { ...session, ...EVENTS } });
  const call = post(here.url, aCall(1, 'wait'), session);
  await expect.poll(() => there.gateway.calls.length).toBe(1);
  const closed = here.door.close();
  there.gateway.release();
  expect(await (await call).json()).toMatchObject({ id: 1, result: {} });
  await closed;
  await expect(stream.text()).rejects.toThrow(/terminated/);
});

test.each([
  ['127.0.0.1', /^http:\/\/127\.0\.0\.1:81$/],
  ['10.1.2.3', /^http:\/\/10\.1\.2\.3:81$/],
  ['::1', /^http:\/\/\[::1\]:81$/],
  ['0.0.0.0', /^http:\/\/(?!0\.0\.0\.0)\d+(\.\d+){3}:81$/],
  ['::', /^http:\/\/(?!\[::\])\S+:81$/],
])('a listener on %s is reached at %s', (address, expected) => {
  const url = addressOfListener({ address, port: 81, family: address.includes(':') ? 'IPv6' : 'IPv4' });
  expect(url).toMatch(expected);
  expect(URL.canParse(url)).toBe(true);
});
