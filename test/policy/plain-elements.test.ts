import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseObligation, VerdictElement } from '../../src/policy/opinion-elements.ts';
import { plainVerdict, plainWarn } from '../../src/policy/plain-elements.ts';

const text = fc.constantFrom(
  'A-1',
  'a_1',
  '',
  ' ',
  'two  words',
  'x'.repeat(65),
  'x'.repeat(201),
  'b\u200Be\n',
  '__proto__',
);
const value = fc.oneof(
  text,
  fc.constantFrom<unknown>(0, 1.5, Number.POSITIVE_INFINITY, true, null, [], {}, { a: 'b' }),
);
const params = fc.dictionary(fc.constantFrom('a', 'B_2', '2b', '', 'constructor', '__proto__'), value, { maxKeys: 2 });
const element = fc.record(
  {
    id: value,
    reason: value,
    params: fc.oneof(value, params),
    more: value,
    type: fc.constantFrom('warn', 'deadline'),
    advice: value,
    text: value,
  },
  { requiredKeys: [] },
);
const good = fc.record(
  { id: fc.constant('A-1'), reason: fc.constant('a_1'), params, text },
  { requiredKeys: ['id', 'reason'] },
);

test('a plain verdict is what its schema makes of it', () => {
  fc.assert(
    fc.property(fc.oneof(element, good, value), (one) => {
      const plain = plainVerdict(one);
      fc.pre(plain !== undefined);
      expect(VerdictElement.parse(one)).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test('a plain warning is what its schema makes of it', () => {
  const warn = fc.record(
    { id: fc.constant('A-1'), type: fc.constant('warn'), text, advice: value },
    { requiredKeys: ['id', 'type', 'text'] },
  );
  fc.assert(
    fc.property(fc.oneof(element, warn), (one) => {
      const plain = plainWarn(one);
      fc.pre(plain !== undefined);
      expect(parseObligation(one).data).toEqual(plain);
    }),
    { numRuns: 500 },
  );
});

test('ordinary elements are plain', () => {
  expect(plainVerdict({ id: 'A-1', reason: 'because', params: { name: 'x', count: 2 } })).toBeDefined();
  expect(plainWarn({ id: 'A-1', type: 'warn', text: 'Take care.' })).toBeDefined();
});
