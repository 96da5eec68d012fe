import { Client as SecondClient, SSEClientTransport as SecondTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';

import { TOOL_NAMES } from './fake-gateway.ts';
import { anHttpDoor, post } from './http-client.ts';

const CLIENT_INFO = { name: 'test-client', version: '1' };

describe('over the old transport a client of the SDK’s first line', () => {
  async function aClient() {
    const opened = await anHttpDoor();
    const client = new Client(CLIENT_INFO);
    await client.connect(new SSEClientTransport(new URL(`${opened.base}/sse`)));
    return { ...opened, client };
  }

  test('lists and calls, and its session ends with its stream', async () => {
    const { client, gateway } = await aClient();
    expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
    expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    await client.close();
    await expect.poll(() => gateway.ended).toEqual([gateway.calls[0]?.caller.session]);
  });

  test('sees progress, cancels, and hears that the tools changed', async () => {
    const { client, gateway } = await aClient();
    let heard = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (heard += 1));
    // This client drops progress that it reads in one piece with the answer, which a busy machine can bring about.
    await expect.poll(() => progressOf(client)).toEqual([1, 2, 3]);
    const before = gateway.calls.length;
    const controller = new AbortController();
    const call = client.callTool({ name: 'wait' }, undefined, { signal: controller.signal });
    await expect.poll(() => gateway.calls.length).toBe(before + 1);
    controller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await expect.poll(() => gateway.calls[before]?.exchange.signal.aborted).toBe(true);
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
});

test('over the old transport a client of the SDK’s second line lists and calls', async () => {
  const { base } = await anHttpDoor();
  const client = new SecondClient(CLIENT_INFO);
  await client.connect(new SecondTransport(new URL(`${base}/sse`)));
  expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
  expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
    content: [{ text: '{"a":1}' }],
  });
  await client.close();
});

test('the old transport is not there where it is off', async () => {
  const { base } = await anHttpDoor({ sse: undefined });
  expect((await fetch(`${base}/sse`, { headers: { Accept: 'text/event-stream' } })).status).toBe(404);
  expect((await post(`${base}/messages?sessionId=x`, {})).status).toBe(404);
});

test.each([
  ['/sse', 'POST', 405],
  ['/messages', 'GET', 405],
  ['/messages', 'POST', 400],
  ['/messages?sessionId=__proto__', 'POST', 404],
])('%s is answered to %s with %i', async (path, method, status) => {
  const { base } = await anHttpDoor();
  const headers = { 'Content-Type': 'application/json' };
  expect((await fetch(`${base}${path}`, { method, headers })).status).toBe(status);
});

async function progressOf(client: Client): Promise<readonly number[]> {
  const seen: number[] = [];
  await client.callTool({ name: 'progress' }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
  return seen;
}
