import { expect, test } from 'vitest';
import { hrefTo, hrefToDecisions, parseAddress } from '../../dashboard/words/addresses.ts';
import { ticksTo } from '../../dashboard/words/axis.ts';
import { nextDeeds } from '../../dashboard/words/change-steps.ts';
import { diffLines } from '../../dashboard/words/diff.ts';
import { duration, percent } from '../../dashboard/words/numbers.ts';
import { reasonWords } from '../../dashboard/words/plain.ts';
import { takeLinkToken } from '../../dashboard/words/sign-in-link.ts';
import { countdown } from '../../dashboard/words/times.ts';

test('an address is read as it was written', () => {
  const href = hrefTo(['decisions', 'a/b?c'], { q: 'user:"Maria Luz" tool:x/*' });
  const { path, query } = parseAddress(href);
  expect(path).toEqual(['decisions', 'a/b?c']);
  expect(query.get('q')).toBe('user:"Maria Luz" tool:x/*');
  expect(parseAddress('#/%E0%A4%A').path).toEqual(['%E0%A4%A']);
  expect(hrefToDecisions({})).toBe('#/decisions');
});

test.for([
  ['http://127.0.0.1:3701/#token=abc', 'abc'],
  ['http://127.0.0.1:3701/#/login?token=abc', 'abc'],
  ['http://127.0.0.1:3701/login#token=abc', 'abc'],
  ['http://127.0.0.1:3701/login#abc', 'abc'],
  ['http://127.0.0.1:3701/?token=abc', 'abc'],
  ['http://127.0.0.1:3701/#/decisions?q=effect%3Adeny', undefined],
])('of %s the secret is %s', ([href = '', token]) => {
  const taken = takeLinkToken(href);
  expect(taken?.token).toBe(token);
  expect(taken?.rest ?? '/#/').toBe('/#/');
});

test('two texts are compared line by line', () => {
  const kinds = (before: string, after: string): string =>
    diffLines(before, after)
      .map(({ kind, text }) => `${{ same: ' ', before: '-', after: '+' }[kind]}${text}`)
      .join('|');
  expect(kinds('a\nb\nc', 'a\nc\nd')).toBe(' a|-b| c|+d');
  expect(kinds('', 'a')).toBe('+a');
  expect(kinds('a', '')).toBe('-a');
});

test('what is too long to compare is shown whole', () => {
  const long = Array.from({ length: 500 }, (_, row) => String(row)).join('\n');
  expect(diffLines(long, long)).toHaveLength(1000);
});

test.for([
  ['gateway.unknown_tool', 'No such tool for this agent'],
  ['gateway.counter.workflow/refunds', 'Limit used up (workflow/refunds)'],
  ['gateway.timeout.compliance', 'A policy took too long (compliance)'],
  ['refund_limit_exceeded', 'Refund limit exceeded'],
])('%s is said as “%s”', ([reason = '', words]) => {
  expect(reasonWords(reason)).toBe(words);
});

test('a change whose tests fail is not compared with real calls', () => {
  const steps = (failed: number): readonly string[] =>
    nextDeeds({ state: 'tested', tests: { passed: 1, failed, problems: [] } }).map(({ step }) => step);
  expect(steps(0)[0]).toBe('replay');
  expect(steps(1)).not.toContain('replay');
});

test('numbers are said with their unit, and what is not nothing is not 0', () => {
  expect([duration(0), duration(460), duration(2_500_000)]).toEqual(['0 ms', '0.46 ms', '2.5 s']);
  expect([percent(0), percent(0.0004), percent(0.136), percent(1)]).toEqual(['0 %', '< 0.1 %', '14 %', '100 %']);
  expect([countdown(-1), countdown(59_001), countdown(245_000), countdown(3_660_000)]).toEqual([
    '0 s',
    '1 min 00 s',
    '4 min 05 s',
    '1 h 01 min',
  ]);
});

test('an axis ends at a round number that is not less than the most', () => {
  for (const most of [0.4, 1, 7, 66, 2980, 1_000_000]) {
    const last = ticksTo(most).at(-1) ?? 0;
    expect(last).toBeGreaterThanOrEqual(most);
    expect(ticksTo(most).length).toBeLessThanOrEqual(6);
  }
});
