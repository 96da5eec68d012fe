import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOrdinarySchema } from '../../src/catalog/ordinary-schema.ts';
import type { Json } from '../../src/core/json.ts';

const options = { strict: false, validateFormats: false, logger: false } as const;
const dialects = [new Ajv(options), new Ajv2020(options)];

const KEYWORDS =
  'type const enum properties required additionalProperties propertyNames minProperties maxProperties items contains minItems maxItems minLength maxLength pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf anyOf oneOf allOf not if then else $defs definitions $ref'.split(
    ' ',
  );

/** Of plain objects, as JSON has them: ajv cannot compare others. */
const { schema: anySchema } = fc.letrec<{ schema: Json; value: Json }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    fc.dictionary(fc.constantFrom(...KEYWORDS), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>('string', 'object', '', 0, 1, -1, 1.5, null, true, [], {}),
    tie('schema'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2, noNullPrototype: true }),
  ),
}));

test('what is ordinary, the meta-schemas of both dialects accept', () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      const isValid =
        typeof schema === 'boolean' || dialects.every((one) => one.validateSchema({ ...(schema as object) }) === true);
      expect(isValid || !isOrdinarySchema(schema)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test.each<[schema: Json]>([
  [{ type: 'object', properties: { a: { type: ['string', 'null'], minLength: 1 } }, required: ['a'] }],
  [{ anyOf: [{ $ref: '#/$defs/a' }, false], $defs: { a: { enum: [1, null] } }, additionalProperties: false }],
  [{ type: 'array', items: { multipleOf: 0.5, minimum: -1 }, maxItems: 3 }],
])('%j is ordinary', (schema) => {
  expect(isOrdinarySchema(schema)).toBe(true);
});

test.each<[schema: Json]>([
  [{ type: 'nothing' }],
  [{ type: [] }],
  [{ properties: { a: 1 } }],
  [{ properties: { a: { required: 'b' } } }],
  [{ required: ['a', 'a'] }],
  [{ enum: [] }],
  [{ enum: [{}, {}] }],
  [{ anyOf: [] }],
  [{ items: [{}] }],
  [{ maxLength: '1); attack(' }],
  [{ minLength: 1.5 }],
  [{ multipleOf: 0 }],
  [{ pattern: 1 }],
  [{ $ref: 1 }],
  [{ if: 'a' }],
  [{ patternProperties: {} }],
  [{ unknown: 1 }],
  [JSON.parse('{"__proto__": {}}') as Json],
  [null],
  [[]],
])('%j is left to the meta-schemas', (schema) => {
  expect(isOrdinarySchema(schema)).toBe(false);
});
