import { createInterface } from 'node:readline/promises';
import { type Approval, objectionTo, type Vote } from '../core/approval.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type Acting, acting } from './acting.ts';
import { findApprovals, type ReadOptions } from './approval.ts';
import { type Answerer, identifyAnswerer } from './approver.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
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
    const answerer = identifyAnswerer(context, store.keys(), config.approvals.groups);
    const approvals = answerable(await find(id, work), answerer);
    if (answerer.via === 'terminal' && !(await confirms(context.terminal, approvals, options.verdict))) {
      return printLine(context.terminal, 'Nothing was answered.');
    }
    for (const approval of approvals) await record(approval, { answerer, options, work });
    return say(context.terminal, await again(approvals, work), options);
  });
}

async function find(id: string, { store, config }: Acting): Promise<readonly Approval[]> {
  const decisions = new DecisionReader({ path: config.decisions.store.path });
  try {
    return await findApprovals(id, { book: store.approvals, decisions, nowMs: clock.now() });
  } finally {
    decisions.close();
  }
}

/** Of those that one decision asks for, the ones that this person may answer. */
function answerable(found: readonly Approval[], answerer: Answerer): readonly Approval[] {
  const objections = found.map((approval) => objectionTo(answerer, approval));
  const answered = found.filter((_, index) => objections[index] === undefined);
  if (answered.length > 0) return answered;
  throw new GatewayError('NOT_AN_APPROVER', objections.join('; '), {
    mend: 'Groups are in the configuration under approvals.groups; a key has those that it was made with.',
  });
}

async function confirms(
  terminal: Terminal,
  approvals: readonly Approval[],
  verdict: Vote['verdict'],
): Promise<boolean> {
  for (const line of approvals.flatMap((approval) => callLines(approval, clock.now()))) {
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

interface Recording {
  readonly answerer: Answerer;
  readonly options: Answering;
  readonly work: Acting;
}

async function record(approval: Approval, { answerer, options, work }: Recording): Promise<void> {
  const { id, by, status } = approval;
  const { verdict, reason = '' } = options;
  const { person, via, key, actor } = answerer;
  const act = work.actOf({
    verb: `approval.${verdict}`,
    subject: id,
    before: { by, status },
    after: { by, verdict, person },
    reason,
  });
  const vote: Vote = { person, verdict, via, key, atMs: clock.now(), reason };
  const ref = { id, by };
  const made = await work.store.log.act({ ...act, actor, via }, [{ kind: 'answer_approval', ref, vote }]);
  if (isRefusal(made)) throw closed(approval, person);
}

function closed({ id, status, votes }: Approval, person: string): GatewayError {
  const hasVoted = status === 'pending' && votes.some((vote) => vote.person === person);
  const why = hasVoted ? `${person} has answered it already` : `it is ${status === 'pending' ? 'over' : status}`;
  return new GatewayError('APPROVAL_CLOSED', `the approval ${id} cannot be answered so: ${why}`, {
    mend: 'When the agent makes the call again, it is asked for anew.',
  });
}

async function again(approvals: readonly Approval[], { store }: Acting): Promise<readonly Approval[]> {
  const found = await Promise.all(approvals.map((approval) => store.approvals.read(approval, clock.now())));
  return found.flatMap((approval) => approval ?? []);
}

function say(terminal: Terminal, approvals: readonly Approval[], { json, verdict }: Answering): void {
  const shown = approvals.map((approval) => shownApproval(approval, clock.now()));
  if (json === true) return printJson(terminal, `approval-${verdict}`, { approvals: shown });
  for (const { id, by, status, approved_by: approved, quorum } of shown) {
    const left = status === 'pending' ? ` (${approved.length} of ${quorum})` : '';
    printLine(terminal, visible(`${status}${left}  ${by}  ${id}`));
  }
}
