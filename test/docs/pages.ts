import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code on a page, with what the page says of it. */
export interface Block {
  /** As `docs/start.md`. */
  readonly page: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  /** `console`, `yaml`, …; empty where none is named. */
  readonly language: string;
  /** The file that it is, where the fence names one behind the language; else empty. */
  readonly file: string;
  readonly text: string;
  /** The comment of HTML on the line above, such as `run` or `not run: it needs a browser`; else empty. */
  readonly mark: string;
}

/** README.md and all pages below docs/. */
export function allPages(): readonly string[] {
  const below = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  return ['README.md', ...below.map((path) => join('docs', path)).toSorted()];
}

/** The blocks of a page in their order. */
export function blocksOf(page: string): readonly Block[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', fence = ''] = /^( *)```(.*)$/.exec(lines[at] ?? '') ?? [];
    if (!(lines[at] ?? '').startsWith(`${indent}\`\`\``)) continue;
    const end = lines.findIndex((line, index) => index > at && line === `${indent}\`\`\``);
    const [language = '', file = ''] = fence.split(' ');
    const text = `${lines.slice(at + 1, end).join('\n')}\n`;
    blocks.push({ page, line: at + 2, language, file, text, mark: markAbove(lines, at) });
    at = end;
  }
  return blocks;
}

/** An empty line may stand between the comment and the block. */
function markAbove(lines: readonly string[], at: number): string {
  const above = lines[at - 1] === '' ? lines[at - 2] : lines[at - 1];
  return /^ *<!-- (run|not run: .+) -->$/.exec(above ?? '')?.[1] ?? '';
}

/** What a person types, and what the page shows of the answer. */
export interface Shown {
  readonly command: string;
  /** Empty where nothing is shown. */
  readonly output: string;
}

/** The commands of a block: behind `$ ` on a console, else each line; a line that ends in `\` goes on. */
export function commandsIn({ language, text }: Block): readonly Shown[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  if (language !== 'console')
    return joined.split('\n').flatMap((command) => (/^(#|$)/.test(command) ? [] : [{ command, output: '' }]));
  return joined
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n');
      return { command, output: output.join('\n') };
    });
}

/** The words of each call of the gateway in a command line, without what the shell reads: `> file`, `#`, `&&`. */
export function callsIn(command: string): readonly (readonly string[])[] {
  const words = [
    ...command.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|&&|\|\||[|;<>&]|#.*|[^\s"'|;<>&]+(?:=(?:"[^"]*"|'[^']*'))?/g),
  ].map(([word]) => word);
  return splitAt(words).flatMap((call) => {
    const bare = call.filter((word) => !word.startsWith('#')).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
    const named = bare.findIndex((word) => /^(mcp-gateway|(.*\/)?dist\/main\.js)$/.test(word));
    const isCalled = named >= 0 && bare.slice(0, named).every((word) => /^(\w+=.*|npx|-y|node|exec|sudo)$/.test(word));
    return isCalled ? [bare.slice(named + 1)] : [];
  });
}

function splitAt(words: readonly string[]): readonly (readonly string[])[] {
  const calls: string[][] = [[]];
  let isFile = false;
  for (const word of words) {
    if (/^(&&|\|\||[|;&])$/.test(word)) calls.push([]);
    else if (word === '<' || word === '>') isFile = true;
    else if (isFile) isFile = false;
    else calls.at(-1)?.push(word);
  }
  return calls;
}

/** The calls of the gateway that stand in a page's sentences, as `mcp-gateway decision ls`. */
export function callsInSentences(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
  return [...text.matchAll(/`(mcp-gateway [a-z][^`]*)`/g)].map(([, call = '']) => call.replaceAll('\n', ' '));
}
