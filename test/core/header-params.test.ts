import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  decodeHeaderText,
  encodeHeaderText,
  headerParamsOf,
  headerText,
  valueAt,
} from '../../src/core/header-params.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';

describe('x-mcp-header', () => {
  const inText = (name: Json): JsonObject => ({ type: 'string', 'x-mcp-header': name });

  test('is found on properties at any depth', () => {
    const properties = {
      a: inText('A'),
      b: { type: 'object', properties: { c: { type: 'integer', 'x-mcp-header': 'C' } } },
    };
    expect(headerParamsOf({ type: 'object', properties })).toEqual([
      { name: 'A', path: ['a'] },
      { name: 'C', path: ['b', 'c'] },
    ]);
  });

  test.each<[string, JsonObject]>([
    ['at the root', inText('A')],
    ['in items', { properties: { a: { type: 'array', items: inText('A') } } }],
    ['in a choice', { oneOf: [{ properties: { a: inText('A') } }] }],
    ['on an object', { properties: { a: { type: 'object', 'x-mcp-header': 'A' } } }],
    ['with a name that is no token', { properties: { a: inText('A B') } }],
    ['with a line break', { properties: { a: inText('A\r\nX') } }],
    ['with no name', { properties: { a: inText('') } }],
    ['with a name that is a number', { properties: { a: inText(7) } }],
  ])('means nothing %s', (_name, schema) => {
    expect(headerParamsOf(schema)).toEqual([]);
  });
});

test('any text survives in a header, and what is written is printable ASCII', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = encodeHeaderText(text);
      expect(written).toMatch(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/);
      expect(decodeHeaderText(written)).toBe(text);
    }),
  );
});

test.each([
  ['=?base64?SGVsbG8=?=', 'Hello'],
  ['=?base64?SGVsbG8?=', undefined],
  ['=?base64?SGVs!!!bG8=?=', undefined],
  ['=?base64?/w==?=', undefined],
  ['SGVsbG8=', 'SGVsbG8='],
  ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
])('the header %j says %j', (header, text) => {
  expect(decodeHeaderText(header)).toBe(text);
});

test.each<[Json | undefined, string | undefined]>([
  ['a', 'a'],
  [true, 'true'],
  [4, '4'],
  [4.5, '4.5'],
  [2 ** 53, undefined],
  [null, undefined],
  [{}, undefined],
  [undefined, undefined],
])('a header carries %j as %j', (value, text) => {
  expect(headerText(value)).toBe(text);
});

test('a value is found by own members alone', () => {
  expect(valueAt({ a: { b: 1 } }, ['a', 'b'])).toBe(1);
  expect(valueAt({ a: 1 }, ['a', 'b'])).toBeUndefined();
  expect(valueAt({}, ['constructor'])).toBeUndefined();
});
