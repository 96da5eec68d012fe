import { spawnSync } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';

import { Client as SecondClient } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { StdioServerTransport as SecondTransport } from '@modelcontextprotocol/server/stdio';
import { describe, expect, test } from 'vitest';

import { aRawDoor, aStdioDoor, CLIENT_INFO } from './a-stdio-door.ts';
import { BIG, TOOL_NAMES } from './fake-gateway.ts';

describe('a client of the SDK’s first line', () => {
  async function aClient() {
    const output = new PassThrough();
    const opened = aStdioDoor(output);
    const client = new Client(CLIENT_INFO);
    await client.connect(new StdioServerTransport(output, opened.input));
    return { ...opened, client };
  }

  test('lists and calls', async () => {
    const { client } = await aClient();
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOL_NAMES);
    expect(client.getInstructions()).toBe('Ask before you write.');
    expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    await client.ping();
  });

  test('sees progress before the result', async () => {
    const { client } = await aClient();
    const seen: number[] = [];
    await client.callTool({ name: 'progress' }, undefined, { onprogress: ({ progress }) => seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
  });

  test('cancels', async () => {
    const { client, gateway } = await aClient();
    const controller = new AbortController();
    const call = client.callTool({ name: 'wait' }, undefined, { signal: controller.signal });
    await expect.poll(() => gateway.calls.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await expect.poll(() => gateway.calls[0]?.exchange.signal.aborted).toBe(true);
  });

  test('hears once of a burst of changes', async () => {
    const { client, gateway } = await aClient();
    let heard = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (heard += 1));
    await client.ping();
    for (let count = 0; count < 20; count += 1) gateway.change('tools');
    await expect.poll(() => heard).toBe(1);
    gateway.change('tools');
    await expect.poll(() => heard).toBe(2);
  });

  test('goes on after a message of 5 MB, of which it is told', async () => {
    const { client } = await aClient();
    const large = client.callTool({ name: 'echo', arguments: { text: 'x'.repeat(5 * 1024 * 1024) } });
    await expect(large).rejects.toThrow(/has 5242\d{3} bytes; this gateway takes at most 4194304/);
    expect(await client.callTool({ name: 'echo', arguments: {} })).toMatchObject({ content: [{ text: '{}' }] });
  });
});

test.each(['legacy', 'auto'] as const)(
  'a client of the SDK’s second line that negotiates %s lists and calls',
  async (mode) => {
    const output = new PassThrough();
    const { input, gateway } = aStdioDoor(output);
    const client = new SecondClient(CLIENT_INFO, { versionNegotiation: { mode } });
    await client.connect(new SecondTransport(output, input));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOL_NAMES);
    expect(await client.callTool({ name: 'echo', arguments: { a: 1 } })).toMatchObject({
      content: [{ text: '{"a":1}' }],
    });
    expect(gateway.calls[0]?.caller.era).toBe(mode === 'auto' ? 'stateless' : 'session');
    await client.close();
  },
);

describe('on the wire', () => {
  test('progress and the result come in their order', async () => {
    const { open, write, nextLines } = aRawDoor();
    await open();
    write({ id: 1, method: 'tools/call', params: { name: 'progress', arguments: {}, _meta: { progressToken: 'p' } } });
    const messages = (await nextLines(5)).slice(1);
    expect(messages.map(({ method, id }) => method ?? id)).toEqual([
      ...Array<string>(3).fill('notifications/progress'),
      1,
    ]);
  });

  test('a result passes with all that nobody here knows, numbers included', async () => {
    const { open, write, nextLines, lines } = aRawDoor();
    await open();
    write({ id: 1, method: 'tools/call', params: { name: 'strange' } });
    await nextLines(2);
    expect(lines()[1]).toBe(
      `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png","x-vendor":{"b":1}},{"type":"x-hologram","big":${BIG}}],"structuredContent":{"constructor":{"__proto__":1},"text":"line\\n\\ndata: {}\u2028"},"_meta":{"v/1":[1.1,null]},"x-unknown":true}}`,
    );
  });

  test.each<[string, string, number]>([
    [
      'G-01 a key twice',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","name":"wait"}}',
      -32700,
    ],
    [
      'G-02 a case variant',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","Name":"wait"}}',
      -32700,
    ],
    ['G-03 a batch', '[{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo"}}]', -32600],
    ['G-04 a call without an id', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}', -32600],
    [
      'G-04 a call with the id null',
      '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"echo"}}',
      -32600,
    ],
    [
      'G-05 a number',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","arguments":{"a":1e400}}}',
      -32700,
    ],
    ['G-07 a name', '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"__proto__"}}', -32602],
    [
      'G-07 a key',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","arguments":{"__proto__":1}}}',
      -32700,
    ],
    ['G-14 a mark', '\uFEFF{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo"}}', -32700],
    [
      'G-15 depth',
      `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","arguments":{"a":${'['.repeat(99)}${']'.repeat(99)}}}}`,
      -32600,
    ],
    ['no JSON', 'hello', -32700],
  ])('%s is refused, reaches nobody, and the session goes on', async (_name, line, code) => {
    const { open, write, nextLines, gateway } = aRawDoor();
    await open();
    write(`${line}\n`);
    write({ id: 10, method: 'ping' });
    const [, refusal, pong] = await nextLines(3);
    expect(refusal).toMatchObject({ error: { code } });
    expect(pong).toEqual({ jsonrpc: '2.0', id: 10, result: {} });
    expect(gateway.calls).toEqual([]);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('the refusal of a message that could not be read carries its id where that stands at an end', async () => {
    const { write, nextLines } = aRawDoor();
    write('{"jsonrpc":"2.0","id":9,"method":"ping","method":"ping"}\n{"method":"ping","id":"a","id":"b"}\n');
    expect((await nextLines(2)).map(({ id }) => id)).toEqual([9, 'b']);
  });
});

describe('the door closes', () => {
  test('when the client has ended its side, after the last answer', async () => {
    const { open, write, nextLines, input, door, gateway } = aRawDoor();
    await open();
    write({ id: 1, method: 'tools/call', params: { name: 'wait' } });
    input.end('{"jsonrpc":"2.0","id":2,"method":"ping"}');
    await nextLines(2);
    gateway.release();
    await door.closed;
    expect((await nextLines(3)).map(({ id }) => id)).toEqual([0, 2, 1]);
    expect(gateway.ended).toHaveLength(1);
  });

  test('F-50 when nobody reads any more (EPIPE), and cancels what is in flight', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const { input, door, gateway } = aStdioDoor(broken);
    input.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    await door.closed;
    expect(gateway.ended).toHaveLength(1);
  });

  test('when asked to, however often', async () => {
    const { open, write, nextLines, door, gateway } = aRawDoor();
    await open();
    write({ id: 1, method: 'tools/call', params: { name: 'wait' } });
    await nextLines(1);
    await expect.poll(() => gateway.calls.length).toBe(1);
    await Promise.all([door.close(), door.close()]);
    expect(gateway.calls[0]?.exchange.signal.aborted).toBe(true);
  });
});

test('a client that does not read makes the door stop reading', async () => {
  const output = new PassThrough({ highWaterMark: 1024 });
  const { input } = aStdioDoor(output);
  for (let id = 0; id < 200; id += 1) input.write(`{"jsonrpc":"2.0","id":${String(id)},"method":"ping"}\n`);
  await expect.poll(() => input.isPaused()).toBe(true);
  let text = '';
  output.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  await expect.poll(() => text.split('\n').length).toBe(201);
});

test('F-50 a client that never reads is given up', async () => {
  const { input, door, gateway } = aStdioDoor();
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT_INFO };
  for (const message of [{ id: 0, method: 'initialize', params }, { method: 'notifications/initialized' }])
    input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  await expect.poll(() => gateway.audiences.size).toBe(1);
  const [audience] = gateway.audiences;
  const data = 'x'.repeat(4 * 1024 * 1024);
  for (let count = 0; count < 20; count += 1) {
    audience?.notify('notifications/message', { level: 'error', data });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await door.closed;
  expect(gateway.ended).toHaveLength(1);
});

test('G-66 what else writes to stdout writes to stderr', () => {
  const program = `
    import { claimStdout } from './src/downstream/stdio.ts';
    const output = claimStdout(process.stdout, process.stderr);
    console.log('from a library');
    process.stdout.write('stray');
    output.write('{"jsonrpc":"2.0"}\\n');
  `;
  const ran = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(ran.stdout).toBe('{"jsonrpc":"2.0"}\n');
  expect(ran.stderr).toContain('from a library\nstray');
});
