import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeBundle } from '../app/authoring.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { bundlePage } from '../review/bundle-page.ts';
import { pageHtml } from '../review/page-html.ts';
import { pageMarkdown } from '../review/page-markdown.ts';
import { readNamed, withLoader } from './bundle-loader.ts';
import { announced, COMPILING } from './progress.ts';
import type { CommandContext } from './context.ts';
import { printJson, printLine, printPage } from './terminal.ts';

export interface DocOptions {
  readonly format?: 'md' | 'html';
  readonly out?: string;
  readonly json?: boolean;
}

/** A page about a bundle in words: what it governs, each rule, what is counted, what can be set. */
export async function doc(context: CommandContext, path: string, { format, out, json }: DocOptions): Promise<void> {
  const { terminal, environment } = context;
  const files = await readNamed(context, path);
  const words = await announced(
    context.terminal,
    COMPILING,
    withLoader(context, (loader) => describeBundle(files, loader)),
  );
  const page = bundlePage(words);
  const chosen = format ?? (out?.endsWith('.html') === true ? 'html' : 'md');
  const text = chosen === 'html' ? pageHtml(page) : pageMarkdown(page);
  if (out === undefined) {
    if (json === true) return printJson(terminal, 'bundle-doc', { path, format: chosen, text });
    printPage(terminal, text);
    return;
  }
  write(resolve(environment.workingFolder, out), text);
  if (json === true)
    return printJson(terminal, 'bundle-doc', { path, format: chosen, out, rules: words.facts.rules.length });
  return printLine(terminal, `${out}: ${words.facts.rules.length} rules in words`);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new GatewayError('USAGE', `${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
}
