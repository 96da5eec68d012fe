import { codeFrame } from '../review/code-frame.ts';
import type { Finding, Severity } from '../review/finding.ts';
import { githubLines } from '../review/report-github.ts';
import { sarifLog } from '../review/report-sarif.ts';
import { paint, printLine, printPrettyJson, type Terminal, visible } from './terminal.ts';
import { VERSION } from './version.ts';

export interface FindingsOf {
  /** The bundle as the user named it; stands before the paths of files. */
  readonly path: string;
  readonly findings: readonly Finding[];
  /** Text of a file of the bundle, for the line of a finding. */
  readonly textOf: (file: string) => string | undefined;
  /** What a code stands for. */
  readonly about: ReadonlyMap<string, string>;
}

const COLOURS: Readonly<Record<Severity, 'red' | 'yellow' | 'cyan'>> = {
  error: 'red',
  warning: 'yellow',
  note: 'cyan',
};

/** `warning policy.rego:7:2: … [lint_walk]`, with the line of the file below it. */
export function printFindings(terminal: Terminal, { findings, textOf }: FindingsOf): void {
  for (const { severity, code, message, file, row, column } of findings) {
    const place = [file, ...(row > 0 ? [row, column] : [])].join(':');
    const words = message.split('\n').map(visible);
    const said = `${place === '' ? '' : `${place}: `}${words[0] ?? ''}`;
    printLine(
      terminal,
      `${paint(terminal, COLOURS[severity], severity)} ${said} ${paint(terminal, 'dim', `[${code}]`)}`,
    );
    for (const more of words.slice(1)) printLine(terminal, `    ${more}`);
    for (const line of codeFrame(textOf(file) ?? '', { row, column }))
      printLine(terminal, paint(terminal, 'dim', line));
  }
}

/** One command of a workflow a finding. */
export function printGithub(terminal: Terminal, { findings, path }: Pick<FindingsOf, 'findings' | 'path'>): void {
  for (const line of githubLines(findings, folderOf(path))) printLine(terminal, line);
}

export function printSarif(terminal: Terminal, { findings, path, about }: Omit<FindingsOf, 'textOf'>): void {
  printPrettyJson(terminal, sarifLog(findings, folderOf(path), { version: VERSION, about }));
}

/** `./mcp-policy/` is `mcp-policy`; the working folder itself has no name. */
function folderOf(path: string): string {
  return path.replace(/^(\.\/)+/, '').replace(/\/+$/, '') || '.';
}
