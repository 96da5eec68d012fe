import { isDeepStrictEqual } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parseRequestBytes, REQUEST_LIMITS, type RefusalReason } from '../../src/core/strict-json.ts';

const limits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64, maxKeys: 10_000, maxStringBytes: 4 * 1024 * 1024 };

function parse(text: string | Buffer) {
  return parseRequestBytes(Buffer.from(text), limits);
}

function reasonFor(text: string | Buffer): string {
  const parsed = parse(text);
  return parsed.kind === 'ok' ? 'ok' : parsed.reason;
}

const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
const manyKeys = (count: number): string =>
  `{${Array.from({ length: count }, (_, at) => `"k${String(at)}":0`).join(',')}}`;

describe('a request is refused', () => {
  const rows: readonly [RefusalReason, string, string | Buffer][] = [
    ['duplicate_key', 'G-01 a key twice', '{"params":{"name":"safe","name":"danger"}}'],
    ['duplicate_key', 'G-01 a key twice in arguments', '{"params":{"arguments":{"a":{"b":1,"c":2,"b":3}}}}'],
    ['duplicate_key', 'G-01 a key twice, once escaped', String.raw`{"params":{"name":"safe","na\u006de":"danger"}}`],
    ['duplicate_key', 'G-01 a key twice, escaped in two ways', String.raw`{"\u00e9":1,"é":2}`],
    ['duplicate_key', 'G-01 a key twice with a value between', '{"a":{"a":{"a":1}},"b":[{"a":1}],"a":2}'],
    ['duplicate_key', 'G-01 a key twice among many', `{${manyKeys(40).slice(1, -1)},"k7":1}`],
    ['duplicate_key', 'G-01 the empty key twice', '{"":1,"":2}'],
    ['case_variant_key', 'G-02 Name', '{"params":{"name":"safe","Name":"danger"}}'],
    ['case_variant_key', 'G-02 ARGUMENTS', '{"params":{"ARGUMENTS":{}}}'],
    ['case_variant_key', 'G-02 paramſ', '{"paramſ":{}}'],
    ['case_variant_key', 'G-02 a Kelvin sign', '{"params":{"tas\u212A":{}}}'],
    ['case_variant_key', 'G-02 full width', '{"params":{"ｎame":""}}'],
    ['case_variant_key', 'G-02 Method', '{"Method":"tools/call"}'],
    ['batch', 'G-03 a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
    ['batch', 'G-03 an empty batch', '[]'],
    ['batch', 'G-03 a batch after space', ' \n\t[]'],
    ['byte_order_mark', 'G-03 a batch after a mark', Buffer.from([0xef, 0xbb, 0xbf, 0x5b, 0x5d])],
    ['not_an_object', 'a text', '"ping"'],
    ['not_an_object', 'null', 'null'],
    ['number_out_of_range', 'G-05 1e400', '{"a":1e400}'],
    ['number_out_of_range', 'G-05 2^53', '{"a":9007199254740992}'],
    ['number_out_of_range', 'G-05 -2^53', '{"a":[-9007199254740992]}'],
    ['number_out_of_range', 'G-05 2^53 + 1', '{"a":9007199254740993}'],
    ['number_out_of_range', 'G-05 an integer with an exponent', '{"a":1e16}'],
    ['forbidden_key', 'G-07 __proto__', '{"params":{"arguments":{"__proto__":{"admin":true}}}}'],
    ['forbidden_key', 'G-07 constructor', '{"a":[{"constructor":1}]}'],
    ['forbidden_key', 'G-07 prototype', '{"prototype":1}'],
    ['forbidden_key', 'G-07 __proto__ in escapes', String.raw`{"\u005f_proto__":1}`],
    ['nul_character', 'G-13 NUL in a text', String.raw`{"a":"evil.com\u0000.ok.com"}`],
    ['nul_character', 'G-13 NUL in a key', String.raw`{"a\u0000":1}`],
    ['lone_surrogate', 'G-14 a high surrogate', String.raw`{"a":"\ud800"}`],
    ['lone_surrogate', 'G-14 a low surrogate', String.raw`{"a":"\udc00"}`],
    ['lone_surrogate', 'G-14 two high surrogates', String.raw`{"a":"\ud800\ud800"}`],
    ['lone_surrogate', 'G-14 a pair the wrong way round', String.raw`{"a":"\udc00\ud800"}`],
    ['lone_surrogate', 'G-14 a high surrogate and a letter', String.raw`{"a":"\ud800abcdefg"}`],
    ['invalid_utf8', 'G-14 a byte that begins nothing', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['invalid_utf8', 'G-14 an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['invalid_utf8', 'G-14 an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['invalid_utf8', 'G-14 a cut character', Buffer.from([0x22, 0xe2, 0x82])],
    ['byte_order_mark', 'G-14 a byte-order mark', '\uFEFF{}'],
    ['too_deep', 'G-15 65 levels', nested(65)],
    ['too_deep', 'G-15 a hundred thousand levels', '['.repeat(100_000)],
    ['too_many_keys', 'G-15 10,001 keys', manyKeys(10_001)],
    ['too_large', 'G-15 a byte over 4 MB', `{"a":"${'x'.repeat(4 * 1024 * 1024 - 7)}"}`],
  ];

  test.each(rows)('%s: %s', (reason, _name, text) => {
    expect(reasonFor(text)).toBe(reason);
  });

  test('with the place, in bytes and in line and column', () => {
    const refusal = parse('{"é": 1,\n  "ü": {"a": 1, "a": 2}}');
    expect(refusal).toMatchObject({ kind: 'refused', code: -32700, line: 2, column: 17, offset: 27 });
  });

  test('in words that hold nothing of what it carried', () => {
    const refusals = ['{"secret":"hunter2"', '{"secret":"hunter2","secret":1}', '{"a":"hunter2\\u0000"}'].map(parse);
    for (const refusal of refusals) expect(JSON.stringify(refusal)).not.toMatch(/hunter2|secret/);
  });
});

describe('a request is taken', () => {
  const rows: readonly [string, string][] = [
    ['G-05 2^53 - 1', '{"a":9007199254740991,"b":-9007199254740991}'],
    ['G-05 more digits than a double keeps', '{"a":1.0000000000000000001}'],
    ['G-07 a key that only resembles', '{"proto":1,"constructors":2,"__proto":3,"a":"__proto__"}'],
    ['G-14 a surrogate pair in escapes', String.raw`{"a":"\ud83d\ude00","\ud83d\ude00":"😀"}`],
    ['G-15 64 levels', nested(64)],
    ['G-15 10,000 keys', manyKeys(10_000)],
    ['G-15 4 MB', `{"a":"${'x'.repeat(4 * 1024 * 1024 - 8)}"}`],
    ['the same key in two objects', '{"a":{"k":1},"b":{"k":1},"k":[{"k":1},{"k":2}]}'],
    ['case variants where the protocol knows nothing', '{"params":{"arguments":{"path":1,"Path":2,"NAME":3}}}'],
  ];

  test.each(rows)('%s', (_name, text) => {
    expect(parse(text)).toEqual({ kind: 'ok', value: JSON.parse(text) as unknown });
  });

  test.each(['-0', '-0.0', '-0e7', '-1e-400'])('with 0 for %s, which equals it', (zero) => {
    const parsed = parse(`{"a":[${zero},1,-0.5]}`);
    expect(parsed).toEqual({ kind: 'ok', value: { a: [0, 1, -0.5] } });
  });

  test('only where JSON.parse takes it, and with its value', () => {
    const pieces =
      String.raw`{ } [ ] , : " "a" "b" 1 - 0 . e5 true nul \ \n \u0041 \u12 "é" {"a":1} [1,2] "x":2 01 +1`.split(' ');
    const piece = fc.constantFrom(...pieces, ' ', '\n', '\t', '\u0001');
    const texts = fc.array(piece, { maxLength: 12 }).map((parts) => `{"k":${parts.join('')}}`);
    fc.assert(
      fc.property(texts, (text) => agreesWithJsonParse(text)),
      { numRuns: 5000 },
    );
    expect(agreesWithJsonParse('{"k":[1,{"a":"é"}]}')).toBe(true);
  });

  test('whatever its value, if nothing in it is refused', () => {
    const key = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((text) => !/^(__proto__|constructor|prototype)$/.test(text));
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '')),
        fc.maxSafeInteger(),
        fc.double({ noDefaultInfinity: true, noNaN: true, min: -1e15, max: 1e15 }).map((value) => value + 0),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('json'), { maxLength: 5 }),
        fc.dictionary(key, tie('json'), { maxKeys: 20, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify({ arguments: value });
        if (text.includes(String.raw`\u0000`)) return;
        expect(parse(text)).toEqual({ kind: 'ok', value: JSON.parse(text) as unknown });
      }),
    );
  });
});

describe('of JSON, exactly what RFC 8259 says is taken', () => {
  const good = [
    '0',
    '-1',
    '1.5e3',
    '1E+2',
    '""',
    '"\\""',
    '"\\u00e9"',
    '[]',
    '[1, 2]',
    '{}',
    '{"a":[]}',
    'true',
    ' null ',
    '"\u007f"',
  ];
  const bad = [
    ...String.raw`01 - 1. .5 1e +1 0x1 NaN Infinity -Infinity 'a' "a "\x" "\u12g4" [1,] [,1] [ ] {"a"} {"a":} {"a":1,} {a:1}`.split(
      ' ',
    ),
    ...String.raw`{1:1} tru nulll [1} {"a":1] 1// "a"b {"a":"b":1} [1:2] ,`.split(' '),
    '',
    ' ',
    '"\t"',
    '"\n"',
    '[1 2]',
    '{"a":1 "b":2}',
    'true false',
    '/* */1',
    '\u00a0 1',
    '\f1',
  ];

  test.each(good)('%j is', (text) => {
    expect(reasonFor(`{"a":${text}}`)).toBe('ok');
  });

  test.each(bad)('%j is not', (text) => {
    const refusal = parse(`{"a":${text}}`);
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'syntax' });
    expect(refusal.kind === 'refused' && refusal.offset).toBeGreaterThanOrEqual(4);
  });
});

test('messages that are made to be slow are refused in time that grows with their size', () => {
  const colliding = `{${Array.from({ length: 9999 }, (_, at) => `"${'a'.repeat(at % 50)}${String(at)}":0`).join(',')}}`;
  expect(reasonFor(colliding)).toBe('ok');
  expect(reasonFor(`{"a":"${String.raw`\"`.repeat(1_000_000)}"}`)).toBe('ok');
  expect(reasonFor(`{${'"a":{'.repeat(700_000)}`)).toBe('too_deep');
});

test('the default limits are 4 MiB, 64 levels and 10,000 keys', () => {
  expect(REQUEST_LIMITS).toEqual(limits);
});

/** True where both say the same, or where only the strict one refuses, for a reason that is its own. */
function agreesWithJsonParse(text: string): boolean {
  const parsed = parse(text);
  try {
    const expected: unknown = JSON.parse(text);
    if (parsed.kind === 'refused') return ['duplicate_key', 'number_out_of_range'].includes(parsed.reason);
    return isDeepStrictEqual(parsed.value, JSON.parse(JSON.stringify(expected)));
  } catch {
    return parsed.kind === 'refused';
  }
}
