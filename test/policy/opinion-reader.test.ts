import { expect, test } from 'vitest';
import { NO_PARTS, readOpinion, type RuleResolution } from '../../src/policy/opinion.ts';
import { OpinionReader } from '../../src/policy/opinion-reader.ts';

const RESOLUTION: RuleResolution = {
  layer: 'workflow',
  rules: new Map(),
  mode: 'enforce',
  ruleModes: {},
  counters: new Map(),
  people: 'unverified',
};

test.for([
  { name: 'nothing', value: NO_PARTS },
  { name: 'a rule without an annotation', value: { ...NO_PARTS, deny: [{ id: 'W-9', reason: 'because' }] } },
  { name: 'what the contract does not know', value: { ...NO_PARTS, more: [] } },
])('$name is read from text as from the value, the first time and the next', ({ value }) => {
  const reader = new OpinionReader(RESOLUTION);
  for (let round = 0; round < 3; round += 1) {
    expect(reader.read(JSON.stringify(value))).toEqual(readOpinion(value, RESOLUTION));
  }
});

test('what is no JSON is malformed', () => {
  expect(new OpinionReader(RESOLUTION).read('{"allow":')).toMatchObject({ kind: 'malformed' });
});
