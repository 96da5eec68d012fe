import type { Block } from './bundle-page.ts';

/** A page as Markdown. What authors have written cannot become more than text. */
export function pageMarkdown(blocks: readonly Block[]): string {
  return `${blocks.map(blockText).join('\n\n')}\n`;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `# ${inline(block.text)}`;
    case 'heading':
      return `## ${inline(block.text)}`;
    case 'text':
      return paragraphs(block.text);
    case 'note':
      return `_${inline(block.text)}_`;
    case 'rule': {
      const lines = block.lines.map(({ label, text }) => `- **${label}:** ${inline(text)}`);
      const about = block.text === '' ? [] : [paragraphs(block.text)];
      return [`### ${inline(block.title)} (${inline(block.id)})`, ...about, lines.join('\n')].join('\n\n');
    }
    case 'table': {
      const rows = [block.header, block.header.map(() => '---'), ...block.rows.map((row) => row.map(cell))];
      return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
    }
  }
}

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map(inline)
    .join('\n\n');
}

function cell(text: string): string {
  return inline(text).replaceAll('|', '\\|');
}

/**
 * Between two single backquotes everything stands as it is; elsewhere what Markdown would read is escaped, a row of
 * backquotes too, and what at the start of a line makes a list, a rule or a heading.
 */
function inline(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line
    .split(/((?<!`)`[^`]+`(?!`))/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[\\`*_[\]<>#~]/g, '\\$&')))
    .join('')
    .replace(/^[-+=]|^\d+(?=[.)])/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));
}
