import { PassThrough } from 'node:stream';

import { Client } from '@modelcontextprotocol/client';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { describe, expect, test } from 'vitest';

import type { JsonObject } from '../../src/core/json.ts';
import { aRawDoor, aStdioDoor, CLIENT_INFO } from './a-stdio-door.ts';
import { anEnvelope } from './fake-gateway.ts';
import { expectProgressAndCancellation } from './stateless-calls.ts';

function asked(id: number, method: string, params: JsonObject = {}): JsonObject {
  return { id, method, params: { _meta: anEnvelope(), ...params } };
}

function called(id: number, name: string): JsonObject {
  return asked(id, 'tools/call', { name, arguments: {} });
}

describe('a client of the SDK’s second line that speaks 2026-07-28', () => {
  async function aClient() {
    const output = new PassThrough();
    const opened = aStdioDoor(output);
    const heard: string[] = [];
    const client = new Client(CLIENT_INFO, {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      listChanged: { prompts: { autoRefresh: false, onChanged: () => void heard.push('prompts') } },
    });
    await client.connect(new StdioServerTransport(output, opened.input));
    return { ...opened, client, heard };
  }

  test('calls, sees progress, cancels, and hears of changes', async () => {
    const { client, gateway, heard } = await aClient();
    await expectProgressAndCancellation(client, gateway);
    gateway.change('prompts', 'tools');
    await expect.poll(() => heard).toEqual(['prompts']);
    await client.close();
  });
});

describe('the opening message decides the era', () => {
  test('a probe with server/discover may be followed by initialize', async () => {
    const { write, nextLines, open, gateway } = aRawDoor();
    write(asked(1, 'server/discover'));
    expect((await nextLines(1))[0]).toMatchObject({ id: 1, result: { supportedVersions: ['2026-07-28'] } });
    await open();
    write({ id: 2, method: 'tools/call', params: { name: 'echo' } });
    await nextLines(3);
    expect(gateway.calls[0]?.caller.era).toBe('session');
  });

  test('a session stays one, whatever stands in _meta', async () => {
    const { write, nextLines, open, gateway } = aRawDoor();
    await open();
    write(called(1, 'echo'));
    await nextLines(2);
    expect(gateway.calls[0]).toMatchObject({ caller: { era: 'session' }, call: { meta: {} } });
  });

  test('a client without sessions sends its envelope every time', async () => {
    const { write, nextLines, gateway } = aRawDoor();
    write(called(1, 'echo'));
    await nextLines(1);
    write({ id: 2, method: 'tools/call', params: { name: 'echo' } });
    expect((await nextLines(2))[1]).toMatchObject({ id: 2, error: { code: -32602 } });
    expect(gateway.calls).toHaveLength(1);
  });

  test('what claims nothing must initialize', async () => {
    const { write, nextLines } = aRawDoor();
    write({ id: 1, method: 'tools/list' });
    expect((await nextLines(1))[0]).toMatchObject({ id: 1, error: { code: -32600 } });
  });

  test.each<[string, JsonObject, number]>([
    ['of another version', { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' }, -32022],
    ['without a version', { 'io.modelcontextprotocol/protocolVersion': null }, -32602],
  ])('an envelope %s is refused, and the client may still choose', async (_name, meta, code) => {
    const { write, nextLines, open } = aRawDoor();
    write(asked(1, 'server/discover', { _meta: anEnvelope({}, meta) }));
    expect((await nextLines(1))[0]).toMatchObject({ id: 1, error: { code } });
    write(asked(2, 'server/discover'));
    expect((await nextLines(2))[1]).toMatchObject({ id: 2, result: {} });
    await open();
  });
});

describe('a request', () => {
  test('is cancelled by a notification and then not answered', async () => {
    const { write, nextLines, gateway } = aRawDoor();
    write(called(1, 'wait'));
    await expect.poll(() => gateway.calls.length).toBe(1);
    write({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await expect.poll(() => gateway.calls[0]?.exchange.signal.aborted).toBe(true);
    write(called(2, 'echo'));
    expect((await nextLines(1))[0]).toMatchObject({ id: 2 });
  });

  test('keeps its id from being used again', async () => {
    const { write, nextLines, gateway } = aRawDoor();
    write(called(1, 'wait'));
    await expect.poll(() => gateway.calls.length).toBe(1);
    write(called(1, 'echo'));
    expect((await nextLines(1))[0]).toMatchObject({ id: 1, error: { code: -32600 } });
    gateway.release();
    expect((await nextLines(2))[1]).toMatchObject({ id: 1, result: { resultType: 'complete' } });
  });

  test('for a method that this revision does not have is told to the gateway', async () => {
    const { write, nextLines, gateway } = aRawDoor();
    write(asked(1, 'ping'));
    expect((await nextLines(1))[0]).toMatchObject({ error: { code: -32601 } });
    expect(gateway.refused).toEqual(['ping']);
  });
});

describe('subscriptions/listen', () => {
  test('has an id that no other request has meanwhile, for that is by what it is cancelled', async () => {
    const { write, nextLines, gateway } = aRawDoor();
    write(asked(1, 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    await expect.poll(() => gateway.audiences.size).toBe(1);
    write(called(1, 'echo'));
    write(called(2, 'wait'));
    await expect.poll(() => gateway.calls.length).toBe(1);
    write(asked(2, 'subscriptions/listen', { notifications: { toolsListChanged: true } }));
    const [, ...refused] = await nextLines(3);
    expect(refused).toMatchObject([
      { id: 1, error: { code: -32600 } },
      { id: 2, error: { code: -32600 } },
    ]);
  });

  const ID = 'io.modelcontextprotocol/subscriptionId';

  test('lasts until the client cancels it, and ends with a result when the door closes', async () => {
    const { write, nextLines, door, gateway } = aRawDoor();
    const filter = { notifications: { toolsListChanged: true, resourceSubscriptions: ['note://a'] } };
    for (const id of [1, 2]) write(asked(id, 'subscriptions/listen', filter));
    const acknowledged = await nextLines(2);
    expect(acknowledged).toMatchObject([{ params: { _meta: { [ID]: 1 } } }, { params: { _meta: { [ID]: 2 } } }]);
    write({ method: 'notifications/cancelled', params: { requestId: 1 } });
    await expect.poll(() => gateway.audiences.size).toBe(1);
    gateway.change('tools');
    expect((await nextLines(3))[2]).toMatchObject({ params: { _meta: { [ID]: 2 } } });
    await door.close();
    expect((await nextLines(4)).at(-1)).toMatchObject({ id: 2, result: { _meta: { [ID]: 2 } } });
    expect(await nextLines(4)).toHaveLength(4);
  });
});
