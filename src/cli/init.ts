import type { ClientResult } from './client-results.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { acceptAll, type Accepted } from './init-accept.ts';
import { askFor, confirmedWith } from './init-prompts.ts';
import { makeDraft, type Draft } from './init-draft.ts';
import { draftAsJson, nextSteps, printAccepted, printDraft, printNext } from './init-shown.ts';
import { writeDraft } from './init-write.ts';
import { GatewayError } from '../core/errors.ts';
import { isAnswered, printJson, printNote, printPage } from './terminal.ts';

export interface InitOptions {
  readonly config?: string;
  readonly from?: readonly string[];
  readonly start: boolean;
  readonly connect?: boolean;
  readonly dryRun?: boolean;
  readonly print?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * Takes the servers of all clients into a configuration: shows first what it comes to, writes when the person says so, then
 * starts each server once and accepts what it offers. No file of a client is changed, unless `--connect` is given.
 */
export async function init(context: CommandContext, options: InitOptions): Promise<void> {
  const { terminal } = context;
  const draft = makeDraft(context, options);
  if (options.print === true) return printPage(terminal, draft.after);
  const isJson = options.json === true;
  if (!isJson) printDraft(terminal, draft);
  if (options.dryRun === true) return finish(context, options, { draft, isWritten: false, accepted: [], clients: [] });
  const isAsking = options.yes !== true && draft.diff !== '';
  if (isAsking && !(await isWanted(context, draft, isJson))) {
    printNote(terminal, 'Nothing was changed.');
    return;
  }
  const answers = !isAsking ? new Map<string, string>() : await askFor(terminal, draft.needed);
  await writeDraft(context, draft, answers);
  const isStarting = options.start && draft.plan.servers.length > 0;
  const accepted = isStarting ? await acceptAll(context, { draft, options, answered: answers }) : [];
  if (!isJson) printAccepted(terminal, accepted);
  const clients = options.connect === true ? await connectClients(context, draft, isJson) : [];
  return finish(context, options, { draft, isWritten: true, accepted, clients });
}

interface End {
  readonly draft: Draft;
  readonly isWritten: boolean;
  readonly accepted: readonly Accepted[];
  /** What came of those that were to be connected. */
  readonly clients: readonly ClientResult[];
}

/** Something that was to be done and was not; all else was. */
interface Failure {
  readonly what: 'server' | 'client';
  readonly id: string;
  readonly problem: string;
  readonly mend: string;
}

function finish({ terminal, setExit }: CommandContext, options: InitOptions, end: End): void {
  const { draft, isWritten, accepted } = end;
  const failed = failuresOf(end);
  if (failed.length > 0) setExit(EXIT.failed);
  const next = nextSteps({ draft, isWritten, accepted, isConnected: options.connect === true });
  if (options.json !== true) return printNext(terminal, next);
  const ok = failed.length === 0;
  return printJson(terminal, 'init', { ok, ...draftAsJson(draft), isWritten, accepted, failed, next });
}

function failuresOf({ accepted, clients }: End): readonly Failure[] {
  const servers = accepted.flatMap((one): readonly Failure[] =>
    one.state === 'failed' ? [{ what: 'server', id: one.server, problem: one.problem, mend: one.mend }] : [],
  );
  const unconnected = clients.filter(({ status }) => status === 'failed');
  return [
    ...servers,
    ...unconnected.map(({ client, problem = '', mend = '' }) => ({
      what: 'client' as const,
      id: client,
      problem,
      mend,
    })),
  ];
}

/** Throws USAGE where nobody is there to be asked: the plan has been shown by then. */
async function isWanted({ terminal }: CommandContext, draft: Draft, isJson: boolean): Promise<boolean> {
  if (isJson || !isAnswered(terminal)) {
    throw new GatewayError('USAGE', 'nobody is at a terminal to be asked, so nothing was changed', {
      mend: 'Run `mcp-gateway init --yes` to do this, or `mcp-gateway init --dry-run` to see it alone.',
    });
  }
  const what = draft.isNew ? 'Write' : 'Add to';
  return confirmedWith(terminal, `${what} ${draft.path}?`);
}

/** By the command that does it alone, so that the two cannot differ. What it says is no part of the one object of `--json`. */
async function connectClients(
  context: CommandContext,
  { clients, path }: Draft,
  isJson: boolean,
): Promise<readonly ClientResult[]> {
  const there = clients.filter(({ state }) => state.kind === 'read' || state.kind === 'empty');
  const ids = [...new Set(there.map(({ id }) => id))];
  if (ids.length === 0) return [];
  const { terminal } = context;
  const { connect } = await import('./connect.ts');
  const speaking = { ...context, terminal: isJson ? { ...terminal, out: terminal.err } : terminal };
  return connect(speaking, ids, { yes: true, config: path });
}
