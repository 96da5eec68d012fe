import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTemplate } from '../../src/catalog/uri-template.ts';

test.for([
  { template: 'note://{id}', fits: ['note://1', 'note://a-b'], misses: ['note://', 'note://a/b', 'other://1'] },
  { template: 'file:///{+path}', fits: ['file:///a', 'file:///a/b/c.txt'], misses: ['file:///', 'files:///a'] },
  { template: 'file:///{path*}', fits: ['file:///a/b'], misses: ['file:///'] },
  {
    template: 'repo://{owner}/{name}/issues',
    fits: ['repo://o/n/issues'],
    misses: ['repo://o/issues', 'repo://o/n/i'],
  },
  { template: 'find://all{?query,limit}', fits: ['find://all', 'find://all?query=x&limit=1'], misses: ['find://al'] },
  { template: 'doc://{name}{#part}', fits: ['doc://a', 'doc://a#b'], misses: ['doc://'] },
  { template: 'tree://root{/first}', fits: ['tree://root/a'], misses: ['tree://root', 'tree://roota'] },
  { template: 'plain://text', fits: ['plain://text'], misses: ['plain://texts', 'plain://tex'] },
  { template: 'odd://{unclosed', fits: ['odd://{unclosed'], misses: ['odd://x'] },
  { template: 'cfg://(a+)+$', fits: ['cfg://(a+)+$'], misses: ['cfg://aaaa'] },
])('$template fits what may come of it', ({ template, fits, misses }) => {
  const read = readTemplate(template);
  expect(fits.filter((uri) => !read.matches(uri))).toEqual([]);
  expect(misses.filter((uri) => read.matches(uri))).toEqual([]);
});

test('every URI that is filled in fits its template', () => {
  const literal = fc.stringMatching(/^[a-z:/.-]{0,6}$/);
  const value = fc.stringMatching(/^[A-Za-z0-9%._~-]{1,6}$/);
  const parts = fc.array(fc.tuple(literal, value, fc.constantFrom('{x}', '{+x}', '{x*}')), { maxLength: 5 });
  fc.assert(
    fc.property(parts, literal, (filled, end) => {
      const template = `${filled.map(([text, , expression]) => text + expression).join('')}${end}`;
      const uri = `${filled.map(([text, inserted]) => text + inserted).join('')}${end}`;
      expect(readTemplate(template).matches(uri)).toBe(true);
    }),
  );
});

test('a template with very many parts, or a very long URI, costs nothing', () => {
  const many = `x://${'{a}'.repeat(5_000)}`;
  expect(readTemplate(many).matches('x://aaaa')).toBe(false);
  expect(readTemplate('x://{+a}').matches(`x://${'a'.repeat(100_000)}`)).toBe(false);
});
