import { sep } from 'node:path';
import type { ClientScope } from '../clients/entry.ts';
import type { ClientPlace } from '../clients/find.ts';
import { GatewayError } from '../core/errors.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { EXIT } from './exit.ts';
import { isAnswered, paint, printJson, printLine, type Terminal, visible } from './terminal.ts';

/** What came of one file of a client. */
export interface ClientResult {
  readonly client: string;
  readonly name: string;
  readonly scope: ClientScope;
  readonly path: string;
  readonly status: 'connected' | 'disconnected' | 'restored' | 'unchanged' | 'would-change' | 'failed';
  /** Servers that the client still starts or reaches by itself. */
  readonly bypassing: readonly string[];
  /** Servers that were taken out of the file, or put back into it. */
  readonly moved?: readonly string[];
  readonly backup?: string;
  readonly diff?: string;
  readonly problem?: string;
  readonly mend?: string;
}

export function failedResult({ client, scope, path }: ClientPlace, thrown: unknown): ClientResult {
  if (!(thrown instanceof GatewayError)) throw thrown;
  const { message: problem, mend } = thrown;
  const base = { client: client.id, name: client.name, scope, path, bypassing: [] };
  return { ...base, status: 'failed', problem, ...(mend !== undefined && { mend }) };
}

/** Asks at a terminal; nobody is asked where standard output is read by a program. Throws USAGE where nobody is there. */
export async function askedFor(
  { terminal }: CommandContext,
  question: string,
  { json }: { readonly json?: boolean },
): Promise<boolean> {
  if (json === true || !isAnswered(terminal)) {
    throw new GatewayError('USAGE', 'nobody is at a terminal to be asked, so nothing was changed', {
      mend: 'Add --yes to do it, or --dry-run to see it alone.',
    });
  }
  const { confirmedWith } = await import('./init-prompts.ts');
  return confirmedWith(terminal, question);
}

export interface Outcome {
  readonly command: 'connect' | 'disconnect' | 'client-restore';
  readonly results: readonly ClientResult[];
  readonly json?: boolean | undefined;
}

/** Says what came of every file; where something failed the command has, too. */
export function printResults(context: CommandContext, { command, results, json }: Outcome): void {
  const { terminal, setExit } = context;
  const hasFailed = results.some(({ status }) => status === 'failed');
  if (hasFailed) setExit(EXIT.failed);
  if (json === true) return printJson(terminal, command, { ok: !hasFailed, clients: results });
  if (results.length === 0) return printLine(terminal, 'No client was found on this machine.');
  for (const result of results) printResult(terminal, { ...result, path: shownPath(context, result.path) });
}

/** What lies in the folder of the user is known without it. */
export function shownPath({ environment }: CommandContext, path: string): string {
  const { userHome } = environment;
  return path.startsWith(`${userHome}${sep}`) ? `~${path.slice(userHome.length)}` : path;
}

function printResult(terminal: Terminal, result: ClientResult): void {
  const { name, path, status, backup, moved = [], problem, mend } = result;
  const lines = status === 'failed' ? [problem ?? '', ...(mend === undefined ? [] : [`= help: ${mend}`])] : [path];
  const mark = paint(terminal, status === 'failed' ? 'red' : 'green', WORDS[status]);
  printLine(terminal, `${mark}  ${visible(`${name}  ${lines[0] ?? ''}`)}`);
  for (const line of lines.slice(1)) printLine(terminal, visible(`  ${line}`));
  if (moved.length > 0)
    printLine(terminal, visible(`  ${status === 'connected' ? 'taken out' : 'put back'}: ${moved.join(', ')}`));
  if (backup !== undefined) printLine(terminal, visible(`  backup: ${backup}`));
  printBypassing(terminal, result);
}

const WORDS: Readonly<Record<ClientResult['status'], string>> = {
  connected: 'connected',
  disconnected: 'disconnected',
  restored: 'restored',
  unchanged: 'as it was',
  'would-change': 'would change',
  failed: 'FAILED',
};

function printBypassing(terminal: Terminal, { client, status, bypassing }: ClientResult): void {
  if (bypassing.length === 0 || !['connected', 'unchanged'].includes(status)) return;
  const count = `${counted(bypassing.length, 'server')} ${bypassing.length === 1 ? 'bypasses' : 'bypass'} the gateway`;
  printLine(terminal, `  ${paint(terminal, 'yellow', count)}${visible(`: ${bypassing.join(', ')}`)}`);
  printLine(terminal, `  = help: mcp-gateway client import ${client}`);
  printLine(terminal, `          mcp-gateway connect ${client} --replace`);
}
