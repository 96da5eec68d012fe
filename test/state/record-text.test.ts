import { expect, test } from 'vitest';
import { RecordText } from '../../src/state/record-text.ts';
import { anOpinion, aVerdict } from '../policy/decision-makers.ts';
import { aRecord } from './records.ts';

const LAYERS = [
  anOpinion({ layer: 'identity', cached: true }),
  anOpinion({ layer: 'server', allow: [aVerdict('S-1')] }),
];

test.for([
  { name: 'nothing in it', record: aRecord() },
  { name: 'opinions', record: aRecord({ layers: LAYERS }) },
  {
    name: 'reasons and a shadow',
    record: aRecord({ reasons: ['a', 'b'], shadow: { effect: 'deny', reasons: [], matched_rules: [] } }),
  },
  { name: 'texts that have to be escaped', record: aRecord({ tool: 'say "é\n"', session: '\\' }) },
])('the text of a record with $name is its JSON, the first time and the next', ({ record }) => {
  const text = new RecordText();
  for (let round = 0; round < 2; round += 1) expect(text.write(record, '{}')).toBe(JSON.stringify(record));
});

test('the input stands in the text as it was handed over', () => {
  const record = aRecord({ input: { a: 1 } });
  expect(JSON.parse(new RecordText().write(record, '{"a":2}'))).toEqual({ ...record, input: { a: 2 } });
});

test('an opinion that is kept has its own text in every record', () => {
  const text = new RecordText();
  const other = { ...anOpinion({ layer: 'identity', cached: true }), fuel: 7 };
  text.write(aRecord({ layers: LAYERS }), '{}');
  const record = aRecord({ layers: [other, ...LAYERS] });
  expect(text.write(record, '{}')).toBe(JSON.stringify(record));
});
