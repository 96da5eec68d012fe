import { Client as SecondClient, StreamableHTTPClientTransport as SecondTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';

import { BIG, LIMITS, TOOL_NAMES } from './fake-gateway.ts';
import {
  aCall,
  anHttpDoor,
  initialize,
  JSON_HEADERS,
  openSession,
  post,
  postAndLeave,
  readEvents,
  sendRaw,
} from './http-client.ts';

const CLIENT_INFO = { name: 'test-client', version: '1' };
const EVENTS = { Accept: 'text/event-stream' };

describe('a client of the SDK’s first line', () => {
  async function aClient() {
    const opened = await anHttpDoor();
    const client = new Client(CLIENT_INFO);
    const transport = new StreamableHTTPClientTransport(new URL(opened.url));
    await client.connect(transport);
    return { ...opened, client, transport };
  }

  test('lists, calls and ends its session', async () => {
    const { client, transport, gateway } = await aClient();
    expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
    expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    await transport.terminateSession();
    expect(gateway.ended).toEqual([gateway.calls[0]?.caller.session]);
    await client.close();
  });

  test('sees progress before the result', async () => {
    const { client } = await aClient();
    const seen: number[] = [];
    await client.callTool({ name: 'progress' }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    await client.close();
  });

  test('cancels', async () => {
    const { client, gateway } = await aClient();
    const controller = new AbortController();
    const call = client.callTool({ name: 'wait' }, undefined, { signal: controller.signal });
    await expect.poll(() => gateway.calls.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await expect.poll(() => gateway.calls[0]?.exchange.signal.aborted).toBe(true);
    await client.close();
  });

  test('hears that the tools changed', async () => {
    const { client, gateway } = await aClient();
    let heard = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (heard += 1));
    gateway.change('tools');
    gateway.change('tools');
    await expect.poll(() => heard).toBe(1);
    await client.close();
  });

  test('goes on after a message of 5 MB, of which it is told', async () => {
    const { client } = await aClient();
    const large = client.callTool({ name: 'echo', arguments: { text: 'x'.repeat(5 * 1024 * 1024) } });
    await expect(large).rejects.toThrow(/at most 4194304/);
    expect(await client.callTool({ name: 'echo', arguments: {} })).toMatchObject({ content: [{ text: '{}' }] });
    await client.close();
  });

  test('makes many calls at once, each with its own answer', async () => {
    const { client } = await aClient();
    const answers = await Promise.all(
      Array.from({ length: LIMITS.maxInFlight }, (_, at) => client.callTool({ name: 'echo', arguments: { at } })),
    );
    expect(answers.map((answer) => JSON.stringify(answer['content']))).toEqual(
      answers.map((_, at) => JSON.stringify([{ type: 'text', text: `{"at":${String(at)}}` }])),
    );
    await client.close();
  });
});

describe('a client of the SDK’s second line', () => {
  test.each(['legacy', 'auto'] as const)('that negotiates %s lists, calls and sees progress', async (mode) => {
    const { url } = await anHttpDoor();
    const client = new SecondClient(CLIENT_INFO, { versionNegotiation: { mode } });
    await client.connect(new SecondTransport(new URL(url)));
    const seen: number[] = [];
    expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
    await client.callTool({ name: 'progress' }, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    await client.close();
  });
});

describe('an answer', () => {
  test('is plain JSON where nothing comes before it', async () => {
    const { url } = await anHttpDoor();
    const response = await post(url, aCall(1, 'strange'), await openSession(url));
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toContain(`{"type":"x-hologram","big":${BIG}}`);
  });

  test('is the last event of a stream where progress comes before it', async () => {
    const { url } = await anHttpDoor();
    const response = await post(url, aCall(1, 'progress', { progressToken: 1 }), await openSession(url));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = await readEvents(response, 9);
    expect(events.map(({ id }) => id)).toEqual(['1-0', '1-1', '1-2', '1-3', '1-4']);
    expect(JSON.parse(events[4]?.data ?? '')).toMatchObject({ id: 1, result: {} });
  });

  test('begins with no empty event for clients that would stumble over it', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url, {}, '2025-06-18');
    const events = await readEvents(await post(url, aCall(1, 'progress', { progressToken: 1 }), session), 9);
    expect(events.map(({ id }) => id)).toEqual(['1-1', '1-2', '1-3', '1-4']);
  });

  test('is an event for a client that takes nothing else, and JSON for one that takes no events', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    const stream = await post(url, aCall(1, 'echo'), { ...session, ...EVENTS });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const json = await post(url, aCall(2, 'progress', { progressToken: 1 }), {
      ...session,
      Accept: 'application/json',
    });
    expect(await json.json()).toMatchObject({ id: 2, result: {} });
  });

  test('G-11 is one event, whatever its text holds', async () => {
    const { url } = await anHttpDoor();
    const response = await post(url, aCall(1, 'strange'), { ...(await openSession(url)), ...EVENTS });
    expect(await readEvents(response, 9)).toHaveLength(2);
  });

  test('to what is no request is 202', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    for (const message of [
      { method: 'notifications/cancelled', params: { requestId: 4 } },
      { id: 1, result: {} },
    ]) {
      const response = await post(url, { jsonrpc: '2.0', ...message }, session);
      expect([response.status, await response.text()]).toEqual([202, '']);
    }
  });

  test('to a cancelled request is 202', async () => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url);
    const waiting = post(url, aCall(1, 'wait'), session);
    await expect.poll(() => gateway.calls.length).toBe(1);
    await post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session);
    expect((await waiting).status).toBe(202);
  });
});

test('an answer that takes long is a stream, which stays alive', async () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const { url, gateway } = await anHttpDoor({ clock, limits: { ...LIMITS, idleMs: 200 } });
  const waiting = post(url, aCall(1, 'wait'), await openSession(url));
  await expect.poll(() => gateway.calls.length).toBe(1);
  now = 11_000;
  const response = await waiting;
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  gateway.release();
  const events = await readEvents(response, 2);
  expect(JSON.parse(events[1]?.data ?? '')).toMatchObject({ id: 1, result: {} });
});

describe('a session', () => {
  test('ends when nobody has used it for its time', async () => {
    const { url, gateway } = await anHttpDoor({ limits: { ...LIMITS, idleMs: 0 } });
    await openSession(url);
    await expect.poll(() => gateway.ended.length).toBe(1);
  });

  test('is refused when there are as many as there may be', async () => {
    const { url } = await anHttpDoor();
    for (let count = 0; count < LIMITS.maxSessions; count += 1) await openSession(url);
    expect((await post(url, initialize())).status).toBe(503);
  });

  test('does not open for an initialize that is refused', async () => {
    const { url } = await anHttpDoor();
    for (let count = 0; count <= LIMITS.maxSessions; count += 1) {
      const response = await post(url, { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
      expect(await response.json()).toMatchObject({ error: { code: -32602 } });
    }
    expect((await post(url, initialize())).status).toBe(200);
  });
});

describe('a client that goes away', () => {
  test.each<[string, (url: string, session: Record<string, string>) => Promise<unknown>]>([
    [
      'in the middle of its message',
      (url) =>
        sendRaw(
          url,
          `POST /mcp HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
          20,
        ),
    ],
    ['while it waits', (url, session) => postAndLeave(url, aCall(1, 'wait'), session)],
    ['while it listens', (url, session) => listen(url, session, AbortSignal.timeout(50))],
    ['while it waits for a stream', (url, session) => postAndLeave(url, aCall(1, 'wait'), { ...session, ...EVENTS })],
  ])('%s harms nobody, and its session goes on', async (_name, leave) => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url);
    await leave(url, session).catch(() => undefined);
    gateway.change('tools');
    gateway.release();
    expect(await (await post(url, aCall(2, 'echo'), session)).json()).toMatchObject({ id: 2, result: {} });
  });

  test('does not cancel its call by that (2025-11-25, Transports)', async () => {
    const { url, gateway } = await anHttpDoor();
    await postAndLeave(url, aCall(1, 'wait'), await openSession(url));
    expect(gateway.calls[0]?.exchange.signal.aborted).toBe(false);
  });
});

describe('the door', () => {
  test('says whether the process lives and whether it is ready', async () => {
    let ready = false;
    const { base } = await anHttpDoor({ readiness: () => ({ ready, store: 'writable' }) });
    expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ ok: true });
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
    ready = true;
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ ready: true, store: 'writable' });
  });

  test('answers what is in flight before it closes', async () => {
    const { url, door, gateway } = await anHttpDoor();
    const waiting = post(url, aCall(1, 'wait'), await openSession(url));
    await expect.poll(() => gateway.calls.length).toBe(1);
    const closing = door.close();
    gateway.release();
    expect(await (await waiting).json()).toMatchObject({ id: 1, result: {} });
    await closing;
    expect(gateway.ended).toHaveLength(1);
  });

  test('ends streams and calls that do not end by themselves', async () => {
    const { url, door, gateway } = await anHttpDoor({ limits: { ...LIMITS, drainMs: 10 } });
    const session = await openSession(url);
    const stream = await fetch(url, { headers: { ...session, ...EVENTS } });
    const waiting = post(url, aCall(1, 'wait'), session);
    await expect.poll(() => gateway.calls.length).toBe(1);
    await Promise.all([door.close(), door.close()]);
    expect((await waiting).status).toBe(202);
    expect(await stream.text()).not.toContain('data: {');
  });

  test('says which address it cannot listen on', async () => {
    const { base } = await anHttpDoor();
    await expect(anHttpDoor({ port: Number(new URL(base).port) })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });
});

test.each([
  ['PUT', 405],
  ['OPTIONS', 405],
])('%s is answered with %i', async (method, status) => {
  const { url } = await anHttpDoor();
  const response = await fetch(url, { method, headers: JSON_HEADERS });
  expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([status, null]);
});

async function listen(url: string, session: Record<string, string>, signal: AbortSignal): Promise<string> {
  return (await fetch(url, { headers: { ...session, ...EVENTS }, signal })).text();
}
