import { describe, expect, test } from 'vitest';

import { LIMITS } from './fake-gateway.ts';
import { aCall, anHttpDoor, ask, initialize, openSession, post, readEvents } from './http-client.ts';

const EVENTS = { Accept: 'text/event-stream' };

describe('an answer that is no quick one', () => {
  const limits = { ...LIMITS, streamAfterMs: 5 };

  test('is a stream that can be resumed, which tells so before anything else (2025-11-25, polling)', async () => {
    const { url, gateway } = await anHttpDoor({ limits });
    const session = await openSession(url);
    const broken = await post(url, aCall(1, 'wait'), session);
    const reader = broken.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('id: 1-0\nretry: 1000\ndata: \n\n');
    await reader?.cancel();
    const resumed = await fetch(url, { headers: { ...session, ...EVENTS, 'Last-Event-ID': '1-0' } });
    gateway.release();
    const events = await readEvents(resumed, 9);
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ id: 1, result: {} });
  });

  test('is plain JSON for clients that know no empty events', async () => {
    const { url, gateway } = await anHttpDoor({ limits });
    const session = await openSession(url, {}, '2025-06-18');
    const waiting = post(url, aCall(1, 'wait'), session);
    await expect.poll(() => gateway.calls.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    gateway.release();
    expect((await waiting).headers.get('content-type')).toBe('application/json');
  });
});

describe('a stream that broke', () => {
  test('goes on after the last event that the client saw', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    await post(url, aCall(1, 'progress', { progressToken: 1 }), session);
    const resumed = await fetch(url, { headers: { ...session, ...EVENTS, 'Last-Event-ID': '1-2' } });
    const events = await readEvents(resumed, 9);
    expect(events.map(({ id }) => id)).toEqual(['1-2', '1-3', '1-4']);
    expect(events[0]?.data).toBe('');
  });

  test('is not known after as many events as are kept', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    for (let id = 1; id <= 100; id += 1)
      await (await post(url, aCall(id, 'progress', { progressToken: id }), session)).text();
    const resumed = await fetch(url, { headers: { ...session, ...EVENTS, 'Last-Event-ID': '1-2' } });
    expect(resumed.status).toBe(400);
  });

  test.each(['x', '7-1', '-1', '1-', '99999999999-1'])('is not found by the id %j', async (id) => {
    const { url } = await anHttpDoor();
    const resumed = await fetch(url, { headers: { ...(await openSession(url)), ...EVENTS, 'Last-Event-ID': id } });
    expect(resumed.status).toBe(400);
  });

  test('delivers what was announced while nobody listened', async () => {
    const { url, gateway } = await anHttpDoor();
    const session = await openSession(url);
    gateway.change('tools');
    const listening = await fetch(url, { headers: { ...session, ...EVENTS } });
    const events = await readEvents(listening, 2);
    expect(events[1]).toMatchObject({
      id: '0-1',
      data: '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
    });
  });

  test('is one for each session', async () => {
    const { url } = await anHttpDoor();
    const session = await openSession(url);
    const first = await fetch(url, { headers: { ...session, ...EVENTS } });
    expect((await fetch(url, { headers: { ...session, ...EVENTS } })).status).toBe(409);
    await first.body?.cancel();
  });
});

test('an answer larger than what may wait for a client arrives as a stream all the same', async () => {
  const { url, base, gateway } = await anHttpDoor();
  const text = 'x'.repeat(12 * 1024 * 1024);
  gateway.answer = async () => ({ kind: 'result', result: { text } });
  const session = await openSession(url);
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const inSession = await post(url, call, { ...session, ...EVENTS });
  const alone = await ask(url, { method: 'tools/list', headers: EVENTS });
  for (const response of [inSession, alone]) expect(await response.text()).toContain(text);
  const stream = await fetch(`${base}/sse`, { headers: EVENTS });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  const address = /data: (\S+)/.exec((await reader?.read())?.value ?? '')?.[1] ?? '';
  await post(`${base}${address}`, initialize());
  await post(`${base}${address}`, call);
  let length = 0;
  while (length < text.length) length += (await reader?.read())?.value?.length ?? Infinity;
  expect(length).toBeLessThan(Infinity);
  await reader?.cancel();
});
