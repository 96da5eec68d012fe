import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExact } from '../../dashboard/words/exact-json.ts';
import { problemInJson, problemInObject } from '../../dashboard/words/json-place.ts';

test.for<[string, number, number, string]>([
  ['', 1, 1, 'a value'],
  ['{', 1, 2, 'a name'],
  ['{"a" 1}', 1, 6, 'a colon'],
  ['{"a": 1,}', 1, 9, 'a name'],
  ['{"a": 1 "b": 2}', 1, 9, 'a comma or }'],
  ['[1, 2', 1, 6, 'a comma or ]'],
  ["{'a': 1}", 1, 2, 'a name in "double quotes"'],
  ["['a']", 1, 2, 'double quotes'],
  ['{\n  "a": tru\n}', 2, 8, 'a value'],
  ['{\n  "a": 01\n}', 2, 9, 'a comma or }'],
  ['"a\nb"', 1, 1, 'a text that ends'],
  ['{} {}', 1, 4, 'nothing more'],
])('%j stops being JSON at %i:%i', ([text, row, column, words]) => {
  expect(problemInJson(text)).toMatchObject({ row, column, words: expect.stringContaining(words) });
});

test('what JSON.parse reads has no problem, and what it does not read has one', () => {
  const texts = fc.oneof(fc.json(), fc.string(), fc.stringMatching(/^[[\]{}",:0-9a-z.eE+\\ -]{0,24}$/));
  fc.assert(
    fc.property(texts, (text) => {
      expect(problemInJson(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 2000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('arguments are an object', () => {
  expect(problemInObject('[1]')).toMatchObject({ row: 1, column: 1 });
  expect(problemInObject(' {"a": 1}')).toBeUndefined();
  expect(problemInObject('{')).toMatchObject({ row: 1, column: 2 });
});

test('what is no JSON is read as nothing, and the rest as JSON.parse reads it', () => {
  expect(parseExact('<html>')).toBeUndefined();
  expect(parseExact('{"a": [1, "b", null]}')).toEqual({ a: [1, 'b', null] });
});
