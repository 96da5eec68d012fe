import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../src/core/json.ts';
import { parseResultBytes, writeJson } from '../../src/core/lossless-json.ts';
import { REDACTED, redactResult } from '../../src/gateway/redact-result.ts';

const NOTICE = '[redacted: this text repeats what policy has taken out of the result]';
const PERSON = { name: 'Ada', email: 'ada@example.com', age: 7 };

function redacted(result: JsonObject, ...pointers: readonly string[]): JsonObject {
  const redaction = redactResult(result, pointers);
  if (redaction.kind === 'nothing_left') throw new Error('nothing is left');
  return redaction.result;
}

function text(...texts: readonly string[]): readonly JsonObject[] {
  return texts.map((one) => ({ type: 'text', text: one }));
}

test('what stands at a pointer is redacted, also in a text that repeats it as JSON', () => {
  const result = { content: text(JSON.stringify(PERSON)), structuredContent: PERSON };
  const shown = { ...PERSON, email: REDACTED };
  expect(redacted(result, '/structuredContent/email')).toEqual({
    content: text(JSON.stringify(shown)),
    structuredContent: shown,
  });
});

test.for([
  {
    name: 'says the value in words',
    said: 'Ada can be reached under ada@example.com.',
    pointer: '/structuredContent/email',
  },
  { name: 'has the value in a table', said: '| Ada | ada@example.com |', pointer: '/structuredContent/email' },
  {
    name: 'holds it deep in another JSON',
    said: '[{"note":"mail ada@example.com"}]',
    pointer: '/structuredContent/email',
  },
  { name: 'says a short value as a word of its own', said: 'She is 7 years old.', pointer: '/structuredContent/age' },
  {
    name: 'repeats the whole',
    said: '{"name":"Ada","email":"ada@example.com","age":7}',
    pointer: '/structuredContent',
  },
])('a text that $name is replaced by a notice', ({ said, pointer }) => {
  const result = { content: text(said, 'Nothing here.'), structuredContent: PERSON };
  expect(redacted(result, pointer)['content']).toEqual(text(NOTICE, 'Nothing here.'));
});

test('whatever else repeats the value does not come either', () => {
  const embedded = { type: 'resource', resource: { uri: 'file:///a', text: 'mail ada@example.com' } };
  const link = { type: 'resource_link', uri: 'mailto:ada@example.com', name: 'mail' };
  const image = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
  const result = {
    content: [embedded, link, image],
    structuredContent: PERSON,
    _meta: { trace: 'of ada@example.com', vendor: 1 },
    summary: { of: 'ada@example.com' },
    vendor: 'Ada',
  };
  expect(redacted(result, '/structuredContent/email')).toEqual({
    content: [...text(NOTICE, NOTICE), image],
    structuredContent: { ...PERSON, email: REDACTED },
    _meta: { vendor: 1 },
    vendor: 'Ada',
  });
});

test('a short value inside of a longer word or number is none', () => {
  const result = { content: text('There were 1776 of them.'), structuredContent: PERSON };
  expect(redacted(result, '/structuredContent/age')['content']).toEqual(text('There were 1776 of them.'));
});

test('* is any one segment, of a list or of an object', () => {
  const rows = [
    ['Ada', 1],
    ['Bob', 2],
  ];
  const result = { structuredContent: { rows, by: { x: { id: 1 }, y: { id: 2 } } } };
  expect(redacted(result, '/structuredContent/rows/*/0', '/structuredContent/by/*/id')).toEqual({
    structuredContent: {
      rows: [
        [REDACTED, 1],
        [REDACTED, 2],
      ],
      by: { x: { id: REDACTED }, y: { id: REDACTED } },
    },
  });
});

test('a pointer goes on in a text that is JSON, and numbers beyond doubles keep their digits', () => {
  const said = '{"id":9223372036854775807,"rows":[{"email":"a@b.c","n":12345678901234567890}]}';
  const shown = redacted({ content: text(said) }, '/content/*/text/rows/*/email');
  expect(writeJson(shown)).toContain(
    '{\\"id\\":9223372036854775807,\\"rows\\":[{\\"email\\":\\"[redacted]\\",\\"n\\":12345678901234567890}]}',
  );
});

test('numbers beyond doubles keep their digits beside what is redacted, and are found where they are redacted', () => {
  const wire =
    '{"content":[{"type":"text","text":"No 9223372036854775807."}],"structuredContent":{"id":9223372036854775807,"big":1e400}}';
  const parsed = parseResultBytes(Buffer.from(wire));
  const result = parsed.kind === 'ok' ? parsed.value : {};
  expect(writeJson(redacted(result, '/structuredContent/id'))).toBe(
    `{"content":[{"type":"text","text":"${NOTICE}"}],"structuredContent":{"id":"[redacted]","big":1e400}}`,
  );
});

test.for([
  '/nothing',
  '/structuredContent/missing/deeper',
  '/content/9',
  '/structuredContent/name/deeper',
  '/isError',
  '/content/0/text/x',
])('a pointer that leads nowhere changes nothing: %s', (pointer) => {
  const result = { content: text('plain'), structuredContent: PERSON, isError: false };
  expect(redactResult(result, [pointer])).toEqual({ kind: 'redacted', result, isStructuredChanged: false });
  expect(redacted(result, pointer)).toBe(result);
});

test('the pointer to the whole leaves nothing', () => {
  expect(redactResult({ content: [] }, ['/content', ''])).toEqual({ kind: 'nothing_left' });
});

test.for<readonly [string, string, Json]>([
  ['/content', 'content', text(REDACTED, REDACTED, REDACTED, REDACTED)],
  ['/content/*', 'content', text(REDACTED, REDACTED, REDACTED, REDACTED)],
  ['/content/1/data', 'content', [0, REDACTED, 2, 3]],
  ['/content/1/mimeType', 'content', [0, REDACTED, 2, 3]],
  ['/content/*/type', 'content', text(REDACTED, REDACTED, REDACTED, REDACTED)],
  ['/content/2/uri', 'content', [0, 1, REDACTED, 3]],
  ['/content/3/resource/uri', 'content', [0, 1, 2, REDACTED]],
])('what clients could not read any more becomes a text: %s', ([pointer, name, expected]) => {
  const blocks: readonly JsonObject[] = [
    { type: 'text', text: 'hello' },
    { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    { type: 'resource_link', uri: 'file:///a', name: 'a' },
    { type: 'resource', resource: { uri: 'file:///a', text: 'inner' } },
  ];
  const wanted = (expected as readonly Json[]).map((one) =>
    typeof one === 'number' ? (blocks[one] ?? null) : one === REDACTED ? { type: 'text', text: REDACTED } : one,
  );
  expect(redacted({ content: blocks, isError: false }, pointer)[name]).toEqual(wanted);
});

test('texts for people are redacted in their place', () => {
  const link = { type: 'resource_link', uri: 'file:///a', name: 'a', title: 'Ada' };
  const embedded = { type: 'resource', resource: { uri: 'file:///a', text: 'inner' } };
  expect(redacted({ content: [link, embedded] }, '/content/0/title', '/content/1/resource/text')).toEqual({
    content: [
      { ...link, title: REDACTED },
      { type: 'resource', resource: { uri: 'file:///a', text: REDACTED } },
    ],
  });
});

test('what was read and the messages of a prompt stay what their clients can read', () => {
  const contents = [
    { uri: 'file:///a', blob: 'AAAA', mimeType: 'image/png' },
    { uri: 'file:///b', text: 'b' },
  ];
  expect(redacted({ contents }, '/contents/*/blob', '/contents/*/text')['contents']).toEqual([
    { uri: 'file:///a', text: REDACTED },
    { uri: 'file:///b', text: REDACTED },
  ]);
  const messages = [{ role: 'user', content: { type: 'text', text: 'Ada' } }];
  expect(redacted({ messages }, '/messages/*/content')['messages']).toEqual([
    { role: 'user', content: { type: 'text', text: REDACTED } },
  ]);
  expect(redacted({ messages }, '/messages/*/role')['messages']).toEqual(messages);
});

test('the mark that says how a result is to be read stays, even where everything is meant', () => {
  const shown = redacted({ content: text('a'), structuredContent: PERSON, isError: true, _meta: { a: 1 } }, '/*');
  expect(shown).toEqual({ content: text(REDACTED), isError: true });
});

test('members called as those of every object stay members', () => {
  const result = JSON.parse('{"structuredContent":{"__proto__":{"a":1},"constructor":2,"b":3}}') as JsonObject;
  const shown = redacted(result, '/structuredContent/__proto__/a', '/structuredContent/b');
  expect(JSON.stringify(shown)).toBe(
    '{"structuredContent":{"__proto__":{"a":"[redacted]"},"constructor":2,"b":"[redacted]"}}',
  );
});

const name = fc.constantFrom('a', 'b', 'c', '0', '1', 'x/y', '~');
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.string({ maxLength: 5 }),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const segment = fc.oneof(name, fc.constant('*'));
const path = fc.array(segment, { minLength: 1, maxLength: 4 });

test('property: nothing outside the pointers changes, and nothing at them is left', () => {
  fc.assert(
    fc.property(fc.dictionary(name, json), fc.array(path, { maxLength: 3 }), (data, paths) => {
      const pointers = paths.map((parts) => `/structuredContent/${parts.map(escaped).join('/')}`);
      const shown = redacted({ structuredContent: data }, ...pointers)['structuredContent'] ?? null;
      const wrong = leavesOf(data, []).filter(([place, value]) => {
        const isMeant = paths.some((parts) => isBelow(place, parts));
        const now = at(shown, place);
        return isMeant ? now !== undefined && now !== REDACTED : !isSame(now, value);
      });
      expect(wrong).toEqual([]);
    }),
  );
});

test('property: redacting twice, or in another order, is redacting once', () => {
  fc.assert(
    fc.property(fc.dictionary(name, json), path, path, (data, one, other) => {
      const [first, second] = [one, other].map((parts) => `/structuredContent/${parts.map(escaped).join('/')}`) as [
        string,
        string,
      ];
      const result = { structuredContent: data };
      const both = redacted(result, first, second);
      expect(redacted(redacted(result, first), first)).toEqual(redacted(result, first));
      if (isBelow(one, other) || isBelow(other, one)) return;
      expect(redacted(result, second, first)).toEqual(both);
    }),
  );
});

function isSame(one: Json | undefined, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function escaped(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

function leavesOf(value: Json, place: readonly string[]): readonly (readonly [readonly string[], Json])[] {
  if (typeof value !== 'object' || value === null) return [[place, value]];
  const entries: readonly (readonly [string, Json])[] = isJsonObject(value)
    ? Object.entries(value)
    : value.map((item, index) => [String(index), item] as const);
  return entries.flatMap(([key, member]) => leavesOf(member, [...place, key]));
}

function isBelow(place: readonly string[], parts: readonly string[]): boolean {
  return parts.length <= place.length && parts.every((part, index) => part === '*' || part === place[index]);
}

function at(value: Json, [first, ...rest]: readonly string[]): Json | undefined {
  if (first === undefined) return value;
  if (value === REDACTED) return REDACTED;
  if (typeof value !== 'object' || value === null) return undefined;
  const member = (value as JsonObject)[first];
  return member === undefined ? undefined : at(member, rest);
}
