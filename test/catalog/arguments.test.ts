import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ArgumentChecker,
  unknownArgumentsFor,
  type ArgumentCheck,
  type UnknownArguments,
} from '../../src/catalog/arguments.ts';
import type { Json, JsonObject } from '../../src/core/json.ts';

/** A thread of its own may wait long for its turn where many tests run; a bomb takes longer than that. */
const PATIENT = { stepMs: 3_000, startMs: 60_000 };
const checker = new ArgumentChecker(PATIENT);
afterAll(() => checker.close());

const TRANSFER: JsonObject = {
  type: 'object',
  properties: {
    amount: { type: 'number', minimum: 0 },
    currency: { enum: ['EUR', 'CHF'] },
    to: { type: 'object', properties: { iban: { type: 'string', minLength: 15 } }, required: ['iban'] },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  },
  required: ['amount'],
};
const CLOSED: JsonObject = { ...TRANSFER, additionalProperties: false };

let keys = 0;
async function checkOf(
  schema: Json,
  args: JsonObject,
  unknown: UnknownArguments = 'as_schema_says',
): Promise<ArgumentCheck> {
  keys += 1;
  await checker.prepare(`tool-${keys}`, schema);
  return checker.check(`tool-${keys}`, args, unknown);
}

async function misfits(
  schema: Json,
  args: JsonObject,
  unknown: UnknownArguments = 'as_schema_says',
): Promise<readonly string[]> {
  const result = await checkOf(schema, args, unknown);
  return result.kind === 'invalid'
    ? result.problems.map(({ pointer, expected }) => `${pointer}: ${expected}`)
    : [result.kind];
}

describe('arguments', () => {
  it.each([
    [{ amount: 5 }, ['valid']],
    [{ amount: 5, currency: 'EUR', note: null }, ['valid']],
    [{ amount: null }, ['/amount: number']],
    [{ amount: '5' }, ['/amount: number']],
    [{ amount: [] }, ['/amount: number']],
    [{ amount: {} }, ['/amount: number']],
    [{ amount: false }, ['/amount: number']],
    [{ amount: -1 }, ['/amount: at least 0']],
    [{}, ['/amount: a value, it is required']],
    [{ amount: 1, currency: 'USD' }, ['/currency: one of "EUR", "CHF"']],
    [{ amount: 1, to: {} }, ['/to/iban: a value, it is required']],
    [{ amount: 1, to: { iban: 'DE' } }, ['/to/iban: at least 15 characters']],
    [{ amount: 1, note: 7 }, ['/note: string or null']],
    [{ amount: 'x', currency: 1 }, ['/amount: number', '/currency: one of "EUR", "CHF"']],
  ])('%j are %j', async (args: JsonObject, expected) => {
    expect(await misfits(TRANSFER, args)).toEqual(expected);
  });

  it.each([
    ['open', 'as_schema_says', ['valid']],
    ['closed', 'as_schema_says', ['/bcc: nothing, there is no such argument']],
    ['open', 'deny', ['/bcc: nothing, there is no such argument']],
    ['closed', 'allow', ['valid']],
  ] as const)('that an %s schema does not name are judged as asked: %s', async (kind, unknown, expected) => {
    expect(await misfits(kind === 'open' ? TRANSFER : CLOSED, { amount: 1, bcc: 'x' }, unknown)).toEqual(expected);
  });

  it('are known where the schema names them in a part of it', async () => {
    const schema = {
      type: 'object',
      allOf: [{ $ref: '#/$defs/base' }],
      $defs: { base: { properties: { 'a/b': {} } } },
    };
    expect(await misfits(schema, { 'a/b': 1 }, 'deny')).toEqual(['valid']);
    expect(await misfits(schema, { 'a/c': 1 }, 'deny')).toEqual(['/a~1c: nothing, there is no such argument']);
    expect(await misfits({ ...schema, additionalProperties: false }, { 'a/b': 1 })).toEqual([
      '/a~1b: nothing, there is no such argument',
    ]);
  });

  it('are judged by a schema that closes what it did not evaluate', async () => {
    const schema = { type: 'object', anyOf: [{ properties: { a: { type: 'number' } } }], unevaluatedProperties: false };
    expect(await misfits(schema, { a: 1 })).toEqual(['valid']);
    expect(await misfits(schema, { a: 1, b: 1 })).toEqual(['/b: nothing, there is no such argument']);
  });

  it('are closed by the bundle of a server unless the configuration says otherwise', () => {
    expect([
      unknownArgumentsFor(undefined, true),
      unknownArgumentsFor(undefined, false),
      unknownArgumentsFor('allow', true),
      unknownArgumentsFor('deny', false),
    ]).toEqual(['deny', 'as_schema_says', 'allow', 'deny']);
  });

  it('are neither coerced nor filled in', async () => {
    const args = Object.freeze({ amount: 1 });
    const schema = { type: 'object', properties: { amount: { type: 'number' }, currency: { default: 'EUR' } } };
    expect(await misfits(schema, args)).toEqual(['valid']);
    expect(args).toEqual({ amount: 1 });
  });

  it('of a tool that nobody prepared are unchecked', async () => {
    expect(await checker.check('nobody', {}, 'deny')).toEqual({ kind: 'unchecked' });
  });

  it('are checked at once where that cannot take long, once the schema has been compiled for the first', async () => {
    await checker.prepare('plain', TRANSFER);
    const first = checker.check('plain', { amount: 1 }, 'deny');
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual({ kind: 'valid' });
    expect(checker.check('plain', { amount: 1 }, 'deny')).toEqual({ kind: 'valid' });
    expect(
      checker.check('plain', { amount: 1, list: Array.from({ length: 200_000 }, () => 0) }, 'allow'),
    ).toBeInstanceOf(Promise);
  });

  it('are checked against the schema that came last', async () => {
    const [costly, plain] = [
      { type: 'object', properties: { a: { type: 'array', uniqueItems: true } } },
      { type: 'object', properties: { a: { type: 'number' } } },
    ];
    await Promise.all([checker.prepare('tool', costly), checker.prepare('tool', plain)]);
    expect(await checker.check('tool', { a: 1 }, 'deny')).toEqual({ kind: 'valid' });
    checker.forget('tool');
    expect(await checker.check('tool', { a: 1 }, 'deny')).toEqual({ kind: 'unchecked' });
  });
});

describe('a dialect', () => {
  it.each([
    ['2020-12, where nothing is said', { prefixItems: [{ type: 'string' }] }],
    ['draft-07, where only that fits', { items: [{ type: 'string' }] }],
    [
      'draft-07, where it is named',
      { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }] },
    ],
  ])('is %s', async (_what, { $schema, ...tuple }: JsonObject) => {
    const schema = {
      ...($schema !== undefined && { $schema }),
      type: 'object',
      properties: { pair: { type: 'array', ...tuple } },
    };
    expect(await misfits(schema, { pair: [1] })).toEqual(['/pair/0: string']);
  });
});

describe('a schema that is costly', () => {
  const list = (item: JsonObject): JsonObject => ({
    type: 'object',
    properties: { list: { type: 'array', items: item } },
  });
  const rows: readonly {
    readonly by: string;
    readonly schema: JsonObject;
    readonly good: JsonObject;
    readonly bad: JsonObject;
  }[] = [
    {
      by: 'a pattern that could run away',
      schema: list({ pattern: '(a|b)+c' }),
      good: { list: ['abc'] },
      bad: { list: ['x'] },
    },
    {
      by: 'differing items',
      schema: { type: 'object', properties: { list: { uniqueItems: true } } },
      good: { list: [1, 2] },
      bad: { list: [1, 1] },
    },
    {
      by: 'names by pattern',
      schema: { type: 'object', patternProperties: { '^x-': { type: 'number' } }, additionalProperties: false },
      good: { 'x-a': 1 },
      bad: { 'y-a': 1 },
    },
    {
      by: 'recursion',
      schema: { type: 'object', properties: { next: { $ref: '#' } }, additionalProperties: { type: 'number' } },
      good: { next: { next: { a: 1 } } },
      bad: { next: { next: { a: '' } } },
    },
    {
      by: 'an anchor',
      schema: {
        type: 'object',
        properties: { a: { $ref: '#number' } },
        $defs: { n: { $anchor: 'number', type: 'number' } },
      },
      good: { a: 1 },
      bad: { a: '' },
    },
  ];

  it.each(rows)('by $by is checked all the same', async ({ schema, good, bad }) => {
    expect(await checkOf(schema, good)).toEqual({ kind: 'valid' });
    expect(await checkOf(schema, bad)).toMatchObject({ kind: 'invalid' });
  });

  it('G-47 and runs away is stopped, its arguments are refused, and the next check is answered', async () => {
    const hasty = new ArgumentChecker({ stepMs: 500, startMs: 60_000 });
    await hasty.prepare('bomb', list({ pattern: '^(a+)+$' }));
    const refused = await hasty.check('bomb', { list: [`${'a'.repeat(40)}!`] }, 'deny');
    expect(refused).toEqual({
      kind: 'invalid',
      problems: [{ pointer: '', expected: 'arguments that can be checked in time' }],
    });
    expect(await hasty.check('bomb', { list: ['aaa'] }, 'deny')).toEqual({ kind: 'valid' });
    await hasty.close();
  });

  it('G-47 or takes too long to compile leaves its arguments unchecked', async () => {
    const bomb: Record<string, JsonObject> = {};
    for (let level = 0; level < 22; level += 1)
      bomb[`l${level}`] = { allOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] };
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/l0' } },
      $defs: { ...bomb, l22: { type: 'string' } },
    };
    expect(['unchecked', 'invalid', 'valid']).toContain((await checkOf(schema, { a: '' })).kind);
  });

  it('is no longer answered for once the checker is closed', async () => {
    const closed = new ArgumentChecker(PATIENT);
    await closed.prepare('list', list({ pattern: '(a|b)+c' }));
    await closed.close();
    await closed.close();
    expect(await closed.check('list', { list: ['abc'] }, 'deny')).toMatchObject({ kind: 'invalid' });
  });
});

describe('a schema that is unfit', () => {
  const deep = (levels: number): JsonObject =>
    levels === 0 ? { type: 'object' } : { type: 'object', properties: { a: deep(levels - 1) } };

  it.each([
    ['no map', 'text'],
    ['missing', undefined],
    ['no schema', { type: 'nothing' }],
    ['a reference to another document', { type: 'object', properties: { a: { $ref: 'http://example.com/schema' } } }],
    ['a reference into the void', { type: 'object', properties: { a: { $ref: '#/$defs/none' } } }],
    ['another document within', { type: 'object', properties: { a: { $id: 'http://example.com/a' } } }],
    ['asynchronous', { $async: true, type: 'object' }],
    ['deeper than 32', deep(17)],
    [
      'larger than 64 KB',
      { type: 'object', properties: { a: { enum: Array.from({ length: 10_000 }, (_, index) => `value-${index}`) } } },
    ],
    ['a pattern that is none', { type: 'object', properties: { a: { pattern: '(' } } }],
  ])('G-47 (%s) leaves its arguments unchecked, but for their names', async (_what, schema: Json | undefined) => {
    keys += 1;
    expect(await checker.prepare(`unfit-${keys}`, schema)).toBe('unchecked');
    expect(await checker.check(`unfit-${keys}`, { a: 1 }, 'allow')).toEqual({ kind: 'unchecked' });
  });

  it('because of what only people read is none', async () => {
    const wordy = {
      type: 'object',
      description: 'x'.repeat(100_000),
      properties: { a: { type: 'number', title: 'y'.repeat(100_000) } },
    };
    expect(await misfits(wordy, { a: '' })).toEqual(['/a: number']);
  });

  it('never makes anything throw, whatever stands in it', async () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      '$ref',
      'anyOf',
      'enum',
      'pattern',
      'required',
      'minimum',
      'not',
      '$defs',
      '$id',
      'if',
      'const',
      'additionalProperties',
    );
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('object', 'string', '#', '#/$defs/a', ['a'], {}, true),
    );
    const anySchema = fc.dictionary(keyword, fc.oneof(value, fc.dictionary(keyword, value)), { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(anySchema, fc.dictionary(fc.string(), fc.jsonValue()), async (schema, args) => {
        const result = await checkOf(
          JSON.parse(JSON.stringify(schema)) as Json,
          JSON.parse(JSON.stringify(args)) as JsonObject,
        );
        expect(['valid', 'unchecked', 'invalid']).toContain(result.kind);
      }),
      { numRuns: 200 },
    );
  });
});
