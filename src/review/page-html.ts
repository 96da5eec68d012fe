import type { Block } from './bundle-page.ts';

/** A page as one HTML file that loads nothing. */
export function pageHtml(blocks: readonly Block[]): string {
  const title = blocks.find((block) => block.kind === 'title');
  const name = title?.kind === 'title' ? title.text : '';
  const body = blocks.map(blockHtml).join('\n');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(name)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    `<body><main>\n${body}\n</main></body>`,
    '</html>',
    '',
  ].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `<h1>${inline(block.text)}</h1>`;
    case 'heading':
      return `<h2>${inline(block.text)}</h2>`;
    case 'text':
      return paragraphs(block.text);
    case 'note':
      return `<p class="note">${inline(block.text)}</p>`;
    case 'rule': {
      const lines = block.lines.map(({ label, text }) => `<dt>${inline(label)}</dt><dd>${inline(text)}</dd>`).join('');
      const head = `<h3>${inline(block.title)} <a class="id" href="#${encodeURIComponent(block.id)}">${escaped(block.id)}</a></h3>`;
      return `<section class="rule ${escaped(block.tone)}" id="${escaped(block.id)}">${head}${paragraphs(block.text)}<dl>${lines}</dl></section>`;
    }
    case 'table': {
      const header = block.header.map((text) => `<th scope="col">${inline(text)}</th>`).join('');
      const rows = block.rows
        .map((row) => `<tr>${row.map((text) => `<td>${inline(text)}</td>`).join('')}</tr>`)
        .join('\n');
      return `<div class="table"><table><thead><tr>${header}</tr></thead><tbody>\n${rows}\n</tbody></table></div>`;
    }
  }
}

function paragraphs(text: string): string {
  if (text.trim() === '') return '';
  return text
    .split(/\n\s*\n/)
    .map((part) => `<p>${inline(part)}</p>`)
    .join('');
}

function inline(text: string): string {
  return escaped(text.trim()).replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --card: #f6f8fa; --page: #fff;
  --deny: #b42318; --allow: #1a7f37; --ask: #9a6700; --other: #0969da; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9198a1; --line: #3d444d; --card: #161b22; --page: #0d1117;
    --deny: #ff7b72; --allow: #3fb950; --ask: #d29922; --other: #58a6ff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0; display: flex; flex-wrap: wrap; gap: .25rem .75rem; justify-content: space-between; }
p { margin: .5rem 0; }
code { font: .88em ui-monospace, monospace; background: color-mix(in srgb, var(--quiet) 14%, transparent); border-radius: 4px;
  padding: .1em .35em; overflow-wrap: anywhere; }
.rule { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--other); border-radius: 8px;
  padding: 1rem 1.15rem; margin: .85rem 0; }
.rule.deny, .rule.hide { border-left-color: var(--deny); }
.rule.allow { border-left-color: var(--allow); }
.rule.obligations { border-left-color: var(--ask); }
.id { color: var(--quiet); font: .85rem ui-monospace, monospace; text-decoration: none; }
.id:hover { text-decoration: underline; }
dl { display: grid; grid-template-columns: 10rem 1fr; gap: .3rem 1rem; margin: .6rem 0 0; font-size: .93rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem .45rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
.note { color: var(--quiet); font-size: .82rem; margin-top: 3rem; overflow-wrap: anywhere; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media print { main { max-width: none; padding: 0; } .rule { break-inside: avoid; } }
`;
