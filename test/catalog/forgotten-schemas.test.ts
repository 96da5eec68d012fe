import { afterAll, expect, test } from 'vitest';
import { ArgumentChecker } from '../../src/catalog/arguments.ts';
import type { JsonObject } from '../../src/core/json.ts';

const checker = new ArgumentChecker({ stepMs: 5_000, startMs: 60_000 });
afterAll(() => checker.close());

const AMOUNT = { type: 'integer' };
const PLAIN: JsonObject = { type: 'object', properties: { amount: AMOUNT } };
const COSTLY: JsonObject = {
  type: 'object',
  properties: { amount: AMOUNT, list: { type: 'array', uniqueItems: true } },
};

test('arguments are checked all the same where the tool is forgotten while its schema is compiled', async () => {
  await checker.prepare('tool', PLAIN);
  const first = checker.check('tool', { amount: 'much' }, 'deny');
  checker.forget('tool');
  expect(await first).toMatchObject({ kind: 'invalid' });
  expect(checker.knows('tool')).toBe(false);
});

test.for([PLAIN, COSTLY])('arguments are checked once against a schema that is not kept', async (schema) => {
  expect(await checker.checkOnce(schema, { amount: 1 }, 'deny')).toEqual({ kind: 'valid' });
  expect(await checker.checkOnce(schema, { amount: 'much' }, 'deny')).toMatchObject({ kind: 'invalid' });
  expect(await checker.checkOnce(schema, { amount: 1, other: 1 }, 'deny')).toMatchObject({ kind: 'invalid' });
});
