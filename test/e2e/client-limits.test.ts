import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { JSON_HEADERS, openSession, post, sendRaw } from '../downstream/http-client.ts';
import { aPlace, atEndOfFile, decisionsAbout, type HttpGateway, PATIENCE, type Place, serveHttp } from './program.ts';
import { type Answer, type RawClient, rawStdio } from './raw-client.ts';
import { journal, receivedBy } from './servers.ts';

const LIMITS = `messageBytes: 4KB, depth: 8, keys: 100, stringBytes: 1KB, inFlight: 2, waiting: 3, heldBytes: 8KB,
    sessions: 4, connections: 24, headerBytes: 4KB, sendTime: 1s`;

const untilEnd = atEndOfFile();
let place: Place;
let gateway: HttpGateway;
let client: RawClient;

beforeAll(async () => {
  place = aPlace(
    (folder) => `version: 1
gateway: { toolNames: plain, limits: { ${LIMITS} } }
mcpServers: { journal: { ${journal(folder)}, unknownArguments: allow } }
`,
    untilEnd,
  );
  client = await rawStdio(place, { atEnd: untilEnd });
  await client.listTools();
  gateway = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd });
});

const call = (args: string, id: number | string = 1, name = 'echo'): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
const deep = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
const keys = (count: number): string => `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join(',')}}`;
const texts = (...lengths: number[]): string =>
  `{${lengths.map((length, at) => `"t${at}":"${'x'.repeat(length)}"`).join(',')}}`;
/** Arguments in several texts that make a message of so many bytes. */
const filling = (bytes: number): string => texts(1000, 1000, 1000, bytes - call(texts(1000, 1000, 1000, 0)).length);

const AT_LIMIT: readonly (readonly [string, string, string, RegExp])[] = [
  ['bytes of a message', filling(4096), filling(4097), /(has 4097 bytes; this gateway takes at most 4096)/],
  ['levels', deep(5), deep(6), /deeper than this gateway takes: 8 levels/],
  ['keys', keys(94), keys(95), /more keys than this gateway takes: 100 /],
  ['bytes of a text', texts(1024), texts(1025), /text is longer than this gateway takes: 1024 bytes/],
];

test.for(AT_LIMIT)(
  'G-15 over stdio %s are taken up to the limit, and one more is refused with its number',
  async ([, good, bad, says]) => {
    const before = receivedBy(place).length;
    expect(await client.ask(call(good))).toMatchObject({ id: 1, result: { content: [{}] } });
    expect(await client.ask(call(bad))).toMatchObject({
      error: { code: -32600, message: expect.stringMatching(says) },
    });
    expect(receivedBy(place).length).toBe(before + 1);
  },
);

test.for(AT_LIMIT)(
  'G-15 over HTTP %s are taken up to the limit, and one more is refused with its number',
  async ([what, good, bad, says]) => {
    const before = receivedBy(place).length;
    const session = await aSession();
    const [taken, refused] = [
      await post(gateway.url, call(good), session),
      await post(gateway.url, call(bad), session),
    ];
    expect(taken.status).toBe(200);
    expect(await taken.text()).toContain('"content"');
    expect(refused.status).toBe(what.startsWith('bytes of a message') ? 413 : 400);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringMatching(says) } });
    expect(receivedBy(place).length).toBe(before + 1);
  },
);

test('G-30 of one client two calls run, three wait for them, and the others are refused with the limit', async () => {
  const ids = Array.from({ length: 8 }, () =>
    client.begin('tools/call', { name: 'slow', arguments: { ms: 700, steps: 1 } }),
  );
  const answers = (): readonly Answer[] =>
    client
      .lines()
      .map((line) => JSON.parse(line) as Answer)
      .filter(({ id }) => typeof id === 'number' && ids.includes(id));
  await expect.poll(() => answers().length, PATIENCE).toBe(8);
  const refused = answers().filter(({ error }) => error !== undefined);
  expect(refused.length).toBe(3);
  for (const { error } of refused) {
    expect(error).toMatchObject({
      code: 4030,
      message: expect.stringContaining('2 requests in flight and 3 more that wait'),
    });
  }
  expect(receivedBy(place).filter(({ name }) => name === 'slow').length).toBe(5);
});

test('G-30 what still waits when it is cancelled never begins, and what waits behind it does', async () => {
  const before = (await decisionsAbout(place, 'slow')).length;
  const [first, , third, fourth] = Array.from({ length: 4 }, () =>
    client.begin('tools/call', { name: 'slow', arguments: { ms: 500, steps: 1 } }),
  );
  client.notify('notifications/cancelled', { requestId: third });
  const answered = (id: number | undefined): boolean => client.lines().some((line) => line.includes(`"id":${id},`));
  await expect.poll(() => answered(fourth), PATIENCE).toBe(true);
  expect([answered(first), answered(third)]).toEqual([true, false]);
  expect((await decisionsAbout(place, 'slow')).length).toBe(before + 3);
});

test('G-30 unanswered requests of one client hold no more bytes than the limit', async () => {
  const large = filling(4000);
  const slow = (id: string): string =>
    call(large.replace('{', '{"ms":700,"steps":1,'), id, 'slow').replace(/,"t3":"x+"/, '');
  const session = await aSession();
  const responses = await Promise.all(['a', 'b', 'c', 'd'].map((id) => post(gateway.url, slow(id), session)));
  const answers = await Promise.all(responses.map((response) => response.text()));
  expect(answers.filter((text) => text.includes('hold 8192 bytes, which is its limit')).length).toBe(2);
});

describe('over HTTP', () => {
  test('F-50 there are no more sessions than the limit, and another is refused with it until one ends', async () => {
    const opened = [];
    for (let at = 0; at < 4; at += 1) opened.push(await post(gateway.url, hello()));
    const refused = await post(gateway.url, hello());
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('as many sessions')]);
    const statuses = opened.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    for (const { headers } of opened) await endSession(headers.get('mcp-session-id') ?? 'none');
    expect((await post(gateway.url, hello())).status).toBe(200);
  });

  test('F-50 ten times as many event streams as there may be sessions are refused, and end with their sessions', async () => {
    await endSessions();
    const streams = await Promise.all(
      Array.from({ length: 40 }, () =>
        fetch(new URL('/sse', gateway.url), { headers: { Accept: 'text/event-stream' } }),
      ),
    );
    const open = streams.filter(({ status }) => status === 200);
    expect(open.length).toBeLessThanOrEqual(4);
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200, 503]));
    await Promise.all(streams.map(async (stream) => stream.body?.cancel()));
    await expect.poll(async () => (await post(gateway.url, hello())).status, PATIENCE).toBe(200);
    await endSessions();
  });

  test('F-50 connections over the limit are told so or closed, and go on once others have ended', async () => {
    await noConnections();
    const sockets = await Promise.all(Array.from({ length: 100 }, aSocket));
    const said = await sendRaw(
      gateway.url,
      `GET /healthz HTTP/1.1\r\nHost: ${new URL(gateway.url).host}\r\n\r\n`,
    ).catch(() => 'closed');
    expect(said).toMatch(/^HTTP\/1\.1 503 [^]*24 connections open, which is its limit|^closed$|^$/);
    for (const socket of sockets) socket.destroy();
    await noConnections();
  });

  test('F-50 a head that comes slowly is answered with 408, and so is a body', async () => {
    await noConnections();
    const { host } = new URL(gateway.url);
    const head = `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n`;
    const said = await Promise.all([head, `${head}\r\n{"jsonrpc"`].map((bytes) => sendRaw(gateway.url, bytes)));
    for (const text of said) expect(text).toMatch(/^HTTP\/1\.1 408 [^]*not whole within 1000 ms/);
  });

  test('F-50 a client that goes away in the middle of a body leaves nothing behind', async () => {
    const { host, hostname, port } = new URL(gateway.url);
    const before = receivedBy(place).length;
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(Number(port), hostname);
      await new Promise((settle) => socket.once('connect', settle));
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 3000\r\n\r\n${call('{}').slice(0, 40)}`,
      );
      socket.destroy();
    }
    await noConnections();
    expect(receivedBy(place).length).toBe(before);
    const session = await aSession();
    expect((await post(gateway.url, call('{}'), session)).status).toBe(200);
  });
});

test('F-50 a stateless client that goes away has cancelled its call, also upstream', async () => {
  const controller = new AbortController();
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'leaver', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'slow', arguments: { ms: 60_000, steps: 1 }, _meta: meta };
  const headers = {
    ...JSON_HEADERS,
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': 'tools/call',
    'Mcp-Name': 'slow',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const before = receivedBy(place).length;
  const left = fetch(gateway.url, { method: 'POST', headers, body, signal: controller.signal }).catch(() => 'left');
  await expect.poll(() => receivedBy(place).length, PATIENCE).toBe(before + 1);
  controller.abort();
  expect(await left).toBe('left');
  await expect.poll(async () => (await decisionsAbout(place, 'slow'))[0]?.outcome?.status, PATIENCE).toBe('cancelled');
});

test('F-50 half a message before the end of stdin is refused, calls in flight are answered, and the gateway ends with 0', async () => {
  const last = await rawStdio(place);
  await last.listTools();
  const answered = last.request('tools/call', { name: 'slow', arguments: { ms: 300, steps: 1 } });
  const refused = last.ask(call('{}').slice(0, 50)).catch(() => undefined);
  last.hangUp();
  expect(await answered).toMatchObject({ result: {} });
  await refused;
  expect(await last.ended).toBe(0);
});

function hello(): object {
  const clientInfo = { name: 'raw', version: '1' };
  return {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
  };
}

const open: string[] = [];

/** A session in place of those that the tests before have left. */
async function aSession(): Promise<Record<string, string>> {
  await endSessions();
  const session = await openSession(gateway.url, {}, '2025-06-18');
  open.push(session['Mcp-Session-Id']);
  onTestFinished(endSessions);
  return session;
}

async function endSessions(): Promise<void> {
  for (const id of open.splice(0)) await endSession(id);
}

async function endSession(id: string): Promise<void> {
  await fetch(gateway.url, { method: 'DELETE', headers: { 'Mcp-Session-Id': id } });
}

async function aSocket(): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await new Promise((settle) => socket.once('connect', settle).once('close', settle));
  return socket;
}

/** What the gateway's process has open goes back to what it was. */
async function noConnections(): Promise<void> {
  await expect
    .poll(
      async () =>
        (await fetch(new URL('/healthz', gateway.url), { headers: { Connection: 'close' } }).catch(() => undefined))
          ?.status,
      PATIENCE,
    )
    .toBe(200);
}
