import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/core/json.ts';
import { parseResultBytes } from '../../src/core/lossless-json.ts';
import { encodeHeader, ParameterHeaders, requestHeaders } from '../../src/upstream/mcp-headers.ts';
import { readHeaderAnnotations } from '../../src/upstream/header-annotations.ts';
import { anUpstream, call, callTool, textOf } from './parts.ts';
import { aBothErasServer } from './web.ts';

function headersOf(method: string, params: JsonObject, known = new ParameterHeaders()): Record<string, string> {
  const list = requestHeaders({ protocolVersion: '2026-07-28', method, params }, known);
  return Object.fromEntries(
    Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at] ?? '', list[2 * at + 1] ?? '']),
  );
}

test.for([
  ['tools/call', { name: 'a' }, 'a'],
  ['prompts/get', { name: 'p' }, 'p'],
  ['resources/read', { uri: 'note://one' }, 'note://one'],
  ['tasks/get', { taskId: 't' }, 't'],
  ['tools/list', { name: 'a' }, undefined],
  ['tools/call', { name: 1 }, undefined],
] as const)('%s of %j has the name %s in its headers', ([method, params, name]) => {
  const named = name === undefined ? {} : { 'mcp-name': name };
  expect(headersOf(method, params)).toEqual({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...named });
});

test.for([
  ['us-west1', 'us-west1'],
  ['two words', 'two words'],
  ['', '=?base64??='],
  [' padded ', '=?base64?IHBhZGRlZCA=?='],
  ['Grüße', '=?base64?R3LDvMOfZQ==?='],
  ['line\nbreak', '=?base64?bGluZQpicmVhaw==?='],
  ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
])('%j stands in a header as %j', ([text = '', header]) => {
  expect(encodeHeader(text)).toBe(header);
});

test.for(['a\r\nX-Evil: 1', 'a\nX-Evil: 1', 'a\u0000b', '\u001b[2J'])(
  'G-10 %j in an argument cannot begin a header of its own',
  (text) => {
    const header = encodeHeader(text);
    expect(header).toMatch(/^=\?base64\?[A-Za-z0-9+/=]*\?=$/);
    expect(Buffer.from(header.slice(9, -2), 'base64').toString()).toBe(text);
  },
);

test('every text comes back from its header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const header = encodeHeader(text);
      const encoded = /^=\?base64\?(.*)\?=$/u.exec(header)?.[1];
      expect(header).toMatch(/^[\t\x20-\x7e]*$/u);
      expect(encoded === undefined ? header : Buffer.from(encoded, 'base64').toString()).toBe(text);
    }),
  );
});

describe('annotations', () => {
  const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
    type: 'object',
    properties,
    ...more,
  });
  const region = { type: 'string', 'x-mcp-header': 'Region' };

  test('lead through properties to headers', () => {
    const schema = object({ a: region, b: object({ c: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } }) });
    expect(readHeaderAnnotations(schema)).toEqual({
      kind: 'valid',
      annotations: [
        { path: ['a'], header: 'Region' },
        { path: ['b', 'c'], header: 'Dry-Run' },
      ],
    });
  });

  test.for<[string, Json]>([
    ['at the root', { 'x-mcp-header': 'A', type: 'string' }],
    ['in items', object({ a: { type: 'array', items: region } })],
    ['in anyOf', object({ a: { anyOf: [region] } })],
    ['in $defs', object({}, { $defs: { a: region } })],
    ['on a number', object({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['on no type', object({ a: { 'x-mcp-header': 'A' } })],
    ['without a name', object({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['with a name that is none', object({ a: { type: 'string', 'x-mcp-header': 'A\r\nB' } })],
    ['twice under one name', object({ a: region, b: { type: 'string', 'x-mcp-header': 'REGION' } })],
  ])('are wrong %s', ([, schema]) => {
    expect(readHeaderAnnotations(schema)).toMatchObject({
      kind: 'invalid',
      why: expect.stringContaining('x-mcp-header'),
    });
  });

  test('are told apart from a property of that name', () => {
    expect(readHeaderAnnotations(object({ 'x-mcp-header': { type: 'object' } }))).toEqual({
      kind: 'valid',
      annotations: [],
    });
  });

  test.for<[string, Json, string | undefined]>([
    ['a text', 'eu', 'eu'],
    ['a number', 42, '42'],
    ['a truth', false, 'false'],
    ['null', null, undefined],
    ['an object', {}, undefined],
    ['a number that no double holds', big(), undefined],
  ])('%s as an argument', ([, value, header]) => {
    const known = new ParameterHeaders();
    known.learn([{ name: 't', inputSchema: object({ a: object({ b: region }) }) }], () => {});
    const headers = headersOf('tools/call', { name: 't', arguments: { a: { b: value } } }, known);
    expect(headers['mcp-param-Region']).toBe(header);
  });
});

/** As it comes from a client: marked, so that it is written as it was. */
function big(): Json {
  const parsed = parseResultBytes(Buffer.from('{"n":9223372036854775807}'));
  return parsed.kind === 'ok' ? (parsed.value['n'] ?? null) : null;
}

test('a server on the SDK takes the headers of a call, whatever the argument, and they are rebuilt for each', async () => {
  const web = await aBothErasServer({ legacy: 'reject' });
  const upstream = anUpstream({ kind: 'http', url: web.url, headers: {} }, { era: 'stateless' });
  await upstream.readList('tools');
  for (const region of ['eu', 'Zürich', '', ' x ', '=?base64?YQ==?=', 'a\tb\n']) {
    expect(textOf(await callTool(upstream, call('in-region', { region, count: 7 })))).toBe(region);
  }
  expect(web.seen.at(-1)?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'in-region',
    'mcp-param-count': '7',
  });
});

test('a call whose tool was never read is made again with the headers that it needs', async () => {
  const web = await aBothErasServer({ legacy: 'reject' });
  const upstream = anUpstream({ kind: 'http', url: web.url, headers: {} }, { era: 'stateless' });
  expect(textOf(await callTool(upstream, call('in-region', { region: 'eu' })))).toBe('eu');
  expect(web.seen.filter(({ headers }) => headers['mcp-method'] === 'tools/call').length).toBe(2);
});
