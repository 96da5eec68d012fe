import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { openSession, post, sendRaw } from '../downstream/http-client.ts';
import { callStateless, type Front, overHttp, overSse, overStdio } from './fronts.ts';
import {
  aPlace,
  atEndOfFile,
  decisionsAbout,
  decisionsOf,
  type HttpGateway,
  type Place,
  serveHttp,
} from './program.ts';
import { call, echo, REFUSED, TAKEN } from './hostile-messages.ts';
import { rawStdio } from './raw-client.ts';
import { journal, receivedBy } from './servers.ts';

const untilEnd = atEndOfFile();
let place: Place;
let gateway: HttpGateway;
let fronts: readonly Front[];
let stderrOfStdio: () => string;

beforeAll(async () => {
  place = aPlace(
    (folder) => `version: 1
decisions: { arguments: full }
mcpServers:
  open: { ${journal(folder, 'open')}, unknownArguments: allow }
  strict: { ${journal(folder, 'strict')} }
`,
    untilEnd,
  );
  const client = await rawStdio(place, { atEnd: untilEnd });
  stderrOfStdio = () => client.stderr();
  await client.listTools();
  gateway = await serveHttp(place, { args: ['--sse'], atEnd: untilEnd });
  fronts = [overStdio(client), await overHttp(gateway.url), await overSse(gateway.url, untilEnd)];
});

/** How many calls have reached a server. */
function reached(): number {
  return receivedBy(place, 'open').length + receivedBy(place, 'strict').length;
}

describe.for(['stdio', 'HTTP', 'SSE'])('over %s', (name) => {
  const front = (): Front => {
    const found = fronts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no front ${name}`);
    return found;
  };
  const log = (): string => (name === 'stdio' ? stderrOfStdio() : gateway.stderr());

  test('what two programs could read in two ways is refused in words and in the log, and reaches nobody', async () => {
    const before = reached();
    for (const { what, body, code, says, reason } of REFUSED) {
      const { status, answer } = await front().send(Buffer.from(body));
      expect({ what, status, answer }).toMatchObject({
        what,
        status: name === 'stdio' ? undefined : 400,
        answer: { error: { code, message: expect.stringMatching(says) } },
      });
      await expect.poll(() => log()).toContain(`"reason":"${reason}"`);
      expect([what, reached()]).toEqual([what, before]);
    }
    expect(({} as JsonObject)['admin']).toBeUndefined();
  });

  test.for(TAKEN)('%s is taken, and record and server have the same value', async ([, args, forwarded]) => {
    const { answer } = await front().send(Buffer.from(echo(args).replace('"bad"', '"good"')));
    expect(answer).toMatchObject({ id: 'good', result: { content: [{ text: forwarded }] } });
    const [record] = await decisionsAbout(place, 'echo');
    expect(JSON.stringify(receivedBy(place, 'open').at(-1)?.arguments)).toBe(forwarded);
    expect(record?.input).toMatchObject({ action: { args: JSON.parse(forwarded) as object } });
  });

  test.for<[string, string, string]>([
    ['G-06 null for a text', '{"name":"strict__write","arguments":{"text":null}}', 'gateway.invalid_arguments'],
    ['G-06 false for a text', '{"name":"strict__write","arguments":{"text":false}}', 'gateway.invalid_arguments'],
    ['G-06 a list for a text', '{"name":"strict__write","arguments":{"text":[]}}', 'gateway.invalid_arguments'],
    ['G-06 a text for a number', '{"name":"strict__slow","arguments":{"ms":"1"}}', 'gateway.invalid_arguments'],
    [
      'G-08 an argument that the schema does not know',
      '{"name":"strict__write","arguments":{"text":"a","bcc":"x"}}',
      'gateway.invalid_arguments',
    ],
    [
      'G-08 an argument that differs by its case',
      '{"name":"strict__write","arguments":{"text":"a","Text":"b"}}',
      'gateway.invalid_arguments',
    ],
    ['G-07 a tool named toString', '{"name":"toString"}', 'gateway.unknown_tool'],
    ['G-07 a tool named hasOwnProperty', '{"name":"hasOwnProperty","arguments":{}}', 'gateway.unknown_tool'],
  ])('%s is a denial on record and reaches nobody', async ([, params, reason]) => {
    const before = [reached(), (await decisionsOf(place)).length] as const;
    const { answer } = await front().send(Buffer.from(call(params, '"id":"denied",')));
    expect(answer).toMatchObject({ id: 'denied', result: { isError: true } });
    const records = await decisionsOf(place);
    expect(records.length).toBe(before[1] + 1);
    expect(records[0]).toMatchObject({ effect: 'deny', reasons: [reason] });
    expect(reached()).toBe(before[0]);
  });

  test('G-08 parameters that the protocol does not know are dropped and named in the record', async () => {
    const params = '{"name":"open__echo","arguments":{"text":"kept"},"priority":9,"x/y":{}}';
    const { answer } = await front().send(Buffer.from(call(params, '"id":"dropped",')));
    expect(answer).toMatchObject({ result: { content: [{ text: '{"text":"kept"}' }] } });
    expect((await decisionsAbout(place, 'echo'))[0]).toMatchObject({ dropped: ['/params/priority', '/params/x~1y'] });
  });
});

test('G-04 answers to nothing that was asked are dropped', async () => {
  const before = reached();
  const session = await openSession(gateway.url);
  for (const orphan of ['"result":{"content":[]}', '"error":{"code":1,"message":"x"}']) {
    const response = await post(gateway.url, `{"jsonrpc":"2.0","id":"orphan",${orphan}}`, session);
    expect([response.status, await response.text()]).toEqual([202, '']);
  }
  expect(reached()).toBe(before);
});

test.for<[string, Record<string, string>]>([
  ['another name', { 'Mcp-Name': 'read' }],
  ['another name in base64', { 'Mcp-Name': '=?base64?cmVhZA==?=' }],
  ['base64 that is none', { 'Mcp-Name': '=?base64?!!?=' }],
  ['no name', { 'Mcp-Name': '' }],
  ['another method', { 'Mcp-Method': 'tools/list' }],
  ['no method', { 'Mcp-Method': '' }],
  ['another version', { 'MCP-Protocol-Version': '2025-11-25' }],
])('G-09 headers that say %s than the body are refused with 400 and -32020 and reach nobody', async ([, headers]) => {
  const before = [reached(), (await decisionsOf(place)).length];
  const said = await callStateless(gateway.url, { name: 'open__echo', arguments: {} }, headers);
  expect(said).toMatchObject({ status: 400, answer: { error: { code: -32020 } } });
  expect([reached(), (await decisionsOf(place)).length]).toEqual(before);
});

describe('on raw sockets', () => {
  const request = (headers: string, body = ''): string => {
    const { host } = new URL(gateway.url);
    return `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: application/json\r\n${headers}\r\n${body}`;
  };
  const smuggled = (): string => request(`Content-Length: ${echo('{}').length}\r\n`, echo('{}'));

  test.for<[string, number, (host: string) => string]>([
    [
      'G-10 Transfer-Encoding and Content-Length',
      400,
      () => request('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `0\r\n\r\n${smuggled()}`),
    ],
    ['G-10 two Content-Lengths', 400, () => request('Content-Length: 2\r\nContent-Length: 3\r\n', '{}')],
    ['G-10 a Content-Length in a list', 400, () => request('Content-Length: 2, 2\r\n', '{}')],
    ['G-10 a Content-Length with a sign', 400, () => request('Content-Length: +2\r\n', '{}')],
    [
      'G-10 a Transfer-Encoding that ends otherwise',
      400,
      () => request('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
    ],
    [
      'G-10 a Transfer-Encoding with a space before the colon',
      400,
      () => request('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'),
    ],
    [
      'G-10 a header over two lines',
      400,
      () => request('X-Folded: a\r\n b\r\nTransfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    ],
    [
      'G-10 a line that ends in a bare line feed',
      400,
      () => request('X-A: 1\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['G-10 NUL in a header', 400, () => request('X-A: a\0b\r\nContent-Length: 2\r\n', '{}')],
    ['G-10 a chunk of a wrong length', 400, () => request('Transfer-Encoding: chunked\r\n', 'zz\r\n{}\r\n0\r\n\r\n')],
    ['G-20 two Hosts', 400, (host) => request(`Host: ${host}\r\nContent-Length: 2\r\nConnection: close\r\n`, '{}')],
    ['G-21 two Content-Types', 400, () => request('Content-Type: text/plain\r\nContent-Length: 2\r\n', '{}')],
    ['G-09 two Mcp-Names', 400, () => request('Mcp-Name: a\r\nmcp-name: a\r\nContent-Length: 2\r\n', '{}')],
    [
      'G-15 headers of more than 16 KB',
      431,
      () => request(`X-A: ${'a'.repeat(17_000)}\r\nContent-Length: 2\r\n`, '{}'),
    ],
    [
      'G-15 an address of 2,049 characters',
      414,
      () => request('Content-Length: 2\r\n', '{}').replace('/mcp', `/mcp?${'a'.repeat(2044)}`),
    ],
  ])('%s is refused with %i in words, and the connection ends', async ([, status, bytes]) => {
    const before = reached();
    const text = await sendRaw(gateway.url, bytes(new URL(gateway.url).host));
    expect(text.match(/^HTTP\/1\.1 (\d+)/)?.[1]).toBe(String(status));
    expect(text.split('HTTP/1.1').length).toBe(2);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ id: null, error: { code: -32600 } });
    expect(reached()).toBe(before);
  });

  const ROUTES = [
    'GET /mcp',
    'POST /mcp',
    'DELETE /mcp',
    'GET /sse',
    'POST /messages?sessionId=x',
    'GET /healthz',
    'GET /readyz',
    'GET /none',
  ];

  test.for<[string, (host: string) => string]>([
    ['a Host of another site', () => 'Host: evil.com'],
    ['a Host that only ends like ours', (host) => `Host: ${host}.evil.com`],
    ['a Host that only begins like ours', (host) => `Host: evil.${host}`],
    ['a Host with credentials', (host) => `Host: a@${host}`],
    ['a Host that names all addresses', (host) => `Host: ${host.replace('127.0.0.1', '0.0.0.0')}`],
    ['a name that resolves to loopback', (host) => `Host: ${host.replace('127.0.0.1', '127.0.0.1.nip.io')}`],
    ['another port', () => 'Host: 127.0.0.1:1'],
    ['no Host', () => 'X-Nothing: 1'],
    ['the Origin null', (host) => `Host: ${host}\r\nOrigin: null`],
    ['an Origin of another site', (host) => `Host: ${host}\r\nOrigin: https://evil.com`],
    ['an Origin of another port', (host) => `Host: ${host}\r\nOrigin: http://127.0.0.1:1`],
    ['two Origins in one', (host) => `Host: ${host}\r\nOrigin: http://${host}, http://evil.com`],
  ])('G-20 %s is refused with 403 on every route', async ([, headers]) => {
    const { host } = new URL(gateway.url);
    for (const route of ROUTES) {
      const text = await sendRaw(gateway.url, `${route} HTTP/1.1\r\n${headers(host)}\r\nConnection: close\r\n\r\n`);
      expect([route, text.slice(0, 12)]).toEqual([route, 'HTTP/1.1 403']);
      expect(text).not.toMatch(/Access-Control-Allow/i);
    }
  });
});

test.for([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain; application/json',
  'application/json, text/plain',
  'application/json; charset=utf-7',
])('G-21 a call as %s is refused with 415 and reaches nobody', async (type) => {
  const before = reached();
  const session = await openSession(gateway.url);
  for (const address of [gateway.url, new URL('/messages?sessionId=x', gateway.url).href]) {
    expect((await post(address, echo('{}'), { ...session, 'Content-Type': type })).status).toBe(415);
  }
  expect(reached()).toBe(before);
});

test('G-21 a browser that asks first is not told that it may', async () => {
  const response = await fetch(gateway.url, {
    method: 'OPTIONS',
    headers: { 'Access-Control-Request-Method': 'POST' },
  });
  expect(response.status).toBe(405);
  expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});
