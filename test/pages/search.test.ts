import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatSearch,
  parseSearch,
  SEARCH_KEYS,
  searchParameters,
  type Terms,
  timeOf,
} from '../../dashboard/words/search.ts';

const NOW = Date.UTC(2026, 2, 2, 12);

test.for<[string, Terms]>([
  ['', {}],
  ['   ', {}],
  [
    'user:maria effect:deny reason:x tool:payments/* since:24h',
    { user: 'maria', effect: 'deny', reason: 'x', tool: 'payments/*', since: '24h' },
  ],
  ['denied', { effect: 'deny' }],
  ['Waiting user:ana', { effect: 'pending', user: 'ana' }],
  ['decision:allowed', { effect: 'allow' }],
  ['USER:maria', { user: 'maria' }],
  ['user:"Maria Luz" since:7d', { user: 'Maria Luz', since: '7d' }],
  ['user:"open end', { user: 'open end' }],
  ['from:2026-03-01 to:2026-03-02T10:00', { since: '2026-03-01', until: '2026-03-02T10:00' }],
])('%s is understood', ([text, terms]) => {
  expect(parseSearch(text)).toEqual({ terms, problems: [] });
});

test.for([
  ['maria', 'user:maria'],
  ['usr:maria', 'Known are effect, reason'],
  ['constructor:x', 'Known are effect, reason'],
  ['effect:maybe', 'allow, deny or pending'],
  ['since:yesterday', '15m, 24h, 7d or 2026-11-30'],
  ['since:2026-13-01', '15m, 24h, 7d or 2026-11-30'],
  ['user:ana user:maria', 'stands twice'],
  ['user:""', 'followed by nothing'],
])('%s is refused with what to write instead', ([text = '', mend = '']) => {
  expect(parseSearch(text).problems.join(' ')).toContain(mend);
});

test('a search that is written down is read back', () => {
  const value = fc.stringMatching(/^[a-z0-9/*_. -]{0,12}[a-z0-9*]$/);
  const terms = fc.record(
    { user: value, agent: value, server: value, tool: value, reason: value, effect: fc.constantFrom('allow', 'deny') },
    { requiredKeys: [] },
  );
  fc.assert(fc.property(terms, (one) => expect(parseSearch(formatSearch(one)).terms).toEqual(one)));
});

test('no text stops the reading', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { terms } = parseSearch(text);
      expect(Object.keys(SEARCH_KEYS)).toEqual(expect.arrayContaining(Object.keys(terms)));
    }),
  );
});

test.for([
  [{ tool: 'payments/*' }, 'server=payments'],
  [{ tool: 'payments/create*' }, 'server=payments&tool=create*'],
  [{ tool: 'create_refund' }, 'tool=create_refund'],
  [{ effect: 'deny', since: '24h' }, 'effect=deny&since=2026-03-01T12%3A00%3A00.000Z'],
] as const)('%s is asked as %s', ([terms, parameters]) => {
  expect(searchParameters(terms, NOW).toString()).toBe(parameters);
});

test.for([
  ['15m', '2026-03-02T11:45:00.000Z'],
  ['2w', '2026-02-16T12:00:00.000Z'],
  ['2026-03-01T08:00:00Z', '2026-03-01T08:00:00.000Z'],
  ['15 minutes', undefined],
  ['2026-02-31x', undefined],
])('%s is the time %s', ([text = '', time]) => {
  expect(timeOf(text, NOW)).toBe(time);
});
