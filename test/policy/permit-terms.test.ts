import { expect, test } from 'vitest';
import { isValid, standingAt } from '../../src/policy/permit-terms.ts';
import { aPermit, NOW } from './decision-makers.ts';

test.for([
  { what: 'holds', part: {}, standing: 'holds' },
  { what: 'has not begun', part: { not_before: '2026-03-02T12:00:01Z' }, standing: 'not_begun' },
  { what: 'has ended', part: { expires_at: '2026-03-02T12:00:00Z' }, standing: 'ended' },
  { what: 'has a time that is none', part: { not_before: '2026-02-30T00:00:00Z' }, standing: 'no_time' },
  { what: 'ends as it begins', part: { expires_at: '2026-03-01T00:00:00Z' }, standing: 'ends_before_it_begins' },
  { what: 'is a second too long', part: { expires_at: '2026-03-31T00:00:01Z' }, standing: 'more_than_30_days' },
  { what: 'has no requester', part: { requested_by: '\u200b' }, standing: 'no_requester' },
  { what: 'has no approver', part: { approved_by: '' }, standing: 'no_approver' },
  { what: 'has one person', part: { approved_by: 'Ａｎａ' }, standing: 'one_person' },
  { what: 'gives no reason', part: { justification: '\u00ad' }, standing: 'no_justification' },
])('a permit that $what is told as $standing, and only one that holds is valid', ({ part, standing }) => {
  expect(standingAt(aPermit(part), NOW)).toBe(standing);
  expect(isValid(aPermit(part), NOW)).toBe(standing === 'holds');
});

test('a permit holds to the millisecond: from its first on, and no longer at its last', () => {
  const permit = aPermit({ not_before: '2026-03-02T12:00:00+01:00', expires_at: '2026-03-02T12:00:00Z' });
  const from = Date.parse(permit.not_before);
  const until = Date.parse(permit.expires_at);
  expect([from - 1, from, until - 1, until].map((now) => standingAt(permit, now))).toEqual([
    'not_begun',
    'holds',
    'holds',
    'ended',
  ]);
});

test.for([
  ['Ana', 'ana '],
  ['Ana Lee', 'analee'],
  ['Ana\u00a0Lee', 'ANA  LEE'],
  ['Zo\u00eb', 'ZOE\u0308'],
  ['ana', 'ＡＮＡ'],
  ['Weiß', 'WEISS'],
  ['ΣΟΦΟΣ', 'σοφος'],
  ['ﬁona', 'FIONA'],
  ['ana', 'a\u200dn\u2060a\ufe0f'],
  ['ana@x.example', 'ANA@X.example'],
] as const)('%s and %s are one person', ([requested_by, approved_by]) => {
  expect(standingAt(aPermit({ requested_by, approved_by }), NOW)).toBe('one_person');
  expect(standingAt(aPermit({ requested_by: approved_by, approved_by: requested_by }), NOW)).toBe('one_person');
});

test.for([
  ['ana', 'ben'],
  ['ana', 'anna'],
  ['Zoe', 'Zo\u00eb'],
] as const)('%s and %s are two', ([requested_by, approved_by]) => {
  expect(standingAt(aPermit({ requested_by, approved_by }), NOW)).toBe('holds');
});
