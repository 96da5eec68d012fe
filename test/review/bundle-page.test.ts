import { expect, test } from 'vitest';
import type { Block } from '../../src/review/bundle-page.ts';
import { pageHtml } from '../../src/review/page-html.ts';
import { pageMarkdown } from '../../src/review/page-markdown.ts';

const HOSTILE: readonly Block[] = [
  { kind: 'title', text: 'A <script>alert(1)</script> title' },
  { kind: 'text', text: 'One.\n\nTwo [link](https://evil.example) and `data.x["a|b"]`.' },
  {
    kind: 'rule',
    id: 'A-"1"',
    title: '# not a heading',
    tone: 'deny',
    lines: [{ label: 'When', text: 'a * b' }],
    text: '',
  },
  { kind: 'table', header: ['a'], rows: [['x | y']] },
];

test('what an author writes is text on a page of HTML, which loads nothing', () => {
  const html = pageHtml(HOSTILE);
  expect(html).toContain('<h1>A &lt;script&gt;alert(1)&lt;/script&gt; title</h1>');
  expect(html).toContain(
    '<p>One.</p><p>Two [link](https://evil.example) and <code>data.x[&quot;a|b&quot;]</code>.</p>',
  );
  expect(html).toContain('id="A-&quot;1&quot;"');
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/<script|src=|url\(/);
});

test('what an author writes is text in Markdown', () => {
  expect(pageMarkdown(HOSTILE)).toBe(
    [
      '# A \\<script\\>alert(1)\\</script\\> title',
      'One.\n\nTwo \\[link\\](https://evil.example) and `data.x["a|b"]`.',
      '### \\# not a heading (A-"1")\n\n- **When:** a \\* b',
      '| a |\n| --- |\n| x \\| y |',
    ].join('\n\n') + '\n',
  );
});

test.for<readonly [string, string]>([
  ['``` <img src=x> `', '\\`\\`\\` \\<img src=x\\> \\`'],
  ['`a` and ``b`` <i>', '`a` and \\`\\`b\\`\\` \\<i\\>'],
  ['~~~ all the rest', '\\~\\~\\~ all the rest'],
  ['- no list', '\\- no list'],
  ['1. no list', '1\\. no list'],
  ['==', '\\=='],
])('%s is text in Markdown, whatever its backquotes enclose', ([text, expected]) => {
  expect(pageMarkdown([{ kind: 'text', text }])).toBe(`${expected}\n`);
});
