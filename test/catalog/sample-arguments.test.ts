import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ArgumentChecker } from '../../src/catalog/arguments.ts';
import { sampleArguments } from '../../src/catalog/sample-arguments.ts';
import { sampleText } from '../../src/catalog/sample-text.ts';
import { validateAgainst } from '../../src/catalog/validate-against.ts';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...more,
});

describe('sample arguments', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['nothing where nothing is required', { type: 'object', properties: { a: { type: 'string' } } }, {}],
    ['no schema at all', {}, {}],
    ['a text', object({ a: { type: 'string' } }), { a: 'example' }],
    ['a text of some length', object({ a: { type: 'string', minLength: 9 } }), { a: 'exampleaa' }],
    ['a short text', object({ a: { type: 'string', maxLength: 2 } }), { a: 'ex' }],
    ['a text of a form', object({ a: { type: 'string', format: 'email' } }), { a: 'someone@example.com' }],
    ['a text by its pattern', object({ a: { type: 'string', pattern: '^cus_[0-9]{2,9}$' } }), { a: 'cus_11' }],
    ['a number within its bounds', object({ a: { type: 'integer', minimum: 3 } }), { a: 3 }],
    ['a number above a bound', object({ a: { type: 'number', exclusiveMinimum: 3 } }), { a: 4 }],
    ['a number below a bound', object({ a: { type: 'number', maximum: -2 } }), { a: -2 }],
    ['a multiple', object({ a: { type: 'integer', minimum: 7, multipleOf: 5 } }), { a: 10 }],
    ['a default', object({ a: { type: 'string', default: 'main' } }), { a: 'main' }],
    ['the first choice', object({ a: { enum: ['x', 'y'] } }), { a: 'x' }],
    ['an example', object({ a: { type: 'string', examples: ['like this'] } }), { a: 'like this' }],
    ['the only value', object({ a: { const: 7 } }), { a: 7 }],
    ['a list', object({ a: { type: 'array', items: { type: 'boolean' }, minItems: 2 } }), { a: [false, false] }],
    ['what may be null', object({ a: { type: ['null', 'string'] } }), { a: 'example' }],
    ['an object in it', object({ a: object({ b: { type: 'null' } }) }), { a: { b: null } }],
    ['the first of several forms', object({ a: { anyOf: [{ type: 'integer' }, { type: 'string' }] } }), { a: 1 }],
    [
      'all of several',
      { allOf: [object({ a: { type: 'null' } }), object({ b: { type: 'null' } })] },
      { a: null, b: null },
    ],
    ['a definition', { ...object({ a: { $ref: '#/$defs/n' } }), $defs: { n: { type: 'integer' } } }, { a: 1 }],
  ])('have %s', (_, schema, sample) => {
    expect(sampleArguments(schema)).toEqual(sample);
    expect(validateAgainst(schema, sample)).toEqual([]);
  });

  it('end where a schema has no end', () => {
    const endless = { ...object({ next: { $ref: '#' } }) };
    expect(JSON.stringify(sampleArguments(endless)).length).toBeLessThan(200);
  });

  const lists: unknown = JSON.parse(readFileSync('policy-bundles/northwind/cases/tools.json', 'utf8'));
  const tools = isJsonObject(lists) ? Object.values(lists).flat().filter(isJsonObject) : [];

  const checker = new ArgumentChecker();
  afterAll(() => checker.close());

  it.each(tools.map(({ name, inputSchema }) => [typeof name === 'string' ? name : '', inputSchema] as const))(
    'fit %s',
    async (_, schema) => {
      if (!isJsonObject(schema)) throw new Error('it has no schema');
      expect(await checker.checkOnce(schema, sampleArguments(schema), 'deny')).toEqual({ kind: 'valid' });
    },
  );
});

describe('a sample text', () => {
  it.each([
    '^[a-z0-9][a-z0-9-]{0,63}$',
    String.raw`^\d{4}-\d{2}$`,
    '^(foo|bar)+baz?$',
    'a|b',
    '^[^a1A0]$',
    '^.{3}$',
    String.raw`^\/x\.csv$`,
  ])('fits %s', (pattern) => {
    expect(sampleText(pattern)).toMatch(new RegExp(pattern));
  });

  it.each(['(?=a)b', String.raw`(a)\1`, '[', String.raw`\p{L}`, '(a'])('is not made of %s', (pattern) => {
    expect(sampleText(pattern)).toBeUndefined();
  });

  it('fits, or is not there, whatever is put together of plain pieces', () => {
    const atom = fc.constantFrom('a', '[b-d]', String.raw`\d`, String.raw`\w`, '.', '(?:xy|z)', String.raw`\.`);
    const piece = fc.tuple(atom, fc.constantFrom('', '?', '*', '+', '{2}', '{1,3}')).map(([one, times]) => one + times);
    const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => `^${pieces.join('')}$`);
    fc.assert(
      fc.property(pattern, (source) => {
        expect(sampleText(source)).toMatch(new RegExp(source));
      }),
    );
  });
});
