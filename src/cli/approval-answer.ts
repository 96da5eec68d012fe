import { createInterface } from 'node:readline/promises';
import { answerable, findApprovals, recordAnswer } from '../app/approvals.ts';
import { storePlaceOf } from '../app/store-place.ts';
import type { Approval, Vote } from '../core/approval.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type Acting, acting } from './acting.ts';
import type { ReadOptions } from './approval.ts';
import { identifyAnswerer } from './approver.ts';
import type { CommandContext } from './context.ts';
import { callLines, shownApproval } from './shown-approval.ts';
import { printJson, printLine, type Terminal, visible } from './terminal.ts';

export interface AnswerOptions extends ReadOptions {
  readonly reason?: string;
}

interface Answering extends AnswerOptions {
  readonly verdict: Vote['verdict'];
}

/**
 * Answers what the person may answer of an approval. At a terminal the exact call is shown and confirmed first; the
 * answer counts for what was shown, because an approval never changes its call.
 */
export function answer(context: CommandContext, id: string, options: Answering): Promise<void> {
  return acting(context, options, async (work) => {
    const { store, config } = work;
    const { clock } = store;
    const answerer = identifyAnswerer(context, await store.keys(), config.approvals.groups);
    const approvals = answerable(await find(id, work), answerer);
    if (
      answerer.via === 'terminal' &&
      !(await confirms(context.terminal, approvals, { verdict: options.verdict, nowMs: clock.now() }))
    ) {
      return printLine(context.terminal, 'Nothing was answered.');
    }
    const { verdict, reason = '' } = options;
    const answering = { answerer, verdict, reason, store, actOf: work.actOf, nowMs: clock.now() };
    for (const approval of approvals) await recordAnswer(approval, answering);
    return say(context.terminal, await again(approvals, work), { ...options, nowMs: clock.now() });
  });
}

async function find(id: string, { store, config }: Acting): Promise<readonly Approval[]> {
  const decisions = new DecisionReader(storePlaceOf(config));
  try {
    return await findApprovals(id, { book: store.approvals, decisions, nowMs: store.clock.now() });
  } finally {
    await decisions.close();
  }
}

async function confirms(
  terminal: Terminal,
  approvals: readonly Approval[],
  { verdict, nowMs }: { readonly verdict: Vote['verdict']; readonly nowMs: number },
): Promise<boolean> {
  for (const line of approvals.flatMap((approval) => callLines(approval, nowMs))) {
    printLine(terminal, visible(line));
  }
  const lines = createInterface({ input: terminal.in, output: terminal.out });
  try {
    const said = await lines.question(`\n${verdict === 'approve' ? 'Approve' : 'Deny'} this call? Type yes to do so: `);
    return said.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}

async function again(approvals: readonly Approval[], { store }: Acting): Promise<readonly Approval[]> {
  const found = await Promise.all(approvals.map((approval) => store.approvals.read(approval, store.clock.now())));
  return found.flatMap((approval) => approval ?? []);
}

interface Answered extends Answering {
  readonly nowMs: number;
}

function say(terminal: Terminal, approvals: readonly Approval[], { json, verdict, nowMs }: Answered): void {
  const shown = approvals.map((approval) => shownApproval(approval, nowMs));
  if (json === true) return printJson(terminal, `approval-${verdict}`, { approvals: shown });
  for (const { id, by, status, approved_by: approved, quorum } of shown) {
    const left = status === 'pending' ? ` (${approved.length} of ${quorum})` : '';
    printLine(terminal, visible(`${status}${left}  ${by}  ${id}`));
  }
}
