import { expect, test } from 'vitest';
import { lineDiff } from '../../src/review/line-diff.ts';

const TEN = 'abcdefghij'.split('').join('\n');

test.for([
  ['one line is another', TEN, TEN.replace('e', 'E'), '@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h'],
  ['a line is more', 'a\nb\n', 'a\nx\nb\n', '@@ -1,2 +1,3 @@\n a\n+x\n b'],
  ['a line is less', 'a\nx\nb\n', 'a\nb\n', '@@ -1,3 +1,2 @@\n a\n-x\n b'],
  [
    'two changes lie far apart',
    TEN,
    TEN.replace('a', 'A').replace('j', 'J'),
    '@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n@@ -7,4 +7,4 @@\n g\n h\n i\n-j\n+J',
  ],
])('where %s the diff says so', ([, before = '', after = '', hunks]) => {
  expect(lineDiff(before, after, 'p.rego')).toBe(`--- p.rego\n+++ p.rego\n${hunks}`);
});

test('two texts that are one have no diff', () => {
  expect(lineDiff('a\n', 'a\n', 'p.rego')).toBe('');
});
