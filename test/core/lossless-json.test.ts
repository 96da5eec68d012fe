import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson, sha256Hex } from '../../src/core/canonical-json.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { parseResultBytes, toPolicyJson, toRoundedJson, writeJson } from '../../src/core/lossless-json.ts';

function parse(text: string): JsonObject {
  const parsed = parseResultBytes(Buffer.from(text));
  if (parsed.kind === 'refused') throw new Error(`${parsed.reason} at ${String(parsed.offset)}`);
  return parsed.value;
}

describe('what an upstream sent is written as it came', () => {
  test.each([
    '{"a":9223372036854775807}',
    '{"a":[-9223372036854775808,18446744073709551615]}',
    '{"a":9007199254740993,"b":{"c":[9007199254740992]}}',
    '{"a":1.234567890123456789}',
    '{"a":1e400,"b":-1e400,"c":1e-400}',
    '{"a":0.1000000000000000055511151231257827}',
    '{"__proto__":{"constructor":1},"prototype":[{"__proto__":2}]}',
    String.raw`{"a":"\ud800","b":"\u0000","c":"\\\"","d":"é"}`,
    '{"9223372036854775807":"9223372036854775807"}',
    '{"a":"😀","b":92233720368547758070,"c":"ä"}',
    '{"a":0.1,"b":1.7976931348623157e+308,"c":5e-324,"d":0.30000000000000004}',
  ])('%s', (text) => {
    expect(writeJson(parse(text))).toBe(text);
  });

  test.each([
    ['{"a":1.50}', '{"a":1.5}'],
    ['{"a":1e3}', '{"a":1000}'],
    ['{"a":100000000000000000000e-10}', '{"a":10000000000}'],
    ['{"a":0.00000000000000000000}', '{"a":0}'],
    [' { "a" : 1 }\n', '{"a":1}'],
  ])('but for how an equal number or space was written: %s', (text, written) => {
    expect(writeJson(parse(text))).toBe(written);
  });

  test('for any numbers, however long', () => {
    const digits = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 })
      .map((list) => list.join(''));
    const integer = fc.tuple(fc.constantFrom('', '-'), digits).map(([sign, text]) => sign + BigInt(text).toString());
    const decimal = fc.tuple(integer, digits).map(([whole, fraction]) => `${whole}.${fraction}1`);
    const number = fc.oneof(integer, decimal).filter((text) => text !== '-0');
    const { json } = fc.letrec<{ json: string }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        number,
        fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
        fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(tie('json'), { maxLength: 4 })
          .map((items) => `{${items.map((item, at) => `"k${String(at)}":${item}`).join(',')}}`),
      ),
    }));
    fc.assert(
      fc.property(json, (text) => {
        const message = `{"result":${text}}`;
        expect(decimals(writeJson(parse(message)))).toEqual(decimals(message));
        expect(writeJson(parse(writeJson(parse(message))))).toBe(writeJson(parse(message)));
      }),
    );
  });
});

describe('a number that a double would change', () => {
  const value = parse('{"big":9223372036854775807,"list":[1,-1e400],"__proto__":{"deep":12345678901234567890}}');

  test('is a text for policy, as it was written', () => {
    const policy = toPolicyJson(value);
    expect(JSON.stringify(policy)).toBe(
      '{"big":"9223372036854775807","list":[1,"-1e400"],"__proto__":{"deep":"12345678901234567890"}}',
    );
    expect(Object.getPrototypeOf(policy)).toBe(Object.prototype);
  });

  test('is rounded where rounding is asked for', () => {
    expect(toRoundedJson(parse('{"maximum":18446744073709551615}'))).toEqual({ maximum: 18446744073709552000 });
  });

  test('survives copying its object', () => {
    expect(writeJson({ ...value, more: true })).toMatch(/^\{"big":9223372036854775807,.*"more":true\}$/);
    expect(writeJson(structuredClone(value))).toBe(writeJson(value));
  });

  test('cannot be forged by a text', () => {
    const mark = JSON.stringify(value['big']).slice(1, -20);
    const forged = parse('{"a":"mcp-gateway:number:00000000000000000000000000000000:1"}');
    expect(writeJson(forged)).toBe('{"a":"mcp-gateway:number:00000000000000000000000000000000:1"}');
    expect(mark).toMatch(/^mcp-gateway:number:[0-9a-f]{32}:$/);
  });
});

describe('a result is refused', () => {
  test.each([
    ['invalid_utf8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['too_deep', Buffer.from(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`)],
    ['too_large', Buffer.alloc(16 * 1024 * 1024 + 1, 0x20)],
    ['syntax', Buffer.from('{"a":01234567890123456789}')],
    ['syntax', Buffer.from('{"a":1234567890123456789.}')],
    ['syntax', Buffer.from('{"a":"9223372036854775807}')],
    ['not_an_object', Buffer.from('9223372036854775807')],
    ['not_an_object', Buffer.from('[1]')],
  ])('%s', (reason, bytes) => {
    expect(parseResultBytes(bytes)).toMatchObject({ kind: 'refused', reason });
  });
});

describe('the canonical text', () => {
  test.each([
    ['{"b":1,"a":{"d":[3,2],"c":null}}', '{"a":{"c":null,"d":[3,2]},"b":1}'],
    [
      '{"\\u20ac":1,"\\r":2,"1":3,"\\ud83d\\ude00":4,"ö":5,"\\ufb33":6}',
      '{"\\r":2,"1":3,"ö":5,"€":1,"😀":4,"\ufb33":6}',
    ],
    [
      '{"n":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001,-0]}',
      '{"n":[333333333.3333333,1e+30,4.5,0.002,1e-27,0]}',
    ],
    ['{"s":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"}', '{"s":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'],
  ])('of %s', (text, canonical) => {
    expect(canonicalJson(JSON.parse(text) as JsonObject)).toBe(canonical);
  });

  test('is the same in every process for numbers that a double would change', () => {
    expect(canonicalJson(parse('{"b":1,"a":18446744073709551615}'))).toBe('{"a":18446744073709551615,"b":1}');
  });

  test('does not depend on the order of members', () => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue())
      .chain((object) =>
        fc.tuple(
          fc.constant(object),
          fc.shuffledSubarray(Object.keys(object), { minLength: Object.keys(object).length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([object, keys]) => {
        const other = Object.fromEntries(keys.map((key) => [key, object[key]]));
        expect(canonicalJson(other as JsonObject)).toBe(canonicalJson(object as JsonObject));
      }),
    );
  });

  test('is hashed to hexadecimal digits', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

/** Numbers of a text as sign, digits and exponent, so that equal decimals are equal. */
function decimals(text: string): unknown {
  return text
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, (quoted) => quoted)
    .replaceAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?=[,\]}])/g, (lexeme) => {
      const [mantissa = '', exponent = '0'] = lexeme.split('e');
      const [whole = '', fraction = ''] = mantissa.split('.');
      const digits = BigInt(whole.replace('-', '') + fraction).toString();
      const significant = digits.replace(/0+$/, '');
      const scale = Number(exponent) - fraction.length + digits.length - significant.length;
      return significant === '' ? '0' : `${whole.startsWith('-') ? '-' : ''}${significant}e${String(scale)}`;
    });
}
