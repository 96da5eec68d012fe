import { beforeAll, expect, test } from 'vitest';
import { aPlace, atEndOfFile, decisionsOf, type Place, serveHttp } from './program.ts';
import { type RawClient, rawStdio } from './raw-client.ts';
import { journal, textsIn } from './servers.ts';

const untilEnd = atEndOfFile();
let place: Place;
let client: RawClient;

beforeAll(async () => {
  const config = (folder: string): string =>
    `version: 1\ngateway: { toolNames: plain }\nmcpServers: { journal: { ${journal(folder)} } }\n`;
  place = aPlace(config, untilEnd);
  client = await rawStdio(place, { atEnd: untilEnd });
  await client.listTools();
});

const call = (members: string): string => `{"jsonrpc":"2.0",${members}}`;
const write = (id: string, params: string): string => call(`${id}"method":"tools/call","params":${params}`);

const FIVE_MEGABYTES = 5 * 1024 * 1024;

interface BadMessage {
  readonly what: string;
  readonly line: string | Buffer;
  readonly id: string | number | null;
  readonly code: number;
  readonly says: RegExp;
  /** The status over HTTP. */
  readonly status: number;
}

const BAD: readonly BadMessage[] = [
  { what: 'text that is no JSON', line: 'hello?', id: null, code: -32700, says: /JSON/, status: 400 },
  { what: 'JSON that is no JSON-RPC', line: '{"hello":1}', id: null, code: -32600, says: /jsonrpc/, status: 400 },
  {
    what: 'a batch',
    line: `[${write('"id":1,', '{"name":"write","arguments":{"text":"bad"}}')}]`,
    id: null,
    code: -32600,
    says: /batch|object/i,
    status: 400,
  },
  {
    what: 'a call without an id',
    line: write('', '{"name":"write","arguments":{"text":"bad"}}'),
    id: null,
    code: -32600,
    says: /must have an id/,
    status: 400,
  },
  {
    what: 'a key that stands twice',
    line: write('"id":"twice",', '{"name":"write","arguments":{"text":"good","text":"bad"}}'),
    id: 'twice',
    code: -32700,
    says: /the same key twice/,
    status: 400,
  },
  {
    what: 'a key that is one only by its case',
    line: write('"id":"case",', '{"name":"read","Name":"write","arguments":{"text":"bad"}}'),
    id: 'case',
    code: -32700,
    says: /differs from one that the protocol knows/,
    status: 400,
  },
  {
    what: 'a key that means the prototype',
    line: write('"id":"proto",', '{"name":"write","arguments":{"text":"bad","__proto__":{}}}'),
    id: 'proto',
    code: -32700,
    says: /__proto__/,
    status: 400,
  },
  {
    what: 'bytes that are no UTF-8',
    line: Buffer.concat([
      Buffer.from(
        '{"jsonrpc":"2.0","id":"bytes","method":"tools/call","params":{"name":"write","arguments":{"text":"bad',
      ),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}}}'),
    ]),
    id: 'bytes',
    code: -32700,
    says: /UTF-8/,
    status: 400,
  },
  {
    what: 'a number that would be another one afterwards',
    line: write('"id":"number",', '{"name":"write","arguments":{"text":9007199254740993}}'),
    id: 'number',
    code: -32700,
    says: /send it as text/,
    status: 400,
  },
  {
    what: 'what is nested too deep',
    line: write('"id":"deep",', `{"name":"write","arguments":{"text":${'['.repeat(80)}${']'.repeat(80)}}}`),
    id: 'deep',
    code: -32600,
    says: /nests deeper/,
    status: 400,
  },
  {
    what: 'a message of 5 MB',
    line: write('"id":"large",', `{"name":"write","arguments":{"text":"${'x'.repeat(FIVE_MEGABYTES)}"}}`),
    id: 'large',
    code: -32600,
    says: /takes at most 4/,
    status: 413,
  },
];

test.for(BAD)('over stdio $what is refused in words, and the next call works', async ({ line, id, code, says }) => {
  expect(await client.ask(line)).toMatchObject({ id, error: { code, message: expect.stringMatching(says) } });
  expect((await client.call('write', { text: 'fine' })).content).toEqual([{ type: 'text', text: 'written' }]);
  expect(new Set(textsIn(place))).toEqual(new Set(['fine']));
});

test('over HTTP the same messages are refused with a status, and the session goes on', async () => {
  const { url } = await serveHttp(place);
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bad', version: '1' } };
  const greeted = await fetch(url, {
    method: 'POST',
    headers,
    body: call(`"id":0,"method":"initialize","params":${JSON.stringify(hello)}`),
  });
  const session = { ...headers, 'mcp-session-id': greeted.headers.get('mcp-session-id') ?? '' };
  await fetch(url, { method: 'POST', headers: session, body: call('"method":"notifications/initialized"') });

  const statuses: Record<string, number> = {};
  for (const { what, line } of BAD) {
    const response = await fetch(url, { method: 'POST', headers: session, body: Buffer.from(line) });
    statuses[what] = response.status;
    expect(await response.text()).not.toContain('"content"');
  }
  expect(statuses).toEqual(Object.fromEntries(BAD.map(({ what, status }) => [what, status])));

  const good = write('"id":9,', '{"name":"write","arguments":{"text":"fine"}}');
  const answer = await fetch(url, { method: 'POST', headers: session, body: good });
  expect(await answer.text()).toContain('written');
  expect(new Set(textsIn(place))).toEqual(new Set(['fine']));
});

test('an unknown tool and an unknown method are denials on record', async () => {
  const denied = await client.call('wirte', { text: 'bad' });
  expect(denied).toMatchObject({ isError: true, structuredContent: { reasons: ['gateway.unknown_tool'] } });
  expect(await client.request('resources/burn')).toMatchObject({ error: { code: -32601 } });
  const records = await decisionsOf(place);
  expect(records[0]).toMatchObject({ action: 'method', effect: 'deny', reasons: ['gateway.method_not_allowed'] });
  expect(records[1]).toMatchObject({ tool: 'wirte', effect: 'deny', reasons: ['gateway.unknown_tool'] });
});
