import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, sha256Hex, sortMembers } from '../../src/core/canonical-json.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';

/** Names that sort otherwise than they are enumerated, or are special to JavaScript. */
const name = fc.oneof(fc.constantFrom('10', '9', 'a', 'B', 'é', '__proto__', 'constructor', '\u{10000}'), fc.string());
const value = fc.letrec<{ readonly any: Json }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue({ maxDepth: 0 }) as fc.Arbitrary<Json>,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4 }),
  ),
})).any;

test('equal values have one text, which says the value', () => {
  fc.assert(
    fc.property(value, (one) => {
      const text = canonicalJson(one);
      expect(canonicalJson(reversed(one))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(one)));
    }),
  );
});

test('an object with sorted members is equal, and its plain text is the canonical one', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('a', 'B', 'b', 'é', '__proto__', 'aa'), value), (one) => {
      const sorted = sortMembers(one);
      expect(canonicalJson(sorted)).toBe(canonicalJson(one));
      // Names that are whole numbers are enumerated before all others, whatever is done.
      fc.pre(!/"[0-9]+":/.test(JSON.stringify(one)));
      expect(JSON.stringify(sorted)).toBe(canonicalJson(one));
    }),
  );
});

test.for([
  { value: { b: 1, a: [{ d: 1, c: 2 }] }, text: '{"a":[{"c":2,"d":1}],"b":1}' },
  { value: { 9: 1, 10: 2 }, text: '{"10":2,"9":1}' },
  { value: { a: -0, b: 1e21, c: 'é\n' }, text: '{"a":0,"b":1e+21,"c":"é\\n"}' },
  { value: {}, text: '{}' },
])('the text of $value is $text', ({ value: one, text }) => {
  expect(canonicalJson(one)).toBe(text);
});

test('what is in order is not made anew', () => {
  const ordered: JsonObject = { a: { b: 1, c: [1] }, d: 2 };
  expect(sortMembers(ordered)).toBe(ordered);
});

test('a hash has 64 hexadecimal digits, of texts in UTF-8', () => {
  expect(sha256Hex('é')).toBe(sha256Hex(Buffer.from('é')));
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

function reversed(one: Json): Json {
  if (typeof one !== 'object' || one === null) return one;
  if (Array.isArray(one)) return one.map(reversed);
  return Object.fromEntries(
    Object.entries(one)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
