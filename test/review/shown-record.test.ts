import { expect, test } from 'vitest';
import type { DecisionRecord, SealedRecord } from '../../src/core/record.ts';
import { shownRecord } from '../../src/review/shown-record.ts';
import { aDenial, aRuling } from '../gateway/makers.ts';

const ALLOWED = aRuling().record;

test.for([
  { name: 'a denied call was not forwarded', record: aRuling(aDenial()).record, status: 'not_forwarded' },
  { name: 'an allowed call of which nothing is known is unknown', record: ALLOWED, status: 'unknown' },
  { name: 'a list goes nowhere', record: { ...ALLOWED, action: 'tool_list' as const }, status: 'not_forwarded' },
  { name: 'a refused method goes nowhere', record: { ...ALLOWED, action: 'method' as const }, status: 'not_forwarded' },
])('without a recorded outcome $name', ({ record, status }) => {
  expect(shownRecord(sealed(record)).outcome).toMatchObject({ id: record.id, status, seq: 0, hash: '' });
});

test('a recorded outcome is shown as it is', () => {
  const outcome = {
    id: ALLOWED.id,
    status: 'ok',
    withheld: false,
    ms: 3,
    record_us: 4,
    settled: [],
    seq: 2,
    hash: 'h',
  } as const;
  expect(shownRecord({ ...sealed(ALLOWED), outcome }).outcome).toBe(outcome);
});

function sealed(record: DecisionRecord): SealedRecord {
  return { ...record, seq: 1, chain: 'c', instance: 'i', hash: 'h', outcome: null };
}
